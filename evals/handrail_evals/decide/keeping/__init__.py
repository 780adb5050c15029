"""Keeps a promise on a stream: a test for each threshold that may be read after every label, at no cost of looking."""
