"""The head of the page: what was measured, how far it came, and how it stands to its baseline."""

from collections.abc import Sequence
from dataclasses import dataclass

from handrail_evals.decide.comparison import Comparison
from handrail_evals.numbers.summary.summary import Summary, Tally
from handrail_evals.show.report.numbers import counted, moment, share
from handrail_evals.show.report.text import brief
from handrail_evals.show.report.verdict import Verdict, verdict

MOST_NAMES = 30


@dataclass(frozen=True, slots=True)
class Header:
    """What stands above everything else."""

    title: str
    suite: str
    facts: tuple[tuple[str, str], ...]
    unfinished: str
    """What is missing, in words; empty when nothing is."""
    broken_title: str
    broken: tuple[str, ...]
    """The must-pass cases that fail, by name, as many as fit."""
    broken_left_out: int
    verdict: Verdict | None
    """None without a comparison."""
    level: str
    clustered: bool


def header(summary: Summary, broken: Sequence[str], comparison: Comparison | None) -> Header:
    """Return the head of the page; ``broken`` are the must-pass cases that fail, by name."""
    subject, tally = summary.subject, summary.tally
    repeats = f", {subject.repeats} times each" if subject.repeats > 1 else ""
    intervals = [each.interval for each in summary.metrics if each.interval is not None]
    return Header(
        title=f"{brief(subject.suite)}: {brief(subject.target)}",
        suite=brief(subject.suite),
        facts=(
            ("target", brief(subject.target)),
            ("version", brief(subject.target_version, 120)),
            ("scored by", brief(", ".join(subject.scorers), 120)),
            ("cases", f"{tally.cases:,}{repeats}"),
            ("started", brief(moment(subject.started))),
        ),
        unfinished=_unfinished(tally, subject.repeats),
        broken_title=f"{counted(len(broken), 'must-pass case')} {'fails' if len(broken) == 1 else 'fail'}",
        broken=tuple(brief(each) for each in broken[:MOST_NAMES]),
        broken_left_out=max(0, len(broken) - MOST_NAMES),
        verdict=None if comparison is None else verdict(comparison),
        level=share(summary.options.certainty.level, 0),
        clustered=any("clusters" in each.method for each in intervals),
    )


def _unfinished(tally: Tally, repeats: int) -> str:
    if tally.complete:
        return ""
    missing = tally.cases * repeats - tally.answers
    told = []
    if missing > 0:
        told.append(f"{counted(missing, 'answer')} of {tally.cases * repeats:,} still to be asked for")
    if tally.crashed:
        told.append(f"the target crashed on {counted(tally.crashed, 'answer')}")
    return f"{' and '.join(told)}. Run the suite again: it goes on where it stopped."
