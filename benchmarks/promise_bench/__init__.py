"""Parts of the measurement of the keeper of promises."""
