"""A store whose clock stands still, a plan, and its chores, done by hand: each test says what happens when."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handrail import Client, Escalation, Orchestrator, Run, workflow
from handrail.testing import FakeClock
from handrail_orchestrator.chores import Chore
from handrail_orchestrator.notices.channel import Channel, Delivered, Message, SendOutcome
from handrail_orchestrator.notices.chores import telling
from handrail_orchestrator.notices.plan import Notices
from handrail_orchestrator.notices.routes import Route

URGENT = Escalation(queue="refunds", priority=90, due_hours=10, when_late="remind")
CONSOLE = "https://desk.example.com/review"


@workflow(version=1)
async def refund(run: Run, title: str) -> str:
    return "paid" if await run.ask(title, bool, context={"iban": "DE02-SECRET"}, escalate=URGENT) else "kept"


@workflow(version=1)
async def breaking(_run: Run, text: str) -> str:
    raise RuntimeError(f"cannot reach {text}")


class Listening:
    """A channel in memory that does what it is told."""

    kind = "memory"
    reaches_people = True

    def __init__(self, *outcomes: SendOutcome) -> None:
        self.messages: list[Message] = []
        self.tries = 0
        self.outcomes = list(outcomes)

    async def send(self, message: Message) -> SendOutcome:
        self.tries += 1
        outcome = self.outcomes.pop(0) if self.outcomes else Delivered()
        if isinstance(outcome, Delivered):
            self.messages.append(message)
        return outcome


@dataclass
class Office:
    orchestrator: Orchestrator
    clock: FakeClock
    chores: Sequence[Chore]

    @property
    def client(self) -> Client:
        return self.orchestrator

    async def work(self, *titles: str, flow: Any = refund) -> None:
        """Start a run for each and let them come to rest."""
        await self.orchestrator.start_many(flow, [(f"run-{title}", title) for title in titles])
        await self.orchestrator.settled()

    async def later(self, seconds: float = 0.0) -> None:
        """Let time pass, then do every chore once."""
        self.clock.move_to(self.clock.now() + seconds)
        await self.orchestrator.fire_timers()
        for each in self.chores:
            await each.do()

    def states(self) -> list[str]:
        """Return what became of the deliveries, oldest first."""
        return [each.state for each in reversed(self.client.outbox.deliveries())]


@asynccontextmanager
async def office(path: Path, plan: Notices, clock: FakeClock | None = None) -> AsyncIterator[Office]:
    clock = clock or FakeClock()
    async with Orchestrator(f"sqlite:///{path / 'runs.db'}", workflows=[refund, breaking], clock=clock) as opened:
        await opened.outbox.declare(plan.declaration())
        yield Office(opened, clock, telling(opened.outbox, plan))


def plan(channel: Channel, *routes: Route, **more: Any) -> Notices:
    """Return a plan with one channel."""
    given = routes or (Route(on=("urgent", "reminder", "escalation", "failure", "at_risk"), to="desk"),)
    return Notices(channels={"desk": channel}, routes=given, **{"url": CONSOLE, **more})
