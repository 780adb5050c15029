"""What the cases of a result come to: every number with its interval, and with how much of the data it speaks of."""
