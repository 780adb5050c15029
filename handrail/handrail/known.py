"""``handrail review seed``: cases whose answers are known, mixed among what people answer."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from handrail_evals.errors import InvalidCaseFile
from handrail_evals.measure.cases.form import PROVENANCE
from handrail_evals.measure.cases.jsonl_file import jsonl_records
from handrail_evals.measure.cases.record import Record
from handrail_ground.shares import in_percent
from handrail_ground.values import json_line
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.options import DEFAULT_STORE, AsOption, JsonOption, StoreOption
from handrail_orchestrator.client import Client
from handrail_orchestrator.sowing import KnownCase

NAMES = ("name", "id")
INPUTS = ("input", "text")
ANSWERS = ("expected", "label")
"""The keys of a case, and what the files of ``handrail learn`` call them."""


@complaining
def seed(
    queue: Annotated[str, typer.Option("--queue", help="the queue whose items they follow")],
    workflow: Annotated[str, typer.Option("--workflow", help="the workflow whose items they look like")],
    step: Annotated[str, typer.Option("--step", help="the step that the items are about, such as route")],
    by: AsOption,
    cases: Annotated[
        Path | None, typer.Option("--cases", metavar="FILE", help="labelled cases, such as `review export` writes")
    ] = None,
    share: Annotated[
        float, typer.Option(min=0, max=1, help="of the ordinary items, how many are followed by one; 0 ends it")
    ] = 0.01,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Mix cases whose answers are known among what people answer, so that each person sees how they do.

    They look like any other item. Nobody is told before they have answered, and nobody but the person and admins after.
    """
    known = list(_read(cases)) if cases is not None else []

    async def put() -> tuple[int, int]:
        async with Client(store) as client:
            client.must_fit(known, queue=queue, workflow=workflow, step=step)
            before = client.review_count()
            kept = await client.put_known_cases(known, queue=queue, workflow=workflow, step=step, share=share, by=by)
            return kept, client.review_count() - before

    kept, now = asyncio.run(put())
    if as_json:
        typer.echo(json_line({"known": kept, "share": share, "asked_now": now}))
        return
    if not share:
        typer.echo(f"no known case is asked in queue {queue!r} any more; {kept:,} are kept")
        return
    typer.echo(
        f"{kept:,} known cases; {in_percent(share, 2)} of the items in queue {queue!r} are followed by one"
        f" ({now:,} now)"
    )


def _read(file: Path) -> Iterator[KnownCase]:
    """Yield the known cases of a file.

    Raises:
        InvalidCaseFile: it cannot be read, or a case lacks a name, an input or an answer.
    """
    for each in jsonl_records(file):
        if not isinstance(each, Record):
            raise InvalidCaseFile(path=file, line=each.line, problem=each.problem)
        data = each.data
        whence = data.get(PROVENANCE)
        told: dict[str, Any] = whence if isinstance(whence, dict) else data
        confidence = told.get("confidence")
        yield KnownCase(
            name=str(_part(data, NAMES, file, each.line)),
            input=_part(data, INPUTS, file, each.line),
            answer=_part(data, ANSWERS, file, each.line),
            suggestion=told.get("suggestion"),
            confidence=confidence if isinstance(confidence, float) else None,
        )


def _part(data: dict[str, Any], keys: tuple[str, ...], file: Path, line: int) -> Any:
    found = [key for key in keys if key in data]
    if not found:
        raise InvalidCaseFile(path=file, line=line, problem=f"it has no {keys[0]!r} (or {keys[1]!r})")
    return data[found[0]]
