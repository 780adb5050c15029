"""Asking many questions together, later and for half of the money."""
