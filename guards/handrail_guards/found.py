"""Guards that refuse a text for what is found in it: personal data, names, secrets."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from handrail_guards.check import Check, Fields, Finding, Stage, as_paths, failed
from handrail_guards.guard import GuardContext
from handrail_guards.verdict import OnFail, Span


class FoundInText(Protocol):
    """One piece of a text that should not be in it."""

    @property
    def kind(self) -> str:
        """Return what it is."""
        ...

    @property
    def span(self) -> Span:
        """Return where it stands."""
        ...


def none_found(
    name: str,
    told: str,
    find: Callable[[str], Sequence[FoundInText]],
    *,
    fields: Fields,
    on_fail: OnFail,
    stage: Stage,
    without: Callable[[str], str] | None = None,
) -> Check:
    """Refuse texts in which something is found; ``without`` returns the text without it, for ``on_fail="fix"``.

    The reason names kinds and counts, never what was found: verdicts are recorded.
    """

    def test(text: str, _: GuardContext) -> Finding | None:
        found = find(text)
        if not found:
            return None
        counts = ", ".join(f"{count} {kind}" for kind, count in Counter(each.kind for each in found).items())
        return failed(f"{told}: {counts}", tuple(each.span for each in found))

    return Check(
        name=name,
        test=test,
        on_fail=on_fail,
        fields=as_paths(fields),
        within="texts",
        stage=stage,
        cost="cheap",
        repair=None if without is None else lambda text, _: without(text),
    )
