"""The last part of the demo: a month of made-up traffic under a promise, fast-forwarded."""

import random
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final, Literal

from handrail_ai_steps.kinds import classify
from handrail_ai_steps.model import ModelRequest
from handrail_ai_steps.models.scripted import Says, ScriptedModel
from handrail_evals.decide.keeping.keeping import keep_promises
from handrail_ground.shares import in_percent
from handrail_guards.outcome import Accepted
from handrail_guards.promise import promise
from handrail_orchestrator.orchestrator import Orchestrator
from handrail_orchestrator.run import Run
from handrail_orchestrator.store.queries import ReviewQuery
from handrail_orchestrator.testing.clock import FakeClock
from handrail_orchestrator.workflow import workflow

WEEKS: Final = 4
DAYS: Final = 5
"""Of a week."""
TICKETS: Final = 80
"""Of a day."""
WRONG_AT_MOST: Final = 0.05
DAY_SECONDS: Final = 86_400.0
SEED: Final = 20

Team = Literal["accounts", "cards"]


@dataclass(frozen=True, slots=True)
class Day:
    """What became of the tickets of a day."""

    tickets: int
    accepted: int
    """Without a person."""
    reviews: int
    """What people answered: what was not accepted, and the blind audits."""
    wrong: int
    """Accepted, and truly wrong."""


def can_keep() -> bool:
    """Return whether the library is there that the keeper needs."""
    return find_spec("numpy") is not None


def _sure_of(request: ModelRequest) -> Says:
    """Stand in for a model: it says "cards", as sure as the ticket's last word."""
    return Says("cards", float(request.text.split()[-1]))


async def month() -> list[Day]:
    """Return what became of the tickets of each day; the truth is drawn with the tickets."""
    accept = promise(wrong_at_most=WRONG_AT_MOST, sure=0.95)
    route = classify("route", Team, "Which team owns this ticket?", models=ScriptedModel(_sure_of), accept=accept)

    @workflow(version=1)
    async def triage(run: Run, ticket: str) -> Team:
        return await run.decide(route, ticket)

    chance, clock, found = random.Random(SEED), FakeClock(), []  # noqa: S311 -- made-up tickets, the same each time
    async with Orchestrator("sqlite:///:memory:", workflows=[triage], clock=clock) as desk:
        for day in range(1, WEEKS * DAYS + 1):
            truth: dict[str, Team] = {}
            tickets = []
            for number in range(1, TICKETS + 1):
                score, name = chance.random(), f"{day}/{number}"
                truth[name] = "accounts" if chance.random() < (0.01 if score > 0.2 else 0.5) else "cards"
                tickets.append((name, f"ticket {name} {score:.4f}"))
            await desk.start_many(triage, tickets)
            await desk.idle()
            ends = [next(step.outcome for step in desk.steps(name) if step.name == "route") for name in truth]
            wrong = [
                isinstance(end, Accepted) and truth[name] != end.value for name, end in zip(truth, ends, strict=True)
            ]
            reviews = 0
            while items := desk.reviews(ReviewQuery(limit=500)):
                for item in items:
                    await desk.decide(item.id, truth[item.run_id], by="ann")
                reviews += len(items)
                await desk.idle()
            await keep_promises(desk)
            found.append(Day(TICKETS, sum(isinstance(end, Accepted) for end in ends), reviews, sum(wrong)))
            clock.move_to(clock.now() + DAY_SECONDS)
    return found


def by_week(days: list[Day]) -> list[Day]:
    """Return the days of each week as one."""
    weeks = [days[start : start + DAYS] for start in range(0, len(days), DAYS)]
    return [
        Day(*(sum(getattr(day, name) for day in week) for name in ("tickets", "accepted", "reviews", "wrong")))
        for week in weeks
    ]


def told(days: list[Day]) -> list[str]:
    """Return the month in four lines, by week."""
    weeks = by_week(days)
    accepted, wrong = sum(day.accepted for day in days), sum(day.wrong for day in days)
    rows = (
        ("decided without a person", [in_percent(each.accepted / each.tickets) for each in weeks], ""),
        ("answers of people", [f"{each.reviews}" for each in weeks], ""),
        (
            "accepted and wrong",
            [f"{each.wrong}" for each in weeks],
            f"   {in_percent(wrong / max(1, accepted), 1)} of all accepted",
        ),
    )
    begin = "A month of made-up tickets, fast-forwarded,"
    return [
        f"{begin} with at most {in_percent(WRONG_AT_MOST)} wrong promised; week by week:",
        *(f"  {name:26}" + "".join(f"{each:>7}" for each in cells) + more for name, cells, more in rows),
    ]
