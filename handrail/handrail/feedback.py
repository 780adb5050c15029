"""``handrail review export``: what people decided, as the labelled cases that everything else reads."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import typer

from handrail_evals.decide.corrections.exporting import ExportQuery, exported
from handrail_evals.decide.corrections.file import line_of, write_labelled
from handrail_evals.decide.corrections.labelled import LabelledCase, Split
from handrail_ground.values import json_line
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.options import DEFAULT_STORE, AsOption, JsonOption, QueueOption, StoreOption
from handrail_orchestrator.client import Client
from handrail_orchestrator.records.item import ItemKind
from handrail_orchestrator.secret import signing_secret
from handrail_orchestrator.store.address import path_of

HASH_DIGITS = 16
"""Of a person's hash in a file: enough to tell people apart."""

WorkflowOption = Annotated[str | None, typer.Option("--workflow", help="only this workflow")]
StepOption = Annotated[str | None, typer.Option("--step", help="only questions about this step, such as route")]
FromOption = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="only those decided at this time or later: 2026-11-23, or with a time"),
]
ToOption = Annotated[str | None, typer.Option("--to", metavar="TIME", help="only those decided before this time")]


@complaining
def export(
    by: AsOption,
    store: StoreOption = DEFAULT_STORE,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.jsonl", help="the file to write (default: standard output)")
    ] = None,
    queue: QueueOption = None,
    workflow: WorkflowOption = None,
    step: StepOption = None,
    since: FromOption = None,
    until: ToOption = None,
    kind: Annotated[list[str] | None, typer.Option(help="only decide, audit, repair or ask; again for more")] = None,
    split: Annotated[
        str | None, typer.Option(help="train or test: one part of the inputs, chosen by their hash")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="a person whose answers do not count; again for more")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write what people decided, a labelled case a line: for eval run, eval labels, calibrate and learn.

    What policies decided is no label, and neither are known cases. Names of people leave as hashes. Where the store has
    people, it takes an admin.
    """
    query = ExportQuery(
        queue=queue,
        workflow=workflow,
        step=step,
        since=moment(since, "--from"),
        until=moment(until, "--to"),
        kinds=cast("tuple[ItemKind, ...] | None", _among(kind, get_args(ItemKind), "--kind")),
        split=_split(split),
        but=tuple(without or ()),
    )
    counts: Counter[str] = Counter()
    written = asyncio.run(_leave(store, query, by, out, counts))
    if out is None:
        return
    if as_json:
        typer.echo(json_line({"written": written, "drawn": counts["drawn"], "others": counts["others"]}))
        return
    typer.echo(f"{written:,} decisions in {out}")
    typer.echo(f"  {counts['drawn']:,} were drawn at random and decided blind: they calibrate")
    typer.echo(f"  {counts['others']:,} were not: they train")


async def _leave(store: str, query: ExportQuery, by: str | None, out: Path | None, counts: Counter[str]) -> int:
    """Write the cases to a file, or to standard output, and count them; return how many are in the file."""

    def counted(cases: Iterator[LabelledCase]) -> Iterator[LabelledCase]:
        for case in cases:
            counts["drawn" if case.drawn else "others"] += 1
            yield case

    async with Client(store) as client:
        client.must_be_allowed(by, "audit")
        secret = signing_secret(path_of(client.store))
        cases = counted(exported(client, query, lambda name: secret.sign("reviewer", name)[:HASH_DIGITS]))
        if out is not None:
            return write_labelled(out, cases)
        for case in cases:
            typer.echo(line_of(case.as_line()), nl=False)
        return 0


def moment(text: str | None, option: str) -> float | None:
    """Return a time that a command was given, in seconds since the epoch; without a zone it is that of this machine.

    Raises:
        BadParameter: it is none.
    """
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text.strip()).timestamp()
    except (ValueError, OverflowError, OSError):
        raise typer.BadParameter(
            f"{text[:40]!r} is no time; write 2026-11-23 or 2026-11-23T14:30", param_hint=option
        ) from None


def _split(given: str | None) -> Split | None:
    chosen = None if given is None else _among([given], get_args(Split), "--split")
    return cast("Split", chosen[0]) if chosen else None


def _among(given: list[str] | None, known: tuple[Any, ...], option: str) -> tuple[str, ...] | None:
    wrong = [each for each in given or () if each not in known]
    if wrong:
        raise typer.BadParameter(f"{wrong[0][:40]!r} is none of {', '.join(known)}", param_hint=option)
    return None if given is None else tuple(given)
