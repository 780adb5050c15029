"""Text and numbers from outside that a store can hold; everything else is refused before it is written."""

from collections.abc import Sequence
from typing import Any

from handrail_orchestrator.errors import Misuse, NotStorable

SHOWN_NUL = "\N{SYMBOL FOR NULL}"
"""What stands for a NUL where a database's texts hold none."""
LONGEST_SOUGHT = 1_000
"""Characters of a text that is looked for somewhere in others; a database takes no pattern of any length."""
LARGEST = 2**63 - 1
"""The largest whole number that a database column holds."""


def checked_text(value: str, *, where: str) -> str:
    """Return a text that can be stored.

    Raises:
        NotStorable: it is no text, or holds half of a surrogate pair, which no encoding can write.
    """
    if type(value) is str and value.isascii():
        return value
    if not isinstance(value, str):
        raise NotStorable(where=where, problem=f"it is {type(value).__name__}, not text")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise NotStorable(where=where, problem=lone_surrogate(error)) from error
    return value


def checked_texts(**texts: str | None) -> None:
    """Check several texts, each named as the caller's argument is; None is no text and passes.

    Raises:
        NotStorable: one cannot be stored.
    """
    for name, value in texts.items():
        if value is not None:
            checked_text(value, where=f"{name}={value!r}")


def checked_sought(text: str | None) -> None:
    """Check a text that is looked for somewhere in others; None is none and passes.

    Raises:
        NotStorable: nothing that is stored can hold it.
        Misuse: it is too long to be looked for.
    """
    if text is not None and len(text) > LONGEST_SOUGHT:
        raise Misuse(f"the text that is looked for has {len(text):,} characters: give {LONGEST_SOUGHT:,} at most")
    checked_texts(text=text)


def checked_why(why: str) -> None:
    """Check that somebody who decides says why.

    Raises:
        NotStorable: it cannot be stored.
        Misuse: nothing is said.
    """
    checked_texts(why=why)
    if not why.strip():
        raise Misuse("say why: it is kept with what is decided, for whoever asks later")


def checked_key(value: str, *, where: str) -> str:
    """Return a text by which something is found, in every database alike.

    Raises:
        NotStorable: it cannot be stored, or holds a NUL, which PostgreSQL would hold as something else.
    """
    if _is_plain(value):
        return value
    at = checked_text(value, where=where).find("\0")
    if at >= 0:
        raise NotStorable(
            where=where, problem=f"character {at + 1} is NUL (\\x00), which names cannot hold: leave it out"
        )
    return value


def checked_keys(**names: str | None) -> None:
    """Check several texts by which something is found, each named as the caller's argument is; None passes.

    Raises:
        NotStorable: one cannot be stored, or holds a NUL.
    """
    for name, value in names.items():
        if value is not None and not _is_plain(value):
            checked_key(value, where=f"{name}={value!r}")


def _is_plain(value: object) -> bool:
    """Return whether nothing can be wrong with a text, without saying where it is."""
    return type(value) is str and value.isascii() and "\0" not in value


def checked_new_id(run_id: str | None) -> None:
    """Check the id of a run that is to be made; None: it is given one of its own.

    Whoever gives the same id twice means the same run, and a variable that is not set gives an empty one each time.

    Raises:
        NotStorable: it cannot be stored.
        Misuse: it is empty.
    """
    if run_id is None:
        return
    if not _is_plain(run_id):
        checked_keys(id=run_id)
    if not run_id.strip():
        raise Misuse(f"id={run_id!r} is empty: give the run's id, or None to have one made")


def checked_number(value: int, *, where: str) -> int:
    """Return a whole number that can be stored and asked for.

    Raises:
        NotStorable: it is no whole number, or too large.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise NotStorable(where=where, problem=f"it is {type(value).__name__}, not a whole number")
    if not -LARGEST <= value <= LARGEST:
        raise NotStorable(where=where, problem="the number is larger than a store can hold")
    return value


def without_nul(values: Sequence[Any]) -> Sequence[Any]:
    """Return values with a sign in the place of each NUL in a text, for a database whose texts hold none."""
    if not any(type(value) is str and "\0" in value for value in values):
        return values
    return tuple(value.replace("\0", SHOWN_NUL) if type(value) is str else value for value in values)


def lone_surrogate(error: UnicodeEncodeError) -> str:
    """Return what is wrong with a text that cannot be encoded, and what to do."""
    return (
        f"character {error.start + 1} is {error.object[error.start]!r}, half of a surrogate pair, which is no text:"
        " decode the bytes it came from with the right encoding, or with errors='replace'"
    )
