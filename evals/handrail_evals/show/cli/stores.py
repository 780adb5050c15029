"""``handrail eval labels`` and ``watch``: what people decided in a store, and how a step's watch stands after it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast, get_args

import typer

from handrail_evals.decide.corrections.labels import Labels, as_examples, write_examples
from handrail_evals.decide.corrections.reading import read_labels
from handrail_evals.decide.corrections.record import require_known
from handrail_evals.decide.drift.feeding import feed
from handrail_evals.decide.drift.watch import Watch
from handrail_evals.decide.drift.watch_file import WatchFile
from handrail_evals.errors import DataError, InvalidSetting
from handrail_evals.show.cli import options
from handrail_evals.show.cli.exits import WORSE, measuring
from handrail_ground.values import json_line
from handrail_guards.guarantee import ScoreName
from handrail_orchestrator.client import Client
from handrail_orchestrator.engine import EngineClient

T = TypeVar("T")

LEAST_ANSWERED = 0.95
"""Of the drawn cases, how many must be decided before they may set a threshold: the others may be the hard ones."""


def from_store(store: str, read: Callable[[EngineClient], T]) -> T:
    """Return what a store says."""

    async def reach() -> T:
        async with Client(store) as client:
            return read(client)

    return asyncio.run(reach())


def require_answered(labels: Labels, store: str) -> None:
    """Check that a store's audits are still a random sample.

    Raises:
        DataError: too few of the drawn cases are decided, or there is none.
    """
    if labels.answered is None:
        raise DataError(f"{store}: no case of the step was drawn; give the step audit=Auditing(0.05) to draw some")
    if labels.answered < LEAST_ANSWERED:
        raise DataError(
            f"{store}: only {labels.answered:.0%} of the drawn cases are decided, {LEAST_ANSWERED:.0%} needed: those"
            " left over may be the hard ones. Answer them with `handrail review next --queue audits`"
        )


@measuring
def labels(
    step: Annotated[str, typer.Argument(metavar="STEP", help="the AI step's name in the store, such as route")],
    store: Annotated[str, typer.Option("--store", help="sqlite:///FILE")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="write what may train a model, for `handrail learn`")
    ] = None,
    give_up: Annotated[
        float, typer.Option(min=0, max=1, help="share of the audits that trains too, and never calibrates again")
    ] = 0.0,
    as_json: options.JsonOption = False,
) -> None:
    """Read what people decided: audits may set a threshold, corrections may only train."""

    def read(client: EngineClient) -> Labels:
        require_known(client, step)
        return read_labels(client, step=step)

    found = from_store(store, read)
    kept, given_up = found.give_up(give_up)
    written = 0
    if out is not None:
        written = write_examples(out, as_examples(kept.corrections, given_up=given_up))
    counts: dict[str, Any] = {
        "audits": len(kept.audits),
        "corrections": len(kept.corrections),
        "given_up": len(given_up),
        "answered": found.answered,
        "left_out": str(found.left_out),
        "written": written,
    }
    if as_json:
        typer.echo(json_line(counts, ascii_only=False))
        return
    share = "none was drawn" if found.answered is None else f"{found.answered:.1%} of the drawn cases are decided"
    typer.echo(f"audits       {len(kept.audits):,}  ({share}); they may calibrate")
    typer.echo(f"corrections  {len(kept.corrections):,}; they may only train")
    if given_up:
        typer.echo(f"given up     {len(given_up):,} audits, for training")
    typer.echo(str(found.left_out))
    if out is not None:
        typer.echo(f"written      {written:,} examples to {out}: handrail learn NAME --from {out}")


@measuring
def watch(
    step: Annotated[str, typer.Argument(metavar="STEP", help="the AI step's name in the store, such as route")],
    store: Annotated[str, typer.Option("--store", help="sqlite:///FILE")],
    file: Annotated[Path, typer.Option("--file", metavar="FILE", help="the watch's file")],
    score: Annotated[
        str, typer.Option(help="what the step's acceptance looks at: confidence or margin")
    ] = "confidence",
    as_json: options.JsonOption = False,
) -> None:
    """Tell a watch every case and audit since the last time, and say how it stands; ends with 1 while it is stopped."""
    if score not in {"confidence", "margin"}:
        known = ", ".join(name for name in get_args(ScoreName) if name != "acceptor")
        raise InvalidSetting(f"there is no score {score!r} to read from a store; there are {known}")
    live = WatchFile(file)

    def tell(client: EngineClient) -> Watch:
        require_known(client, step)
        return feed(live, client, step=step, score=cast("ScoreName", score))

    now = from_store(store, tell)
    if as_json:
        told = {
            "accepting": now.accepting,
            "phase": now.phase,
            "audit_rate": now.audit_rate,
            "why": now.why,
            "cases": now.routed_cases,
            "audits": now.audits,
            "wrong": now.wrong,
            "awaited": len(now.awaited),
        }
        typer.echo(json_line(told, ascii_only=False))
    else:
        typer.echo(f"{'accepting' if now.accepting else 'not accepting'}: {now.why}")
        typer.echo(
            f"{now.routed_cases:,} cases, {now.audits:,} audits ({now.wrong:,} wrong), {len(now.awaited):,} awaited"
        )
    if not now.accepting:
        raise typer.Exit(WORSE)
