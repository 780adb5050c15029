"""``handrail run`` and ``handrail work``: execute a workflow on a file of inputs, or whatever is due."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import TimeElapsedColumn

from handrail_ground.text import harmless
from handrail_orchestrator import chores
from handrail_orchestrator.breaker import Breaker
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.foreign import calling_foreign_code
from handrail_orchestrator.cli.given_systems import LimitsOption, SystemsOption, load_limits, load_systems
from handrail_orchestrator.cli.given_triggers import TriggersOption, load_triggers
from handrail_orchestrator.cli.loading import lasting
from handrail_orchestrator.cli.options import DEFAULT_STORE, ConcurrencyOption, JsonOption, LogOption, StoreOption
from handrail_orchestrator.cli.printing import command_name, out, summary_lines
from handrail_orchestrator.cli.progress import progress_bar
from handrail_orchestrator.cli.stopping import run_service, run_until_stopped
from handrail_orchestrator.cli.target import load_workflow
from handrail_orchestrator.cli.telling import NoticesOption, load_notices
from handrail_orchestrator.engine import Engine
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.jsonl import InputLine, read_inputs
from handrail_orchestrator.limits import Limit
from handrail_orchestrator.logs import log_json
from handrail_orchestrator.orchestrator import Orchestrator
from handrail_orchestrator.standing import standing
from handrail_orchestrator.store.address_text import as_typed
from handrail_orchestrator.summary import BatchProgress, RunSummary, summarize
from handrail_orchestrator.telemetry.exporting import telemetry_from_environment
from handrail_orchestrator.workflow import AnyWorkflow


@dataclass(frozen=True, slots=True)
class InputBatch:
    """A workflow on the inputs of one file."""

    workflow: AnyWorkflow
    target: str
    inputs: list[InputLine]
    store: str
    concurrency: int
    also: tuple[AnyWorkflow, ...] = ()
    """What its runs need besides: child workflows, and the version before one that is rolled out."""
    systems: Mapping[str, Breaker] | None = None
    """Breakers of the systems that steps need."""
    limits: Mapping[str, Limit] | None = None
    """Limits that steps name."""


@complaining
def run(
    target: Annotated[
        str, typer.Argument(metavar="MODULE:WORKFLOW", help="the workflow, or a function that builds it")
    ],
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="one input a line")],
    store: StoreOption = DEFAULT_STORE,
    id_field: Annotated[
        str | None, typer.Option(help="the field that names each run, so that it is started once")
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option(metavar="MODULE:WORKFLOW", help="a child's workflow, or the version before one rolled out"),
    ] = None,
    concurrency: ConcurrencyOption = 100,
    systems: SystemsOption = None,
    limits: LimitsOption = None,
    as_json: JsonOption = False,
    logs: LogOption = False,
) -> None:
    """Run a workflow on every line of a file; running the same command again goes on where it stopped."""
    if logs:
        log_json()
    with calling_foreign_code(aside=as_json):
        workflow = load_workflow(target)
        others = tuple(load_workflow(each) for each in also or ())
        breakers, limited = load_systems(systems), load_limits(limits)
        inputs = read_inputs(file, workflow.input_codec, id_field)
    if id_field is None:
        inputs = [InputLine(each.line, f"{file.stem}:{each.line}", each.value, each.raw) for each in inputs]
    begun = time.perf_counter()
    batch = InputBatch(workflow, lasting(target), inputs, store, concurrency, others, breakers, limited)
    with calling_foreign_code(aside=as_json):
        summary = run_until_stopped(run_batch(batch, quiet=as_json))
    if as_json:
        typer.echo(summary.as_json())
    else:
        _report(summary, time.perf_counter() - begun, store)
    if summary.failed or summary.set_aside:
        raise typer.Exit(1)


async def run_batch(batch: InputBatch, *, quiet: bool = False) -> RunSummary:
    """Start every input's run and execute until all have ended or wait."""
    ids = [each.id for each in batch.inputs]
    async with Orchestrator(
        batch.store,
        workflows=[batch.workflow, *batch.also],
        concurrency=batch.concurrency,
        systems=batch.systems,
        limits=batch.limits,
        telemetry=telemetry_from_environment(),
    ) as orchestrator:
        await orchestrator.remember_code(batch.workflow.name, batch.target)
        await orchestrator.start_many(batch.workflow, [(each.id, each.value) for each in batch.inputs])
        await shown(orchestrator, ids, quiet=quiet)
        summary = summarize(orchestrator, ids)
        if gone := len(set(ids)) - summary.runs:
            raise Misuse(f"{gone:,} of {len(set(ids)):,} runs are not in the store any more: somebody has deleted them")
        return summary


async def shown(engine: Engine, ids: list[str], *, quiet: bool) -> None:
    """Wait until the runs have ended or wait, with a progress bar on a terminal's standard error."""
    with progress_bar(TimeElapsedColumn(), quiet=quiet) as progress:
        task = progress.add_task("running", total=len(ids))
        reached = BatchProgress(engine, ids)
        idle = asyncio.ensure_future(engine.idle())
        try:
            while not idle.done():
                await asyncio.wait([idle], timeout=0.25)
                if not progress.console.quiet:
                    reached.look()
                    description = f"{reached.waiting_for_person} wait for a person"
                    progress.update(task, completed=reached.done, description=description)
            await idle
        finally:
            # Ctrl-C: the engine leaves its block, and what still asked it would be told that it is used wrongly.
            idle.cancel()


def _report(summary: RunSummary, seconds: float, store: str) -> None:
    console = out()
    for line in summary_lines(summary, seconds, store):
        console.print(line, markup=False)
    store = harmless(store)
    if summary.waiting_for_person:
        console.print(f"\nnext:  {command_name()} review next --store {as_typed(store)} --as YOUR_NAME", markup=False)
        console.print(f"       {command_name()} review list --store {as_typed(store)}", markup=False)
    if summary.failed:
        console.print(f"\nnext:  {command_name()} runs list --status failed --store {as_typed(store)}", markup=False)
    if summary.set_aside:
        console.print(f"\nnext:  {command_name()} runs list --status set_aside --store {as_typed(store)}", markup=False)


@complaining
def work(
    targets: Annotated[list[str], typer.Argument(metavar="MODULE:WORKFLOW...", help="the workflows to execute")],
    store: StoreOption = DEFAULT_STORE,
    concurrency: ConcurrencyOption = 100,
    until_idle: Annotated[bool, typer.Option(help="stop when nothing is due any more")] = False,
    triggers: TriggersOption = None,
    notices: NoticesOption = None,
    systems: SystemsOption = None,
    engine: Annotated[
        str | None, typer.Option(metavar="temporal://HOST:PORT/NAMESPACE", help="what says who executes which run")
    ] = None,
    queue: Annotated[str | None, typer.Option(help="only the steps that need a worker of this queue")] = None,
    limits: LimitsOption = None,
    logs: LogOption = False,
) -> None:
    """Execute whatever is due in a store, until stopped; start several of these for more speed or safety."""
    if logs:
        log_json()
    with calling_foreign_code():
        workflows = [load_workflow(target) for target in targets]
        if not workflows:
            raise Misuse("name at least one MODULE:WORKFLOW")
        orchestrator = Orchestrator(
            store,
            workflows=workflows,
            concurrency=concurrency,
            triggers=load_triggers(triggers),
            telemetry=telemetry_from_environment(),
            notices=load_notices(notices),
            systems=load_systems(systems),
            engine=engine,
            queue=queue,
            limits=load_limits(limits),
        )
        oldest_first = sorted(zip(workflows, targets, strict=True), key=lambda pair: pair[0].version)
        found = {workflow.name: lasting(target) for workflow, target in oldest_first}
        working = _work(orchestrator, found, store, until_idle=until_idle)
        (run_until_stopped if engine is None else run_service)(working)


async def _work(opened: Orchestrator, targets: Mapping[str, str], store: str, *, until_idle: bool) -> None:
    async with opened as orchestrator:
        for name, target in targets.items():
            await orchestrator.remember_code(name, target)
        workflows = orchestrator.workflows
        typer.echo(f"working on {store}: {', '.join(f'{w.name} v{w.version}' for w in workflows)}", err=True)
        if until_idle:
            await orchestrator.idle()
            return
        beside = chores.begin(standing(orchestrator))
        try:
            await orchestrator.failed()
        finally:
            await chores.ended(beside)
