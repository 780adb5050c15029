"""Promises of AI steps as a store keeps them: the rules in force, and looking at them."""
