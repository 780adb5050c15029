"""What a store keeps of how people and programs want things: views, retention, where code is found."""

from typing import NamedTuple


class PutView(NamedTuple):
    """Keep a person's view of a list under a name, in place of one of that name; an empty query drops it."""

    person: str
    name: str
    query: str


class DeclareRetention(NamedTuple):
    """Say how long runs of a workflow are kept after their end; None: until somebody prunes them."""

    workflow: str
    seconds: float | None


class Remember(NamedTuple):
    """Remember where a workflow's code is found, as ``module:name``."""

    workflow: str
    target: str
