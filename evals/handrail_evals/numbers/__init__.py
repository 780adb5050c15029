"""What the cases of a result come to: numbers, each with its interval."""
