"""In which order a step asks its models: what each order costs, covers and risks, from answers that are there."""
