"""The names of a form's parts, and paths as people write them: any key of an object makes a safe name.

A name is ``a`` for the answer, then ``.`` and a segment for each step down. A segment has only letters, digits, ``_``
and ``-`` of ASCII; any other character stands there as its bytes, such as ``~2E`` for a dot, and an empty key as
``~``. Parts that belong to a field beside its text end in ``~`` and a small word, which no segment does: ``a.pay~is``.
"""

import re
from typing import Literal, TypeAlias

from handrail_ground.text import harmless

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands in an answer: keys of objects and places in lists."""

Aside: TypeAlias = Literal["row", "is", "of", "key", "as", "sent", "more", "json"]
"""``row``: the keys of a list's rows, in order, after an empty one; ``is``: which kind is chosen; ``of``: the kind
whose fields are in sight; ``key``: the key of an entry; ``as``: the text as it was drawn, which is to be read as it was
meant there; ``sent``: was in sight, even if nothing is chosen; ``more``: entries that the schema does not name;
``json``: a list that is too long for rows."""

ROOT = "a"
"""The answer's own name."""
OPERATION = "_op"
"""The name of the buttons that change a form and save nothing."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")


def below(name: str, step: str | int) -> str:
    """Return the name of what is one step below a part."""
    if step == "":
        return f"{name}.~"
    return f"{name}.{_UNSAFE.sub(_encoded, str(step))}"


def aside(name: str, what: Aside) -> str:
    """Return the name of a part that belongs to a field beside its text."""
    return f"{name}~{what}"


def is_ours(name: str) -> bool:
    """Return whether a part of what was sent belongs to the form of an answer."""
    return name == ROOT or name.startswith((f"{ROOT}.", f"{ROOT}~"))


def dotted(path: Path) -> str:
    """Return a path as judgements and messages write it, such as ``lines.0.total``; empty for the answer itself."""
    return harmless(".".join(map(str, path)))


def _encoded(match: re.Match[str]) -> str:
    return "".join(f"~{byte:02X}" for byte in match[0].encode("utf-8", "surrogatepass"))
