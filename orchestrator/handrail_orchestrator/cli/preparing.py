"""``handrail prepare``: the tables of a store, before anybody works on it."""

import typer

from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.options import DEFAULT_STORE, JsonOption, StoreOption
from handrail_orchestrator.store import open_store


@complaining
def prepare(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:  # noqa: FBT002 -- typer's
    """Make a store where none is, or bring it to this version; one that is ready stays as it is.

    For a deployment that does so before its workers start, each of which would do it, too. There is no way back.
    """
    opened = open_store(store)
    try:
        runs = sum(opened.counts().values())
        said = {"store": opened.path, "ready": True, "runs": runs}
    finally:
        opened.close()
    typer.echo(json_line(said) if as_json else harmless(f"ready: store {said['store']}, {runs:,} runs"))
