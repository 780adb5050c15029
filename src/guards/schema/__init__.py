"""Guards that ask for a shape: a JSON Schema, or a type that pydantic understands."""

from guards.schema.json_schema import json_schema
from guards.schema.pydantic_type import pydantic_type

__all__ = ["json_schema", "pydantic_type"]
