"""Parts of ``benchmarks/circle.py``."""
