"""``handrail notices``: what people were told, which channels are down, a trial of each, and trying again."""

import asyncio
import uuid
from typing import Annotated, assert_never, cast, get_args

import typer

from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.foreign import calling_foreign_code
from handrail_orchestrator.cli.options import DEFAULT_STORE, JsonOption, LimitOption, StoreOption
from handrail_orchestrator.cli.printing import moment, out, table
from handrail_orchestrator.cli.telling import load_notices
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.notices.channel import Delivered, Message, MessageLine, MessageRefused, NotNow
from handrail_orchestrator.notices.plan import Notices
from handrail_orchestrator.notices.sending import sent
from handrail_orchestrator.store.outbox import NOTHING, ChannelRow, DeliveryRow, DeliveryState, NoticeState

app = typer.Typer(help="Look at what people are told, try channels, and send again.", no_args_is_help=True)

TRIAL_SECONDS = 60.0
"""How long a channel may take for a trial message."""

ChannelOption = Annotated[str | None, typer.Option("--channel", metavar="NAME", help="only this channel")]


@app.command("list")
@complaining
def list_notices(
    store: StoreOption = DEFAULT_STORE,
    state: Annotated[str | None, typer.Option(help="only deliveries that are waiting, sent or set_aside")] = None,
    limit: LimitOption = 50,
    *,
    as_json: JsonOption = False,
) -> None:
    """List deliveries, newest first, and the channels that are down; addresses and secrets are never shown."""
    if state is not None and state not in get_args(DeliveryState):
        raise Misuse(f"there is no state {state!r}; there are: {', '.join(get_args(DeliveryState))}")
    wanted = cast("DeliveryState | None", state)

    async def fetch() -> tuple[list[DeliveryRow], list[ChannelRow], dict[NoticeState, int]]:
        async with Client(store) as client:
            outbox = client.outbox
            return outbox.deliveries(wanted, limit=limit), outbox.channels(), outbox.counts()

    deliveries, channels, counts = asyncio.run(fetch())
    if as_json:
        for each in deliveries:
            typer.echo(json_line({**each._asdict(), "is_loud": bool(each.is_loud)}))
        return
    for channel in channels:
        if channel.dead_since is not None:
            out().print(
                f"channel {channel.name} is down since {moment(channel.dead_since)}: {channel.error}", markup=False
            )
    if counts.get("unrouted"):
        out().print(f"{counts['unrouted']:,} notices had no recipient: see the routes", markup=False)
    rows = [
        (str(each.id), each.channel, each.person or "", each.topic, str(each.notices), _state(each), each.error or "")
        for each in deliveries
    ]
    out().print(table("", ("id", "channel", "to", "topic", "notices", "state", "why"), rows))


def _state(each: DeliveryRow) -> str:
    match each.state:
        case "sent":
            return f"sent {moment(each.ended)}"
        case "set_aside":
            return f"set aside {moment(each.ended)}, {each.tries} tries"
        case "waiting":
            return f"due {moment(each.due)}" + (f", {each.tries} tries" if each.tries else "")


@app.command("retry")
@complaining
def retry(
    store: StoreOption = DEFAULT_STORE,
    channel: ChannelOption = None,
    delivery: Annotated[int | None, typer.Option(min=1, max=2**63 - 1, help="only this one, by its id")] = None,
) -> None:
    """Send again what was set aside, and at once what waits for another try; whoever works on the store sends it."""

    async def again() -> int:
        async with Client(store) as client:
            count = await client.outbox.retry(channel=channel, delivery=delivery)
            if not count and delivery is not None:
                raise Misuse(f"no delivery {delivery} is set aside or waits: list them with `handrail notices list`")
            return count

    typer.echo(f"{asyncio.run(again()):,} deliveries are sent again")


@app.command("stop")
@complaining
def stop(store: StoreOption = DEFAULT_STORE) -> None:
    """Write nothing down any more that nobody sends, until somebody opens the store with a plan again."""

    async def stopped() -> None:
        async with Client(store) as client:
            await client.outbox.declare(NOTHING)

    asyncio.run(stopped())
    typer.echo("nothing is told any more; what was written down is still sent by whoever has a plan")


@app.command("test")
@complaining
def try_channels(
    notices: Annotated[str, typer.Option("--notices", metavar="MODULE:NAME", help="the Notices(...) to try")],
    channel: ChannelOption = None,
) -> None:
    """Send a trial message through each channel now, and say what came of it; no store is needed."""
    with calling_foreign_code():
        plan = load_notices(notices)
    assert plan is not None  # noqa: S101 -- a target was given
    if channel is not None and channel not in plan.channels:
        raise Misuse(f"there is no channel {channel!r}; there are: {', '.join(plan.channels)}")
    failed = asyncio.run(_tried(plan, channel))
    if failed:
        raise typer.Exit(1)


async def _tried(plan: Notices, wanted: str | None) -> int:
    failed = 0
    for name, channel in plan.channels.items():
        if wanted not in {None, name}:
            continue
        line = MessageLine(text="This is a trial: the channel works.", link=plan.url)
        message = Message(id=uuid.uuid4().hex, kind="test", title=f"Test of channel {name}", lines=(line,))
        outcome = await sent(channel, message, TRIAL_SECONDS)
        match outcome:
            case Delivered():
                typer.echo(f"{harmless(name)}: sent")
            case MessageRefused(why) | NotNow(why):
                failed += 1
                typer.echo(f"{harmless(name)}: {harmless(why)}", err=True)
            case _:
                assert_never(outcome)
    return failed
