"""Which models of a step are asked just now: those that are down are passed over while others are there."""
