"""The guard that refuses names, places and the like, found by a recogniser that you bring."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from handrail_guards.check import Check, Fields, Finding, Stage, as_paths, failed
from handrail_guards.guard import GuardContext
from handrail_guards.verdict import OnFail, Span


@dataclass(frozen=True, slots=True)
class Named:
    """One name that a recogniser found in a text."""

    kind: str
    """What it is, in the recogniser's word: ``PERSON``, ``LOCATION``."""
    span: Span


Recogniser: TypeAlias = Callable[[str], Iterable[Named]]
"""Finds names in a text; ``handrail_ai_steps.presidio.presidio_names`` makes one."""


def no_names(
    recogniser: Recogniser, *, fields: Fields = (), on_fail: OnFail = "review", stage: Stage = "output"
) -> Check:
    """Refuse texts in which the recogniser finds a name.

    No pattern finds names, so a model of language has to, and it misses some and takes other words for names: a signal
    for routing, see docs/guards.md for what was measured. The reason names kinds and counts, never the names.
    """

    def test(text: Any, _: GuardContext) -> Finding | None:
        found = tuple(recogniser(text))
        if not found:
            return None
        counts = Counter(each.kind for each in found)
        said = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
        return failed(f"names: {said}", tuple(each.span for each in found))

    return Check(
        name="no_names",
        test=test,
        on_fail=on_fail,
        fields=as_paths(fields),
        within="texts",
        stage=stage,
        cost="cheap",
    )
