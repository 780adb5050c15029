"""Whether an extracted value stands in the source it is said to come from."""

from guards.grounding.guard import grounded
from guards.grounding.locate import locate

__all__ = ["grounded", "locate"]
