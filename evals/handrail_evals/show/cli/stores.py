"""``handrail eval labels`` and ``watch``: what people decided in a store, and how a step's watch stands after it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast, get_args

import typer

from handrail_ai_steps.models.local import LabelledText
from handrail_evals.decide.corrections.file import write_examples
from handrail_evals.decide.corrections.label_file import read_label_file
from handrail_evals.decide.corrections.labels import Labels, LeftOut, as_examples
from handrail_evals.decide.corrections.reading import read_labels
from handrail_evals.decide.corrections.record import require_known
from handrail_evals.decide.drift.feeding import feed
from handrail_evals.decide.drift.watch import Watch
from handrail_evals.decide.drift.watch_file import WatchFile
from handrail_evals.errors import DataError, InvalidSetting
from handrail_evals.show.cli import options
from handrail_evals.show.cli.exits import WORSE, measuring
from handrail_ground.shares import below, in_percent
from handrail_ground.values import json_line
from handrail_guards.guarantee import ScoreName
from handrail_orchestrator.client import Client
from handrail_orchestrator.engine import EngineClient
from handrail_orchestrator.store.outbox import Notice

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
            f"{store}: only {below(labels.answered, LEAST_ANSWERED)} of the drawn cases are decided,"
            f" {in_percent(LEAST_ANSWERED)} needed: those left over may be the hard ones. Answer them with `handrail"
            " review next --queue audits`"
        )


@measuring
def labels(
    step: Annotated[str, typer.Argument(metavar="STEP", help="the AI step's name in the store, such as route")],
    store: Annotated[str | None, typer.Option("--store", help="sqlite:///FILE")] = None,
    source: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="what `handrail review export` wrote, in its place")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="write what may train a model, for `handrail learn`")
    ] = None,
    give_up: Annotated[
        float, typer.Option(min=0, max=1, help="share of the audits that trains too, and never calibrates again")
    ] = 0.0,
    as_json: options.JsonOption = False,
) -> None:
    """Read what people decided: audits may set a threshold, corrections may only train."""
    if (store is None) == (source is None):
        raise typer.BadParameter("say where the decisions are: --store sqlite:///FILE or --from FILE")
    found = _of_store(str(store), step, give_up) if source is None else _of_file(source, step, give_up)
    written = 0 if out is None else write_examples(out, found.examples)
    if as_json:
        counts: dict[str, Any] = {
            "audits": found.audits,
            "corrections": found.corrections,
            "given_up": found.given_up,
            "answered": found.answered,
            "left_out": str(found.left_out),
            "written": written,
        }
        typer.echo(json_line(counts, ascii_only=False))
        return
    typer.echo(f"audits       {found.audits:,}  ({found.share}); they may calibrate")
    typer.echo(f"corrections  {found.corrections:,}; they may only train")
    if found.given_up:
        typer.echo(f"given up     {found.given_up:,} audits, for training")
    typer.echo(str(found.left_out))
    if out is not None:
        typer.echo(f"written      {written:,} examples to {out}: handrail learn NAME --from {out}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What people decided of one step, counted, and what may train."""

    audits: int
    corrections: int
    given_up: int
    answered: float | None
    """Share of the drawn cases that are decided; None: none was drawn, or it is not known."""
    share: str
    """The same in words."""
    left_out: LeftOut
    examples: tuple[LabelledText, ...]


def _of_store(store: str, step: str, give_up: float) -> _Found:
    def read(client: EngineClient) -> Labels:
        require_known(client, step)
        return read_labels(client, step=step)

    found = from_store(store, read)
    kept, given_up = found.give_up(give_up)
    share = (
        "none was drawn"
        if found.answered is None
        else f"{in_percent(found.answered, 1)} of the drawn cases are decided"
    )
    return _Found(
        audits=len(kept.audits),
        corrections=len(kept.corrections),
        given_up=len(given_up),
        answered=found.answered,
        share=share,
        left_out=found.left_out,
        examples=as_examples(kept.corrections, given_up=given_up),
    )


def _of_file(source: Path, step: str, give_up: float) -> _Found:
    found = read_label_file(source, step=step)
    examples, given_up = found.examples(given_up=give_up)
    return _Found(
        audits=len(found.audits) - given_up,
        corrections=len(found.corrections),
        given_up=given_up,
        answered=None,
        share="how many of the drawn cases are decided, only the store knows",
        left_out=found.left_out,
        examples=examples,
    )


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
    if now.phase != "usual" or not now.accepting:
        asyncio.run(_tell_people(store, step, now))
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


async def _tell_people(store: str, step: str, watch: Watch) -> None:
    """Put into the store's outbox that a promise may not hold, once for each turn that the watch took."""
    since = watch.changes[-1].at.isoformat() if watch.changes else "waiting"
    state = "accepts nothing" if not watch.accepting else "is audited more"
    async with Client(store) as client:
        key, title = f"promise:{step}:{watch.phase}:{since}", f"{step} {state}: its promise may not hold"
        await client.outbox.tell(Notice("promise", key, title, client.now(), body=watch.why))
