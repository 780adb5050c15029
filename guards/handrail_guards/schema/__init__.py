"""Guards that ask for a shape: a JSON Schema, or a type that pydantic understands; each loads what it needs."""
