"""Measures steps and whole workflows, sets thresholds with a guarantee, gates releases; still to be built."""

__all__: list[str] = []
