"""Readers: one for each kind of file."""
