"""One case as the page shows it: expected and got side by side, what was said about it, and the steps of its run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from shlex import quote
from typing import Any, Literal, TypeAlias

from handrail_evals.measure.case import UNLABELLED
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.scorer import Counts
from handrail_evals.measure.target import StepTrace
from handrail_evals.numbers.metrics.answers import same_json
from handrail_evals.show.report.writing import (
    Excerpt,
    Piece,
    brief,
    counted,
    difference,
    excerpt,
    seconds,
    share,
    significant,
    visible,
)
from handrail_guards.verdict import Verdict

Change: TypeAlias = Literal["broken", "new", "other input", "same", "fixed"]
"""Against the baseline: ``new`` is not in it, ``other input`` was asked otherwise, ``same`` failed then too."""

MOST = 1200
"""Characters of one value."""
COMMON = 0.3
"""Texts that share less than this part of their characters are not shown word against word: it would be confetti."""
MOST_TRACE = 1500
MOST_VERDICTS = 20
MOST_STEPS = 40
MOST_FIELDS = 40
MOST_METADATA = 12
MOST_NAME = 200
"""Characters of a name that a command is given for."""

CHANGES: dict[Change, str] = {
    "broken": "broken",
    "fixed": "fixed",
    "same": "failed before",
    "new": "not in the baseline",
    "other input": "other input than the baseline",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """A case that fails, that only the baseline failed, or that is right; with what there is to hold it against."""

    result: CaseResult
    """Its first repeat that fails; of a case that is right, its first."""
    failed: int
    """How many of its repeats fail; 0 for a case that is right."""
    repeats: int
    """How many of them were put to the target."""
    change: Change | None
    """None: there is no baseline, or both are right."""
    baseline: CaseResult | None
    """What the baseline made of it; None: it has none, or not of this input."""
    score: float | None
    """The mean main score of its repeats; None when none has one."""
    blamed: str
    """The step a workflow's failure came from; empty: none is known."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A value, and where it differs from the one beside it."""

    value: Excerpt
    pieces: tuple[Piece, ...] = ()
    """The value's text in pieces, the ones that differ marked; empty: shown as it is."""


@dataclass(frozen=True, slots=True)
class Row:
    """One field, or the whole answer."""

    field: str
    """Empty for the whole answer."""
    expected: Cell | None
    """None: nobody said what is right."""
    got: Cell | None
    """None: there is no answer, or none for this field."""
    baseline: Cell | None
    """None: the baseline has no answer to this."""
    is_right: bool | None
    """Whether the scorer, or else equality, says that it is right; None: nobody can say."""


def rows(now: CaseResult, before: CaseResult | None, metric: str) -> tuple[Row, ...]:
    """Return what to hold against each other; objects with fields are held field against field."""
    expected, got = now.expected, now.output if now.answered else _ABSENT
    earlier = before.output if before is not None and before.answered else _ABSENT
    if isinstance(expected, dict) and isinstance(got, dict):
        old = earlier if isinstance(earlier, dict) else {}
        names = dict.fromkeys([*expected, *got])
        judged = now.fields.get(metric, {})
        return tuple(
            _row(name, _of(expected, name), _of(got, name), _of(old, name), judged.get(name)) for name in names
        )
    return (_row("", _ABSENT if expected is UNLABELLED else expected, got, earlier, None),)


_ABSENT: Any = object()


def _of(values: Mapping[str, Any], name: str) -> Any:
    return values.get(name, _ABSENT)


def _row(field: str, expected: Any, got: Any, before: Any, counts: Counts | None) -> Row:
    right: bool | None = None
    if counts is not None:
        right = not counts.extra and not counts.missed
    elif expected is not _ABSENT:
        right = got is not _ABSENT and same_json(expected, got)
    against = difference(expected, got) if _are_texts(expected, got) else ()
    changed = difference(before, got) if _are_texts(before, got) else ()
    return Row(
        field=visible(field),
        expected=_cell(expected, _side(against, "gone")),
        got=_cell(got, _side(against, "new")),
        baseline=_cell(before, _side(changed, "gone")),
        is_right=right,
    )


def _cell(value: object, pieces: tuple[Piece, ...]) -> Cell | None:
    return None if value is _ABSENT else Cell(excerpt(value, MOST), pieces)


def _are_texts(one: object, other: object) -> bool:
    """Tell whether both are texts of more than a word, short enough to be shown whole."""
    return all(isinstance(each, str) and " " in each.strip() and len(each) <= MOST for each in (one, other))


def _side(pieces: tuple[Piece, ...], kind: str) -> tuple[Piece, ...]:
    """Return the pieces of one side, or none where the two have too little in common."""
    total = sum(len(each.text) for each in pieces)
    common = sum(len(each.text) for each in pieces if each.kind == "same")
    if not pieces or 2 * common < COMMON * (total + common):
        return ()
    kept = [each for each in pieces if each.kind in {"same", kind}]
    # What was left out parted neighbours of one kind.
    return tuple(
        Piece(each, "".join(piece.text for piece in run)) for each, run in groupby(kept, key=lambda piece: piece.kind)
    )


@dataclass(frozen=True, slots=True)
class Remark:
    """What one of them said."""

    who: str
    what: Excerpt
    kind: str = "plain"

    @property
    def is_long(self) -> bool:
        """Whether it takes a block of its own."""
        return len(self.what.text) > 300 or "\n" in self.what.text


def said(result: CaseResult) -> list[Remark]:
    """Return what went wrong, then the scorers' reasons, why it is doubtful, and the guards, failed ones first."""
    found: list[Remark] = []
    if result.error is not None:
        found.append(Remark("target crashed", _crash(str(result.error), result.error.trace), "bad"))
    for scorer, crash in result.crashes.items():
        found.append(Remark(f"scorer {brief(scorer)} crashed", _crash(str(crash), crash.trace), "bad"))
    found.extend(Remark(brief(scorer), excerpt(reason, MOST_TRACE)) for scorer, reason in result.reasons.items())
    if result.reason:
        found.append(
            Remark(
                f"doubtful: {brief(result.doubt)}" if result.doubt else "doubtful", excerpt(result.reason, MOST_TRACE)
            )
        )
    quiet = [each for each in result.verdicts if each.passed and not each.reason]
    told = sorted((each for each in result.verdicts if each not in quiet), key=lambda each: each.passed)
    found.extend(_verdict(each) for each in told[:MOST_VERDICTS])
    if quiet:
        passed = ", ".join(_guard(each) for each in quiet[:MOST_VERDICTS])
        found.append(Remark("guards passed", excerpt(passed, MOST_TRACE), "good"))
    return found


def _crash(said: str, trace: str) -> Excerpt:
    """Return a crash with the end of its trace, where the cause is."""
    return excerpt(f"{said}\n{trace[-MOST_TRACE:]}".strip() if trace else said, MOST_TRACE * 2)


def _verdict(verdict: Verdict) -> Remark:
    outcome = "passed" if verdict.passed else "crashed" if verdict.crashed else "failed"
    then = "" if verdict.passed else f", {verdict.on_fail}"
    kind = "good" if verdict.passed else "warn"
    return Remark(f"guard {_guard(verdict)}: {outcome}{then}", excerpt(verdict.reason, MOST_TRACE), kind)


def _guard(verdict: Verdict) -> str:
    return f"{brief(verdict.guard)} of {brief(verdict.field)}" if verdict.field else brief(verdict.guard)


@dataclass(frozen=True, slots=True)
class TraceRow:
    """A step, and what it should have come to."""

    name: str
    kind: str
    decided_by: str
    output: str
    expected: str
    """Empty: nobody said."""
    confidence: str
    took: str
    error: str
    is_blamed: bool


def as_step(step: StepTrace, case: Failing) -> TraceRow:
    """Return a step of a case's run."""
    expected = case.result.steps.get(step.name, UNLABELLED)
    decided: str = step.decider or ""
    if step.accepted is not None:
        decided = f"{decided}, {'accepted' if step.accepted else 'doubtful'}".lstrip(", ")
    return TraceRow(
        name=brief(step.name),
        kind=brief(step.kind),
        decided_by=decided,
        output=brief(step.output, 160),
        expected="" if expected is UNLABELLED else brief(expected, 160),
        confidence="" if step.confidence is None else share(step.confidence),
        took="" if step.seconds is None else seconds(step.seconds),
        error=visible(step.error[:400]),
        is_blamed=bool(case.blamed) and step.name == case.blamed,
    )


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
    said: tuple[Remark, ...]
    steps: tuple[TraceRow, ...]
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
        "flickers": 0 < case.failed < case.repeats,
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
    if result.case.isprintable() and len(result.case) <= MOST_NAME:
        found.append(("in full", f"handrail eval show RESULT.jsonl {quote(result.case)}"))
    found.extend((brief(key), brief(value)) for key, value in list(result.metadata.items())[:MOST_METADATA])
    return found
