"""Whether an extracted value stands in the source it is said to come from."""

from handrail_guards.grounding.guard import grounded
from handrail_guards.grounding.locate import locate

__all__ = ["grounded", "locate"]
