"""The event log of runs, for process mining: what happened in each case, as XES (IEEE 1849) and as CSV."""
