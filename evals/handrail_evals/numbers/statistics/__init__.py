"""Intervals for every number, paired differences, and how many cases a question needs."""
