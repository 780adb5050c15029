"""Scorers: equal, close, alike, field by field, item by item, or as a model judges."""
