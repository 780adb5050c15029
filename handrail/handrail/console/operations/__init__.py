"""The operations page: what became of runs, how they went, what waits, what failed, and what to do about it."""
