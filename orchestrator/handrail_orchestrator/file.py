"""A file that a store keeps, as runs know it: what it is called and how large it is, never its bytes."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file whose bytes are in the store: a workflow's input, or an argument of a step.

    ``client.keep_file`` makes one. A run that starts with it, anywhere in its input, has the store keep its bytes for
    as long as the run is kept.
    """

    id: str
    """SHA-256 of its bytes, as 64 hexadecimal digits: the same bytes are the same file, whatever their name."""
    name: str
    """What it was called; no path."""
    size: int
    """In bytes."""


class HasFileId(Protocol):
    """What names a file: a ``File``, or a document that was read from one."""

    @property
    def id(self) -> str:
        """Return SHA-256 of the file's bytes."""
        ...
