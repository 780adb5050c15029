"""Whole files: the old content or the new one, whatever happens meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from handrail_ground.files import beside, in_words, why_not_read, write_whole


def parts_that_fail() -> Iterator[bytes]:
    yield b"half"
    raise ValueError("no more")


def test_content_takes_the_place_of_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    write_whole(path, [b"new", b"er"])

    assert path.read_bytes() == b"newer"
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(ValueError, match="no more"):
        write_whole(path, parts_that_fail())

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no_folder"):
        write_whole(tmp_path / "no_folder" / "file", [b""])


def test_a_path_without_a_name_is_a_folder() -> None:
    with pytest.raises(IsADirectoryError):
        beside(Path(), "lock")


def test_an_error_of_the_system_names_the_file_where_it_has_one(tmp_path: Path) -> None:
    with pytest.raises(OSError) as caught:  # noqa: PT011 -- any of them
        (tmp_path / "none").read_bytes()

    assert in_words(caught.value) == f"{tmp_path / 'none'}: No such file or directory; check the path and the disk"
    assert in_words(OSError("odd")) == "odd; check the path and the disk"


def test_why_a_file_cannot_be_read_is_said_in_words(tmp_path: Path) -> None:
    def why(path: Path) -> str:
        with pytest.raises(OSError) as caught:  # noqa: PT011 -- any of them
            path.read_bytes()
        return why_not_read(caught.value)

    (tmp_path / "file").touch()
    assert why(tmp_path / "none") == "there is no such file; check its name"
    assert why(tmp_path) == "it is a directory; name a file"
    assert why(tmp_path / "file" / "below") == "it cannot be read: Not a directory"
