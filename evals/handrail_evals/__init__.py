"""Measures steps and whole workflows, calibrates thresholds with a guarantee, gates releases, watches for drift."""
