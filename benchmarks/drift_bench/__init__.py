"""Parts of the measurement of drift."""
