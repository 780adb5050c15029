"""The pages of promises: which there are, and one with its rules over time."""
