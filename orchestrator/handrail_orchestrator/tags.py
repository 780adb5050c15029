"""Tags: by what people look for runs, such as ``customer=acme``; set by a workflow, text by name."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.texts import checked_text

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,59}")
LONGEST: Final = 300
"""Characters of a value."""
MOST: Final = 20
"""Tags of one call."""


def tags_of(given: Mapping[str, object]) -> dict[str, str]:
    """Return tags as they are kept, in the order of their names.

    Raises:
        Misuse: there are none, or too many, or a name or value cannot be a tag's.
        NotStorable: a value is no text that a store can hold.
    """
    if not given:
        raise Misuse("run.tag() without a tag: give some by name, such as run.tag(customer=customer.id)")
    if len(given) > MOST:
        raise Misuse(f"run.tag with {len(given)} tags: give {MOST} at most")
    return {name: value_of(name, given[name]) for name in sorted(given)}


def value_of(name: str, value: object) -> str:
    """Return the value of a tag as text.

    Raises:
        Misuse: the name or value cannot be a tag's.
        NotStorable: it is no text that a store can hold.
    """
    check_tag_name(name)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Misuse(f"tag {name}={value!r}: give text or a whole number, as people would type it to find the run")
    text = checked_text(str(value), where=f"tag {name!r}")
    if not text.strip() or len(text) > LONGEST or not text.isprintable():
        raise Misuse(f"tag {name}={text[:60]!r}: give 1 to {LONGEST} characters on one line")
    return text


def said_line(text: object) -> str:
    """Return what a run says of itself.

    Raises:
        Misuse: it is no line that people can read in a list.
        NotStorable: it is no text that a store can hold.
    """
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST or "\n" in text:
        raise Misuse(f"run.status({str(text)[:60]!r}): say in 1 to {LONGEST} characters on one line how far the run is")
    return checked_text(text, where="run.status")


def check_tag_name(name: object) -> None:
    """Check that a tag can have a name.

    Raises:
        Misuse: it cannot.
    """
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise Misuse(f"{name!r} cannot name a tag: use letters, digits, '_', '-' and '.', a letter first, 60 at most")


def check_filter(wanted: Mapping[str, str]) -> None:
    """Check tags that runs are looked for by; a value that no run can carry finds none.

    Raises:
        Misuse: one has a name that no tag can have.
        NotStorable: one has a value that no store can hold.
    """
    for name, value in wanted.items():
        check_tag_name(name)
        checked_text(value, where=f"tag {name!r}")


def read_filter(texts: Sequence[str]) -> dict[str, str]:
    """Return tags that were typed as ``name=value``.

    Raises:
        Misuse: one was not, one has a name that no tag can have, or two say different things of one name.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise Misuse(f"tag {text!r}: give NAME=VALUE, such as customer=acme")
        if found.setdefault(name, value) != value:
            raise Misuse(f"tag {name}={value!r}: {name} is wanted to be {found[name]!r} already, and has one value")
    check_filter(found)
    return found
