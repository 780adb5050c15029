"""The cases behind a number: of each cell of the confusion matrix, and of each slice."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.result.result import Result
from handrail_evals.numbers.metrics.labels import Confusion, labelled
from handrail_evals.numbers.metrics.scores import Slice, parts
from handrail_evals.show.report.charts.confusion import place as cell_place
from handrail_evals.show.report.labels import Layout, chosen_labels, condensed
from handrail_evals.show.report.numbers import counted
from handrail_evals.show.report.slices import place as slice_place
from handrail_evals.show.report.slices import value_text
from handrail_evals.show.report.text import brief

MOST_NAMES = 12
"""Failing cases of one number that are named, and passing ones."""
MOST_BYTES = 300_000
"""Of all names together."""
LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Group:
    """The cases behind one number."""

    place: str
    """The id that the number links to."""
    title: str
    cases: tuple[str, ...]
    """Their names, each once, in the order of the result."""


@dataclass(frozen=True, slots=True)
class Named:
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
    lines: tuple[tuple[str, tuple[Named, ...], str], ...]
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
    room = MOST_BYTES // max(1, len(groups))
    return [
        Behind(each.place, each.title, counted(len(each.cases), "case"), _lines(each.cases, ranks, places, room))
        for each in groups
    ]


def _lines(
    cases: Sequence[str], ranks: Mapping[str, int], places: Mapping[str, str], room: int
) -> tuple[tuple[str, tuple[Named, ...], str], ...]:
    failing = sorted((name for name in cases if name in ranks), key=ranks.__getitem__)
    # Those that the page holds first: they can be read.
    passing = sorted((name for name in cases if name not in ranks), key=lambda name: name not in places)
    found = []
    for kind, names in (("failing", failing), ("passing", passing)):
        shown = _fitting([Named(brief(name, LONGEST_NAME), places.get(name, "")) for name in names[:MOST_NAMES]], room)
        more = len(names) - len(shown)
        told = "" if not more else f"and {more:,} more" if shown else f"{more:,}, named in the result file"
        if names:
            found.append((kind, tuple(shown), told))
        room -= sum(map(_size, shown))
    return tuple(found)


def _fitting(named: Sequence[Named], room: int) -> list[Named]:
    found = []
    for each in named:
        room -= _size(each)
        if room < 0:
            break
        found.append(each)
    return found


def _size(named: Named) -> int:
    """Return about how many bytes of the page a name takes, at most: a character that is escaped takes five."""
    return 48 + 5 * len(named.name.encode())


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
