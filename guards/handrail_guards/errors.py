"""Errors of the vocabulary and the checks.

HandrailError
└── GuardsError
    ├── InvalidConfidence     a number outside 0 to 1, or a value without a source
    └── InvalidGuard          a guard, an acceptance rule or an escalation set up in a way that cannot work
"""

from handrail_ground.errors import HandrailError


class GuardsError(HandrailError):
    """The root of the errors raised by ``guards``."""


class InvalidConfidence(GuardsError, ValueError):
    """A confidence that is not a number from 0 to 1 with a source."""


class InvalidGuard(GuardsError, ValueError):
    """A guard, acceptance rule or escalation that cannot work as set up; raised when it is built."""
