"""``handrail eval watch``: tell a step's watch what happened in a store, and say how it stands."""

import json
from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from handrail_evals.decide.corrections.record import require_known
from handrail_evals.decide.drift.feeding import feed
from handrail_evals.decide.drift.watch import Watch
from handrail_evals.decide.drift.watch_file import WatchFile
from handrail_evals.errors import InvalidSetting
from handrail_evals.show.cli import options
from handrail_evals.show.cli.exits import WORSE, measuring
from handrail_evals.show.cli.labelling import from_store
from handrail_guards.guarantee import ScoreName
from handrail_orchestrator.engine import EngineClient


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
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        typer.echo(f"{'accepting' if now.accepting else 'not accepting'}: {now.why}")
        typer.echo(
            f"{now.routed_cases:,} cases, {now.audits:,} audits ({now.wrong:,} wrong), {len(now.awaited):,} awaited"
        )
    if not now.accepting:
        raise typer.Exit(WORSE)
