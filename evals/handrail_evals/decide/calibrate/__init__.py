"""Sets thresholds that keep a promise: at most so much of what is accepted is wrong, with a stated confidence."""
