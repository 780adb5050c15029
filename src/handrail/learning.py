"""``handrail learn``: train a local model from labelled examples or corrections."""
