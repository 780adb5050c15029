"""Moving a file out of a folder: exactly the one that was taken, over nothing that lies where it goes."""

import errno
import hashlib
import os
import shutil
from pathlib import Path

from handrail_orchestrator.triggers.looking import FoundFile, Signature

NOTE = ".note.txt"
"""What the name of a note ends with; before it stands the name of the file that it is about."""
LONGEST_NAME = 255
"""Bytes of a name that file systems take."""


def put_away(found: FoundFile, folder: Path, note: str | None = None) -> Path | None:
    """Move a file to its place in another folder, with a note beside it; returns where it is.

    None: it is gone, or another one lies in its place by now, which stays.

    Raises:
        OSError: it cannot be moved.
    """
    if not found.is_there():
        return None
    target = folder / found.place
    target.parent.mkdir(parents=True, exist_ok=True)
    place = _reserved(target)
    beside = None
    try:
        if note is not None:  # first: a file without it would say nothing of why it is there
            beside = _reserved(place.with_name(_fitting(place.name, NOTE)))
            beside.write_text(note, encoding="utf-8", errors="replace")
        is_moved = _moved(found, place)
    except OSError as error:
        _forget(place, beside)
        if isinstance(error, FileNotFoundError) and not found.is_there():
            return None
        raise
    if not is_moved:
        _forget(beside)
        return None
    return place


def _forget(*places: Path | None) -> None:
    for place in places:
        if place is not None:
            place.unlink(missing_ok=True)


def _moved(found: FoundFile, place: Path) -> bool:
    """Move a file to a place that is reserved for it; if it turns out to be another one, put that back."""
    try:
        found.path.replace(place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return _copied(found, place)
    if Signature.of(place.lstat()).is_same(found.signature):
        return True
    place.replace(_reserved(found.path))  # it was replaced by another in the blink of an eye
    return False


def _copied(found: FoundFile, place: Path) -> bool:
    """Move a file to another file system: it appears there whole, and goes here only then."""
    mark = hashlib.sha256(os.fsencode(found.place)).hexdigest()[:16]
    half = place.with_name(f".{mark}.handrail.part")  # the same each time, so that none is left behind for ever
    try:
        shutil.copy2(found.path, half, follow_symlinks=False)
        with half.open("rb+") as stream:
            os.fsync(stream.fileno())
    except OSError:  # the disk is full, and what lies there half would keep smaller files out
        half.unlink(missing_ok=True)
        raise
    if not found.is_there():
        half.unlink()
        place.unlink()
        return False
    half.replace(place)
    found.path.unlink()
    return True


def _reserved(target: Path) -> Path:
    """Return a name that is free, by making an empty file of it: whoever looks for one at the same time finds another.

    Raises:
        OSError: nothing can be made there.
    """
    number = 1
    while True:
        place = target if number == 1 else _numbered(target, number)
        try:
            place.open("xb").close()
        except FileExistsError:
            number += 1
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG or number > 1:
                raise
            target = target.with_name(_fitting(target.stem, target.suffix[:20]))
            number = 2
        else:
            return place


def _numbered(target: Path, number: int) -> Path:
    return target.with_name(_fitting(target.stem, f" ({number}){target.suffix}"))


def _fitting(stem: str, ending: str) -> str:
    """Return a name with this ending, its beginning cut where it would be too long."""
    name, room = os.fsencode(stem), LONGEST_NAME - len(os.fsencode(ending))
    if len(name) > room:
        name = name[:room].decode(errors="ignore").encode()
    return os.fsdecode(name) + ending
