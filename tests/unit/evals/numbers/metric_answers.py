"""Answers as a result file holds them, with what a test does not care about filled in."""

from collections.abc import Sequence
from typing import Any

from handrail_evals.measure.result.case_result import CaseResult, Crash
from handrail_evals.measure.result.result import Header, Result
from handrail_evals.measure.target import Ending, Flow, StepTrace

BOOM = Crash(type="ValueError", message="boom", trace="Traceback\n  line 1\nValueError: boom")


def answer(case: str, score: float | None = None, **known: Any) -> CaseResult:
    """Return an answer with a score by the scorer ``exact``, which is the main one; None: it could not score it."""
    return CaseResult(case=case, input_hash="0", input="in", scores={"exact": score}, **known)


def crashed(case: str, **known: Any) -> CaseResult:
    """Return what is left of a case whose target crashed."""
    return CaseResult(case=case, input_hash="0", input="in", error=BOOM, **known)


def said(case: str, expected: Any, output: Any, **known: Any) -> CaseResult:
    """Return an answer that is right when it is the one expected."""
    return answer(case, float(expected == output), expected=expected, output=output, **known)


def sure(confidences: Sequence[float | None], rights: Sequence[bool], **known: Any) -> list[CaseResult]:
    """Return answers that say how sure they are."""
    pairs = zip(confidences, rights, strict=True)
    return [
        answer(f"c{place}", float(right), confidence=confidence, source="local", **known)
        for place, (confidence, right) in enumerate(pairs)
    ]


def run(
    *steps: StepTrace,
    ending: Ending = "completed",
    cycle: float = 1.0,
    approvals: Sequence[float] = (),
    unanswered: Sequence[float] = (),
) -> Flow:
    """Return how a run went."""
    waits = {"approval_seconds": tuple(approvals), "unanswered_seconds": tuple(unanswered)}
    return Flow(ending=ending, cycle_seconds=cycle, steps=steps, **waits)


def step(name: str, output: Any = None, *, kind: str = "rule", **known: Any) -> StepTrace:
    """Return a step that took a millisecond."""
    return StepTrace(**{"name": name, "kind": kind, "output": output, "seconds": 0.001, **known})


def result(cases: Sequence[CaseResult], *, scorers: Sequence[str] = ("exact",), repeats: int = 1) -> Result:
    """Return a whole result."""
    header = Header(
        suite="route",
        target="route",
        target_version="v1",
        scorers=dict.fromkeys(scorers, "1"),
        cases=len({each.case for each in cases}),
        repeats=repeats,
        cases_hash="0",
        started="2026-01-31T09:30:00Z",
    )
    return Result(header, tuple(cases))
