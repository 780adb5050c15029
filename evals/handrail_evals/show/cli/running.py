"""``handrail eval run``: put a suite's cases to its target and score the answers."""

import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Annotated, Self

import typer
from rich.progress import TextColumn, TimeElapsedColumn, TimeRemainingColumn

from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.running.runner import Evaluation, run_suite
from handrail_evals.measure.running.settings import CONCURRENCY, Budget, RunSettings, Spending
from handrail_evals.measure.suite import AnySuite
from handrail_evals.numbers.statistics.power import smallest_detectable
from handrail_evals.numbers.summary.document import open_summary
from handrail_evals.numbers.summary.summary import Options
from handrail_evals.show.cli import options
from handrail_evals.show.cli.exits import code_of, complaint, measuring, printing_aside, run_measured
from handrail_evals.show.cli.publishing import Publication, publish
from handrail_evals.show.cli.suites import (
    load_suite,
    narrowed,
    on_earlier_answers,
    on_recording,
    path_for,
    promised_in_vain,
    under_rules,
)
from handrail_ground.shares import in_percent
from handrail_ground.text import harmless
from handrail_orchestrator.cli.progress import progress_bar

DISCORDANCE = 0.1
"""Share of cases that only one of two results gets right, assumed before there are results."""

REFRESH_SECONDS = 0.1


def planned(suite: AnySuite) -> str:
    """Return how many cases there are, and how small a difference from a baseline they can show."""
    count = len(suite.cases)
    repeats = f" × {suite.repeats}" if suite.repeats > 1 else ""
    smallest = smallest_detectable(count, discordance=DISCORDANCE)
    clusters = {case.cluster for case in suite.cases if case.cluster is not None}
    fewer = f"; {len(clusters):,} clusters make it larger" if clusters else ""
    if count > 1 and {case.cluster for case in suite.cases} == clusters and len(clusters) == 1:
        return (
            f"{suite.name}: {count:,} cases{repeats}; they show no difference from a baseline: all are of one cluster"
        )
    shown = f"about {in_percent(smallest, 1)}" if smallest is not None else "none: too few cases"
    return (
        f"{suite.name}: {count:,} cases{repeats}; smallest difference from a baseline that they show: {shown}"
        f" (if {in_percent(DISCORDANCE)} of the answers change{fewer})"
    )


class ProgressBar:
    """Watches a run; draws nothing when standard error is no terminal."""

    def __init__(self, title: str, total: int, *, quiet: bool) -> None:
        rate = TextColumn("{task.fields[rate]}")
        self._progress = progress_bar(rate, TimeElapsedColumn(), TimeRemainingColumn(), quiet=quiet)
        self._task = self._progress.add_task(title, total=total, rate="")
        self._done = self._skipped = self._crashed = 0
        self._begun = self._drawn = time.monotonic()

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""
        self._progress.stop()

    def describe(self, title: str) -> None:
        """Show what is measured now."""
        self._progress.update(self._task, description=title)

    def skip(self, count: int) -> None:
        """Count cases that were done before."""
        self._skipped += count
        self._progress.update(self._task, completed=self._done + self._skipped)

    def saw(self, case: CaseResult, spending: Spending) -> None:
        """Take note of a case that is done."""
        self._done += 1
        self._crashed += case.error is not None
        now = time.monotonic()
        if now - self._drawn >= REFRESH_SECONDS:
            self._drawn = now
            rate = f"{self._done / (now - self._begun):.0f}/s"
            money = f"  {spending.money:.2f} spent" if spending.money else ""
            crashed = f"  {self._crashed} crashed" if self._crashed else ""
            self._progress.update(self._task, completed=self._done + self._skipped, rate=f"{rate}{money}{crashed}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOrder:
    """What is to be run, and where its result goes."""

    suite: AnySuite
    out: Path
    fresh: bool = False
    """Whether what the file holds may go."""
    settings: RunSettings
    quiet: bool
    """Whether no bar is drawn and nothing is said before the run."""


@measuring
def run(
    target: options.SuiteArgument,
    out: options.OutOption = None,
    fresh: options.FreshOption = False,
    recording: options.RecordingOption = None,
    record: options.RecordOption = False,
    answers_from: options.AnswersOption = None,
    rules_from: options.RulesOption = None,
    first: options.FirstOption = None,
    case: Annotated[list[str] | None, typer.Option(help="only this case; again for more")] = None,
    repeats: options.RepeatsOption = None,
    concurrency: options.ConcurrencyOption = CONCURRENCY,
    per_second: options.PerSecondOption = None,
    timeout: options.TimeoutOption = None,
    max_money: Annotated[float | None, typer.Option(help="stop when this much is spent")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="stop when this many tokens are used")] = None,
    max_minutes: options.MinutesOption = None,
    right_at: options.RightAtOption = 1.0,
    as_json: options.JsonOption = False,
    junit: options.JunitOption = None,
    markdown: options.MarkdownOption = None,
    html: options.HtmlOption = None,
) -> None:
    """Run a suite. An interrupted run goes on where it stopped; only what is missing is asked."""
    summed_up = Options(right_at=right_at)
    with printing_aside(aside=as_json):
        suite = narrowed(load_suite(target), first=first, names=case or [], repeats=repeats)
    suite = prepared(suite, recording=recording, record=record, answers_from=answers_from, rules_from=rules_from)
    budget = Budget(money=max_money, tokens=max_tokens, seconds=None if max_minutes is None else max_minutes * 60)
    settings = RunSettings(concurrency, per_second=per_second, timeout_seconds=timeout, budget=budget)
    order = RunOrder(
        suite=suite, out=destination(suite, out, fresh=fresh), fresh=fresh, settings=settings, quiet=as_json
    )
    evaluation = execute(order)
    publish(
        evaluation.result,
        open_summary(order.out, summed_up),
        Publication(as_json=as_json, junit=junit, markdown=markdown, html=html),
    )
    end(evaluation)


def prepared(
    suite: AnySuite, *, recording: Path | None, record: bool, answers_from: Path | None, rules_from: str | None = None
) -> AnySuite:
    """Return the suite as the options have it answered.

    Raises:
        BadParameter: two options that exclude each other.
    """
    if recording is not None and answers_from is not None:
        raise typer.BadParameter("--recording and --answers-from exclude each other")
    if record and recording is None:
        raise typer.BadParameter("--record needs --recording FILE, the file to add to")
    if rules_from is not None and answers_from is not None:
        raise typer.BadParameter("--rules-from and --answers-from exclude each other: nobody is asked")
    if rules_from is not None:
        suite = under_rules(suite, rules_from)
    if recording is not None:
        return on_recording(suite, recording, record=record)
    return suite if answers_from is None else on_earlier_answers(suite, answers_from)


def destination(suite: AnySuite, out: Path | None, *, fresh: bool) -> Path:
    """Return the result file."""
    return path_for(suite, fresh=fresh) if out is None else out


def execute(order: RunOrder) -> Evaluation:
    """Run a suite with a bar on the terminal, after saying how small a difference it can show."""
    if not order.quiet:
        typer.echo(planned(order.suite), err=True)
    for step in promised_in_vain(order.suite):
        said = f"step {step!r} is under a promise and accepts nothing here: give --rules-from STORE, where it is kept"
        typer.echo(harmless(said), err=True)
    total = len(order.suite.cases) * order.suite.repeats
    with printing_aside(aside=order.quiet), ProgressBar(order.suite.name, total, quiet=order.quiet) as bar:
        evaluation = run_measured(
            run_suite(order.suite, out=order.out, fresh=order.fresh, settings=order.settings, watcher=bar)
        )
    there = came_by(evaluation)
    if there:
        typer.echo(there, err=True)
    return evaluation


def came_by(evaluation: Evaluation) -> str:
    """Return how many answers were there already, empty when all were asked for now."""
    there = evaluation.already_there
    if not there:
        return ""
    again = evaluation.scored_again
    scored = f", {again:,} of them scored again (what is right has changed, or a scorer had crashed)" if again else ""
    return (
        f"{there:,} of {evaluation.wanted:,} answers were there{scored}; {evaluation.asked:,} asked now."
        " --fresh asks for all of them"
    )


def end(evaluation: Evaluation) -> None:
    """Say what is wrong with a run, and exit with its code."""
    problem = complaint(evaluation)
    if problem:
        typer.echo(f"handrail: {problem}", err=True)
        raise typer.Exit(code_of(evaluation))
