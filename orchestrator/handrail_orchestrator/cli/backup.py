"""``handrail backup`` and ``handrail restore``: a store of one moment in a file, and a store from that file."""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_orchestrator.audit.verify import Verified, verify
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.options import DEFAULT_STORE, JsonOption, StoreOption
from handrail_orchestrator.clock import SystemClock
from handrail_orchestrator.reader import reading
from handrail_orchestrator.sealing.opening import must_open
from handrail_orchestrator.secret import VARIABLE, key_file
from handrail_orchestrator.store import open_store
from handrail_orchestrator.store.address import path_of
from handrail_orchestrator.store.address_text import is_server
from handrail_orchestrator.store.backup import back_up, restore_backup, sealing_of
from handrail_orchestrator.store.claiming import TakeOver
from handrail_orchestrator.store.copying import without_password

CRASH_LIMIT = 1_000_000
"""Nobody is blamed for what was being executed when a backup was made."""


@dataclass(frozen=True, slots=True)
class StoreContents:
    """What a store holds, for whoever wants to see that it is the right one."""

    runs: dict[str, int]
    """How many, by status."""
    size: int
    """Bytes of its file, or of the backup that a store on a server was made of."""
    log: Verified

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {"runs": self.runs, "size": self.size, "log": self.log.as_json()}

    def lines(self) -> list[str]:
        """Return it as people read it."""
        runs = ", ".join(f"{count:,} {status}" for status, count in sorted(self.runs.items())) or "none"
        whole = "as it was written" if self.log.is_whole else "NOT as it was written: handrail audit verify"
        return [
            f"{'runs':<12}{runs}",
            f"{'size':<12}{self.size:,} bytes",
            f"{'audit log':<12}{self.log.rows:,} rows, {whole}",
            f"{'head':<12}{self.log.head.hash} (row {self.log.head.row:,}): keep this hash elsewhere",
        ]


def contents(url: str, file: Path, signed_by: str) -> StoreContents:
    """Return what a store holds; the signed gaps of its log are held against the secret of the store at a path."""
    runs: Counter[str] = Counter()
    with reading(url) as reader:
        for (_, _, status), count in reader.counts().items():
            runs[status] += count
        log = verify(reader, found=lambda _: None, signed_by=signed_by)
    return StoreContents(dict(runs), file.stat().st_size, log)


@complaining
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="a new file for the backup")],
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,  # noqa: FBT002 -- typer makes an option of it
) -> None:
    """Write a store as it is at this moment into a file, while everybody goes on working; nothing is replaced.

    The backup is a store itself: any command can look into it. The store's secret is not in it; keep that elsewhere.
    """
    back_up(store, file)
    held = contents(f"sqlite:///{file}", file, path_of(store))
    if as_json:
        typer.echo(json_line({"backup": str(file), **held.as_json()}))
        return
    for line in (f"{'backup':<12}{harmless(str(file))}", *held.lines()):
        typer.echo(line)


@complaining
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="a backup")],
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,  # noqa: FBT002 -- typer makes an option of it
) -> None:
    """Make a store of a backup, at an address where none is: end all processes and move the old one away first.

    What was being executed when the backup was made is due again. What was answered since is asked again, and actions
    are executed again, with the same idempotency keys.
    """
    must_open(sealing_of(file), str(file))  # before anything is made: what is half restored is refused the next time
    restore_backup(file, store)
    again = _due_again(store)
    path = path_of(store)
    held = contents(store, file if is_server(store) else Path(path), path)
    address = without_password(store) if is_server(store) else store
    if as_json:
        typer.echo(json_line({"store": address, "due_again": again, **held.as_json()}))
    else:
        for line in (
            f"{'store':<12}{harmless(address)}",
            *held.lines(),
            f"{'due again':<12}{again:,} runs",
        ):
            typer.echo(line)
    if is_server(store):
        if VARIABLE not in os.environ:
            typer.echo(f"give the store's secret in {VARIABLE}, as it was where the backup was made", err=True)
    elif not key_file(path).exists():
        typer.echo(f"the secret is not beside it: put {key_file(path)} back, or give {VARIABLE}", err=True)


def _due_again(store: str) -> int:
    """Give back what workers had in hand when the backup was made: they work on the old store, if at all."""
    opened = open_store(store, create=False)
    try:
        now = SystemClock().now()
        strikes = [TakeOver(each.id, each.beat, now, CRASH_LIMIT, blame=False) for each in opened.workers()]
        return sum(int(reply or 0) for reply in opened.apply(strikes)) if strikes else 0
    finally:
        opened.close()
