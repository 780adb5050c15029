"""``handrail keys``: keys that a store's values are sealed by: made, listed, and taken over by others."""

from pathlib import Path
from typing import Annotated

import typer

from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.options import DEFAULT_STORE, JsonOption, StoreOption
from handrail_orchestrator.clock import SystemClock
from handrail_orchestrator.errors import KeysUnusable
from handrail_orchestrator.sealing.anew import NOT_SEALED
from handrail_orchestrator.sealing.cipher import Cipher
from handrail_orchestrator.sealing.keys import FILE_VARIABLE, VARIABLE, cipher_of_environment, new_key, put_first
from handrail_orchestrator.sealing.rotation import held, rotate
from handrail_orchestrator.store import open_store
from handrail_orchestrator.store.sealing import SealState

app = typer.Typer(help="Make, list and rotate the keys that a store's values are sealed by.", no_args_is_help=True)


def _cipher() -> Cipher:
    found = cipher_of_environment()
    if found is None:
        raise KeysUnusable(f"there are no keys: give them in {VARIABLE} or {FILE_VARIABLE} (`handrail keys new NAME`)")
    return found


@app.command("new")
@complaining
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="what the key is called: letters, digits, - and _")],
    file: Annotated[
        Path | None, typer.Option("--file", help="put it first in this file, which only you can read")
    ] = None,
) -> None:
    """Make a key. It is printed unless it goes into a file; it is shown nowhere else, and lost is lost."""
    key = new_key(name)
    if file is None:
        typer.echo(key)
        return
    put_first(file, key)
    typer.echo(f"key {name} is the first in {harmless(str(file))}: keep a copy where the store's backups are not")


@app.command("list")
@complaining
def list_keys(
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,  # noqa: FBT002 -- typer makes an option of it
) -> None:
    """Say how many values each key holds, and which keys are needed: all values are looked at."""
    cipher = cipher_of_environment()
    opened = open_store(store, create=False, reading=True)
    try:
        state, counts = SealState.read(opened.sealing()), held(opened)
    finally:
        opened.close()
    needed = set() if state is None else set(state.keys)
    given = () if cipher is None else tuple(cipher.keys)
    names = [*given, *sorted((needed | set(counts)) - set(given) - {NOT_SEALED})]
    rows = [
        {
            "key": name,
            "values": counts[name],
            "seals": cipher is not None and name == cipher.key,
            "is_needed": name in needed or bool(counts[name]),
            "is_given": name in given,
        }
        for name in names
    ]
    if as_json:
        typer.echo(json_line({"is_sealed": state is not None, "plain": counts[NOT_SEALED], "keys": rows}))
        return
    if state is None:
        typer.echo("not sealed: `handrail keys rotate` seals it")
    for row in rows:
        use = "seals" if row["seals"] else "needed" if row["is_needed"] else "not needed: it can be taken away"
        typer.echo(f"{row['key']:<24}{row['values']:>12,} values  {use}")
    typer.echo(f"{'(plain)':<24}{counts[NOT_SEALED]:>12,} values")


@app.command("rotate")
@complaining
def rotate_keys(
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,  # noqa: FBT002 -- as above
) -> None:
    """Seal by the first key what other keys have sealed, or nobody has, while workers go on.

    A few values in each transaction: ended anywhere, it goes on when it is called again. Every process on the store
    needs the new key before; the old ones can be taken away once this says so.
    """
    cipher = _cipher()
    opened = open_store(store, create=False)
    try:
        rotated = rotate(opened, cipher, SystemClock().now)
    finally:
        opened.close()
    if as_json:
        said = {"key": cipher.key, "values": rotated.values, "dropped": list(rotated.dropped)}
        typer.echo(json_line({**said, "is_finished": rotated.is_finished, "was_plain": rotated.was_plain}))
    else:
        typer.echo(f"{rotated.values:,} values were sealed by key {cipher.key}")
        for name in rotated.dropped:
            typer.echo(f"key {name} is not needed any more: take it away once every process has {cipher.key} first")
        if not rotated.is_finished:
            typer.echo("others still seal by another key: give them this one first, and rotate again", err=True)
    if not rotated.is_finished:
        raise typer.Exit(1)
