"""The guard that refuses names, places and the like, found by a recogniser that you bring."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from handrail_guards.check import Check, Fields, Stage
from handrail_guards.errors import InvalidGuard
from handrail_guards.found import none_found
from handrail_guards.verdict import OnFail, Span


@dataclass(frozen=True, slots=True)
class FoundName:
    """One name that a recogniser found in a text."""

    kind: str
    """What it is, in the recogniser's word: ``PERSON``, ``LOCATION``."""
    span: Span


Recogniser: TypeAlias = Callable[[str], Iterable[FoundName]]
"""Finds names in a text; ``handrail_ai_steps.presidio.presidio_names`` makes one."""


def no_names(
    recogniser: Recogniser, *, fields: Fields = (), on_fail: OnFail = "review", stage: Stage = "output"
) -> Check:
    """Refuse texts in which the recogniser finds a name.

    No pattern finds names, so a model of language has to, and it misses some and takes other words for names: a signal
    for routing, see docs/guards.md for what was measured. The reason names kinds and counts, never the names.

    Raises:
        InvalidGuard: the recogniser is no function.
    """
    if not callable(recogniser):
        raise InvalidGuard(f"no_names({recogniser!r}): give a function from a text to the names that it finds")
    return none_found(
        "no_names", "names", lambda text: tuple(recogniser(text)), fields=fields, on_fail=on_fail, stage=stage
    )
