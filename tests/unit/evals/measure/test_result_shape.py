"""Numbers and words that no average can be made of: refused where they come from, and where they are read."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from handrail import Case, Suite, exact, run_suite
from handrail.evals import Answered, Counts, Observation, Score, read_result, summarize
from handrail_evals.errors import InvalidResult

CASES = [Case("first", "one", "a"), Case("second", "two", "a"), Case("third", "three", "a")]


def answer(_: str) -> str:
    return "a"


async def crash_of(target: Any, *scorers: Any, out: Path | None = None) -> str:
    """Return what is said of the first case, after a summary of all was made."""
    evaluation = await run_suite(Suite("rude", target, cases=CASES, scorers=list(scorers) or [exact()]), out=out)
    summarize(evaluation.result)
    first = evaluation.result.by_case["first"][0]
    if out is not None:
        assert read_result(out).by_case["first"][0] == first
    return str(first.error or next(iter(first.crashes.values()), ""))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"accepted": "no"}, "the answer's 'accepted' is 'no'"),
        ({"answered": 0}, "the answer's 'answered' is 0"),
        ({"confidence": 0.5, "source": "guessed"}, "the answer's 'source' is 'guessed'"),
        ({"model": 7}, "the answer's 'model' is 7"),
        ({"money": 1.7e308}, "the answer's money is 1.7e+308"),
        ({"human_minutes": 1e200}, "the answer's human_minutes is 1e+200"),
        ({"seconds": 1e300}, "the answer's seconds is 1e+300"),
        ({"input_tokens": 10**400}, "the answer's input_tokens is 1000"),
        ({"verdicts": ["no"]}, "what it says beside the answer has no JSON form"),
    ],
)
async def test_what_a_target_says_beside_its_answer_is_of_its_kind(
    tmp_path: Path, said: dict[str, Any], told: str
) -> None:
    def says(_: str) -> Observation[str]:
        return Observation("a", **said)

    assert told in await crash_of(says, out=tmp_path / "r.jsonl")


async def test_a_bool_of_another_library_is_one() -> None:
    numpy = pytest.importorskip("numpy")

    def says(_: str) -> Observation[str]:
        return Observation("a", accepted=numpy.bool_(False))

    assert await crash_of(says) == ""


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (1e200, "score 1e+200 is too large to be averaged"),
        (-1e160, "score -1e+160 is too large to be averaged"),
        (10**400, "is too large to be averaged"),
        (float("nan"), "score nan is not a finite number"),
    ],
)
async def test_a_score_that_no_average_can_be_made_of_is_refused(given: float, told: str) -> None:
    def rude(_: Answered[str, str, str]) -> float:
        return given

    assert told in await crash_of(answer, rude)


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        (Counts(float("nan")), "has hits=nan, which is no count"),
        (Counts(-5, 2, 1), "has hits=-5, which is no count"),
        (Counts(1, extra=1e308), "has extra=1e+308, which is no count"),
        ((1, 2, 3), "where Counts(hits=, extra=, missed=) belong"),
    ],
)
async def test_counts_of_fields_are_counts(counts: Any, told: str) -> None:
    def rude(_: Answered[str, str, str]) -> Score:
        return Score(1.0, fields={"total": counts})

    assert told in await crash_of(answer, rude)


async def test_a_reason_is_text() -> None:
    def rude(_: Answered[str, str, str]) -> Score:
        return Score(0.0, reason=5)  # type: ignore[arg-type]

    assert "a scorer's reason is 5, which is no text" in await crash_of(answer, rude)


@pytest.fixture
async def lines(tmp_path: Path) -> list[Any]:
    await run_suite(Suite("rude", answer, cases=CASES, scorers=[exact()]), out=tmp_path / "r.jsonl")
    return [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    ("line", "changed", "told"),
    [
        (1, {"confidence": 5}, "line 2: 'confidence' is 5: input should be at most 1"),
        (1, {"money": -1}, "line 2: 'money' is -1"),
        (1, {"seconds": "3"}, "line 2: 'seconds' is '3'"),
        (1, {"accepted": "no"}, "line 2: 'accepted' is 'no'"),
        (1, {"scores": {"exact": 1e308}}, r"line 2: 'scores\.exact' is 1e\+308: input should be at most 1e\+50"),
        (1, {"reasons": []}, r"line 2: 'reasons' is \[\]"),
        (1, {"fields": {"exact": {"total": [-1, 2, 3]}}}, r"line 2: 'fields\.exact\.total\.0' is -1"),
        (1, {"metadata": {"kind": [1]}}, r"line 2: 'metadata\.kind' is \[1\]: input should be text, a number"),
        (1, {"cluster": ["a"]}, r"line 2: 'cluster' is \['a'\]"),
        (1, {"flow": {"ending": "completed", "cycle_seconds": "x"}}, r"line 2: 'flow\.cycle_seconds' is 'x'"),
        (0, {"scorers": []}, r"line 1: the header's 'scorers' is \[\]"),
        (0, {"scorers": {}}, "line 1: the header's 'scorers' is {}"),
        (0, {"repeats": None}, "line 1: the header's 'repeats' is None"),
        (0, {"started": 5}, "line 1: the header's 'started' is 5"),
    ],
)
def test_a_line_with_a_value_of_another_kind_is_named(
    tmp_path: Path, lines: list[Any], line: int, changed: dict[str, Any], told: str
) -> None:
    lines[line].update(changed)
    path = tmp_path / "changed.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)) + "\n")
    with pytest.raises(InvalidResult, match=told):
        read_result(path)


@pytest.mark.parametrize("fresh", [False, True])
async def test_a_pipe_takes_no_result(tmp_path: Path, *, fresh: bool) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(InvalidResult, match="name a file with --out"):
        await run_suite(Suite("rude", answer, cases=CASES, scorers=[exact()]), out=path, fresh=fresh)
    assert path.is_fifo()
