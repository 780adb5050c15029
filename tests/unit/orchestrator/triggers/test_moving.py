"""Files are moved one by one: exactly the one that was taken, over nothing, with a note where one belongs."""

import errno
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from handrail_orchestrator.triggers.looking import FoundFile, Signature
from handrail_orchestrator.triggers.moving import put_away


def found(root: Path, place: str, text: str = "x") -> FoundFile:
    path = root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return FoundFile(path, Path(place), Signature.of(path.lstat()))


def there(folder: Path) -> dict[str, str]:
    return {file.relative_to(folder).as_posix(): file.read_text() for file in folder.rglob("*") if file.is_file()}


def test_a_file_goes_to_its_place_and_over_nothing(tmp_path: Path) -> None:
    done = tmp_path / "done"
    for text in ("one", "two", "three"):
        put_away(found(tmp_path / "in", "sub/a.pdf", text), done)
    assert there(done) == {"sub/a.pdf": "one", "sub/a (2).pdf": "two", "sub/a (3).pdf": "three"}
    assert there(tmp_path / "in") == {}


def test_a_note_stands_beside_it(tmp_path: Path) -> None:
    for text in ("one", "two"):
        put_away(found(tmp_path / "in", "a.pdf", text), tmp_path / "failed", f"{text} is wrong")
    assert there(tmp_path / "failed") == {
        "a.pdf": "one", "a.pdf.note.txt": "one is wrong", "a (2).pdf": "two", "a (2).pdf.note.txt": "two is wrong",
    }  # fmt: skip


@pytest.mark.parametrize("now", [None, "another, and longer"])
def test_another_file_in_its_place_stays(tmp_path: Path, now: str | None) -> None:
    was = found(tmp_path / "in", "a.pdf")
    was.path.unlink()
    if now is not None:
        was.path.write_text(now)
    assert put_away(was, tmp_path / "done") is None
    assert (there(tmp_path / "in"), there(tmp_path / "done")) == ({} if now is None else {"a.pdf": now}, {})


def test_a_file_that_is_replaced_in_the_last_moment_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    was = found(tmp_path / "in", "a.pdf", "old")
    replace = Path.replace

    def replaced(self: Path, target: Path) -> Path:
        if self == was.path and self.read_text() == "old":
            self.unlink()
            self.write_text("new, which nobody has read")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", replaced)
    assert put_away(was, tmp_path / "done") is None
    assert there(tmp_path / "in") == {"a.pdf": "new, which nobody has read"}
    assert there(tmp_path / "done") == {}


@pytest.mark.parametrize("name", ["ä" * 125 + ".pdf", "x" * 251 + ".pdf", "y" * 255, os.fsdecode(b"\xe9" * 250)])
def test_long_and_odd_names_are_moved_with_their_notes(tmp_path: Path, name: str) -> None:
    for _ in range(3):
        assert put_away(found(tmp_path / "in", name), tmp_path / "done", "a note") is not None
    assert sorted(there(tmp_path / "done").values()) == ["a note"] * 3 + ["x"] * 3


@pytest.fixture
def two_file_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    replace = Path.replace

    def across(self: Path, target: Path) -> Path:
        if self.parent != target.parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", across)


@pytest.mark.usefixtures("two_file_systems")
def test_a_file_is_moved_to_another_file_system(tmp_path: Path) -> None:
    place = put_away(found(tmp_path / "in", "a.pdf"), tmp_path / "done", "a note")
    assert place == tmp_path / "done" / "a.pdf"
    assert (there(tmp_path / "in"), there(tmp_path / "done")) == ({}, {"a.pdf": "x", "a.pdf.note.txt": "a note"})


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file be longer, as on a disk that is nearly full."""
    before, told = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, told)


def test_a_file_is_not_moved_where_there_is_no_room_for_its_note(tmp_path: Path) -> None:
    was = found(tmp_path / "in", "a.pdf")
    with room_for(5), pytest.raises(OSError, match="too large"):
        put_away(was, tmp_path / "failed", "This file was not processed: it is empty.")

    assert (there(tmp_path / "in"), there(tmp_path / "failed")) == ({"a.pdf": "x"}, {})


@pytest.mark.usefixtures("two_file_systems")
def test_where_there_is_no_room_for_a_file_nothing_of_it_lies_in_the_way_of_others(tmp_path: Path) -> None:
    small, large = found(tmp_path / "in", "a.txt"), found(tmp_path / "in", "b.txt", "x" * 100_000)
    with room_for(50_000):
        with pytest.raises(OSError, match="too large"):
            put_away(large, tmp_path / "done")
        assert put_away(small, tmp_path / "done") is not None

    assert (list(there(tmp_path / "in")), there(tmp_path / "done")) == (["b.txt"], {"a.txt": "x"})
    assert put_away(large, tmp_path / "done") is not None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_cannot_be_moved_stays(tmp_path: Path) -> None:
    was = found(tmp_path / "in", "a.pdf")
    (tmp_path / "in").chmod(0o500)
    try:
        with pytest.raises(PermissionError):
            put_away(was, tmp_path / "done")
    finally:
        (tmp_path / "in").chmod(0o700)
    assert (there(tmp_path / "in"), there(tmp_path / "done")) == ({"a.pdf": "x"}, {})
