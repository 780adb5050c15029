"""What a sweep says: how each cell stands to the baseline, which is best, and by how much that flatters it.

Many cells are many chances of a false word, so the intervals hold together: each is made at the level that Bonferroni's
correction asks for, and WORSE, NOT WORSE and BETTER of any of them are read from it. The best of many looks better than
it is (the winner's curse): how much, a bootstrap tells, and cases that were held out settle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from handrail_evals.decide.comparison import Comparison, compare
from handrail_evals.decide.gate import Standing, Terms
from handrail_evals.errors import DataError
from handrail_evals.measure.result.result import Result
from handrail_evals.measure.sweeping.sweep import MeasuredCell
from handrail_evals.numbers.metrics.value import per_case
from handrail_evals.numbers.statistics.clusters import group
from handrail_ground.optional import OptionalLibrary

if TYPE_CHECKING:
    import numpy as np
else:
    np = OptionalLibrary("numpy", extra="evals")

RESAMPLES = 1000
SEED = 20_260

Pick: TypeAlias = Literal["best", "cheapest"]
"""Which cell is picked: the one with the best score, or the cheapest that is not worse than the baseline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellVerdict:
    """How one cell stands."""

    measured: MeasuredCell
    comparison: Comparison | None
    """With the baseline; None: it is the baseline, asks the same, or cannot be compared."""
    why_not: str = ""
    """Why there is no comparison; empty when there is one."""

    @property
    def standing(self) -> Standing | None:
        """Return how it stands to the baseline; None where nothing can be said."""
        return None if self.comparison is None else self.comparison.standing

    @property
    def score(self) -> float | None:
        """Return its mean main score; None when no case is scored."""
        result = self.measured.evaluation.result
        return per_case(result.cases, lambda each: each.scores.get(result.metrics[0])).mean

    @property
    def money(self) -> float | None:
        """Return what a case costs on average, as far as it is known of every case; None: it is not."""
        cases = [each for each in self.measured.evaluation.result.cases if each.error is None]
        return per_case(cases, lambda each: each.money).mean if all(each.money is not None for each in cases) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepVerdict:
    """How all cells stand."""

    baseline: CellVerdict
    cells: tuple[CellVerdict, ...]
    """In the order of the grid, the baseline among them."""
    level: float
    """Of all intervals together."""
    level_each: float
    """Of each interval alone."""
    comparisons: int
    """How many there are: cells that are held against the baseline, times metrics."""
    picked: CellVerdict | None
    """None when no cell may be picked."""
    flattery: float | None
    """By how much the best score of so many cells probably flatters its cell; None with nothing to choose from."""


def corrected(level: float, comparisons: int) -> float:
    """Return the level at which each of several intervals is made, so that all hold together at ``level``."""
    return 1.0 - (1.0 - level) / max(1, comparisons)


def judge_sweep(
    cells: Sequence[MeasuredCell], baseline: MeasuredCell, terms: Mapping[str, Terms], *, pick: Pick = "best"
) -> SweepVerdict:
    """Return how each cell stands to the baseline by these terms, whose levels hold for all of them together.

    Raises:
        DataError: the levels of the terms differ.
    """
    levels = {each.level for each in terms.values()}
    if len(levels) != 1:
        raise DataError(f"levels {sorted(levels)} differ: metrics that are judged together share one")
    level = levels.pop()
    others = [each for each in cells if each is not baseline and not each.same_as]
    comparisons = len(others) * len(terms)
    each_level = corrected(level, comparisons)
    held = {name: Terms(margin=t.margin, level=each_level, power=t.power, scale=t.scale) for name, t in terms.items()}
    verdicts = tuple(_verdict(each, baseline, held) for each in cells)
    (own,) = (each for each in verdicts if each.measured is baseline)
    distinct = [each for each in verdicts if not each.measured.same_as]
    return SweepVerdict(
        baseline=own,
        cells=verdicts,
        level=level,
        level_each=each_level,
        comparisons=comparisons,
        picked=picked(verdicts, own, pick),
        flattery=flattery([each.measured.evaluation.result for each in distinct if each.measured.is_whole]),
    )


def _verdict(cell: MeasuredCell, baseline: MeasuredCell, terms: Mapping[str, Terms]) -> CellVerdict:
    if cell is baseline:
        return CellVerdict(measured=cell, comparison=None, why_not="the baseline")
    if cell.same_as:
        return CellVerdict(measured=cell, comparison=None, why_not=f"asks the same as {cell.same_as}")
    for side in (baseline, cell):
        if not side.is_whole:
            whose = "the baseline is" if side is baseline else "it is"
            return CellVerdict(measured=cell, comparison=None, why_not=f"{whose} not measured in whole")
    try:
        found = compare(baseline.evaluation.result, cell.evaluation.result, terms)
    except DataError as error:
        return CellVerdict(measured=cell, comparison=None, why_not=str(error))
    return CellVerdict(measured=cell, comparison=found)


def picked(cells: Sequence[CellVerdict], baseline: CellVerdict, pick: Pick) -> CellVerdict | None:
    """Return the cell to take; of equal ones the cheaper, of equally cheap ones the first.

    A cell that is worse, breaks a must-pass case or is not measured in whole is never picked; for ``cheapest`` neither
    is one that cannot be told from worse, nor one whose price is unknown.
    """
    may = [
        each
        for each in cells
        if each.measured.is_whole
        and not each.measured.same_as
        and not each.measured.evaluation.result.must_pass_failures
        and each.score is not None
        and (each is baseline or (each.standing is not None and each.standing is not Standing.WORSE))
    ]
    if pick == "cheapest":
        may = [
            each
            for each in may
            if each.money is not None and (each is baseline or each.standing in {Standing.NOT_WORSE, Standing.BETTER})
        ]
        return min(may, key=lambda each: (each.money or 0.0, -(each.score or 0.0)), default=None)
    dear = float("inf")
    return min(may, key=lambda each: (-(each.score or 0.0), dear if each.money is None else each.money), default=None)


def flattery(results: Sequence[Result]) -> float | None:
    """Return by how much the best mean of several results on the same cases is probably too high.

    The optimism of Efron (1983): cases (or clusters) are drawn anew, the best result is chosen on what was drawn, and
    its mean there is held against its mean on all. None for fewer than two results or scored cases.
    """
    if len(results) < 2:
        return None
    samples = [
        {each.case: each.scores.get(result.metrics[0]) for each in result.cases if each.repeat == 0}
        if result.header.repeats == 1
        else _means(result)
        for result in results
    ]
    names = [name for name in samples[0] if all(sample.get(name) is not None for sample in samples)]
    if len(names) < 2:
        return None
    scores = np.array([[sample[name] for name in names] for sample in samples], dtype=np.float64)
    shared = {each.case: each.cluster for each in results[0].cases}
    clusters = group([shared[name] for name in names], len(names))
    sums = np.array([scores[:, members].sum(axis=1) for members in clusters]).T
    sizes = np.array([len(members) for members in clusters], dtype=np.float64)
    chance = np.random.default_rng(SEED)
    counts = chance.multinomial(len(clusters), np.full(len(clusters), 1.0 / len(clusters)), size=RESAMPLES)
    drawn = (sums @ counts.T) / (sizes @ counts.T)
    whole = scores.mean(axis=1)
    best = drawn.argmax(axis=0)
    return float((drawn[best, np.arange(RESAMPLES)] - whole[best]).mean())


def _means(result: Result) -> dict[str, float | None]:
    sample = {}
    for name, repeats in result.by_case.items():
        known = [score for each in repeats if (score := each.scores.get(result.metrics[0])) is not None]
        sample[name] = sum(known) / len(known) if known else None
    return sample
