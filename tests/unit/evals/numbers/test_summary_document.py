"""A summary of a result, and as JSON."""

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handrail_evals.errors import InvalidSetting, InvalidSummary
from handrail_evals.measure.scorer import Counts
from handrail_evals.numbers.statistics.intervals import Certainty
from handrail_evals.numbers.summary.document import Stamp, from_json, to_json
from handrail_evals.numbers.summary.summary import Names, Options, Summary, summarize
from tests.unit.evals.numbers.metric_answers import answer, crashed, result, run, said, step

QUICK = Options(certainty=Certainty(resamples=100))
FIELDS = {"exact": {"total": Counts(1, 0, 0), "date": Counts(0, 1, 1)}}


def full(cases: int = 12) -> Summary:
    """Return a summary with something in each of its parts."""
    flow = run(step("route", "billing", kind="ai", decided_by="model", accepted=True), approvals=[5.0])
    answers = [
        said(
            f"c{place}",
            ("billing", "sales", None)[place % 3],
            "billing",
            fields=FIELDS,
            confidence=place / cases,
            source="local",
            accepted=place % 2 == 0,
            seconds=0.1 * (place + 1),
            money=0.01,
            flow=flow,
            steps={"route": "sales"},
            metadata={"language": "de" if place % 2 else "en", "new": place % 4 == 0, "size": place % 2 + 0.5},
            must_pass=place < 2,
        )
        for place in range(cases)
    ]
    return summarize(result([*answers, crashed("x")]), QUICK)


def test_a_summary_says_what_was_measured_and_how_far_it_came() -> None:
    summary = full()

    assert (summary.subject.suite, summary.subject.main) == ("route", "exact")
    assert (summary.tally.cases, summary.tally.answers, summary.tally.crashed) == (13, 13, 1)
    assert not summary.tally.complete
    assert summary.main.value == pytest.approx(1 / 3)
    assert summary.must_pass_failures == ("c1",)
    assert summary.crashed == Names(count=1, first=("x",))
    assert summary.failing.count == 8


def test_every_part_that_can_be_measured_is_there() -> None:
    summary = full()

    assert {each.group for each in summary.metrics} == {
        "scores", "labels", "fields", "confidence", "acceptance", "cost", "time", "flow",
    }  # fmt: skip
    assert len({(each.group, each.name) for each in summary.metrics}) == len(summary.metrics)
    assert summary.labels is not None
    assert summary.confidence is not None
    assert summary.attribution is not None
    assert {each.key for each in summary.slices} == {"language", "new", "size"}
    assert summary.metric("labels", "accuracy") is not None
    assert summary.metric("labels", "no such") is None


def test_what_cannot_be_measured_is_left_out() -> None:
    summary = summarize(result([answer("a", 1.0), answer("b", 0.0)]), QUICK)

    assert (summary.labels, summary.fields, summary.confidence, summary.attribution) == (None, (), None, None)
    assert [each.group for each in summary.metrics] == ["scores", "time", "time"]


def test_a_result_without_any_answer_has_a_summary() -> None:
    summary = summarize(result([]), QUICK)

    assert summary.main.value is None
    assert from_json(to_json(summary)) == (summary, None)


def test_a_summary_is_the_same_after_json() -> None:
    summary, stamp = full(), Stamp(bytes=5, digest="ab")

    assert from_json(to_json(summary, stamp)) == (summary, stamp)


def test_the_same_options_give_the_same_summary() -> None:
    assert full() == full()


VALUES = st.sampled_from(["billing", "sales", "", "Ω|\n", "true"]) | st.none() | st.booleans() | st.integers(0, 2)


@pytest.mark.dear
@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(VALUES, VALUES, st.none() | st.floats(0, 1)), max_size=8))
def test_any_result_has_a_summary_that_survives_json(answers: list[tuple[Any, Any, float | None]]) -> None:
    cases = [
        said(f"c{place}", expected, output, confidence=confidence, metadata={"output": output})
        for place, (expected, output, confidence) in enumerate(answers)
    ]
    summary = summarize(result(cases), QUICK)

    assert from_json(to_json(summary))[0] == summary


DATA: dict[str, Any] = json.loads(to_json(full()))


def changed(path: str, value: Any) -> str:
    """Return the summary's JSON with one value changed; ``...`` takes it out."""
    data = json.loads(json.dumps(DATA))
    *way, last = path.split(".")
    inner = data
    for each in way:
        inner = inner[int(each)] if isinstance(inner, list) else inner[each]
    place = int(last) if isinstance(inner, list) else last
    if value is ...:
        del inner[place]
    else:
        inner[place] = value
    return json.dumps(data)


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("format", "handrail-summary/9", "handrail-summary/9"),
        ("more", 1, "more: Unexpected"),
        ("result", {"bytes": "5", "digest": ""}, "bytes"),
        ("summary.subject.suite", ..., "summary.subject.suite: Field required"),
        ("summary.subject.more", 1, "summary.subject.more: Unexpected"),
        ("summary.tally.cases", 1.5, "summary.tally.cases"),
        ("summary.tally.complete", 1, "summary.tally.complete: Input should be a valid boolean, found 1"),
        ("summary.metrics.0.unit", "furlongs", "furlongs"),
        ("summary.metrics.0.interval", [], "summary.metrics.0.interval: Input should be"),
        ("summary.labels.confusion.cells.0", [1, 2], "summary.labels.confusion.cells.0.2: Field required"),
        ("summary.options.certainty.level", 95, "level is 95"),
        ("summary.must_pass_failures", "c1", "summary.must_pass_failures: Input should be a valid array"),
        ("summary.confidence.reliability.sources", [], "sources: Input should be"),
    ],
)
def test_a_summary_of_another_shape_is_refused_with_its_place(path: str, value: Any, says: str) -> None:
    with pytest.raises(InvalidSummary, match=r"x\.summary\.json") as caught:
        from_json(changed(path, value), where="x.summary.json")

    assert says in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": NaN}', "[" * 100_000])
def test_what_is_no_summary_is_refused(text: str) -> None:
    with pytest.raises(InvalidSummary, match="take the file away"):
        from_json(text)


@pytest.mark.parametrize("wrong", [{"risks": (2,)}, {"right_at": float("nan")}])
def test_options_that_cannot_work_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidSetting):
        Options(**wrong)


def test_only_the_first_thousand_names_are_listed() -> None:
    names = Names.of(tuple(f"c{place}" for place in range(2500)))

    assert (names.count, len(names.first)) == (2500, 1000)


@pytest.mark.dear
def test_reading_a_summary_loads_no_heavy_library() -> None:
    program = (
        "import sys; from handrail_evals.numbers.summary.document import from_json; from_json(sys.stdin.read());"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(DATA), capture_output=True, text=True, check=True
    )

    assert not {"numpy", "scipy", "rich"}.intersection(done.stdout.split())
