"""Questions whose answer is one of a few: how they are put to a decision model, and what its probabilities say."""
