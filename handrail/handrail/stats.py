"""``handrail review stats``: the figures of the desk, in tables or for programs."""

import asyncio
import time
from datetime import datetime, timedelta
from typing import Annotated

import typer

from handrail.feedback import FromOption, StepOption, ToOption, WorkflowOption, moment
from handrail.figures import WEEK_SECONDS, ErrorRate, Figures
from handrail_ground.shares import in_percent
from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.options import DEFAULT_STORE, AsOption, JsonOption, QueueOption, StoreOption
from handrail_orchestrator.cli.printing import out, table
from handrail_orchestrator.client import Client
from handrail_orchestrator.statistics.figures import DeskFigures, QueueFigures
from handrail_orchestrator.statistics.person import PersonFigures
from handrail_orchestrator.store.decided import DecidedQuery

WHOLE = "the whole answer"
"""How tables call what has no field's name."""


@complaining
def stats(
    by: AsOption,
    store: StoreOption = DEFAULT_STORE,
    queue: QueueOption = None,
    workflow: WorkflowOption = None,
    step: StepOption = None,
    since: FromOption = None,
    until: ToOption = None,
    people: Annotated[
        bool, typer.Option("--people", help="for admins: known cases and who reads nothing, by name")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what waits, how long people take, how often they change suggestions and how far they agree.

    Without --from, of the last seven days. Each person sees their own pace, and nobody sees a ranking.
    """
    now = time.time()
    beginning = moment(since, "--from")
    query = DecidedQuery(
        queue=queue,
        workflow=workflow,
        step=step,
        since=now - WEEK_SECONDS if beginning is None else beginning,
        until=moment(until, "--to"),
    )

    async def fetch() -> tuple[Figures, PersonFigures, list[PersonFigures]]:
        async with Client(store) as client:
            own = client.own_figures(by=by, today=_midnight(now), queue=queue)
            everybody = client.people_figures(by=by, since=query.since or 0.0) if people else []
            return Figures.of(client, query, client.seen_by(by), now=now), own, everybody

    found, own, everybody = asyncio.run(fetch())
    if as_json:
        told = {**found.as_json(), "you": own.as_json()}
        typer.echo(json_line(told | ({"people": [each.as_json() for each in everybody]} if people else {})))
        return
    _show(found, now)
    typer.echo(harmless(_own(own)))
    for each in everybody:
        typer.echo(harmless(f"{each.person}: {each.known_right:,} of {each.known:,} known cases right"))
    findings = {str(each) for person in (own, *everybody) for each in person.stamping}
    for finding in sorted(findings):
        typer.echo(harmless(f"look at this: {finding}"))


def _show(found: Figures, now: float) -> None:
    rows = (
        (each.queue, f"{each.waiting:,}", _span(None if each.oldest is None else now - each.oldest), _late(each))
        for each in found.queues
    )
    out().print(table("waiting", ("queue", "items", "oldest", "late"), rows))
    for line in _desk_lines(found.desk, found.errors):
        typer.echo(harmless(line))
    desk = found.desk
    changes = (
        (name or WHOLE, f"{each.decided:,}", f"{each.changed:,}", _share(each.rate))
        for name, each in desk.changes.items()
    )
    if desk.changes:
        out().print(table("changed by people", ("field", "suggested", "changed", "share"), changes))
    agreements = (
        (
            name or "the whole answer",
            f"{a.items:,}",
            f"{a.people}",
            _share(a.raw),
            a.coefficient,
            _number(a.beyond_chance),
        )
        for name, a in desk.agreement.items()
    )
    if desk.agreement:
        columns = ("field", "items", "people", "agree", "coefficient", "beyond chance")
        out().print(table("answered by several", columns, agreements))


def _desk_lines(desk: DeskFigures, errors: ErrorRate) -> list[str]:
    part = "" if desk.is_whole else " (the newest; there are more)"
    lines = [
        f"decided         {desk.decided:,}{part}, {desk.by_policy:,} of them by a policy",
        f"approval delay  {_span(desk.approval_delay)} (median, from asking to taking)",
        f"hands-on        {_span(desk.hands_on)} (median, at an item)",
        f"due times       {desk.in_time:,} kept, {desk.late:,} missed",
        f"rework          {_number(desk.rework)} of 100 opened again, {desk.sent_up:,} sent up",
        f"people an item  {_number(desk.touches)} (mean)",
    ]
    if errors.rate is not None and errors.low is not None and errors.high is not None:
        interval = f"{in_percent(errors.low, 1)} to {in_percent(errors.high, 1)}"
        wrong = f"{errors.wrong:,} of {errors.audited:,} accepted values wrong"
        lines.append(f"audits          {wrong}: {in_percent(errors.rate, 1)} ({interval} with 95% confidence)")
    return lines


def _own(own: PersonFigures) -> str:
    pace = "" if own.pace is None else f", {_span(own.pace)} an item (median)"
    known = f", {own.known_right:,} of {own.known:,} known cases right" if own.known else ""
    return f"you ({own.person}): {own.today or 0:,} today{pace}{known}"


def _midnight(now: float) -> float:
    """Return when the day began on this machine."""
    return datetime.fromtimestamp(now).astimezone().replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


def _late(figures: QueueFigures) -> str:
    return f"{figures.late:,}{' or more' if figures.late >= figures.most_late else ''}"


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = timedelta(seconds=round(seconds))
    hours, minutes = divmod(whole.seconds // 60, 60)
    return f"{whole.days} d {hours} h" if whole.days else f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _share(value: float | None) -> str:
    return "–" if value is None else in_percent(value, 1)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
