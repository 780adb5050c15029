"""The part of the page with the cases, as many as it can hold: the failing ones, and some that pass."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from handrail_evals.measure.result.result import Result
from handrail_evals.numbers.metrics.scores import Right
from handrail_evals.show.report.behind import Behind, Group, behind, choose
from handrail_evals.show.report.drawn import drawn
from handrail_evals.show.report.entry import entry
from handrail_evals.show.report.failing import Failing, failing, passing
from handrail_evals.show.report.numbers import counted
from handrail_evals.show.report.templates import environment

if TYPE_CHECKING:
    from markupsafe import Markup

MOST_FAILING = 200
MOST_FIXED = 50
MOST_BYTES = 1_100_000
"""Of the failing cases and the fixed ones, so that a page stays under 2 MB whatever the cases hold."""
MOST_PASSING = 60
MOST_PASSING_BYTES = 150_000

KINDS: Mapping[str, str] = {
    "must-pass": "must pass",
    "broken": "broken since the baseline",
    "accepted": "accepted though wrong",
    "crashed": "crashed",
}


@dataclass(frozen=True, slots=True)
class Cases:
    """The failing cases, those that only the baseline failed, some that pass, and which are behind what number."""

    title: str
    lead: str
    """How many there are, and how many of them are shown."""
    failing: tuple["Markup", ...]
    fixed_title: str
    fixed: tuple["Markup", ...]
    passing_title: str
    passing: tuple["Markup", ...]
    behind: tuple[Behind, ...]
    kinds: tuple[tuple[str, str], ...]
    """What the list can be filtered by: marks that at least one case has, with their names."""


def cases(result: Result, right: Right, groups: Sequence[Group], *, baseline: Result | None) -> Cases:
    """Return the part of the page with the cases; ``groups`` are those behind the numbers that link to them."""
    found = failing(result, right, baseline=baseline)
    wrong = [each for each in found if each.change != "fixed"]
    fixed = [each for each in found if each.change == "fixed"]
    names = [each.result.case for each in wrong]
    listed = {each.result.case for each in found}
    others = [name for name in result.by_case if name not in listed]
    fine = passing(result, right, choose(groups, others, MOST_PASSING))

    shown = _written(wrong[:MOST_FAILING], right.scorer, MOST_BYTES)
    room = MOST_BYTES - sum(len(each.encode()) for each in shown)
    shown_fixed = _written(fixed[:MOST_FIXED], right.scorer, room, first=len(shown))
    first = len(shown) + len(shown_fixed)
    shown_fine = _written(fine, right.scorer, MOST_PASSING_BYTES, first=first, is_sorted=False)
    held = [*wrong[: len(shown)], *fixed[: len(shown_fixed)], *fine[: len(shown_fine)]]
    places = {each.result.case: f"case-{at}" for at, each in enumerate(held)}
    return Cases(
        title="Failing cases" if wrong else "No case fails",
        lead=_lead(wrong, len(shown), right, len(result.by_case)),
        failing=tuple(shown),
        fixed_title=f"Fixed: failed in the baseline, right now ({_part(len(shown_fixed), len(fixed))})",
        fixed=tuple(shown_fixed),
        passing_title=f"Passing cases ({_part(len(shown_fine), len(others))})",
        passing=tuple(shown_fine),
        behind=tuple(behind(groups, names, places)),
        kinds=tuple((mark, name) for mark, name in KINDS.items() if any(_has(each, mark) for each in shown)),
    )


def _written(
    found: Sequence[Failing], metric: str, room: int, *, first: int = 0, is_sorted: bool = True
) -> list["Markup"]:
    """Return the cases as parts of the page, as many as fit into so many bytes, numbered from the first."""
    template = environment().get_template("entry.html.j2")
    written: list[Markup] = []
    for at, each in enumerate(found, start=first):
        part = drawn(template.render(case=entry(each, metric), at=at, sorted=is_sorted))
        room -= len(part.encode())
        if room < 0:
            break
        written.append(part)
    return written


def _lead(wrong: Sequence[Failing], shown: int, right: Right, total: int) -> str:
    reach = f"below {right.at_least:g} by {right.scorer}, or crashed"
    if not wrong:
        return f"None of {counted(total, 'case')} is {reach}."
    told = f"{len(wrong):,} of {counted(total, 'case')} are {reach}: must-pass cases first, then the lowest scores."
    if shown < len(wrong):
        told += f" The first {shown:,} are shown; the result file holds all."
    return told


def _part(shown: int, of: int) -> str:
    return f"{of:,}" if shown == of else f"{shown:,} of {of:,} shown"


def _has(part: "Markup", mark: str) -> bool:
    marks = part.partition('data-marks="')[2].partition('"')[0]
    return mark in marks.split()
