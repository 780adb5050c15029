"""Looking into a folder: which files lie there to be taken, and which are still being written."""

import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO, NamedTuple

from handrail_orchestrator.triggers.said import SaidOnce

MOST_AT_ONCE = 10_000
"""Files that are watched side by side; more wait until some of these are taken, so that memory has a bound."""
FIRST_REST_SECONDS = 5.0
LONGEST_REST_SECONDS = 300.0
"""How long a file is left alone that could not be taken; each time twice as long."""

_TEMPORARY = (".part", ".partial", ".filepart", ".crdownload", ".download", ".tmp", ".temp", ".swp", ".lock", "~")
_BEFORE_TEMPORARY = (".", "~$")
_OF_SYSTEMS = frozenset({"thumbs.db", "desktop.ini"})


class Signature(NamedTuple):
    """By what a file is known that nobody writes to."""

    size: int
    modified: int
    """In nanoseconds; only ever compared with itself, as clocks jump and those of network drives are others."""
    number: int
    """Of the file in its file system; 0 where it has none."""

    @classmethod
    def of(cls, found: os.stat_result) -> "Signature":
        """Return the signature of a file."""
        return cls(found.st_size, found.st_mtime_ns, found.st_ino)

    def has_rested(self, before: "Signature") -> bool:
        """Return whether nobody has written to it since it was seen before."""
        return self[:2] == before[:2]

    def is_same(self, other: "Signature") -> bool:
        """Return whether it is the same file, with the same content."""
        return self.has_rested(other) and (self.number == other.number or 0 in {self.number, other.number})


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file in a folder."""

    path: Path
    place: Path
    """Its path from the folder."""
    signature: Signature

    def is_there(self) -> bool:
        """Return whether the file that was found is still what lies there."""
        try:
            return Signature.of(self.path.lstat()).is_same(self.signature)
        except OSError:
            return False

    def opened(self, root: Path) -> BinaryIO | None:
        """Open the file that was found; None: it is gone, it is another by now, or it lies outside of the folder.

        Raises:
            OSError: it cannot be read.
        """
        if not _is_below(self.path, root):
            return None
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        try:
            stream = os.fdopen(os.open(self.path, flags), "rb")
        except FileNotFoundError:
            return None
        if self.is_in(stream):
            return stream
        stream.close()
        return None

    def is_in(self, stream: BinaryIO) -> bool:
        """Return whether an open file is the one that was found, as it was."""
        found = os.fstat(stream.fileno())
        return stat.S_ISREG(found.st_mode) and Signature.of(found).is_same(self.signature)


def _is_below(path: Path, root: Path) -> bool:
    """Return whether a path leads to somewhere below the folder, whatever became a link meanwhile."""
    return Path(os.path.realpath(path.parent)).is_relative_to(os.path.realpath(root))


@dataclass(frozen=True, slots=True)
class FolderRules:
    """Which files of a folder are taken, and where they go."""

    root: Path
    patterns: tuple[str, ...]
    done: Path
    failed: Path
    settle_seconds: float
    most_bytes: int
    subfolders: bool = True

    def takes(self, name: str) -> bool:
        """Return whether a file of this name is for us: not hidden, not temporary, and it matches."""
        lower = name.lower()
        if lower.startswith(_BEFORE_TEMPORARY) or lower.endswith(_TEMPORARY) or lower in _OF_SYSTEMS:
            return False
        return any(fnmatchcase(lower, pattern.lower()) for pattern in self.patterns)


class FolderLook(NamedTuple):
    """What one look into a folder found."""

    ready: list[FoundFile]
    waiting: int
    """Files that may still be written to."""
    again_in: float | None
    """Seconds after which the first of them may be ready."""


class _Rest(NamedTuple):
    signature: Signature
    until: float
    seconds: float


@dataclass(slots=True)
class Looker:
    """Looks again and again, and remembers since when each file has been as it is."""

    rules: FolderRules
    said: SaidOnce
    clock: Callable[[], float] = time.monotonic
    """One that does not jump."""
    _since: dict[Path, tuple[Signature, float]] = field(default_factory=dict)
    _resting: dict[Path, _Rest] = field(default_factory=dict)

    def look(self) -> FolderLook:
        """Return which files are ready: their size and time have not changed for as long as the rules say."""
        now, settle = self.clock(), self.rules.settle_seconds
        since: dict[Path, tuple[Signature, float]] = {}
        ready: list[FoundFile] = []
        soonest: float | None = None
        for found in self._files():
            if len(since) >= MOST_AT_ONCE:
                break
            rest = self._resting.get(found.place)
            if rest is not None and rest.until > now and rest.signature.is_same(found.signature):
                continue
            before = self._since.get(found.place)
            begun = before[1] if before is not None and found.signature.has_rested(before[0]) else now
            since[found.place] = found.signature, begun
            if now - begun >= settle:
                ready.append(found)
            else:
                over = begun + settle - now
                soonest = over if soonest is None else min(soonest, over)
        self._since = since
        return FolderLook(ready, len(since) - len(ready), soonest)

    def forget(self, found: FoundFile) -> None:
        """Wait for a file as if it had just come: it changed while it was read."""
        self._since.pop(found.place, None)

    def rest(self, found: FoundFile) -> None:
        """Leave a file alone for a while that could not be taken; at once again when it changes."""
        before = self._resting.pop(found.place, None)
        seconds = FIRST_REST_SECONDS if before is None else min(2 * before.seconds, LONGEST_REST_SECONDS)
        if len(self._resting) >= MOST_AT_ONCE:
            self._resting.pop(next(iter(self._resting)))
        self._resting[found.place] = _Rest(found.signature, self.clock() + seconds, seconds)

    def _files(self) -> Iterator[FoundFile]:
        """Yield the files that are for us, of the folder and those in it; links are not followed."""
        ours = {os.path.realpath(self.rules.done), os.path.realpath(self.rules.failed)}
        left = [self.rules.root]
        while left:
            folder = left.pop()
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        if entry.is_dir(follow_symlinks=False):
                            is_ours = entry.name.startswith(".") or os.path.realpath(entry.path) in ours
                            left += [] if is_ours or not self.rules.subfolders else [Path(entry.path)]
                        elif self.rules.takes(entry.name) and (found := self._found(entry)) is not None:
                            yield found
            except OSError as error:
                if folder == self.rules.root or not isinstance(error, FileNotFoundError):
                    self.said.problem(folder, f"cannot be looked into: {error.strerror or error}; it is tried again")
            else:
                self.said.over(folder, "can be looked into again")

    def _found(self, entry: "os.DirEntry[str]") -> FoundFile | None:
        path = Path(entry.path)
        try:
            if entry.is_symlink():
                self.said.problem(path, "is a link, which is not followed: put the file itself into the folder")
                return None
            if not entry.is_file(follow_symlinks=False):
                return None
            # the entry's own answer may be an old one
            return FoundFile(path, path.relative_to(self.rules.root), Signature.of(path.lstat()))
        except OSError:  # it has gone since, or the next look finds out
            return None
