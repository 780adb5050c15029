"""``handrail eval sweep``: the same cases put to a grid of models, prompts and examples."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from handrail_ai_steps.model import Model
from handrail_ai_steps.prompt import Prompt
from handrail_ai_steps.step import AIStep
from handrail_evals.decide.gate import Standing
from handrail_evals.decide.sweep_verdicts import Pick
from handrail_evals.errors import InvalidSetting, InvalidSuite
from handrail_evals.measure.case import AnyCase
from handrail_evals.measure.cases.read import read_cases
from handrail_evals.measure.running.settings import CONCURRENCY, Budget, RunSettings
from handrail_evals.measure.suite import AnySuite
from handrail_evals.measure.sweeping.grid import baseline_of, read_grid
from handrail_evals.measure.sweeping.sweep import held_out
from handrail_evals.measure.sweeping.variants import SweepCell, Workshop
from handrail_evals.show.cli import options
from handrail_evals.show.cli.comparing import MARGIN
from handrail_evals.show.cli.exits import CANT_TELL, DATA, WORSE, complaint, measuring, printing_aside
from handrail_evals.show.cli.publishing import write
from handrail_evals.show.cli.suites import RESULTS, load_step, load_suite, narrowed
from handrail_evals.show.cli.sweep_order import SweepDone, SweepOrder
from handrail_evals.show.sweep_tables import sentences, table, to_data, to_markdown
from handrail_evals.show.terminal import drawn
from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_orchestrator.cli.loading import Wanted, find
from handrail_orchestrator.cli.printing import out as printed

HELD_OUT = "held-out"
"""The part of a sweep's folder with the results that confirm."""

VaryOption = Annotated[
    list[str],
    typer.Option(
        "--vary",
        metavar="AXIS=VALUE,VALUE",
        help="what to try: model=NAME,NAME (a cascade: A+B), prompt=FILE,FILE.py:PROMPT, examples=0,4,8,"
        " step=FILE.py:STEP; `own` is what the suite has; again for another axis. First values are the baseline",
    ),
]
ExamplesOption = Annotated[
    list[str] | None,
    typer.Option("--examples-from", metavar="FILE", help="labelled cases that prompts may show; again for more"),
]
EmbeddingOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="find examples by meaning: wordllama, minilm or a folder")
]
FolderOption = Annotated[
    Path | None, typer.Option("--out", metavar="FOLDER", help="the sweep's folder; what it holds is continued")
]
AnswersKeptOption = Annotated[
    Path | None,
    typer.Option("--recording", metavar="FILE", help="where answers are kept, if not in the folder"),
]
BaselineOption = Annotated[str | None, typer.Option(metavar="CELL", help="what the others are held against")]
HoldOutOption = Annotated[
    float | None,
    typer.Option(metavar="SHARE", help="share of the cases to confirm the pick on, such as 0.3"),
]
PickOption = Annotated[Pick, typer.Option(help="the best score, or the cheapest that is not worse")]


@measuring
def sweep(
    target: options.SuiteArgument,
    vary: VaryOption,
    examples_from: ExamplesOption = None,
    embedding: EmbeddingOption = None,
    out: FolderOption = None,
    recording: AnswersKeptOption = None,
    baseline: BaselineOption = None,
    hold_out: HoldOutOption = None,
    pick: PickOption = "best",
    metric: options.MetricsOption = None,
    margin: options.MarginOption = MARGIN,
    level: options.LevelOption = 0.95,
    first: options.FirstOption = None,
    repeats: options.RepeatsOption = None,
    concurrency: options.ConcurrencyOption = CONCURRENCY,
    per_second: options.PerSecondOption = None,
    timeout: options.TimeoutOption = None,
    max_money: Annotated[float | None, typer.Option(help="stop when the sweep has paid this much, in all")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="stop when the sweep has used this many tokens")] = None,
    max_minutes: options.MinutesOption = None,
    as_json: options.JsonOption = False,
    markdown: options.MarkdownOption = None,
) -> None:
    """Try a grid of models, prompts and examples on the same cases: scores, verdicts, money, seconds.

    The same question to the same model is asked once, and an interrupted sweep goes on where it stopped. Exit codes: 0
    all is measured, 1 the held-out cases show the pick worse, 2 usage, data or a failing server, 3 stopped, or the
    held-out cases can't tell.
    """
    with printing_aside(aside=as_json):
        suite = load_suite(target)
        solved = tuple(case for file in examples_from or [] for case in _solved(file, suite))
        workshop = Workshop(suite=suite, solved=solved, code=_Code(), embedding=embedding)
        settings = read_grid(vary).cells
        cells = tuple(workshop.cell(each) for each in settings)
        own = baseline_of(settings, baseline)
    chosen = narrowed(suite, first=first, names=[], repeats=repeats)
    parts = (chosen, None) if hold_out is None else held_out(chosen, hold_out)
    budget = Budget(money=max_money, tokens=max_tokens, seconds=None if max_minutes is None else max_minutes * 60)
    folder = RESULTS / f"{suite.name}-sweep" if out is None else out
    folder.mkdir(parents=True, exist_ok=True)
    order = SweepOrder(
        folder=folder,
        cells=tuple(_on(parts[0], each) for each in cells),
        baseline=own,
        confirming=None if parts[1] is None else tuple(_on(parts[1], each) for each in cells),
        pick=pick,
        metrics=tuple(metric or ()),
        margin=margin,
        level=level,
        settings=RunSettings(concurrency, per_second=per_second, timeout_seconds=timeout),
        budget=budget,
        recording=recording,
        quiet=as_json,
    )
    done = order.run()
    _publish(done, suite.name, folder, markdown, as_json=as_json)
    _end(done)


def _publish(done: SweepDone, name: str, folder: Path, markdown: Path | None, *, as_json: bool) -> None:
    _show(done, name, as_json=as_json)
    data = json_line(to_data(done.verdict, done.confirmation, done.purse, name), ascii_only=False)
    write(folder / "sweep.json", data + "\n")
    if as_json:
        typer.echo(data)
    if markdown is not None:
        write(markdown, to_markdown(done.verdict, done.confirmation, name))


class _Code:
    """Finds what values of axes name in code."""

    def step(self, target: str) -> AIStep[Any]:
        """Return an AI step."""
        return load_step(target)

    def model(self, target: str) -> Model:
        """Return a model."""
        found: Model = find(target, Wanted("model", Model, InvalidSuite, "give an object with name and answer"))
        return found

    def prompt(self, target: str) -> Prompt:
        """Return a prompt."""
        found: Prompt = find(
            target, Wanted("prompt", Prompt, InvalidSuite, "build it with Prompt(system=..., user=...)")
        )
        return found


def _solved(file: str, suite: AnySuite) -> Sequence[AnyCase]:
    """Return labelled cases, read as those of the suite are typed.

    Raises:
        InvalidCaseFile: they cannot be read.
        InvalidSetting: the suite's cases are of several types.
    """
    kinds = {type(case.input) for case in suite.cases}
    if len(kinds) > 1:
        raise InvalidSetting(
            f"the inputs of suite {suite.name!r} are of several types, so those of {file} cannot be read like them"
        )
    (kind,) = kinds
    return read_cases(file, input=kind, names="field")


def _on(suite: AnySuite, cell: SweepCell) -> SweepCell:
    """Return a cell on the cases and repeats of another suite."""
    return replace(cell, suite=suite.with_target(cell.suite.target))


def _show(done: SweepDone, suite: str, *, as_json: bool) -> None:
    purse = done.purse
    if not as_json:
        printed().print(drawn(table(done.verdict)))
        typer.echo("")
        for line in sentences(done.verdict, done.confirmation):
            typer.echo(harmless(line))
        now = purse.money - purse.earlier_money
        earlier = f", {purse.earlier_money:.4g} by earlier runs" if purse.earlier_money else ""
        unknown = f"; the price of {purse.unpriced} is unknown" if purse.unpriced else ""
        typer.echo(harmless(f"paid now: {now:.4g}{earlier}, {purse.tokens:,} tokens in all{unknown}"))
        typer.echo(f"sweep of {suite}: {done.folder}")


def _end(done: SweepDone) -> None:
    """Say what is wrong with a sweep, and exit with its code."""
    code = 0
    for each in done.measured:
        evaluation = each.evaluation
        if evaluation.crashed or evaluation.lost or evaluation.stopped or evaluation.unscored:
            typer.echo(harmless(f"handrail: {each.cell.name}: {complaint(evaluation)}"), err=True)
            code = DATA if code == DATA or evaluation.crashed or evaluation.lost else CANT_TELL
    if not code and done.confirmation is not None:
        code = {Standing.WORSE: WORSE, Standing.CANT_TELL: CANT_TELL}.get(done.confirmation.standing, 0)
    if code:
        raise typer.Exit(code)
