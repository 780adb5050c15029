"""``handrail review next``: somebody sits down at the questions of a store, and leaves them."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass

import typer

from handrail_ground.errors import HandrailError
from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_orchestrator.cli.code import Code, go_on
from handrail_orchestrator.cli.desk import TerminalDesk
from handrail_orchestrator.cli.foreign import calling_foreign_code
from handrail_orchestrator.cli.printing import plain_text
from handrail_orchestrator.cli.prompting import prompting
from handrail_orchestrator.cli.showing import detail_json
from handrail_orchestrator.cli.sitting import Sitting
from handrail_orchestrator.cli.stopping import run_until_stopped
from handrail_orchestrator.cli.surroundings import DeskSurroundings
from handrail_orchestrator.cli.terminal import hang_ups_interrupt
from handrail_orchestrator.client import Client
from handrail_orchestrator.records.item import ReviewDetail, ReviewItem
from handrail_orchestrator.review.blinding import item_for
from handrail_orchestrator.review.moves import UNDO_SECONDS
from handrail_orchestrator.similar import Similar
from handrail_orchestrator.workflow import AnyWorkflow

Finders = Callable[[Client], AbstractContextManager[Similar]]
"""Makes what finds similar cases, for as long as somebody sits there."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Who sits down where, and how they like it."""

    store: str
    by: str
    queue: str | None = None
    undo_seconds: float = UNDO_SECONDS
    """How long an answer can be taken back before it counts."""
    lines: bool = False
    """Whether Enter is waited for behind every key."""


def answer_questions(seat: Seat, finders: Finders) -> None:
    """Put one question after the other until somebody stops, then let the answers count and their runs go on."""
    code = Code(seat.store)
    with hang_ups_interrupt(), asyncio.Runner() as runner:  # nothing of the loop's waits while somebody thinks
        client = Client(seat.store)
        runner.run(client.__aenter__())
        sitting = Sitting(client, runner, seat.by, seat.queue, undo_seconds=seat.undo_seconds)
        try:
            with finders(client) as finder, prompting(sitting.pulse, lines=seat.lines) as prompt:
                TerminalDesk(sitting, prompt, code, DeskSurroundings(client, seat.by, finder)).work()
            workflows = _left(sitting, code)
            _say_missed(client, sitting)
        except KeyboardInterrupt:
            _say_pending(sitting)
            raise
        finally:
            runner.run(client.__aexit__(None, None, None))
    with calling_foreign_code():
        run_until_stopped(go_on(seat.store, workflows))


def take_next(seat: Seat) -> None:
    """Take the next question and print it as JSON; ``null`` where none waits."""

    async def take() -> ReviewDetail | None:
        async with Client(seat.store) as client:
            return await client.next_review(by=seat.by, queue=seat.queue)

    item = asyncio.run(take())
    typer.echo(json_line(None if item is None else detail_json(item_for(item, seat.by))))


def _left(sitting: Sitting, code: Code) -> list[AnyWorkflow]:
    """Let every answer count, say what was done, and return the workflows whose runs go on with it."""
    counted = sitting.let_count()
    if counted:
        typer.echo(f"{_named(counted)} {'count' if len(counted) > 1 else 'counts'} now")
    typer.echo(f"{len(sitting.answered)} decided, {sitting.left()} left")
    return code.resumable(sitting.client, sitting.answered)


def _say_missed(client: Client, sitting: Sitting) -> None:
    """Say which cases with a known answer were answered otherwise: now that it counts, it is no secret any more."""
    now = {each.id for each in sitting.answered}
    for each in client.own_known_answers(by=sitting.by):
        if each.item in now and not each.is_right:
            told = f"you said {plain_text(each.said)}, right is {plain_text(each.right)}"
            typer.echo(harmless(f"item {each.item} was a case whose answer is known: {told}"))


def _say_pending(sitting: Sitting) -> None:
    """Say which answers do not count yet, and how they come to count or are taken back."""
    with suppress(HandrailError):
        items = sitting.pending()
        if items:
            by = harmless(sitting.by)
            typer.echo(
                f"{_named(items)}: recorded, and counts in a moment, when a worker, the pages or this command is up;"
                f" `handrail review undo {items[-1].id} --as {by}` takes it back until then",
                err=True,
            )


def _named(items: Sequence[ReviewItem]) -> str:
    return ", ".join(f"item {each.id}" for each in items)
