"""Guards on text: its length and the patterns it must or must not show."""

import re

from handrail_guards.check import Check, Fields, Finding, as_paths, failed
from handrail_guards.errors import InvalidGuard
from handrail_guards.guard import GuardContext
from handrail_guards.numbers import is_count
from handrail_guards.verdict import OnFail, Span

_ELLIPSIS = "…"


def max_length(characters: int, *, fields: Fields = (), on_fail: OnFail = "reask") -> Check:
    """Refuse any text longer than ``characters``; ``fix`` cuts it at a word and adds an ellipsis.

    Raises:
        InvalidGuard: fewer than 1 character.
    """
    _require_count("max_length", characters)

    def test(text: object, _: GuardContext) -> Finding | None:
        length = len(_text(text))
        if length <= characters:
            return None
        return failed(f"{length} characters, at most {characters} allowed", (Span(characters, length),))

    def cut(text: str, _: GuardContext) -> str:
        kept = text[: characters - len(_ELLIPSIS)]
        at_word = kept.rsplit(None, 1)[0] if text[len(kept)].strip() and " " in kept.strip() else kept
        return at_word.rstrip() + _ELLIPSIS

    return Check(name="max_length", test=test, on_fail=on_fail, fields=as_paths(fields), within="texts", repair=cut)


def min_length(characters: int, *, fields: Fields = (), on_fail: OnFail = "reask") -> Check:
    """Refuse a text shorter than ``characters``, white space at its ends not counted.

    Raises:
        InvalidGuard: fewer than 1 character.
    """
    _require_count("min_length", characters)

    def test(text: object, _: GuardContext) -> Finding | None:
        length = len(_text(text).strip())
        return None if length >= characters else failed(f"{length} characters, at least {characters} needed")

    return Check(name="min_length", test=test, on_fail=on_fail, fields=as_paths(fields))


def matches(pattern: str, *, fields: Fields = (), on_fail: OnFail = "reask", flags: re.RegexFlag = re.NOFLAG) -> Check:
    """Ask that the whole text match a regular expression.

    Raises:
        InvalidGuard: the pattern is not a regular expression.
    """
    compiled = _compiled(pattern, flags)

    def test(text: object, _: GuardContext) -> Finding | None:
        return None if compiled.fullmatch(_text(text)) else failed(f"does not match the pattern {pattern!r}")

    return Check(name="matches", test=test, on_fail=on_fail, fields=as_paths(fields))


def forbids(pattern: str, *, fields: Fields = (), on_fail: OnFail = "reask", flags: re.RegexFlag = re.NOFLAG) -> Check:
    """Refuse any text in which a regular expression is found; ``fix`` removes what it found.

    Raises:
        InvalidGuard: the pattern is not a regular expression, or it matches the empty text.
    """
    compiled = _compiled(pattern, flags)
    if compiled.search(""):
        raise InvalidGuard(f"the pattern {pattern!r} matches the empty text, so it would forbid everything")

    def test(text: object, _: GuardContext) -> Finding | None:
        spans = tuple(Span(*match.span()) for match in compiled.finditer(_text(text)))
        return failed(f"contains what the pattern {pattern!r} forbids", spans) if spans else None

    return Check(
        name="forbids",
        test=test,
        on_fail=on_fail,
        fields=as_paths(fields),
        within="texts",
        repair=lambda text, _: compiled.sub("", text),
    )


def _require_count(guard: str, characters: object) -> None:
    """Refuse what is no number of characters: no text is longer than NaN."""
    if not is_count(characters, least=1):
        raise InvalidGuard(f"{guard} is {characters!r}; give a whole number, at least 1 character")


def _text(value: object) -> str:
    """Return the value if it is text; a guard on text that is given something else must not pass."""
    if isinstance(value, str):
        return value
    raise TypeError(f"expected text, got {type(value).__name__}; attach the guard with fields='...' to a text")


def _compiled(pattern: str, flags: re.RegexFlag) -> re.Pattern[str]:
    given: object = pattern  # whatever somebody without a type checker gave
    if not isinstance(given, str) or not isinstance(flags, int):
        raise InvalidGuard(f"{pattern!r} with flags {flags!r} is not a regular expression; give text, and flags of re")
    try:
        return re.compile(pattern, flags)
    except (re.error, ValueError) as error:
        raise InvalidGuard(f"{pattern!r} is not a regular expression: {error}") from error
