"""AI steps: one judgement by a model, made safe by a schema, guards, a confidence and a person in doubt."""
