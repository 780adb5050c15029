"""Sweeping: the same cases put to a grid of variants of one target."""
