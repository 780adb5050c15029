"""What is shown of a summary, as plain tables: the terminal, pull requests and the page draw the same model."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from handrail_evals.measure.case import UNLABELLED
from handrail_evals.measure.fingerprint import as_text
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.result.result import Result
from handrail_evals.numbers.metrics.answers import Right
from handrail_evals.numbers.metrics.labels import Label, label_names
from handrail_evals.numbers.metrics.value import MetricValue, Unit
from handrail_evals.numbers.statistics.intervals import Interval
from handrail_evals.numbers.summary.summary import Names, Summary
from handrail_ground.shares import decimal, in_digits, in_percent

TIMES = ((3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"))

Row = tuple[str, ...]

LEVEL_DIGITS = 4
"""Of a confidence level: 97.5% is not 98%."""

SHOWN = 10
"""Rows of the tables that could be long: labels, mistakes, failing cases."""


def figure(value: float | None, unit: Unit) -> str:
    """Return a number with its unit, such as ``86.9%``, ``120 ms``; a dash where there is none."""
    if value is None:
        return "–"
    if unit == "seconds":
        return duration(value)
    if unit == "money":
        return f"{value:.4g}" if abs(value) < 1000.0 else f"{value:,.0f}"
    if unit in {"tokens", "count"}:
        return f"{value:,.0f}" if value == math.floor(value) or abs(value) >= 100.0 else f"{value:.1f}"
    return {"share": in_percent(value, 1), "score": score(value), "minutes": f"{value:.1f} min"}[unit]


def score(value: float, *, fewest: int = 3) -> str:
    """Return a score with three decimals, or as many as tell it from wrong and from right: 0.9998 is not 1."""
    return f"{'-' if value < 0 else ''}{decimal(abs(value), fewest=fewest)}"


def duration(seconds: float) -> str:
    """Return seconds with three digits, in the unit that fits them."""
    for size, unit in TIMES:
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs" if seconds else "0 s"


def span(interval: Interval | None, unit: Unit) -> str:
    """Return the ends of an interval, such as ``[86.3%, 87.6%]``; nothing without one."""
    return "" if interval is None else f"[{figure(interval.low, unit)}, {figure(interval.high, unit)}]"


def how(value: MetricValue) -> str:
    """Return how the interval was made, or why there is none."""
    return value.reason if value.interval is None else value.interval.method


def one_line(text: str, length: int = 80) -> str:
    """Return a text in one line of at most that length."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


@dataclass(frozen=True, slots=True)
class Table:
    """A title, columns and rows of text; cells may hold whatever users and models wrote."""

    title: str
    columns: Row
    rows: Sequence[Row]
    numbers: frozenset[int] = frozenset()
    """Positions of the columns that hold numbers."""
    left_out: str = ""
    """How many rows are not shown, in words; empty when all are."""


def heading(summary: Summary) -> str:
    """Return what was measured and how far the run came, in one line."""
    subject, tally = summary.subject, summary.tally
    parts = [f"{tally.cases:,} cases"]
    if subject.repeats > 1:
        parts.append(f"{subject.repeats} repeats")
    if tally.crashed:
        parts.append(f"{tally.crashed:,} crashed")
    if tally.unanswered:
        parts.append(f"{tally.unanswered:,} without an answer")
    if tally.answers < tally.cases * subject.repeats:
        parts.append(f"{tally.answers:,} of {tally.cases * subject.repeats:,} answers so far")
    return f"{one_line(subject.suite)} on {one_line(subject.target)}: {', '.join(parts)}"


def tables(summary: Summary, result: Result | None = None) -> Iterator[Table]:
    """Yield the tables of a summary that have rows, what may not fail first.

    With its result, failing cases are told with what was expected and got; a pull request gets their names only, as
    more people read it than the cases may be for.
    """
    for table in (
        must_pass(summary),
        metrics(summary),
        unscored(summary),
        fields(summary),
        labels(summary),
        mistakes(summary),
        slices(summary),
        blames(summary),
        named("Crashed", summary.crashed) if result is None else crashed(summary, result),
        named("Failing", summary.failing) if result is None else failing(summary, result),
    ):
        if table.rows:
            yield table


def must_pass(summary: Summary) -> Table:
    """Return the cases that had to pass and did not, all of them."""
    return Table("Must pass, and did not", ("case",), [(name,) for name in summary.must_pass_failures])


def metrics(summary: Summary) -> Table:
    """Return every single number."""
    level = in_digits(summary.options.certainty.level, LEVEL_DIGITS)
    rows = [
        (
            each.name if each.group == "scores" else f"{each.group} {each.name}",
            figure(each.value, each.unit),
            span(each.interval, each.unit),
            "" if each.coverage == 1.0 else figure(each.coverage, "share"),
            how(each),
        )
        for each in summary.metrics
    ]
    return Table("Metrics", ("metric", "value", level, "coverage", "how"), rows, frozenset({1, 2, 3}))


def unscored(summary: Summary) -> Table:
    """Return the scorers that left answers without a score."""
    rows = [
        (each.scorer, f"{each.scored:,}", f"{each.unscored:,}", f"{each.crashed:,}")
        for each in summary.tally.scored
        if each.unscored or each.crashed
    ]
    return Table("Not scored", ("scorer", "scored", "unscored", "crashed"), rows, frozenset({1, 2, 3}))


def fields(summary: Summary) -> Table:
    """Return precision, recall and F1 of each field."""
    rows = [
        (
            each.field or f"all ({each.scorer})",
            figure(each.precision.value, "share"),
            figure(each.recall.value, "share"),
            figure(each.f1.value, "share"),
            span(each.f1.interval, "share"),
        )
        for each in summary.fields
    ]
    return Table("Fields", ("field", "precision", "recall", "F1", "of F1"), rows, frozenset({1, 2, 3, 4}))


def labels(summary: Summary) -> Table:
    """Return the labels with the lowest F1 among those that are ever right."""
    name = _label_names(summary)
    scores = [] if summary.labels is None else [each for each in summary.labels.scores if each.support]
    worst = sorted(scores, key=lambda each: each.f1)[:SHOWN]
    rows = [
        (
            name(each.label),
            f"{each.support:,}",
            figure(each.precision, "share"),
            figure(each.recall, "share"),
            figure(each.f1, "share"),
            span(each.interval, "share"),
        )
        for each in worst
    ]
    title = "Labels" if len(scores) <= SHOWN else f"Labels: the lowest {SHOWN} of {len(scores)}"
    return Table(title, ("label", "cases", "precision", "recall", "F1", "of F1"), rows, frozenset(range(1, 6)))


def mistakes(summary: Summary) -> Table:
    """Return what was most often taken for what."""
    name = _label_names(summary)
    wrong = [] if summary.labels is None else summary.labels.confusion.mistakes()
    rows = [(name(right), name(said), f"{answers:,}") for right, said, answers in wrong[:SHOWN]]
    return Table("Mistakes", ("right", "said", "answers"), rows, frozenset({2}))


def _label_names(summary: Summary) -> Callable[[Label], str]:
    return label_names(() if summary.labels is None else summary.labels.confusion.labels)


def slices(summary: Summary) -> Table:
    """Return the main metric for parts of the cases."""
    rows = [
        (
            each.key,
            str(each.value),
            f"{each.cases:,}",
            figure(each.score.value, each.score.unit),
            span(each.score.interval, each.score.unit),
        )
        for each in summary.slices
    ]
    title = f"{summary.subject.main} by slice"
    return Table(title, ("key", "value", "cases", summary.subject.main, "interval"), rows, frozenset({2, 3, 4}))


def blames(summary: Summary) -> Table:
    """Return which steps the failures came from."""
    found = summary.attribution
    rows = [
        (
            each.step or "unattributed",
            {"differs": "not as expected", "error": "failed", "unattributed": ""}[each.fault],
            f"{each.failures:,}",
            "" if found is None else figure(each.failures / found.failures, "share"),
            span(each.interval, "share"),
            one_line(", ".join(each.cases)),
        )
        for each in (() if found is None else found.blames)
    ]
    columns = ("step", "why", "failures", "share", "interval", "cases")
    return Table("Where failures came from", columns, rows, frozenset({2, 3, 4}))


def crashed(summary: Summary, result: Result) -> Table:
    """Return the first crashed cases, with the error."""
    rows = [
        (name, next(str(each.error) for each in result.by_case[name] if each.error is not None))
        for name in summary.crashed.first[:SHOWN]
    ]
    return Table(_counted("Crashed", summary.crashed), ("case", "error"), rows)


def failing(summary: Summary, result: Result) -> Table:
    """Return the cases with the lowest scores, with what was expected and what came."""
    right = Right(summary.subject.main, summary.options.right_at)
    rows = [
        _failed(next(each for each in result.by_case[name] if right.says(each) is False), right)
        for name in summary.failing.first[:SHOWN]
    ]
    return Table(_counted("Failing", summary.failing), ("case", right.scorer, "expected", "got"), rows, frozenset({1}))


def _failed(each: CaseResult, right: Right) -> Row:
    expected = "" if each.expected is UNLABELLED else as_text(each.expected)
    got = as_text(each.output) if each.answered else "no answer"
    if isinstance(each.expected, dict) and isinstance(each.output, dict):  # whole objects fit no cell
        judged = each.fields.get(right.scorer, {}).items()
        wrong = [name for name, counts in judged if name in each.expected and (counts.extra or counts.missed)]
        sides = (each.expected, each.output)
        expected, got = (as_text({name: side.get(name) for name in wrong} if wrong else side) for side in sides)
    return (each.case, figure(each.scores.get(right.scorer), "score"), one_line(expected), one_line(got))


def named(title: str, names: Names) -> Table:
    """Return the first cases of several."""
    return Table(_counted(title, names), ("case",), [(name,) for name in names.first[:SHOWN]])


def _counted(title: str, names: Names) -> str:
    return f"{title}: {names.count:,} cases" + ("" if names.count <= SHOWN else f", the first {SHOWN}")
