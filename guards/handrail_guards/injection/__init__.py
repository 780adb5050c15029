"""A screen for texts that try to take over the model that reads them: a signal for routing, not a wall."""

from handrail_guards.injection.guard import no_injection
from handrail_guards.injection.rules import injection_score, injection_signs
from handrail_guards.injection.screen import Screen

__all__ = ["Screen", "injection_score", "injection_signs", "no_injection"]
