"""A file of inputs is taken whole, or refused with the lines to mend."""

import asyncio
import bz2
import gzip
import json
import lzma
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from handrail_orchestrator.codec import Codec, codec_for
from handrail_orchestrator.errors import InputFileError
from handrail_orchestrator.jsonl import InputLine, read_inputs


@dataclass(frozen=True)
class Item:
    name: str
    price: float


class Size(IntEnum):
    SMALL = 1


class Order(BaseModel):
    id: str | int
    items: list[Item] = []
    sender: str = Field(default="", alias="from")
    paid: bool = False


@pytest.fixture
def codec() -> Codec[Order]:
    return codec_for(Order, where="workflow 'orders', its input")


def refusal_of(path: Path, codec: Codec[Any], id_field: str | None = "id") -> InputFileError:
    with pytest.raises(InputFileError) as refusal:
        read_inputs(path, codec, id_field)
    assert refusal.value.path == path
    return refusal.value


def written(folder: Path, *lines: str | bytes) -> Path:
    path = folder / "orders.jsonl"
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines))
    return path


def test_lines_are_read_in_order_with_their_numbers_and_ids(tmp_path: Path, codec: Codec[Order]) -> None:
    path = written(
        tmp_path, '{"id": "a", "from": "x"}', "", "  \r", '{"id": 7, "items": [{"name": "n", "price": 1}]}\r'
    )
    assert read_inputs(path, codec, "id") == [
        InputLine(1, "a", Order.model_validate({"id": "a", "from": "x"}), '{"id": "a", "from": "x"}'),
        InputLine(4, "7", Order(id=7, items=[Item("n", 1.0)]), '{"id": 7, "items": [{"name": "n", "price": 1}]}'),
    ]


def test_line_numbers_are_the_ids_when_no_field_is_named(tmp_path: Path, codec: Codec[Order]) -> None:
    path = written(tmp_path, '{"id": "a"}', "", '{"id": "a"}')
    assert [line.id for line in read_inputs(path, codec, None)] == ["1", "3"]


def test_byte_order_mark_is_skipped(tmp_path: Path, codec: Codec[Order]) -> None:
    path = written(tmp_path, b'\xef\xbb\xbf{"id": "a"}')
    assert [line.id for line in read_inputs(path, codec, "id")] == ["a"]


def test_unicode_line_separator_inside_text_does_not_end_a_line(tmp_path: Path, codec: Codec[Order]) -> None:
    path = written(tmp_path, '{"id": "a\u2028b\x85"}')
    assert [line.id for line in read_inputs(path, codec, "id")] == ["a\u2028b\x85"]


@given(
    st.lists(st.builds(Order, id=st.text(min_size=1).filter(str.strip)), min_size=1, unique_by=lambda order: order.id)
)
def test_what_was_dumped_is_read(tmp_path_factory: pytest.TempPathFactory, orders: list[Order]) -> None:
    codec = codec_for(Order, where="workflow 'orders', its input")
    path = written(tmp_path_factory.mktemp("inputs"), *(order.model_dump_json(by_alias=True) for order in orders))
    assert [line.value for line in read_inputs(path, codec, "id")] == orders


def test_missing_file_is_refused(tmp_path: Path, codec: Codec[Order]) -> None:
    assert "no such file" in refusal_of(tmp_path / "gone.jsonl", codec).problem


def test_directory_is_refused(tmp_path: Path, codec: Codec[Order]) -> None:
    assert "directory" in refusal_of(tmp_path, codec).problem


def test_file_below_a_file_is_refused(tmp_path: Path, codec: Codec[Order]) -> None:
    assert "cannot be read" in refusal_of(written(tmp_path, "{}") / "below.jsonl", codec).problem


@pytest.mark.parametrize("content", ["", "\n \n", "\ufeff", "\ufeff\n\n"])
def test_file_without_an_input_is_refused(content: str, tmp_path: Path, codec: Codec[Order]) -> None:
    assert "no input" in refusal_of(written(tmp_path, content), codec).problem


@pytest.mark.parametrize(
    ("line", "field", "said"),
    [
        (b'{"id": "\xff"}', None, "byte 9 is not UTF-8"),
        ('{"id": "a"', None, "not JSON"),
        ("id: a", None, "not JSON"),
        ('{"id": "a"} {"id": "b"}', None, "not JSON"),
        ('{"id": "a", "items": [{"name": "n", "price": "cheap"}]}', "items.0.price", 'valid number.*found "cheap"'),
        ('{"id": "a", "items": [{"price": 1}]}', "items.0.name", "missing; the input is Order"),
        ('{"id": "a", "items": [{"name": "n", "price": true}]}', "items.0.price", "valid number, found true"),
        ('{"id": "a", "paid": 1}', "paid", "valid boolean, found 1"),
        ('{"id": "a", "paid": "no"}', "paid", 'valid boolean, found "no"'),
        ('{"id": "a", "from": "ann", "sender": "ben"}', None, "sender is given twice, as 'from' and 'sender'"),
        ('{"id": "a", "items": [{"name": "n", "price": 1, "price": 2}]}', None, 'the key "price" is there twice'),
        ('{"id": "a", "id": "b"}', None, 'the key "id" is there twice'),
        ('["a"]', None, "object"),
        ('{"items": []}', "id", "missing"),
        ('{"id": " "}', "id", "each line needs its id"),
        ('{"id": "a", "items": [{"name": 1, "price": "x"}]}', "items.0.name", "also field 'items.0.price'"),
    ],
)
def test_bad_line_is_refused_with_its_number_and_field(
    line: str | bytes, field: str | None, said: str, tmp_path: Path, codec: Codec[Order]
) -> None:
    path = written(tmp_path, '{"id": "good"}', "", line)
    with pytest.raises(InputFileError, match=said) as refusal:
        read_inputs(path, codec, "id")
    assert (refusal.value.line, refusal.value.field) == (3, field)
    assert f"{path}, line 3" in str(refusal.value)


def test_value_that_cannot_be_stored_is_refused_before_any_run_starts(tmp_path: Path) -> None:
    class Open(BaseModel):
        model_config = ConfigDict(extra="allow")

    codec = codec_for(Open, where="its input")
    path = written(tmp_path, '{"more": 1e400}')
    assert "cannot be stored" in refusal_of(path, codec, None).problem


def test_crash_of_a_type_s_own_validator_is_a_bad_line(tmp_path: Path) -> None:
    def crash(value: int) -> int:
        raise LookupError(f"no rate for {value}")

    codec = codec_for(Annotated[int, AfterValidator(crash)], where="its input")
    assert "LookupError: no rate for 3" in refusal_of(written(tmp_path, "3"), codec, None).problem


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit, asyncio.CancelledError, MemoryError])
def test_a_validator_that_would_end_the_program_is_a_bad_line(tmp_path: Path, kind: type[BaseException]) -> None:
    def leave(value: int) -> int:
        if value == 3:
            raise kind
        return value

    codec = codec_for(Annotated[int, AfterValidator(leave)], where="its input")
    assert kind.__name__ in refusal_of(written(tmp_path, "2", "3"), codec, None).problem


def test_id_used_twice_is_refused_with_both_lines(tmp_path: Path, codec: Codec[Order]) -> None:
    refusal = refusal_of(written(tmp_path, '{"id": "7"}', '{"id": "b"}', '{"id": 7}'), codec)
    assert (refusal.line, refusal.field) == (3, "id")
    assert "id '7' is already that of line 1" in refusal.problem


def test_first_ten_bad_lines_are_shown_and_all_are_counted(tmp_path: Path, codec: Codec[Order]) -> None:
    bad = [json.dumps({"id": str(n), "items": n}) for n in range(25)]
    refusal = refusal_of(written(tmp_path, '{"id": "good"}', *bad), codec)
    shown = str(refusal).splitlines()
    assert "25 lines cannot be used" in shown[0]
    assert [line.split(",")[0].strip() for line in shown[1:11]] == [f"line {n}" for n in range(2, 12)]
    assert shown[11:] == ["  and 15 more"]
    assert (refusal.line, refusal.field) == (2, "items")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(b'{"id": "a"}\n'), "it is compressed (gzip): unpack it first"),
        (bz2.compress(b'{"id": "a"}\n'), "it is compressed (bzip2): unpack it first"),
        (lzma.compress(b'{"id": "a"}\n'), "it is compressed (xz): unpack it first"),
        (b"PK\x03\x04rest of an archive", "it is compressed (zip): unpack it first"),
        ('{"id": "a"}\n'.encode("utf-16"), "it is UTF-16; save the file as UTF-8"),
        (b'{\n  "id": "a"\n}\n', "write one whole JSON value a line"),
        (b'[\n  {"id": "a"},\n  {"id": "b"}\n]\n', "write one whole JSON value a line"),
    ],
    ids=["gzip", "bzip2", "xz", "zip", "utf-16", "pretty object", "array"],  # gzip's content has the time in it
)
def test_a_file_of_another_kind_is_told_by_its_beginning(
    tmp_path: Path, codec: Codec[Order], content: bytes, said: str
) -> None:
    path = tmp_path / "orders.jsonl"
    path.write_bytes(content)
    assert said in str(refusal_of(path, codec))


@pytest.mark.parametrize("of", [Literal[1], Literal[1, 2], Size])
def test_a_truth_value_is_no_choice_among_numbers(of: Any, tmp_path: Path) -> None:
    numbers = codec_for(of, where="workflow 'w', its input")
    assert [int(each.value) for each in read_inputs(written(tmp_path, "1\n"), numbers, None)] == [1]
    assert "number, and no truth value, found true" in refusal_of(written(tmp_path, "true\n"), numbers, None).problem
