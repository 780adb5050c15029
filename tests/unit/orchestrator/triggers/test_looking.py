"""Which files of a folder are taken: those that nobody writes to, that are for us, and that lie in it."""

import logging
import os
from pathlib import Path

import pytest

from handrail_orchestrator.triggers import looking
from handrail_orchestrator.triggers.looking import FolderRules, Looker
from handrail_orchestrator.triggers.said import SaidOnce


class Clock:
    """Seconds since whenever, moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def rules(root: Path, *patterns: str, settle: float = 2.0, subfolders: bool = True) -> FolderRules:
    return FolderRules(root, patterns or ("*",), root / "done", root / "failed", settle, 1_000, subfolders)


def looker(root: Path, clock: Clock, *patterns: str, settle: float = 2.0, subfolders: bool = True) -> Looker:
    return Looker(rules(root, *patterns, settle=settle, subfolders=subfolders), SaidOnce(), clock)


def ready(looker: Looker) -> list[str]:
    return sorted(found.place.as_posix() for found in looker.look().ready)


def put(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_file_is_ready_once_nobody_has_written_to_it_for_a_while(tmp_path: Path, clock: Clock) -> None:
    look = looker(tmp_path, clock)
    file = put(tmp_path / "a.pdf", "half")
    assert ready(look) == []
    clock.now += 1.9
    put(file, "half of it")
    assert ready(look) == []
    clock.now += 1.9
    os.utime(file, (1, 1))
    found = look.look()
    assert (found.ready, found.waiting, found.again_in) == ([], 1, 2.0)
    clock.now += 2.0
    assert ready(look) == ["a.pdf"]


def test_a_file_is_ready_whatever_its_own_clock_says(tmp_path: Path, clock: Clock) -> None:
    look = looker(tmp_path, clock)
    os.utime(put(tmp_path / "future.pdf"), (4e9, 4e9))
    os.utime(put(tmp_path / "past.pdf"), (1, 1))
    assert ready(look) == []
    clock.now += 2.0
    assert ready(look) == ["future.pdf", "past.pdf"]


def test_a_file_that_changed_while_it_was_read_waits_anew(tmp_path: Path, clock: Clock) -> None:
    look = looker(tmp_path, clock)
    put(tmp_path / "a.pdf")
    look.look()
    clock.now += 2.0
    (found,) = look.look().ready
    look.forget(found)
    assert ready(look) == []
    clock.now += 2.0
    assert ready(look) == ["a.pdf"]


def test_a_file_that_cannot_be_taken_is_left_alone_for_longer_and_longer_until_it_changes(
    tmp_path: Path, clock: Clock
) -> None:
    look = looker(tmp_path, clock, settle=0.0)
    file = put(tmp_path / "a.pdf")
    for seconds in (5.0, 10.0, 20.0):
        (found,) = look.look().ready
        look.rest(found)
        clock.now += seconds - 0.1
        assert look.look() == ([], 0, None)
        clock.now += 0.1
    (found,) = look.look().ready
    look.rest(found)
    put(file, "another")
    assert ready(look) == ["a.pdf"]


NAMES = ["a.pdf", "B.PDF", "ä ö.pdf", "new\nline.pdf", " .pdf", "x.pdf.pdf", "-rf.pdf", "(1).pdf"]
LEFT = [
    ".hidden.pdf", "~$a.pdf", "a.pdf.part", "a.pdf.crdownload", "a.pdf~", "b.tmp", "a.txt", "pdf", ".DS_Store",
    "Thumbs.db", "a.pdf.PARTIAL", ".a.pdf.Xy12",
]  # fmt: skip


def test_hidden_temporary_and_other_files_are_left(tmp_path: Path, clock: Clock) -> None:
    for name in (*NAMES, *LEFT):
        put(tmp_path / name)
    assert ready(looker(tmp_path, clock, "*.pdf", settle=0.0)) == sorted(NAMES)
    assert ready(looker(tmp_path, clock, settle=0.0)) == sorted([*NAMES, "a.txt", "pdf"])
    assert ready(looker(tmp_path, clock, "b*", "*.txt", settle=0.0)) == ["B.PDF", "a.txt"]


def test_a_name_that_is_no_text_is_found(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.pdf")).write_text("x")
    (found,) = looker(tmp_path, clock, "*.pdf", settle=0.0).look().ready
    assert os.fsencode(found.place) == b"caf\xe9.pdf"


def test_folders_inside_are_looked_into_but_not_those_for_done_and_failed(tmp_path: Path, clock: Clock) -> None:
    for place in ("a.pdf", "sub/b.pdf", "sub/deep/c.pdf", "done/d.pdf", "failed/e.pdf", ".git/f.pdf", "sub/done/g.pdf"):
        put(tmp_path / place)
    assert ready(looker(tmp_path, clock, settle=0.0)) == ["a.pdf", "sub/b.pdf", "sub/deep/c.pdf", "sub/done/g.pdf"]
    assert ready(looker(tmp_path, clock, settle=0.0, subfolders=False)) == ["a.pdf"]


def test_links_are_not_followed_and_that_is_said_once(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    inbox, outside = tmp_path / "in", tmp_path / "outside"
    put(outside / "secret.pdf")
    put(inbox / "a.pdf")
    (inbox / "link.pdf").symlink_to(outside / "secret.pdf")
    (inbox / "folder").symlink_to(outside)
    (inbox / "loop").symlink_to(inbox)
    look = looker(inbox, clock, settle=0.0)
    assert ready(look) == ready(look) == ["a.pdf"]
    assert sorted(record.message for record in caplog.records) == [
        f"{inbox / name} is a link, which is not followed: put the file itself into the folder"
        for name in ("folder", "link.pdf", "loop")
    ]


def test_a_file_in_a_folder_that_became_a_link_is_not_opened(tmp_path: Path, clock: Clock) -> None:
    inbox, outside = tmp_path / "in", tmp_path / "outside"
    file = put(inbox / "sub" / "a.pdf")
    (found,) = looker(inbox, clock, settle=0.0).look().ready
    outside.mkdir()
    file.rename(outside / "a.pdf")
    (inbox / "sub").rmdir()
    (inbox / "sub").symlink_to(outside)
    assert found.opened(inbox) is None


@pytest.mark.parametrize("what", ["gone", "another", "link", "pipe"])
def test_what_is_no_longer_the_file_that_was_found_is_not_opened(tmp_path: Path, clock: Clock, what: str) -> None:
    file = put(tmp_path / "a.pdf")
    (found,) = looker(tmp_path, clock, settle=0.0).look().ready
    stream = found.opened(tmp_path)
    assert stream is not None
    with stream:
        assert stream.read() == b"x"
    file.unlink()
    if what == "another":
        put(file, "another")
    elif what == "link":
        file.symlink_to(put(tmp_path / "b.pdf"))
    elif what == "pipe":
        os.mkfifo(file)
    if what == "link":
        with pytest.raises(OSError, match="symbolic link"):
            found.opened(tmp_path)
    else:
        assert found.opened(tmp_path) is None


def test_a_folder_that_goes_and_comes_back_is_looked_into_again(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    inbox = tmp_path / "in"
    look = looker(inbox, clock, settle=0.0)
    assert ready(look) == ready(look) == []
    put(inbox / "a.pdf")
    assert ready(look) == ready(look) == ["a.pdf"]
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "No such file or directory; it is tried again" in caplog.text


def test_ten_thousand_files_are_watched_at_most_and_the_others_get_their_turn(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "MOST_AT_ONCE", 10)
    for number in range(25):
        put(tmp_path / f"{number}.pdf")
    look, taken = looker(tmp_path, clock), 0
    for _ in range(3):
        assert look.look().ready == []
        clock.now += 2.0
        found = look.look().ready
        assert len(found) <= 10
        for each in found:
            each.path.unlink()
            taken += 1
    assert taken == 25
