"""A watch as the JSON that a file holds."""

from functools import cache
from typing import Literal, TypeAlias

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from handrail_evals.decide.drift.soundness import fault_of
from handrail_evals.decide.drift.watch import Watch
from handrail_evals.errors import UnreadableWatch

FORMAT: TypeAlias = Literal["handrail-watch/1"]
"""What a file calls itself; a later format has another number."""


@dataclass(frozen=True)
class _Record:
    format: FORMAT
    watch: Watch


@cache
def _codec() -> TypeAdapter[_Record]:
    return TypeAdapter(_Record)


def watch_to_json(watch: Watch) -> str:
    """Return a watch as the text of a file."""
    return _codec().dump_json(_Record("handrail-watch/1", watch)).decode() + "\n"


def watch_from_json(text: str) -> Watch:
    """Return the watch that the text of a file holds.

    Raises:
        UnreadableWatch: it holds none, or one of a newer release, or one with a number that cannot be.
    """
    try:
        watch = _codec().validate_json(text, strict=True, extra="forbid").watch
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the text"
        raise UnreadableWatch(f"no watch of this release: {place}: {first['msg']}; arm the watch anew") from error
    fault = fault_of(watch)
    if fault:
        raise UnreadableWatch(f"no watch that can be: {fault}; arm the watch anew")
    return watch
