"""``handrail promise``: what is promised, what it accepts now, and why; pause, resume, keep once, measure again."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer

from handrail.promise_next import UntilNext, until_next
from handrail.promise_otherwise import otherwise
from handrail_ground.shares import decimal, in_digits, percent
from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.foreign import calling_foreign_code
from handrail_orchestrator.cli.options import DEFAULT_STORE, DoerOption, JsonOption, StoreOption
from handrail_orchestrator.client import Client
from handrail_orchestrator.records.promise import (
    Contradiction,
    PromiseChange,
    PromiseRecord,
    PromiseRuleRecord,
    named_target,
)

app = typer.Typer(
    help="What AI steps promise of the values that they accept: look, pause, resume, keep, and measure again.",
    no_args_is_help=True,
)

T = TypeVar("T")

BROKEN: Final = 1
"""What a check ends with when a promise does not hold, or another model answers than it is kept for."""
CANT_TELL: Final = 3
"""What it ends with when the cases are too few to say."""

TargetArgument = Annotated[
    str, typer.Argument(metavar="TARGET", help="WORKFLOW/STEP, WORKFLOW/STEP[GROUP], or a promise's number")
]
AllOption = Annotated[bool, typer.Option("--all", help="those of earlier models, prompts and servers, too")]
WhyOption = Annotated[str, typer.Option("--why", metavar="TEXT", help="why, for the record")]


@app.command("list")
@complaining
def list_promises(
    store: StoreOption = DEFAULT_STORE,
    everything: AllOption = False,
    as_json: JsonOption = False,
) -> None:
    """List what is promised, what is accepted under it now, and what became of its cases."""

    async def fetch(client: Client) -> list[PromiseRecord]:
        return client.promises(earlier=everything)

    found = _with_client(store, fetch)
    if as_json:
        for each in found:
            typer.echo(json_line(each.as_json(), ascii_only=False))
        return
    if not found:
        typer.echo(
            "nothing is promised in this store: a promise begins with the first case of a step with promise(...)"
        )
    for each in found:
        whose = f"  (promise {each.number}, {each.model}, prompt {each.prompt_version})" if everything else ""
        typer.echo(harmless(f"{each.name}  {each.terms}  {each.standing}{whose}"))


@app.command()
@complaining
def show(
    target: TargetArgument,
    at: Annotated[
        list[float] | None, typer.Option("--at", metavar="SHARE", help="also what another target would allow, as 0.05")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Show a promise: whom it speaks of, its rule in force with its reason, and what people spend and are spared.

    Of a step all parts and groups are shown, one after the other.
    """

    async def fetch(
        client: Client,
    ) -> list[tuple[PromiseRecord, list[PromiseRuleRecord], list[Contradiction], list[Any], UntilNext]]:
        return [
            (
                each,
                client.promise_rules(str(each.number)),
                client.promise_contradictions(str(each.number)),
                [otherwise(client, each.number, share) for share in at or []],
                until_next(client, each.number),
            )
            for each in client.promises_named(target)
        ]

    for record, rules, contradictions, others, until in _with_client(store, fetch):
        if as_json:
            told = {
                "rules": [each.as_json() for each in rules],
                "contradictions": [each.as_json() for each in contradictions],
                "at": [each.as_json() for each in others],
                "next": until.as_json(),
            }
            typer.echo(json_line(record.as_json() | told, ascii_only=False))
        else:
            lines = [
                *_lines(record, rules),
                f"  next      {until.told}",
                *(f"  else      {each.told}" for each in others),
            ]
            typer.echo(harmless("\n".join([*lines, *_contradicted(contradictions)])))


def _contradicted(contradictions: list[Contradiction]) -> list[str]:
    """Return the blind answers that contradict the model where it was surest."""
    if not contradictions:
        return []
    return [
        "  look      the surest contradictions, where the model or who answered is in error:",
        *(
            f"            {decimal(each.confidence)}  run {each.run_id}, {each.step}, item {each.item}, by {each.by}"
            for each in contradictions
        ),
    ]


def _lines(record: PromiseRecord, rules: list[PromiseRuleRecord]) -> list[str]:
    lines = [f"{record.name}  {record.terms}  (promise {record.number})"]
    lines.append(f"  now       {record.standing}")
    if rules:
        lines.append(f"  why       {rules[-1].why} ({_moment(rules[-1].at)}, rule {record.rule})")
    on = f" on {', '.join(record.servers)}" if record.servers else ""
    lines.append(f"  answers   {record.model}{on}, prompt {record.prompt_version}")
    lines.append(
        f"  cases     {record.cases:,} distinct inputs since {_moment(record.begun)}: {record.accepted:,} accepted"
        f" without a person, {record.cases - record.accepted:,} decided by people"
    )
    wrong, missed = (f"of {record.of!r}", "missed") if record.about == "missed" else ("wrong", "wrong")
    lines.append(
        f"  blind     {record.answered:,} of {record.drawn:,} drawn cases are answered, {record.wrong:,} of them"
        f" {wrong}; of the accepted ones {record.accepted_answered:,}, {record.accepted_wrong:,} of them {missed}"
    )
    if None not in (seen := (record.accepted_risk, record.accepted_risk_from, record.accepted_risk_to)):
        risk, low, high = (percent(each or 0) for each in seen)
        lines.append(f"  seen      {risk}% of what is accepted is wrong by these ({low} to {high}%), each weighed")
    if record.group:
        lines.append(f"  group     {record.by} {record.group}: a promise of its own, with labels of its own")
    if record.stops_at is not None:
        lines.append(
            f"  stops     where one more case has a risk of {in_digits(record.stops_at)}, which is what it costs"
        )
    if record.threshold is None and record.state == "keeping":
        lines.append("  until     what is drawn is answered: the keeper counts them while handrail work or serve runs")
    return lines


@app.command()
@complaining
def history(target: TargetArgument, store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Show what was decided about a promise: by its keeper and by people, when and why."""

    async def fetch(client: Client) -> list[tuple[PromiseRecord, PromiseChange]]:
        named = client.promises_named(target)
        found = [(each, change) for each in named for change in client.promise_history(str(each.number))]
        # of one promise in the order in which it was written: clocks of several machines differ
        return found if len(named) == 1 else sorted(found, key=lambda pair: pair[1].at)

    found = _with_client(store, fetch)
    has_parts = len({record.number for record, _ in found}) > 1
    for record, change in found:
        if as_json:
            told = {"promise": record.number, "name": record.name, "terms": record.terms} if has_parts else {}
            typer.echo(json_line(told | change.as_json(), ascii_only=False))
        else:
            whose = f"{record.name}, {record.terms}: " if has_parts else ""
            typer.echo(harmless(f"{_moment(change.at)}  {whose}{change.action} by {change.by}: {change.why}"))


@app.command()
@complaining
def pause(target: TargetArgument, why: WhyOption, by: DoerOption, store: StoreOption = DEFAULT_STORE) -> None:
    """Accept nothing under a promise until somebody resumes it; blind answers count all the same."""
    _with_client(store, lambda client: client.pause_promise(target, by=by, why=why))
    typer.echo(harmless(f"{target}: people decide until it is resumed"))


@app.command()
@complaining
def resume(target: TargetArgument, why: WhyOption, by: DoerOption, store: StoreOption = DEFAULT_STORE) -> None:
    """Let a paused promise accept again, as much as its labels allow."""

    async def act(client: Client) -> list[PromiseRecord]:
        await client.resume_promise(target, by=by, why=why)
        await _kept(client)
        return client.promises_named(target)

    found = _with_client(store, act)
    for each in found:
        name = target if len(found) == 1 else f"{each.name}, {each.terms}"
        typer.echo(harmless(f"{name}: {each.standing}"))


@app.command()
@complaining
def keep(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Look at every promise once, as handrail work and serve do all the time: for cron, or a first try."""
    kept, learnt = _with_client(store, _kept_and_learnt)
    for each in kept:
        if as_json:
            told = {"promise": each.number, "target": each.target, "read": each.read, "threshold": each.threshold}
            typer.echo(json_line(told | {"notes": list(each.notes)}, ascii_only=False))
            continue
        typer.echo(harmless(f"{each.target}: read {each.read:,} cases"))
        for note in each.notes:
            typer.echo(harmless(f"  {note}"))
    for each in learnt:
        told = {"target": each.target, "learned": each.note}
        typer.echo(json_line(told, ascii_only=False) if as_json else harmless(f"{each.target}: {each.note}"))
    if not kept and not learnt and not as_json:
        typer.echo("nothing to do: no promise has a case that was not read")


async def _kept(client: Client) -> list[Any]:
    from handrail_evals.decide.keeping.keeping import keep_promises  # noqa: PLC0415 -- looking needs none of it

    return [*await keep_promises(client)]


async def _kept_and_learnt(client: Client) -> tuple[list[Any], list[Any]]:
    from handrail_evals.decide.learning.learning import learn_again  # noqa: PLC0415 -- as above

    kept = await _kept(client)
    learnt = await learn_again(client)
    return kept + (await _kept(client) if learnt else []), learnt


@app.command()
@complaining
def check(
    step: Annotated[str, typer.Argument(metavar="STEP", help="MODULE:STEP or FILE.py:STEP, an AI step")],
    cases: Annotated[Path, typer.Option("--cases", metavar="FILE", help="labelled cases, drawn as the traffic is")],
    by_name: Annotated[
        bool,
        typer.Option("--by-name", help="call the step with the fields of an input by name, as its workflow does"),
    ] = False,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Measure a promise again on labelled cases: ends with 0 if it holds, 1 if not or if another model answers.

    Ends with 3 when the cases are too few to say. Those that the promise has counted are left out, as are copies.
    """
    from handrail_evals.decide.keeping.measuring import check_promise  # noqa: PLC0415 -- looking needs none of it
    from handrail_evals.measure.cases.read import first_keys, read_cases  # noqa: PLC0415 -- as above
    from handrail_evals.show.cli.suites import load_step  # noqa: PLC0415 -- as above

    with calling_foreign_code():
        asked = load_step(step)
        by_field = asked.promise is not None and (asked.promise.by, asked.promise.once_per) != (None, None)
        given = Any if by_field or by_name else str
        keys = first_keys(cases)
        has_names = not keys or "name" in keys  # without names, cases are called by their lines
        labelled = list(
            read_cases(cases, input=given, expected=asked.output_type, names="field" if has_names else "line")
        )
        found = _with_client(
            store, lambda client: check_promise(asked, labelled, client.promise_store, by_name=by_name)
        )
    for each in found:
        where = named_target(each.workflow, each.step, each.group) if each.workflow else each.step
        typer.echo(
            json_line(each.as_json(), ascii_only=False)
            if as_json
            else harmless(f"{where}: {each.standing}: {each.reason}")
        )
    standings = {each.standing for each in found}
    if standings & {"broken", "stale"}:
        raise typer.Exit(BROKEN)
    if "unsure" in standings:
        raise typer.Exit(CANT_TELL)


@app.command()
@complaining
def rescore(
    step: Annotated[str, typer.Argument(metavar="STEP", help="MODULE:STEP or FILE.py:STEP, with the new model")],
    why: Annotated[
        str, typer.Option("--why", metavar="TEXT", help="why it comes from elsewhere: made without these cases")
    ],
    by: DoerOption,
    newest: Annotated[
        int | None, typer.Option("--newest", min=1, metavar="N", help="ask about the last N cases alone")
    ] = None,
    open_as_wrong: Annotated[
        bool, typer.Option("--open-as-wrong", help="count the first open case as wrong, and none behind it")
    ] = False,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Score what people answered blind again under another model, so that its promise begins with those labels.

    For a model, prompt or server from elsewhere, before it is deployed: it is asked about the cases of this store.
    """
    from handrail_evals.decide.learning.exchanged import rescore_promise  # noqa: PLC0415 -- looking needs none of it
    from handrail_evals.show.cli.suites import load_step  # noqa: PLC0415 -- as above

    with calling_foreign_code():
        asked = load_step(step)

        async def act(client: Client) -> list[Any]:
            return await rescore_promise(asked, client, by=by, why=why, newest=newest, open_as_wrong=open_as_wrong)

        found = _with_client(store, act)
    for each in found:
        typer.echo(json_line(each.as_json(), ascii_only=False) if as_json else harmless(each.told))


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _with_client(store: str, use: Callable[[Client], Awaitable[T]]) -> T:
    async def reach() -> T:
        async with Client(store) as client:
            return await use(client)

    return asyncio.run(reach())
