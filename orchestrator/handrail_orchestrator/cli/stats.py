"""``handrail stats``: what the runs of a window came to, and numbers from before to be shown beside."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handrail_ground.shares import Proportion
from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.known_workflows import must_be_known
from handrail_orchestrator.cli.options import DEFAULT_STORE, DoerOption, JsonOption, StoreOption
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.statistics.aligned import aligned
from handrail_orchestrator.statistics.asking import counting
from handrail_orchestrator.statistics.words import cost, instant, percent, share, span
from handrail_orchestrator.tags import read_filter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handrail_orchestrator.records.promise import PromiseRecord
    from handrail_orchestrator.statistics.stats import Stats

app = typer.Typer(help="Show what runs came to: funnel, times, steps, people, outcomes.", invoke_without_command=True)

WindowOption = Annotated[
    str, typer.Option("--window", metavar="WINDOW", help="7d, 24h, or 2026-11-01..2026-11-08 (the last not included)")
]
ZoneOption = Annotated[str, typer.Option("--zone", metavar="ZONE", help="where days begin, such as Europe/Berlin")]


@app.callback()
@complaining
def stats(
    context: typer.Context,
    window: WindowOption = "7d",
    store: StoreOption = DEFAULT_STORE,
    workflow: Annotated[str | None, typer.Option(help="only runs of this workflow")] = None,
    version: Annotated[int | None, typer.Option(help="only runs of this version of it")] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="NAME=VALUE", help="only runs with this tag; may be given again"),
    ] = None,
    zone: ZoneOption = "UTC",
    from_records: Annotated[
        bool, typer.Option("--from-records", help="count every record again: the same numbers, slowly")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="print CSV for spreadsheets")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what the runs that were started in a window came to; those still open are told apart."""
    if context.invoked_subcommand is not None:
        return
    if as_csv and as_json:
        raise Misuse("give one of --csv and --json")
    carried = read_filter(tag or [])
    with counting(store) as reader:
        if workflow is not None:
            must_be_known(workflow, reader.workflow_names())
        found = reader.stats(
            window, workflow=workflow, version=version, tag=carried, zone=zone, from_records=from_records
        )
        promised = [] if as_json or as_csv else reader.current_promises(workflow)
    if as_json:
        typer.echo(json_line(found.as_json()))
    elif as_csv:
        from handrail_orchestrator.statistics.csv_file import stats_csv  # noqa: PLC0415 -- few ask for it

        for line in stats_csv(found):
            typer.echo(line, nl=False)
    else:
        _show(found, promised)


@app.command()
@complaining
def baseline(
    file: Annotated[Path, typer.Argument(help="CSV: workflow, metric, value, unit, cases, note")],
    by: DoerOption,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Keep numbers from before, in place of those that were kept, to be shown beside what is measured."""
    import asyncio  # noqa: PLC0415 -- looking at figures needs none

    from handrail_orchestrator.client import Client  # noqa: PLC0415 -- looking at figures needs none
    from handrail_orchestrator.statistics.csv_file import read_baseline  # noqa: PLC0415 -- as above

    rows = read_baseline(file)

    async def put() -> None:
        async with Client(store) as client:
            await client.put_baseline(rows, by=by if by.strip() or client.people.exist() else None)

    asyncio.run(put())
    typer.echo(harmless(f"{len(rows)} number{' from before is' if len(rows) == 1 else 's from before are'} kept"))


def _show(found: "Stats", promised: "Sequence[PromiseRecord]") -> None:
    say = [_window(found), *_funnel(found), "", *_times(found)]
    for line in say:
        typer.echo(harmless(line))
    for line in (*_steps(found), *_questions(found), *_promised(promised), *_outcomes(found), *_baseline(found)):
        typer.echo(harmless(line))


def _window(found: "Stats") -> str:
    window = found.window
    of = "" if found.workflow is None else f" of {found.workflow}{'' if found.version is None else f' {found.version}'}"
    since, until = (instant(each, window.zone) for each in (window.since, window.until))
    return f"runs{of} started from {since} to {until} ({window.zone})"


def _funnel(found: "Stats") -> list[str]:
    words = {"rules_decided": "rules decided", "ai_accepted": "AI accepted", "still_open": "still open"}
    lines = [f"{'started':16}{found.funnel.started:>10,}"]
    for name, count in found.funnel.bars:
        rate = found.funnel.share(name).rate
        lines.append(f"{words.get(name, name):16}{count:>10,}  {percent(rate):>7}")
    return lines


def _times(found: "Stats") -> list[str]:
    ended, age = found.cycle.ended, found.cycle.open_age
    lines = [
        f"cycle time      p50 {span(ended.p50)}, p95 {span(ended.p95)} (of {ended.count:,} that ended)",
        f"still open      {age.count:,}, half of them older than {span(age.p50)}, the oldest {span(age.oldest)}",
        f"exceptions      {share(found.exceptions)}",
        f"completed       {share(found.completion)}",
        f"people waited   {percent(found.human_wait)} of the summed cycle time",
        f"money           {cost(found.money, found.unpriced)}",
    ]
    if found.bottleneck is not None:
        lines.append(f"bottleneck      {found.bottleneck}")
    return lines


def _steps(found: "Stats") -> list[str]:
    rows = [
        (
            each.step if found.workflow else f"{each.workflow}: {each.step}",
            each.kind,
            f"{each.executed:,}",
            span(each.work.p50),
            span(each.work.p95),
            span(each.wait.p50),
            percent(each.fail_rate),
            f"{each.retries:,}",
            cost(each.money, each.unpriced) if each.kind == "ai" else "",
            percent(each.share),
        )
        for each in found.steps
    ]
    columns = ("step", "kind", "times", "work p50", "p95", "wait p50", "failed", "retries", "money", "share of cycle")
    return ["steps", *aligned([columns, *rows])] if rows else []


def _questions(found: "Stats") -> list[str]:
    asked = found.questions
    if not asked.asked:
        return []
    promises, hand_offs = asked.promises, asked.hand_offs
    lines = [
        f"questions       {asked.asked:,} asked, {asked.decided:,} decided, {asked.by_policy:,} of them by a policy",
        f"approval delay  p50 {span(asked.approval_delay.p50)}, p95 {span(asked.approval_delay.p95)}",
        f"hands-on        p50 {span(asked.hands_on.p50)}, p95 {span(asked.hands_on.p95)}",
        f"rework          {share(asked.rework)}",
        f"due times       {promises.met:,} met, {promises.late:,} late, {promises.open_late:,} open and late",
    ]
    if hand_offs.items:
        accepted = Proportion(hand_offs.accepted, hand_offs.decided)
        lines.append(f"handed on       {hand_offs.items:,}, by the first receiver decided {share(accepted)}")
    if "" in found.changed:
        lines.append(f"changed         {share(found.changed[''])} of what was suggested")
    if found.audits.whole:
        lines.append(f"audits          {share(found.audits)} of the accepted values wrong")
    return lines


def _promised(promised: "Sequence[PromiseRecord]") -> list[str]:
    return [f"promise         {each.name}, {each.terms}: {each.standing}" for each in promised]


def _outcomes(found: "Stats") -> list[str]:
    return [
        f"outcome         {each.name}={value} of {each.path}: {share(each.share(value))}, {each.ended:,} ended"
        for each in found.outcomes
        for value in each.values
    ]


def _baseline(found: "Stats") -> list[str]:
    return [
        f"before          {each.metric} {each.value:g} {each.unit} {each.workflow} {each.note}".rstrip()
        for each in found.baseline
    ]
