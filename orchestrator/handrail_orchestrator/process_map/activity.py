"""An activity: all calls of a run that are the same thing done again, under one name."""

import re
from typing import NamedTuple

REVIEW = "/review"
APPROVAL = "/approval"
"""Endings of the names of questions about a step."""

_BRANCH = re.compile(r"((?:all|first)(?:#\d+)?)\.(\d+)/")
_ROUND = re.compile(r"\[\d+\]/")
_REPEATED = re.compile(r"#\d+$")
_EVENT = "event:"


class Branch(NamedTuple):
    """One of several branches that ran side by side."""

    group: str
    """The call that began them, such as ``all#2``."""
    number: str


class PlacedName(NamedTuple):
    """A step's name, taken apart."""

    branches: tuple[Branch, ...]
    """In which branches it stands, the outermost first."""
    activity: str


def placed(name: str) -> PlacedName:
    """Return where a step of this name stands, and what it does: ``all.0/route#2/review`` does ``route/review``."""
    branches: list[Branch] = []
    earlier = _ROUND.match(name)
    at = 0 if earlier is None else earlier.end()
    while found := _BRANCH.match(name, at):
        branches.append(Branch(found[1], found[2]))
        at = found.end()
    rest = name[at:]
    if rest.startswith(_EVENT):  # whatever the event is called, its name is one
        return PlacedName(tuple(branches), _once(rest))
    return PlacedName(tuple(branches), "/".join(map(_once, rest.split("/"))))


def activity_of(name: str) -> str:
    """Return the activity that a step belongs to: its name without how often it was called, and in which branch."""
    return placed(name).activity


def _once(name: str) -> str:
    return _REPEATED.sub("", name) or name
