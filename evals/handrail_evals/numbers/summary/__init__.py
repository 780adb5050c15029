"""Results in numbers: computed once, kept beside the result."""
