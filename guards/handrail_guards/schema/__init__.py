"""Guards that ask for a shape: a JSON Schema, or a type that pydantic understands."""

from handrail_guards.schema.json_schema import json_schema
from handrail_guards.schema.pydantic_type import pydantic_type

__all__ = ["json_schema", "pydantic_type"]
