"""Files that a store keeps: what is written and read of them, and how text names one."""

import re
from typing import NamedTuple, Protocol

PART_BYTES = 1_000_000
"""Bytes of a file in one row: as much as is in memory at once, and as long as others wait for a larger file."""

_NAMED = re.compile(r'"id":\s*"([0-9a-f]{64})"')


def may_name_files(text: str | None) -> bool:
    """Return whether stored JSON may have ids of files in it; of nearly none, and that is known at once."""
    return text is not None and '"id"' in text


def named_in(text: str | None) -> list[str]:
    """Return what may be the ids of files in stored JSON, each once.

    Those of documents are among them: a document has the id of the file that it was read from.
    """
    if text is None or not may_name_files(text):
        return []
    return list(dict.fromkeys(_NAMED.findall(text)))


class FileRow(NamedTuple):
    """One file; its bytes are in parts of their own."""

    number: int
    """Its number in the store."""
    id: str
    """SHA-256 of its bytes, as 64 hexadecimal digits."""
    size: int
    kept: float
    """When its bytes were given to the store last."""
    purged: float | None
    """When its bytes were removed; None: they are there."""


class BeginFile(NamedTuple):
    """Begin to keep a file whose bytes come in parts. Reply: its number, under which nobody finds it yet."""

    now: float


class PutPart(NamedTuple):
    """Keep the next bytes of a file that was begun."""

    number: int
    """The file's number."""
    part: int
    """0 or more, in order."""
    data: bytes


class KeepFile(NamedTuple):
    """Keep a file, once by its bytes. Reply: whether its bytes were not there before."""

    id: str
    size: int
    now: float
    number: int | None = None
    """The one whose parts are there; None: all of its bytes are in ``data``."""
    data: bytes = b""


class SweepFiles(NamedTuple):
    """Remove bytes that nobody needs, at most so many parts. Reply: how many parts were removed.

    Nobody needs those of files that no run uses any more, and those of files that were begun and never kept.
    """

    now: float
    most: int
    never_used_before: float | None = None
    """Those of files that no run ever used too, if they were kept before this time."""
    actor: str = "code"
    """Who prunes, for the audit log."""


FileChange = BeginFile | PutPart | KeepFile | SweepFiles


class FileStore(Protocol):
    """The part of a store that keeps files.

    Raises (every method):
        StoreError: the store cannot be read.
    """

    def file(self, id: str) -> FileRow | None:  # noqa: A002
        """Return a file, also one whose bytes were removed."""
        ...

    def file_part(self, number: int, part: int) -> bytes | None:
        """Return some bytes of a file; None behind its last ones."""
        ...

    def files_of(self, run: int) -> list[FileRow]:
        """Return the files that a run uses, by its key, in the order of their ids."""
        ...
