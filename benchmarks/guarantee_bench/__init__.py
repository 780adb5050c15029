"""Parts of the measurement of the guarantee."""
