"""A sweep as it was ordered: which cells, on what terms, for how much; and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from handrail_evals.decide.gate import Terms
from handrail_evals.decide.sweep_confirmation import Confirmation, confirm
from handrail_evals.decide.sweep_verdicts import Pick, SweepVerdict, corrected, judge_sweep
from handrail_evals.measure.running.settings import Budget, RunSettings
from handrail_evals.measure.sweeping.grid import CellSettings
from handrail_evals.measure.sweeping.purse import SweepPurse
from handrail_evals.measure.sweeping.sweep import LEDGER, MeasuredCell, SweepFolder
from handrail_evals.measure.sweeping.variants import SweepCell, why_left_out
from handrail_evals.numbers.statistics.power import smallest_detectable
from handrail_evals.show.cli.comparing import margin_of, terms_for
from handrail_evals.show.cli.exits import printing_aside, run_measured
from handrail_evals.show.cli.running import DISCORDANCE, ProgressBar
from handrail_ground.shares import in_percent
from handrail_ground.text import harmless

HELD_OUT = "held-out"
"""The part of a sweep's folder with the results that confirm."""


class SweepBar(ProgressBar):
    """One bar for all cells of a sweep."""

    def __init__(self, total: int, *, quiet: bool) -> None:
        super().__init__("sweep", total, quiet=quiet)

    def begins(self, cell: SweepCell) -> None:
        """Show which cell is measured."""
        self.describe(harmless(cell.name))

    def found(self, answers: int) -> None:
        """Count answers that were there already."""
        self.skip(answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepDone:
    """What came of a sweep."""

    verdict: SweepVerdict
    confirmation: Confirmation | None
    purse: SweepPurse
    measured: tuple[MeasuredCell, ...]
    """All of them, with those on held-out cases."""
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepOrder:
    """What is to be measured, and where it goes."""

    folder: Path
    cells: tuple[SweepCell, ...]
    baseline: CellSettings
    confirming: tuple[SweepCell, ...] | None
    """The same cells on the held-out cases; None: none are held out."""
    pick: Pick
    metrics: tuple[str, ...]
    margin: float | None
    level: float
    settings: RunSettings
    budget: Budget
    recording: Path | None
    quiet: bool

    def run(self) -> SweepDone:
        """Measure the cells, judge them, and confirm the pick where cases are held out for it."""
        self._say()
        self._require_margins()
        purse = SweepPurse(self.budget, self.folder / LEDGER)
        total = sum(len(each.suite.cases) * each.suite.repeats for each in self.cells)
        with printing_aside(aside=self.quiet), SweepBar(total, quiet=self.quiet) as bar:
            folder = SweepFolder(self.folder, purse, self.settings, bar, self.recording)
            with folder.held():
                return run_measured(self._measured(folder, purse))

    async def _measured(self, folder: SweepFolder, purse: SweepPurse) -> SweepDone:
        measured = await folder.measure(self.cells)
        (own,) = (each for each in measured if each.cell.settings == self.baseline)
        terms = self._terms(measured)
        verdict = judge_sweep(measured, own, terms, pick=self.pick)
        confirmation, confirmed = None, list[MeasuredCell]()
        picked = verdict.picked
        may_confirm = picked is not None and picked.measured is not own and all(each.is_whole for each in measured)
        if self.confirming is not None and picked is not None and may_confirm:
            held = [self._held_out(own), self._held_out(picked.measured)]
            confirmed = await folder.measure(held, HELD_OUT)
            terms = self._terms(confirmed)
            confirmation = confirm(confirmed[0], confirmed[1], terms, self.folder / HELD_OUT)
        return SweepDone(
            verdict=verdict,
            confirmation=confirmation,
            purse=purse,
            measured=(*measured, *confirmed),
            folder=self.folder,
        )

    def _held_out(self, measured: MeasuredCell) -> SweepCell:
        """Return the same cell on the held-out cases."""
        return next(each for each in self.confirming or () if each.settings == measured.cell.settings)

    def _require_margins(self) -> None:
        """Check the margins before anything is paid.

        Raises:
            InvalidSetting: a metric without one, or one that cannot work.
        """
        for text in self.metrics or (self.cells[0].suite.metrics[0],):
            own = margin_of(text, self.margin)
            Terms(margin=own, level=self.level, scale=max(1.0, 2.0 * own))  # what scores really span shows later

    def _terms(self, measured: Sequence[MeasuredCell]) -> dict[str, Terms]:
        """Return the terms of the options, by the widest scale that the results show."""
        results = [each.evaluation.result for each in measured]
        found = [terms_for(results[0], each, self.metrics, margin=self.margin, level=self.level) for each in results]
        return {name: max((each[name] for each in found), key=lambda one: one.scale) for name in found[0]}

    def _say(self) -> None:
        """Say what will be measured, and how small a difference it can show."""
        if self.quiet:
            return
        suite = self.cells[0].suite
        comparisons = len(self.cells) - 1
        counted_in = f"{comparisons} comparison{'s' if comparisons > 1 else ''}"
        each = corrected(self.level, comparisons)
        smallest = smallest_detectable(len(suite.cases), discordance=DISCORDANCE, level=each)
        shown = f"about {in_percent(smallest, 1)}" if smallest is not None else "none: too few cases"
        held = "" if self.confirming is None else f", {len(self.confirming[0].suite.cases):,} more held out"
        typer.echo(
            f"{suite.name}: {len(self.cells):,} variants × {len(suite.cases):,} cases"
            f"{f' × {suite.repeats}' if suite.repeats > 1 else ''}{held}; smallest difference from the baseline that"
            f" they show: {shown} (if {in_percent(DISCORDANCE)} of the answers change; {counted_in} counted in)",
            err=True,
        )
        left_out = {why_left_out(each.left_out) for each in self.cells if each.left_out}
        for words in sorted(left_out):
            typer.echo(harmless(f"no prompt shows these labelled cases: {words}"), err=True)
