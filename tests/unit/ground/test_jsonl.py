"""JSON Lines: every value with its place, and what is wrong with a file in words that say what to do."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_ground.jsonl import BYTE_ORDER_MARK, InvalidLines, place, read_lines
from handrail_ground.values import InvalidJson

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4),
    max_leaves=8,
)
ENDS = st.sampled_from(["\n", "\r\n", "\n\n", " \n\t\n"])


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lines") / "values.jsonl"


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.dear
@given(st.lists(st.tuples(JSON, st.booleans(), ENDS)), st.sampled_from([b"", BYTE_ORDER_MARK]))
def test_values_are_read_as_they_were_written_each_with_its_place(
    path: Path, values: list[tuple[Any, bool, str]], mark: bytes
) -> None:
    content, places = mark, []
    for value, ascii_only, end in values:
        number = content.count(b"\n") + 1
        content += json.dumps(value, ensure_ascii=ascii_only).encode()
        places.append(number)
        content += end.encode()
    lines = list(read_lines(written(path, content)))

    assert [line.number for line in lines] == places
    assert [line.value() for line in lines] == [value for value, _, _ in values]
    assert all(content[: line.end].rstrip().endswith(line.text) for line in lines)
    assert all(line.is_ended for line in lines)


@given(st.lists(JSON, min_size=1, max_size=4), st.data())
def test_a_file_that_was_cut_off_gives_every_whole_line(path: Path, values: list[Any], data: st.DataObject) -> None:
    content = b"".join(json.dumps({"value": value}).encode() + b"\n" for value in values)
    kept = content[: data.draw(st.integers(0, len(content)))]
    lines = [line for line in read_lines(written(path, kept)) if line.is_ended]

    assert [line.value()["value"] for line in lines] == values[: kept.count(b"\n")]
    assert (lines[-1].end if lines else 0) == kept.rfind(b"\n") + 1


def test_a_last_line_that_was_half_written_says_so(path: Path) -> None:
    (line,) = read_lines(written(path, b'{"a": 1, "b'))
    with pytest.raises(InvalidJson, match="only half written"):
        line.value()


def test_a_line_with_two_values_says_so_whatever_stands_between_them(path: Path) -> None:
    for content in (b'{"a": 1}{"b": 2}', b'{"a": 1}\r{"b": 2}\r', b'{"a": 1} {"b": 2}\n'):
        (line,) = read_lines(written(path, content))
        with pytest.raises(InvalidJson, match="it holds more than one value, the second from column "):
            line.value()


def test_a_whole_last_line_needs_no_line_feed(path: Path) -> None:
    (line,) = read_lines(written(path, b"[1]"))

    assert (line.value(), line.is_ended, line.end) == ([1], False, 3)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\x1f\x8b\x08", r"compressed \(gzip\): unpack it first"),
        (b"PK\x03\x04", r"compressed \(zip\)"),
        ("{}".encode("utf-16"), "UTF-16; save the file as UTF-8"),
        (b"{\n  1\n}\n", "goes on over several lines"),
        (b"\n" + b"x" * 2**20 + b"xx\n", "line 2: it is longer than 1 MB"),
    ],
)
def test_what_is_no_json_lines_is_refused_with_what_to_do(path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(InvalidLines, match=problem):
        list(read_lines(written(path, content), longest=2**20))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for wrong, problem in ((tmp_path / "none", "there is no such file"), (tmp_path, "it is a directory")):
        with pytest.raises(InvalidLines, match=problem) as refused:
            list(read_lines(wrong))
        assert refused.value.path == wrong
        assert str(refused.value).startswith(f"{wrong}: ")


def test_a_place_names_file_line_and_field() -> None:
    assert place(Path("a"), 3, "b.c") == "a, line 3, field 'b.c'"
    assert place(Path("a")) == "a"
