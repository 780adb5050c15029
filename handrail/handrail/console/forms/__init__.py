"""Forms drawn from the JSON Schema of an answer, and what was typed in them read back."""
