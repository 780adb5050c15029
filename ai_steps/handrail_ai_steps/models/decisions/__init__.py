"""Models that answer closed questions with a probability for every option, and write no text."""
