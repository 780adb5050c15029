"""What the benchmarks have in common: a figure with its bar, and the table of figures."""
