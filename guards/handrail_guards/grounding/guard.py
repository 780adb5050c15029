"""The guard that asks for an extracted value to stand in the source."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from handrail_guards.check import Check, Fields, Finding, as_paths, failed
from handrail_guards.errors import InvalidGuard
from handrail_guards.grounding.locate import locate
from handrail_guards.grounding.words import find_text
from handrail_guards.guard import GuardContext
from handrail_guards.verdict import OnFail, Span

_SHOWN = 60


def grounded(
    *,
    fields: Fields = (),
    on_fail: OnFail = "review",
    near: Sequence[str] = (),
    whole_line: bool = False,
) -> Check:
    """Ask that a value stand in the source, however it is written there; verdicts carry the spans.

    Presence is not role: the value may stand there as something else. ``near`` narrows that down: one of these
    words (``total``, ``amount due``) must stand on the same line or the two lines before. A text that lost a word at
    either end is still in the source; ``whole_line`` asks that nothing else stand on its lines, but for a label that
    ends in a colon. Without ``fields`` every string, number, date and time in the value is looked for. None passes:
    nothing was extracted. An empty text does not: it is what a model writes where a field may not be None.

    Raises:
        InvalidGuard: a word in ``near`` has no letter or digit.
    """
    _require_words(near)

    def test(value: object, context: GuardContext) -> Finding | None:
        if value is None:
            return None
        if isinstance(value, str) and not value.strip():
            return failed("it is empty; what the source lacks is None, in a field that allows it")
        spans = locate(value, context.source)
        if not spans:
            return failed(_why_not(value, context.source))
        if near and not (spans := tuple(each for each in spans if _has_near(each, context.source, near))):
            return failed(f"{_short(value)} is in the source, but not near {' or '.join(map(repr, near))}")
        if whole_line and not (spans := tuple(each for each in spans if _is_whole(each, context.source))):
            return failed(f"{_short(value)} is in the source, but only as a part of a line")
        return Finding(passed=True, spans=spans)

    return Check(name="grounded", test=test, on_fail=on_fail, fields=as_paths(fields), within="leaves")


def _require_words(near: Any) -> None:
    if isinstance(near, str):
        raise InvalidGuard(f"near is the text {near!r}; give a list of words, such as near=[{near!r}]")
    if not isinstance(near, Sequence) or not all(isinstance(word, str) for word in near):
        raise InvalidGuard(f"near is {near!r}; give a list of words, such as near=['total']")
    for word in near:
        if not any(map(str.isalnum, word)):
            raise InvalidGuard(f"near={word!r} has no letter or digit to look for")


def _has_near(span: Span, source: str, near: Sequence[str]) -> bool:
    """Return whether one of the words stands on the span's line or the two before it."""
    start = span.start
    for _ in range(3):
        start = source.rfind("\n", 0, start)
        if start < 0:
            break
    line_end = source.find("\n", span.end)
    around = source[max(start, 0) : line_end if line_end >= 0 else len(source)]
    return any(next(find_text(word, around), None) is not None for word in near)


def _is_whole(span: Span, source: str) -> bool:
    """Return whether nothing but a label with a colon stands beside the span on its lines."""
    line_end = source.find("\n", span.end)
    before = source[source.rfind("\n", 0, span.start) + 1 : span.start].rstrip()
    after = source[span.end : line_end if line_end >= 0 else len(source)]
    return not any(map(str.isalnum, after)) and (before.endswith(":") or not any(map(str.isalnum, before)))


def _why_not(value: object, source: str) -> str:
    """Say why a value was not found; an amount that stands there with the other sign only is worth a word."""
    if isinstance(value, int | float | Decimal) and locate(-value, source):
        return f"{_short(value)} is in the source only as {'a negative' if value > 0 else 'a positive'} amount"
    return f"{_short(value)} is not in the source"


def _short(value: object) -> str:
    text = re.sub(r"\s+", " ", str(value))
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
