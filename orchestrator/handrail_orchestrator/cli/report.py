"""``handrail report weekly``: what the week came to, as a page, as text and as a mail."""

import asyncio
import uuid
from pathlib import Path
from time import time
from typing import Annotated

import typer

from handrail_ground.files import write_whole
from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.foreign import calling_foreign_code
from handrail_orchestrator.cli.options import DEFAULT_STORE, JsonOption, StoreOption
from handrail_orchestrator.cli.stats import ZoneOption
from handrail_orchestrator.cli.telling import NoticesOption, load_notices
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.notices.channel import Delivered, Message, MessageLine, MessageRefused, NotNow
from handrail_orchestrator.notices.plan import Notices
from handrail_orchestrator.statistics.weekly import WeeklyReport
from handrail_orchestrator.statistics.weekly_page import title_of, weekly_html, weekly_mail, weekly_text
from handrail_orchestrator.statistics.window import parse_window, week_of

app = typer.Typer(help="Write what is reviewed every week.", no_args_is_help=True)

SENDING_SECONDS = 60.0
FAILED = 1


@app.callback()
def report() -> None:
    """Write what is reviewed every week."""


@app.command()
@complaining
def weekly(
    store: StoreOption = DEFAULT_STORE,
    workflow: Annotated[str | None, typer.Option(help="only runs of this workflow")] = None,
    zone: ZoneOption = "UTC",
    week: Annotated[
        str | None, typer.Option("--window", metavar="WINDOW", help="another week, such as 2026-11-02..2026-11-09")
    ] = None,
    page: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="write it as one page there")] = None,
    mail: Annotated[
        bool, typer.Option("--mail", help="send it through the channels of --notices, or write an .eml file here")
    ] = False,
    notices: NoticesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the last whole week came to, from Monday to Monday, beside the week before.

    Numbers are called changed only where chance alone would make such a difference in one report of twenty.
    """
    if notices is not None and not mail:
        raise Misuse("--notices says through which channels a mail goes: give --mail with it")
    found = asyncio.run(_read(store, workflow, zone, week))
    if page is not None:
        write_whole(page, [weekly_html(found).encode()])
        typer.echo(harmless(f"written to {page}"))
    if mail:
        _mail(found, notices)
    if as_json:
        typer.echo(json_line(found.as_json()))
    elif page is None and not mail:
        typer.echo(weekly_text(found), nl=False)


async def _read(store: str, workflow: str | None, zone: str, week: str | None) -> WeeklyReport:
    now = time()
    window = week_of(now, zone) if week is None else parse_window(week, now=now, zone=zone)
    async with Client(store) as client:
        return client.weekly(window, workflow=workflow)


def _mail(found: WeeklyReport, notices: str | None) -> None:
    if notices is None:
        file = Path(f"weekly-{title_of(found).rpartition('week of ')[2][:10]}.eml")
        write_whole(file, [bytes(weekly_mail(found))])
        typer.echo(harmless(f"written to {file}: no --notices MODULE:NAME says through which channels to send it"))
        return
    with calling_foreign_code():
        plan = load_notices(notices)
    assert plan is not None  # noqa: S101 -- a target was given
    names = list(dict.fromkeys(route.to for route in plan.routes if "report" in route.kinds))
    if not names:
        raise Misuse(f"{notices} has no route for reports: add Route(on='report', to=...)")
    if asyncio.run(_sent(found, plan, names)):
        raise typer.Exit(FAILED)


async def _sent(found: WeeklyReport, plan: Notices, names: list[str]) -> int:
    """Send it through each channel; return how many did not take it."""
    failed = 0
    for name in names:
        message = Message(
            id=uuid.uuid4().hex, kind="report", title=title_of(found), lines=(MessageLine(text=weekly_text(found)),),
            html=weekly_html(found), link=plan.url,
        )  # fmt: skip
        try:
            outcome = await asyncio.wait_for(plan.channels[name].send(message), SENDING_SECONDS)
        except TimeoutError:
            outcome = NotNow(f"it was not taken within {SENDING_SECONDS:g} s")
        match outcome:
            case Delivered():
                typer.echo(harmless(f"{name}: sent"))
            case MessageRefused(why) | NotNow(why):
                failed += 1
                typer.echo(harmless(f"{name}: {why}"), err=True)
    return failed
