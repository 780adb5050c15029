"""Pictures among the inputs of a step."""
