"""What the review queue comes to in numbers: how long, how much, how often changed, how far people agree."""
