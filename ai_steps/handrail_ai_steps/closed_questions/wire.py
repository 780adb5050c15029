"""How closed questions go to a server and its probabilities come back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from handrail_ai_steps.closed_questions.question import TypedQuestion
from handrail_ai_steps.closed_questions.spread import NoDistribution, Spread


@dataclass(frozen=True, slots=True)
class ReadSpreads:
    """What a server said to some questions."""

    spreads: tuple[Spread, ...]
    """The probabilities of each question's options, in their order; an empty one was declined."""
    notes: tuple[str, ...] = ()
    """What was odd and did no harm."""


class Wire(Protocol):
    """One way of putting closed questions to a server."""

    def body(self, model: str, text: str, instructions: str, asked: Sequence[TypedQuestion], /) -> dict[str, object]:
        """Return the body of a request."""
        ...

    def read(self, body: Mapping[str, Any], asked: Sequence[TypedQuestion], /) -> ReadSpreads:
        """Read the body of a response.

        Raises:
            NoDistribution: it holds no distribution for one of the questions; the message says why.
        """
        ...


def read_object(content: bytes) -> Mapping[str, Any]:
    """Return the JSON object that a response is; a number that is none (NaN) is refused where it is read.

    Raises:
        ValueError: it is none, or says one thing twice.
    """
    try:
        body = json.loads(content, object_pairs_hook=_once)
    except RecursionError as error:
        raise ValueError("it is too deep") from error
    if not isinstance(body, dict):
        raise NoDistribution("it is no JSON object")
    return body


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"it says {twice!r} twice")
    return made
