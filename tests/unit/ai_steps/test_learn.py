"""Training from JSONL: the model that comes of it, and lines that are refused with their place."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_ai_steps.learn import ExampleFields, learn, read_examples
from handrail_ai_steps.models.local import InvalidTrainingData, LabelledText, LocalModel

GOOD = [
    {"text": f"{way} {words}", "label": label}
    for label, words in (("access", "reset my password"), ("billing", "refund the invoice"))
    for way in ("please", "hello", "now", "again")
]


def written(path: Path, *lines: Any) -> Path:
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n")
    return path


@pytest.mark.slow
def test_a_file_becomes_a_model_that_loads_by_name(tmp_path: Path) -> None:
    source = written(tmp_path / "data.jsonl", *GOOD, {"text": "tell me a joke", "label": None})

    learned = learn("route", source, models=tmp_path / "models")

    assert learned.folder == tmp_path / "models" / "route"
    assert (learned.examples, learned.out_of_scope) == (9, 1)
    assert learned.seconds > 0
    assert learned.quality is not None
    assert learned.quality.measured == 8
    loaded = LocalModel.load(learned.folder)
    assert loaded.name == "local:route"
    assert [each.label for each in loaded.predict(["password", "invoice"])] == ["access", "billing"]


@pytest.mark.slow
def test_the_same_file_gives_the_same_model(tmp_path: Path) -> None:
    source = written(tmp_path / "data.jsonl", *GOOD)

    first, second = (learn("route", source, models=tmp_path / each) for each in ("one", "two"))

    for name in ("model.json", "vocabulary.json"):
        assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes()
    assert first.model.predict(["a refund"]) == second.model.predict(["a refund"])


def test_fields_can_have_other_names(tmp_path: Path) -> None:
    source = written(
        tmp_path / "data.jsonl", {"question": "a", "decision": "x", "text": 5}, {"question": "b", "decision": None}
    )

    assert read_examples(source, fields=ExampleFields(text="question", label="decision")) == (
        LabelledText("a", "x"),
        LabelledText("b", None),
    )


def test_a_file_of_cases_is_read_too(tmp_path: Path) -> None:
    source = written(
        tmp_path / "cases.jsonl",
        {"name": "a", "input": "my invoice", "expected": "billing"},
        {"name": "b", "input": "tell me a joke", "expected": None},
    )

    assert read_examples(source) == (LabelledText("my invoice", "billing"), LabelledText("tell me a joke", None))
    with pytest.raises(InvalidTrainingData, match="no field 'body'"):
        read_examples(source, fields=ExampleFields(text="body"))


def test_blank_lines_and_a_byte_order_mark_are_skipped(tmp_path: Path) -> None:
    source = tmp_path / "data.jsonl"
    source.write_bytes(b'\xef\xbb\xbf{"text": "a", "label": "x"}\r\n\r\n  \n{"text": "b", "label": "y"}')

    assert read_examples(source) == (LabelledText("a", "x"), LabelledText("b", "y"))


@given(st.lists(st.tuples(st.text(), st.text().filter(str.strip) | st.none()), min_size=1))
def test_whatever_json_can_write_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str | None]]
) -> None:
    lines = ({"text": text, "label": label} for text, label in pairs)
    source = written(tmp_path_factory.mktemp("learn") / "data.jsonl", *lines)

    assert read_examples(source) == tuple(LabelledText(text, label) for text, label in pairs)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "deeper than 100 levels"),
        ("[1]", "a list where a JSON object belongs"),
        ("null", "a NoneType where"),
        ({"label": "x"}, "no field 'text', but 'label'.*--text-field"),
        ({"text": "a", "intent": "x"}, "no field 'label', but 'text', 'intent'.*--label-field"),
        ({}, "no field at all"),
        ({"text": 5, "label": "x"}, "field 'text' is a int; it must be text"),
        ({"text": None, "label": "x"}, "field 'text' is a NoneType"),
        ({"text": "a", "label": 7}, "field 'label' is a int"),
        ({"text": "a", "label": ""}, "field 'label' is empty"),
        ({"text": "a", "label": "  "}, "field 'label' is empty"),
    ],
)
def test_a_bad_line_is_named_with_file_and_number(tmp_path: Path, line: Any, says: str) -> None:
    source = written(tmp_path / "data.jsonl", GOOD[0], "", line, GOOD[1])

    with pytest.raises(InvalidTrainingData, match=rf"data\.jsonl, line 3: .*({says})"):
        read_examples(source)


def test_a_line_in_another_encoding_is_named(tmp_path: Path) -> None:
    source = tmp_path / "data.jsonl"
    source.write_bytes('{"text": "café", "label": "x"}\n'.encode("latin-1"))

    with pytest.raises(InvalidTrainingData, match="line 1: byte 14 is not UTF-8"):
        read_examples(source)


@pytest.mark.parametrize("lines", [(), ("", " ")])
def test_an_empty_file_is_named(tmp_path: Path, lines: tuple[str, ...]) -> None:
    with pytest.raises(InvalidTrainingData, match=r"data\.jsonl holds no examples"):
        learn("route", written(tmp_path / "data.jsonl", *lines), models=tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidTrainingData, match=r"none\.jsonl: there is no such file"):
        learn("route", tmp_path / "none.jsonl", models=tmp_path)


def test_a_file_of_one_label_is_named(tmp_path: Path) -> None:
    source = written(tmp_path / "data.jsonl", *GOOD[:3])

    with pytest.raises(InvalidTrainingData, match=r"data\.jsonl: .*all have the label 'access'"):
        learn("route", source, models=tmp_path)


@pytest.mark.parametrize("name", ["", "a/b", "..", "."])
def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidTrainingData, match="cannot name a model"):
        learn(name, written(tmp_path / "data.jsonl", *GOOD), models=tmp_path)
