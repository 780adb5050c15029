"""Results: one file a run of a suite, a line a case, only ever appended to."""
