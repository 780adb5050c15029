"""The part of the page with the cases: those that fail, worst first, some that pass, and those behind each number."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from markupsafe import Markup

from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.result.result import Result
from handrail_evals.numbers.metrics.answers import Right, average_repeats, blamed, parts, score_of
from handrail_evals.numbers.metrics.labels import Confusion, labelled
from handrail_evals.numbers.metrics.scores import Slice
from handrail_evals.show.report.entry import Change, Entry, Failing, entry
from handrail_evals.show.report.labels import Layout, cell_place, chosen_labels, condensed
from handrail_evals.show.report.metrics import slice_place, value_text
from handrail_evals.show.report.writing import brief, counted

MOST_FAILING = 200
MOST_FIXED = 50
MOST_BYTES = 1_100_000
"""Of the failing cases and the fixed ones, so that a page stays under 2 MB whatever the cases hold."""
MOST_PASSING = 60
MOST_PASSING_BYTES = 150_000
MOST_NAMES = 12
"""Failing cases of one number that are named, and passing ones."""
MOST_NAMES_BYTES = 300_000
"""Of all names together."""
LONGEST_NAME = 60

ORDER: Mapping[Change | None, int] = {"broken": 0, "new": 1, "other input": 1, None: 1, "same": 2, "fixed": 3}
KINDS: Mapping[str, str] = {
    "must-pass": "must pass",
    "broken": "broken since the baseline",
    "accepted": "accepted though wrong",
    "crashed": "crashed",
    "flickers": "right only at times, over the repeats",
}


def failing_cases(result: Result, right: Right, *, baseline: Result | None = None) -> list[Failing]:
    """Return the cases that fail, and with a baseline those that only it failed, worst first."""
    before = None if baseline is None else baseline.by_case
    found: list[Failing] = []
    for name, repeats in result.by_case.items():
        earlier = None if before is None else before.get(name, ())
        found.extend(_judged(repeats, right, earlier))
    return sorted(found, key=_rank)


def passing_cases(result: Result, right: Right, names: Iterable[str]) -> list[Failing]:
    """Return these cases, none of whose repeats fails."""
    return [
        Failing(
            result=repeats[0],
            failed=0,
            repeats=len(repeats),
            change=None,
            baseline=None,
            score=_mean_score(repeats, right),
            blamed="",
        )
        for repeats in (result.by_case[name] for name in names)
    ]


def fails(result: CaseResult, right: Right) -> bool:
    """Return whether an answer is wrong, crashed, or could not be scored because the scorer crashed.

    A case that must pass fails when any scorer gives less than 1, too: so does the gate see it.
    """
    if result.error is not None or right.scorer in result.crashes:
        return True
    return (result.must_pass and not result.passes) or right.says(result) is False


def _judged(repeats: Sequence[CaseResult], right: Right, before: Sequence[CaseResult] | None) -> Iterator[Failing]:
    wrong = [each for each in repeats if fails(each, right)]
    change, old = _change(repeats[0], before, right, is_wrong=bool(wrong))
    if wrong or change == "fixed":
        shown = wrong[0] if wrong else repeats[0]
        yield Failing(
            result=shown,
            failed=len(wrong),
            repeats=len(repeats),
            change=change,
            baseline=old,
            score=_mean_score(repeats, right),
            blamed=blamed(shown.flow, shown.steps)[0] if wrong and shown.flow is not None else "",
        )


def _change(
    now: CaseResult, before: Sequence[CaseResult] | None, right: Right, *, is_wrong: bool
) -> tuple[Change | None, CaseResult | None]:
    if before is None:
        return None, None
    if not before:
        return "new", None
    if before[0].input_hash != now.input_hash:
        return "other input", None
    was_wrong = [each for each in before if fails(each, right)]
    if was_wrong:
        return ("same" if is_wrong else "fixed"), was_wrong[0]
    return "broken", before[0]


def _rank(case: Failing) -> tuple[bool, bool, int, float, bool]:
    """Return what the cases are sorted by; without a score nothing is known to be right."""
    result = case.result
    score = -math.inf if case.score is None else case.score
    return (case.change == "fixed", not result.must_pass, ORDER[case.change], score, result.accepted is not True)


def _mean_score(repeats: Sequence[CaseResult], right: Right) -> float | None:
    return average_repeats([score_of(each, right.scorer) for each in repeats])


@dataclass(frozen=True, slots=True)
class Group:
    """The cases behind one number."""

    place: str
    """The id that the number links to."""
    title: str
    cases: tuple[str, ...]
    """Their names, each once, in the order of the result."""


@dataclass(frozen=True, slots=True)
class NamedCase:
    """A case by its name."""

    name: str
    place: str
    """The id of what the page says about it; empty: the page does not hold it."""


@dataclass(frozen=True, slots=True)
class Behind:
    """The cases behind one number, as the page names them."""

    place: str
    title: str
    size: str
    lines: tuple[tuple[str, tuple[NamedCase, ...], str], ...]
    """Failing and passing ones, as far as there are some: what they are, the first of them, how many more."""


def groups(result: Result, confusion: Confusion | None, slices: Sequence[Slice]) -> list[Group]:
    """Return the cases behind each cell with answers and each slice that the page shows."""
    found = [] if confusion is None else _cells(result.cases, confusion)
    answers = {(each.key, type(each.value), each.value): each.answers for each in parts(result.cases)}
    for at, each in enumerate(slices):
        chosen = answers.get((each.key, type(each.value), each.value), ())
        title = f"{brief(each.key)}: {value_text(each.value)}"
        found.append(Group(slice_place(at), title, _once(answer.case for answer in chosen)))
    return found


def _cells(cases: Sequence[CaseResult], confusion: Confusion) -> list[Group]:
    answers, chosen = labelled(cases), chosen_labels(confusion)
    if answers is None:
        return []
    matrix, cell = condensed(confusion, chosen), Layout(chosen, len(confusion.labels)).cells()
    names: dict[tuple[int, int], list[str]] = {}
    for name, right, said in zip(answers.cases, answers.expected, answers.said, strict=True):
        names.setdefault(cell(right, said), []).append(name)
    return [
        Group(
            cell_place(row, column),
            f"expected {brief(matrix.rows[row])}, got {brief(matrix.columns[column])}",
            _once(found),
        )
        for (row, column), found in sorted(names.items())
    ]


def choose(groups: Sequence[Group], passing: Sequence[str], most: int) -> list[str]:
    """Return the passing cases to show, at most so many: some of every group before more of any, in their order."""
    wanted: dict[str, None] = {}
    allowed = set(passing)
    waiting = [iter([name for name in each.cases if name in allowed]) for each in groups]
    while waiting and len(wanted) < most:
        waiting = [each for each in waiting if _take(each, wanted, most)]
    for name in passing:
        if len(wanted) < most:
            wanted.setdefault(name)
    return [name for name in passing if name in wanted]


def _take(names: Iterable[str], wanted: dict[str, None], most: int) -> bool:
    """Take the next name that nobody took; False: there is none."""
    for name in names:
        if len(wanted) >= most:
            return False
        if name not in wanted:
            wanted[name] = None
            return True
    return False


def behind(groups: Sequence[Group], failing: Sequence[str], places: Mapping[str, str]) -> list[Behind]:
    """Return the groups as the page names them; ``failing`` in their order, ``places`` of the cases that it holds."""
    ranks = {name: rank for rank, name in enumerate(failing)}
    room = MOST_NAMES_BYTES // max(1, len(groups))
    return [
        Behind(each.place, each.title, counted(len(each.cases), "case"), _lines(each.cases, ranks, places, room))
        for each in groups
    ]


def _lines(
    cases: Sequence[str], ranks: Mapping[str, int], places: Mapping[str, str], room: int
) -> tuple[tuple[str, tuple[NamedCase, ...], str], ...]:
    failing = sorted((name for name in cases if name in ranks), key=ranks.__getitem__)
    # Those that the page holds first: they can be read.
    passing = sorted((name for name in cases if name not in ranks), key=lambda name: name not in places)
    found = []
    for kind, names in (("failing", failing), ("passing", passing)):
        shown = _fitting(
            [NamedCase(brief(name, LONGEST_NAME), places.get(name, "")) for name in names[:MOST_NAMES]], room
        )
        more = len(names) - len(shown)
        told = "" if not more else f"and {more:,} more" if shown else f"{more:,}, named in the result file"
        if names:
            found.append((kind, tuple(shown), told))
        room -= sum(map(_size, shown))
    return tuple(found)


def _fitting(named: Sequence[NamedCase], room: int) -> list[NamedCase]:
    found = []
    for each in named:
        room -= _size(each)
        if room < 0:
            break
        found.append(each)
    return found


def _size(named: NamedCase) -> int:
    """Return about how many bytes of the page a name takes, at most: a character that is escaped takes five."""
    return 48 + 5 * len(named.name.encode())


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class Cases:
    """The failing cases, those that only the baseline failed, some that pass, and which are behind what number."""

    title: str
    lead: str
    """How many there are, and how many of them are shown."""
    failing: tuple[Markup, ...]
    fixed_title: str
    fixed: tuple[Markup, ...]
    passing_title: str
    passing: tuple[Markup, ...]
    behind: tuple[Behind, ...]
    kinds: tuple[tuple[str, str], ...]
    """What the list can be filtered by: marks that at least one case has, with their names."""


Write: TypeAlias = Callable[[Entry, int, bool], Markup]
"""Makes a part of the page of a case, of its number on the page, and of whether it can be sorted and filtered."""


def cases(result: Result, right: Right, groups: Sequence[Group], *, baseline: Result | None, write: Write) -> Cases:
    """Return the part of the page with the cases; ``groups`` are those behind the numbers that link to them."""
    found = failing_cases(result, right, baseline=baseline)
    wrong = [each for each in found if each.change != "fixed"]
    fixed = [each for each in found if each.change == "fixed"]
    names = [each.result.case for each in wrong]
    listed = {each.result.case for each in found}
    others = [name for name in result.by_case if name not in listed]
    fine = passing_cases(result, right, choose(groups, others, MOST_PASSING))

    shown = _written(wrong[:MOST_FAILING], right.scorer, write, MOST_BYTES)
    room = MOST_BYTES - sum(len(each.encode()) for each in shown)
    shown_fixed = _written(fixed[:MOST_FIXED], right.scorer, write, room, first=len(shown))
    first = len(shown) + len(shown_fixed)
    shown_fine = _written(fine, right.scorer, write, MOST_PASSING_BYTES, first=first, is_sorted=False)
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
    found: Sequence[Failing], metric: str, write: Write, room: int, *, first: int = 0, is_sorted: bool = True
) -> list[Markup]:
    """Return the cases as parts of the page, as many as fit into so many bytes, numbered from the first."""
    written: list[Markup] = []
    for at, each in enumerate(found, start=first):
        part = write(entry(each, metric), at, is_sorted)
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


def _has(part: Markup, mark: str) -> bool:
    marks = part.partition('data-marks="')[2].partition('"')[0]
    return mark in marks.split()
