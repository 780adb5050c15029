"""One failing case as the page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass

from handrail_evals.measure.case import UNLABELLED
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.show.report.failing import Change, Failing
from handrail_evals.show.report.numbers import counted, seconds, share, significant
from handrail_evals.show.report.row import Row, rows
from handrail_evals.show.report.said import Said, said
from handrail_evals.show.report.step import Step, as_step
from handrail_evals.show.report.text import Excerpt, brief, excerpt

MOST_STEPS = 40
MOST_FIELDS = 40
MOST_METADATA = 12

CHANGES: dict[Change, str] = {
    "broken": "broken",
    "fixed": "fixed",
    "same": "failed before",
    "new": "not in the baseline",
    "other input": "other input than the baseline",
}


@dataclass(frozen=True, slots=True)
class Badge:
    """A word about a case, coloured by its kind."""

    text: str
    kind: str
    """``bad``, ``warn``, ``good`` or ``plain``."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Everything the page says about one case."""

    name: str
    line: str
    """What was expected, for the list; empty when nobody said, or when it is an object with fields."""
    got_line: str
    """What came of it, or which fields are wrong."""
    badges: tuple[Badge, ...]
    facts: tuple[tuple[str, str], ...]
    """Names and values: confidence, model, time, metadata."""
    input: Excerpt | None
    """None: the result does not hold inputs."""
    rows: tuple[Row, ...]
    has_fields: bool
    """Whether the rows are fields of an object; False: there is one row, for the whole answer."""
    rows_left_out: int
    has_baseline: bool
    said: tuple[Said, ...]
    steps: tuple[Step, ...]
    steps_left_out: int
    marks: str
    """What the list can be filtered by, in single words."""
    confidence: float
    """For sorting; -1 where there is none."""
    sure: str
    """The confidence as people read it."""
    is_right: bool


def entry(case: Failing, metric: str) -> Entry:
    """Return a case as the page shows it, cut where it is long."""
    result = case.result
    steps = result.flow.steps if result.flow else ()
    beside = rows(result, case.baseline, metric)
    has_fields = any(each.field for each in beside)
    return Entry(
        name=brief(result.case, 120),
        line="" if result.expected is UNLABELLED or has_fields else brief(result.expected),
        got_line=_got(result, beside),
        badges=tuple(_badges(case)),
        facts=tuple(_facts(case)),
        input=None if result.input is None else excerpt(result.input),
        rows=beside[:MOST_FIELDS],
        has_fields=has_fields,
        rows_left_out=max(0, len(beside) - MOST_FIELDS),
        has_baseline=case.baseline is not None,
        said=tuple(said(result)),
        steps=tuple(as_step(each, case) for each in steps[:MOST_STEPS]),
        steps_left_out=max(0, len(steps) - MOST_STEPS),
        marks=_marks(case),
        confidence=-1.0 if result.confidence is None else result.confidence,
        sure="" if result.confidence is None else share(result.confidence),
        is_right=not case.failed,
    )


def _got(result: CaseResult, beside: Sequence[Row]) -> str:
    if result.error is not None or not result.answered:
        return "crashed" if result.error is not None else "no answer"
    wrong = [each.field for each in beside if each.field and each.is_right is False]
    return brief(f"wrong: {', '.join(wrong)}", 120) if wrong else brief(result.output)


def _marks(case: Failing) -> str:
    result = case.result
    marks = {
        "must-pass": result.must_pass,
        "broken": case.change == "broken",
        "accepted": result.accepted is True,
        "crashed": result.error is not None or bool(result.crashes),
    }
    return " ".join(name for name, holds in marks.items() if holds)


def _badges(case: Failing) -> list[Badge]:
    result, found = case.result, []
    if result.must_pass:
        found.append(Badge("must pass", "bad" if case.failed else "good"))
    if case.change is not None:
        kinds: dict[Change, str] = {"broken": "bad", "fixed": "good"}
        found.append(Badge(CHANGES[case.change], kinds.get(case.change, "plain")))
    if result.error is not None:
        found.append(Badge("crashed", "bad"))
    elif not result.answered:
        found.append(Badge("no answer", "warn"))
    if case.change != "fixed" and result.accepted is not None:
        accepted = Badge("accepted", "bad" if case.failed else "good")
        found.append(accepted if result.accepted else Badge("sent to a person", "plain"))
    if case.repeats > 1 and case.failed:
        found.append(Badge(f"fails {case.failed} of {case.repeats} times", "warn"))
    return found


def _facts(case: Failing) -> list[tuple[str, str]]:
    result = case.result
    found: list[tuple[str, str]] = []
    if case.score is not None:
        found.append(("score", significant(case.score)))
    if result.confidence is not None:
        source = f" ({result.source})" if result.source else ""
        found.append(("confidence", share(result.confidence) + source))
    if result.model:
        found.append(("model", brief(result.model)))
    if result.seconds:
        found.append(("took", seconds(result.seconds)))
    if result.money is not None:
        found.append(("cost", significant(result.money)))
    if result.flow is not None:
        found.append(("run", f"{result.flow.ending} after {seconds(result.flow.cycle_seconds)}"))
        if result.flow.questions:
            found.append(("asked", counted(result.flow.questions, "question")))
    if case.blamed:
        found.append(("failed at", brief(case.blamed)))
    found.extend((brief(key), brief(value)) for key, value in list(result.metadata.items())[:MOST_METADATA])
    return found
