"""Cases from files: JSON Lines, CSV, YAML and Python, with a JSON Schema for editors."""
