"""Files of decided cases: written once, read by suites, training and calibration, each taking only what it may."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_ai_steps.learn import learn, read_examples
from handrail_ai_steps.models.local import InvalidTrainingData, LabelledText
from handrail_evals.decide.corrections.file import write_labelled
from handrail_evals.decide.corrections.label_file import read_label_file
from handrail_evals.decide.corrections.labelled import GivenLabel, LabelledCase, split_of
from handrail_evals.errors import InvalidCaseFile, InvalidSetting
from handrail_evals.measure.cases.read import read_cases
from handrail_orchestrator.statistics.changes import changed_fields

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def decided(number: int, *, drawn: bool = False, **more: Any) -> LabelledCase:
    some: dict[str, Any] = {
        "name": f"T-{number}/route",
        "run_id": f"T-{number}",
        "workflow": "triage",
        "version": 1,
        "step": "route",
        "queue": "triage",
        "kind": "audit" if drawn else "decide",
        "input": f"text {number}",
        "final": "bugs",
        "suggestion": "billing",
        "changed": {"": True},
        "reviewer": "5f1c",
        "drawn": drawn,
        "decided": 1_790_000_000.25,
    }
    return LabelledCase(**some | more)


def test_a_file_of_decisions_is_a_suite_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "decided.jsonl"
    assert write_labelled(path, [decided(1), decided(2, drawn=True, model="stub", prompt_version="a1")]) == 2
    doubtful, audited = read_cases(path)
    assert (doubtful.name, doubtful.input, doubtful.expected) == ("T-1/route", "text 1", "bugs")
    assert (doubtful.blind, audited.blind, doubtful.cluster) == (False, True, "T-1")
    assert doubtful.metadata["drawn"] is False
    assert (audited.metadata["model"], audited.metadata["prompt_version"]) == ("stub", "a1")
    assert doubtful.metadata["split"] == split_of("text 1")


def test_a_line_says_where_its_label_comes_from(tmp_path: Path) -> None:
    path = tmp_path / "decided.jsonl"
    before, after = {"total": "4.00", "date": None}, {"total": "5.00"}
    two = [GivenLabel(reviewer="5f1c", value=after), GivenLabel(reviewer="77ab", value=after)]
    case = decided(
        1, suggestion=before, final=after, changed=changed_fields(before, after), evidence={"total": ["4.00 EUR"]},
        answers=two, agreement={"": True, "total": True}, confidence=0.4, source="logprob",
    )  # fmt: skip
    write_labelled(path, [case])
    assert json.loads(path.read_text())["provenance"] == {
        "decided": "2026-09-21T14:13:20.250+00:00",
        "reviewer": "5f1c",
        "suggestion": before,
        "changed": {"": True, "total": True, "date": False},
        "confidence": 0.4,
        "source": "logprob",
        "evidence": {"total": ["4.00 EUR"]},
        "answers": [{"reviewer": "5f1c", "value": after}, {"reviewer": "77ab", "value": after}],
        "agreement": {"": True, "total": True},
    }


def test_a_model_learns_from_what_was_not_drawn(tmp_path: Path) -> None:
    path = tmp_path / "decided.jsonl"
    write_labelled(path, [decided(1), decided(2, drawn=True), decided(3, final=None)])
    assert read_examples(path) == (LabelledText("text 1", "bugs"), LabelledText("text 3", None))


def test_decisions_that_were_all_drawn_teach_nothing(tmp_path: Path) -> None:
    path = tmp_path / "decided.jsonl"
    write_labelled(path, [decided(2, drawn=True)])
    with pytest.raises(InvalidTrainingData, match=r"all 1 decisions .* were drawn at random"):
        read_examples(path)


def test_a_model_does_not_learn_two_steps_at_once(tmp_path: Path) -> None:
    path = tmp_path / "decided.jsonl"
    write_labelled(path, [decided(1), decided(2, step="reason")])
    with pytest.raises(InvalidTrainingData, match="line 2: a decision of step 'reason' among those of 'route'"):
        read_examples(path)


@pytest.mark.slow
def test_training_says_how_many_decisions_it_set_apart(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    path = tmp_path / "decided.jsonl"
    labels = ("bugs", "billing")
    write_labelled(
        path,
        [decided(n, final=labels[n % 2], input=f"{labels[n % 2]} {n}") for n in range(8)] + [decided(9, drawn=True)],
    )
    found = learn("route", path, models=tmp_path)
    assert (found.examples, found.set_apart) == (8, 1)


def test_labels_of_a_file_are_parted_into_what_calibrates_and_what_trains(tmp_path: Path) -> None:
    path = tmp_path / "decided.jsonl"
    write_labelled(path, [
        decided(1), decided(2, drawn=True), decided(3, step="reason"), decided(4, input={"a": 1}),
        decided(5, final={"b": 2}), decided(6, final=True),
    ])  # fmt: skip
    found = read_label_file(path, step="route")
    assert [lesson.case for lesson in found.corrections] == ["T-1/route", "T-6/route"]
    assert [key for key, _ in found.audits] == ["T-2/route"]
    assert found.left_out.corrections == {"no_text": 1, "no_label": 1}
    assert found.examples(given_up=0.0) == ((LabelledText("text 1", "bugs"), LabelledText("text 6", "true")), 0)
    assert found.examples(given_up=1.0)[1] == 1
    with pytest.raises(InvalidSetting, match="share of audits"):
        found.examples(given_up=1.5)


def test_a_file_that_does_not_say_where_labels_come_from_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plain.jsonl"
    path.write_text('{"name": "a", "input": "x", "expected": "y"}\n')
    with pytest.raises(InvalidCaseFile, match="line 1: it does not say where its label comes from"):
        read_label_file(path, step="route")
    write_labelled(path, [decided(1)])
    with pytest.raises(InvalidCaseFile, match="no decision of step 'other' in it; there are decisions of route"):
        read_label_file(path, step="other")


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "decided.jsonl"
    write_labelled(path, [decided(1)])
    before = path.read_bytes()

    def failing() -> Iterator[LabelledCase]:
        yield decided(2)
        raise OSError(5, "the store went away")

    with pytest.raises(OSError, match="went away"):
        write_labelled(path, failing())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_half_a_character_does_not_stop_an_export(tmp_path: Path) -> None:
    path = tmp_path / "decided.jsonl"
    write_labelled(path, [decided(1, input="caf\ud800é")])
    assert json.loads(path.read_bytes())["input"] == "caf\ud800é"


def test_copies_of_an_input_are_in_the_same_part() -> None:
    parts = [split_of(f"text {n}") for n in range(2000)]
    assert 0.17 < parts.count("test") / len(parts) < 0.23
    assert all(split_of(f"Text, {n}!") == parts[n] for n in range(50))


@given(JSON, JSON)
def test_a_whole_is_changed_when_a_field_is(before: Any, after: Any) -> None:
    found = changed_fields(before, after)
    fields = [changed for name, changed in found.items() if name]
    if any(fields):
        assert found[""]
    assert not any(changed_fields(before, before).values())
    assert changed_fields(after, before) == found


def test_fields_of_objects_inside_are_told_by_their_paths() -> None:
    before = {"customer": {"name": "Ann", "city": "Ulm"}, "lines": [1, 2], "note": None}
    after = {"customer": {"name": "Anna", "city": "Ulm"}, "lines": [1, 3]}
    assert changed_fields(before, after) == {
        "": True,
        "customer.name": True,
        "customer.city": False,
        "lines": True,
        "note": False,
    }
    assert replace(decided(1), changed=changed_fields("a", "b")).as_line()["metadata"]["changed"] is True
