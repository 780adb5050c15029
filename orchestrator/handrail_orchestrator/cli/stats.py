"""``handrail stats``: what the runs of a window came to, and numbers from before to be shown beside."""

from pathlib import Path
from typing import Annotated

import typer

from handrail_ground.text import harmless
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.figures import show_figures
from handrail_orchestrator.cli.options import DEFAULT_STORE, DoerOption, JsonOption, StoreOption

app = typer.Typer(help="Show what runs came to: funnel, times, steps, people, outcomes.", invoke_without_command=True)

WindowOption = Annotated[
    str, typer.Option("--window", metavar="WINDOW", help="7d, 24h, or 2026-11-01..2026-11-08 (the last not included)")
]
ZoneOption = Annotated[str, typer.Option("--zone", metavar="ZONE", help="where days begin, such as Europe/Berlin")]


@app.callback()
@complaining
def stats(
    context: typer.Context,
    window: WindowOption = "7d",
    store: StoreOption = DEFAULT_STORE,
    workflow: Annotated[str | None, typer.Option(help="only runs of this workflow")] = None,
    version: Annotated[int | None, typer.Option(help="only runs of this version of it")] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="NAME=VALUE", help="only runs with this tag; may be given again"),
    ] = None,
    zone: ZoneOption = "UTC",
    from_records: Annotated[
        bool, typer.Option("--from-records", help="count every record again: the same numbers, slowly")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="print CSV for spreadsheets")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what the runs that were started in a window came to; those still open are told apart."""
    if context.invoked_subcommand is not None:
        return
    show_figures(
        window=window, store=store, workflow=workflow, version=version, tag=tag or (), zone=zone,
        from_records=from_records, as_csv=as_csv, as_json=as_json,
    )  # fmt: skip


@app.command()
@complaining
def baseline(
    file: Annotated[Path, typer.Argument(help="CSV: workflow, metric, value, unit, cases, note")],
    by: DoerOption,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Keep numbers from before, in place of those that were kept, to be shown beside what is measured."""
    import asyncio  # noqa: PLC0415 -- looking at figures needs none

    from handrail_orchestrator.client import Client  # noqa: PLC0415 -- looking at figures needs none
    from handrail_orchestrator.statistics.csv_file import read_baseline  # noqa: PLC0415 -- as above

    rows = read_baseline(file)

    async def put() -> None:
        async with Client(store) as client:
            await client.put_baseline(rows, by=by if by.strip() or client.people.exist() else None)

    asyncio.run(put())
    typer.echo(harmless(f"{len(rows)} number{' from before is' if len(rows) == 1 else 's from before are'} kept"))
