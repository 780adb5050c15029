"""Runs on many machines: Temporal says who executes which run and when, the store remembers them."""
