"""The audit trail of a request: who was asked, who answered what, when, and what was done, in the order of time.

python -m examples.approvals.trail approvals.db PR-4
"""

import asyncio
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from operator import itemgetter
from typing import Final, Literal

from handrail import Client
from handrail.orchestrator import ReviewChange, ReviewQuery

EVERY: Final[tuple[Literal["open", "leased", "pending", "decided", "expired", "cancelled"], ...]] = (
    "open", "leased", "pending", "decided", "expired", "cancelled",
)  # fmt: skip
"""The states of questions, the closed ones too."""


def trail(client: Client, run_id: str) -> list[str]:
    """Return the trail of a request, one line for each thing that happened."""
    return [f"{_time(at)}  {what}" for at, what in sorted(_happened(client, run_id), key=itemgetter(0))]


def _happened(client: Client, run_id: str) -> Iterator[tuple[float, str]]:
    run = client.run(run_id)
    yield run.created, f"{run.started_by or 'code'} asked: {run.input['text']}"
    for step in client.steps(run_id):
        if step.kind in {"rule", "action"} and step.ended is not None:
            yield step.ended, f"{step.name} ({step.kind}): {step.status}"
    for found in client.reviews(ReviewQuery(run_id=run_id, states=EVERY, limit=1_000)):
        item = client.review(found.id)
        for change in item.history:
            yield change.at, f"{item.queue}: {change.action} by {change.actor}{_said(change)}"


def _said(change: ReviewChange) -> str:
    told = [change.decision, (change.data or {}).get("to"), change.note]
    words = ", ".join(str(each) for each in told if each is not None)
    return f" ({words})" if words else ""


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")


async def main(store: str, run_id: str) -> None:
    """Print the trail of a request."""
    async with Client(f"sqlite:///{store}") as client:
        print("\n".join(trail(client, run_id)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
