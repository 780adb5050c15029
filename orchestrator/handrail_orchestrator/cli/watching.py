"""``handrail watch``: start a run for each file that is dropped into a folder, and execute what is due."""

from pathlib import Path
from typing import Annotated

import typer

from handrail_ground.text import harmless
from handrail_orchestrator import chores
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.foreign import calling_foreign_code
from handrail_orchestrator.cli.given_systems import LimitsOption, SystemsOption, load_limits, load_systems
from handrail_orchestrator.cli.loading import lasting
from handrail_orchestrator.cli.options import DEFAULT_STORE, ConcurrencyOption, LogOption, StoreOption
from handrail_orchestrator.cli.stopping import run_until_stopped
from handrail_orchestrator.cli.target import load_workflow
from handrail_orchestrator.cli.telling import NoticesOption, load_notices
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.logs import log_json
from handrail_orchestrator.orchestrator import Orchestrator
from handrail_orchestrator.standing import standing
from handrail_orchestrator.telemetry.exporting import telemetry_from_environment
from handrail_orchestrator.triggers.folder import MOST_BYTES, SETTLE_SECONDS, Folder, folder


@complaining
def watch(  # noqa: PLR0913, PLR0917 -- typer gives each option by its name
    place: Annotated[Path, typer.Argument(metavar="FOLDER", help="where files are dropped")],
    target: Annotated[
        str, typer.Argument(metavar="MODULE:WORKFLOW", help="what is started for each; its input is a File")
    ],
    store: StoreOption = DEFAULT_STORE,
    pattern: Annotated[
        list[str] | None, typer.Option(help="only these names, such as '*.pdf'; may be repeated")
    ] = None,
    done: Annotated[Path | None, typer.Option(help="where files go that were taken; FOLDER/done")] = None,
    failed: Annotated[Path | None, typer.Option(help="where others go, with a note; FOLDER/failed")] = None,
    settle: Annotated[float, typer.Option(min=0, help="seconds that a file must lie as it is")] = SETTLE_SECONDS,
    most_bytes: Annotated[int, typer.Option(min=1, help="larger files are not taken")] = MOST_BYTES,
    concurrency: ConcurrencyOption = 100,
    *,
    until_idle: Annotated[bool, typer.Option(help="stop when the folder is empty and nothing is due")] = False,
    notices: NoticesOption = None,
    systems: SystemsOption = None,
    limits: LimitsOption = None,
    logs: LogOption = False,
) -> None:
    """Start a run for each file in a folder, once by its content, and execute what is due, until stopped."""
    if logs:
        log_json()
    if not place.is_dir():
        raise Misuse(f"there is no folder {harmless(str(place))!r}: make it first, or check the path")
    with calling_foreign_code():
        made = folder(
            place,
            pattern or "*",
            workflow=load_workflow(target),
            done=done,
            failed=failed,
            settle_seconds=settle,
            most_bytes=most_bytes,
        )
        plan = load_notices(notices)
        opened = Orchestrator(
            store,
            workflows=[made.workflow],
            concurrency=concurrency,
            triggers=[made],
            telemetry=telemetry_from_environment(),
            notices=plan,
            systems=load_systems(systems),
            limits=load_limits(limits),
        )
        run_until_stopped(_watch(opened, made, lasting(target), until_idle=until_idle))


async def _watch(opened: Orchestrator, made: Folder, target: str, *, until_idle: bool) -> None:
    workflow = made.workflow
    async with opened as orchestrator:
        await orchestrator.remember_code(workflow.name, target)
        where = harmless(orchestrator.store)
        typer.echo(f"watching {harmless(str(made.rules.root))} for {workflow.name} on {where}", err=True)
        if until_idle:
            await made.emptied()
            await orchestrator.idle()
            return
        beside = chores.begin(standing(orchestrator))
        try:
            await orchestrator.failed()
        finally:
            await chores.ended(beside)
