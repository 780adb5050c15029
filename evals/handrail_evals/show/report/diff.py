"""What changed between two texts, word by word."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal, TypeAlias

from handrail_evals.show.report.text import visible

MOST_WORDS = 400
"""Of each text; what follows is left out, since finding the differences takes time with the square of it."""

Kind: TypeAlias = Literal["same", "gone", "new"]

_WORD = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of words of one kind."""

    kind: Kind
    text: str


def difference(before: str, after: str) -> tuple[Piece, ...]:
    """Return the pieces that, without the new ones, are ``before`` and, without the gone ones, ``after``.

    Longer texts are compared, and shown, up to ``MOST_WORDS`` words.
    """
    old, new = words(before), words(after)
    pieces: list[Piece] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(old[i1:i2])))
            continue
        if i2 > i1:
            pieces.append(Piece("gone", "".join(old[i1:i2])))
        if j2 > j1:
            pieces.append(Piece("new", "".join(new[j1:j2])))
    return tuple(pieces)


def words(text: str) -> list[str]:
    """Return the text cut into words, marks and the white space between them."""
    # The expression would find every word of a long text before any is left out.
    return _WORD.findall(visible(text[: MOST_WORDS * 20]))[: 2 * MOST_WORDS]
