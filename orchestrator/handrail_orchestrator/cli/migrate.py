"""``handrail migrate``: all of a store to another address, and the old one says where it went."""

from typing import Annotated

import typer

from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.options import JsonOption
from handrail_orchestrator.moving import DRAIN_SECONDS, move_store
from handrail_orchestrator.secret import VARIABLE, key_file
from handrail_orchestrator.store.address import path_of
from handrail_orchestrator.store.address_text import is_server


@complaining
def migrate(
    source: Annotated[str, typer.Argument(metavar="OLD", help="the store's address, such as sqlite:///runs.db")],
    target: Annotated[str, typer.Argument(metavar="NEW", help="an address where nothing is: postgresql://…")],
    drain: Annotated[bool, typer.Option(help="let workers end what they execute, instead of refusing")] = False,
    within: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="how long that may take")] = DRAIN_SECONDS,
    as_json: JsonOption = False,
) -> None:
    """Move all that a store holds to another address, all or nothing; the old one refuses changes from then on.

    Runs that wait go on there. What arrived is compared with what was there, table by table. When it breaks off, the
    old store is as it was and the new one empty: run the command again. A second run of one that was done says so.
    """
    move = move_store(source, target, drain=drain, within=within, say=lambda text: typer.echo(harmless(text), err=True))
    if as_json:
        tables = {name: {"rows": held.rows, "digest": held.digest} for name, held in sorted(move.tables.items())}
        typer.echo(json_line({"store": move.address, "was_done": move.was_done, "rows": move.rows, "tables": tables}))
    elif move.was_done:
        typer.echo(harmless(f"it was moved to {move.address} before: there is nothing to do"))
    else:
        filled = sum(1 for held in move.tables.values() if held.rows)
        typer.echo(harmless(f"moved to   {move.address}"))
        typer.echo(f"copied     {move.rows:,} rows in {filled} tables; each holds what it held")
        typer.echo("old store  refuses changes, and says where to go")
    if not is_server(source) and not move.was_done and (kept := key_file(path_of(source))).exists():
        typer.echo(harmless(f"the secret is not in it: give what {kept} holds in {VARIABLE}"), err=True)
