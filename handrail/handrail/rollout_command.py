"""``handrail rollout``: how far steps and versions are let loose, and what the evidence says; promote, hold, resume."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from handrail.rollout_standing import rollout_standing, rollout_terms
from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_guards.rollout import percent
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.options import DEFAULT_STORE, DoerOption, JsonOption, StoreOption
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import Misuse, NotPromoted
from handrail_orchestrator.records.rollout import RolloutRecord, RolloutVerdict

if TYPE_CHECKING:
    from handrail_evals.decide.gate import Terms

app = typer.Typer(
    help="How far steps and versions are let loose: look, promote on evidence, hold and resume.", no_args_is_help=True
)

T = TypeVar("T")

CANT_TELL = 3
"""What a promotion ends with that too few cases carry."""

TargetArgument = Annotated[
    str, typer.Argument(metavar="TARGET", help="a step as WORKFLOW/STEP, or a version as WORKFLOW@VERSION")
]
WhyOption = Annotated[str, typer.Option("--why", metavar="TEXT", help="why, for the record")]
ConfidenceOption = Annotated[float, typer.Option("--confidence", help="of the interval, 0 to 1")]


@app.command()
@complaining
def status(
    target: Annotated[
        str | None, typer.Argument(metavar="TARGET", help="only this one: WORKFLOW/STEP or WORKFLOW@VERSION")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    margin: Annotated[
        float | None, typer.Option("--margin", help="say what a promotion would be told: how much worse is still fine")
    ] = None,
    confidence: ConfidenceOption = 0.95,
    as_json: JsonOption = False,
) -> None:
    """Show how far everything is let loose, what people decided in its place, and whether it could be promoted."""
    terms = None if margin is None else rollout_terms(margin, confidence)

    async def fetch(client: Client) -> list[dict[str, Any]]:
        found = client.rollouts() if target is None else [client.rollout(target)]
        return [rollout_standing(client, record, terms) for record in found]

    told = _with_client(store, fetch)
    if as_json:
        for each in told:
            typer.echo(json_line(each, ascii_only=False))
        return
    if not told:
        typer.echo("nothing is rolled out bit by bit in this store: code says so, once it is executed (docs: rollout)")
    for each in told:
        typer.echo(harmless("\n".join(_lines(each))))


def _lines(told: dict[str, Any]) -> list[str]:
    lines = [f"{told['target']}  {_how_far(told)}"]
    if told["terms"]:
        lines.append(f"  code      {told['terms']}")
    if told["at"] is not None:
        lines.append(f"  said      {_moment(told['at'])} by {told['by']}: {told['why']}")
    if "runs" in told:
        lines.append(f"  runs      {told['runs']:,} on this version")
    if (seen := told.get("evidence")) is not None:
        lines.append(
            f"  values    {seen['let_through']:,} let through, {seen['held_back']:,} kept back,"
            f" of {seen['judged']:,} judgements"
        )
        lines.append(
            f"  people    {seen['agreed']:,} of {seen['decided']:,} that they decided blind are as it has them,"
            f" {seen['undecided']:,} undecided"
        )
    if told["challenger"]:
        lines.append(f"  beside    {told['challenger']} is asked too, and decides nothing")
    for name, words in (("verdict", "verdict "), ("challenger_verdict", "its      ")):
        if (verdict := told.get(name)) is not None:
            lines.append(f"  {words}  {_could(verdict)}{verdict['reason']}")
    return lines


def _could(verdict: dict[str, Any]) -> str:
    return "may be promoted: " if verdict["allows"] else "not yet: "


def _how_far(told: dict[str, Any]) -> str:
    if told["is_held"]:
        return "HELD, nothing is let loose"
    if not told["terms"]:
        return "in every run"
    of = f", and in the slice {told['slice']!r}" if told["slice"] else ""
    by = ", promoted" if told["is_promoted"] else ""
    return f"in {percent(told['share'])} of the runs{of}{by}"


@app.command()
@complaining
def promote(
    target: TargetArgument,
    to: Annotated[float, typer.Option("--to", metavar="SHARE", help="the new share of the runs, 0 to 1")],
    why: WhyOption,
    by: DoerOption,
    store: StoreOption = DEFAULT_STORE,
    margin: Annotated[
        float | None, typer.Option("--margin", help="how much worse is still fine, such as 0.02 for two in a hundred")
    ] = None,
    confidence: ConfidenceOption = 0.95,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", metavar="RESULT", help="a suite's result on what is there now")
    ] = None,
    candidate: Annotated[
        Path | None, typer.Option("--candidate", metavar="RESULT", help="the suite's result on what is rolled out")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Let more of it loose, if the evidence carries that; ends with 3 while it does not, and says what is missing.

    The evidence is what people decided without the suggestion in view, or two results of one suite.
    """
    if (baseline is None) != (candidate is None):
        raise Misuse("give both results, --baseline OLD and --candidate NEW, or neither")

    async def act(client: Client) -> RolloutRecord:
        def verdict(record: RolloutRecord) -> RolloutVerdict:
            if margin is None:
                raise Misuse("say --margin: how much worse is still fine, such as 0.02 for two in a hundred")
            return _verdict(client, record, rollout_terms(margin, confidence), baseline, candidate)

        return await client.promote_rollout(target, to=to, by=by, why=why, verdict=verdict)

    try:
        record = _with_client(store, act)
    except NotPromoted as refused:
        if as_json:
            told = {"target": target, "promoted": False, "reason": str(refused), "missing": refused.missing}
            typer.echo(json_line(told, ascii_only=False))
        else:
            typer.echo(f"handrail: {harmless(str(refused))}", err=True)
        raise typer.Exit(CANT_TELL) from refused
    _show(record, as_json=as_json, promoted=True)


def _verdict(
    client: Client, record: RolloutRecord, terms: "Terms", baseline: Path | None, candidate: Path | None
) -> RolloutVerdict:
    from handrail_evals.decide.rollout_evidence import results_verdict, rollout_verdict  # noqa: PLC0415 -- only here
    from handrail_evals.measure.result.result import read_result  # noqa: PLC0415 -- as above

    if baseline is None or candidate is None:
        return rollout_verdict(client, record, terms)
    before, after = read_result(baseline), read_result(candidate)
    return results_verdict(before, after, record, {after.header.main: terms})


@app.command()
@complaining
def hold(
    target: TargetArgument,
    why: WhyOption,
    by: DoerOption,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Let nothing of it loose from now on: people decide, or the old version does the work."""
    _show(_with_client(store, lambda client: client.hold_rollout(target, by=by, why=why)), as_json=as_json)


@app.command()
@complaining
def resume(
    target: TargetArgument,
    why: WhyOption,
    by: DoerOption,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Let loose again what was let loose before it was held."""
    _show(_with_client(store, lambda client: client.resume_rollout(target, by=by, why=why)), as_json=as_json)


@app.command()
@complaining
def history(target: TargetArgument, store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Show what was said of a rollout: by whom, why, and on what evidence."""

    async def fetch(client: Client) -> list[dict[str, Any]]:
        return [change.as_json() for change in client.rollout_history(target)]

    for each in _with_client(store, fetch):
        if as_json:
            typer.echo(json_line(each, ascii_only=False))
            continue
        to = "" if each["share"] is None else f" to {percent(each['share'])}"
        on = "" if each["verdict"] is None else f" [{each['verdict']['reason']}]"
        typer.echo(harmless(f"{_moment(each['at'])}  {each['action']}{to} by {each['by']}: {each['why']}{on}"))


def _show(record: RolloutRecord, *, as_json: bool, promoted: bool | None = None) -> None:
    told = record.as_json() | ({} if promoted is None else {"promoted": promoted})
    typer.echo(json_line(told, ascii_only=False) if as_json else harmless(f"{record.target}  {_how_far(told)}"))


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _with_client(store: str, use: Callable[[Client], Awaitable[T]]) -> T:
    async def reach() -> T:
        async with Client(store) as client:
            return await use(client)

    return asyncio.run(reach())
