"""The workflow that Temporal executes for each of our runs: it knows when the run goes on, and nothing else of it.

It imports Temporal's SDK alone, so that it needs no sandbox and can be executed in one.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey

DRIVE = "handrail.run"
ADVANCE = "handrail.advance"
ENDED = ("completed", "failed", "cancelled", "set_aside", "unknown")
LONGEST_EXECUTION = timedelta(days=365)
"""How long one execution of a run may take between two waits; a worker that is gone is noticed by its heartbeat."""
RETRIES = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=20))
"""Without end: what a run itself may fail at is decided in its store."""


@dataclass(frozen=True)
class Errand:
    """Which run is driven."""

    run: str
    heartbeat_seconds: float
    """After which a worker that says nothing has lost it."""


@dataclass(frozen=True)
class Advanced:
    """How a run stands after it was executed as far as it goes."""

    status: str
    due_in: float | None = None
    """Seconds until it goes on by itself; None: something has to come."""
    place: str | None = None
    """The queue of workers that its next step needs; None: any worker executes it."""
    attributes: dict[str, str] = field(default_factory=dict)
    """What Temporal's own page shows of it."""


@workflow.defn(name=DRIVE)
class RunDriver:
    """Has a run executed whenever it is due or something came for it, until it has ended."""

    def __init__(self) -> None:
        self._rings = 0
        self._shown: dict[str, str] = {}

    @workflow.signal
    def ring(self) -> None:
        """Say that something came for the run."""
        self._rings += 1

    @workflow.run
    async def drive(self, errand: Errand) -> str:
        """Drive the run; returns how it ended."""
        place: str | None = None
        while True:
            seen = self._rings  # what comes from here on is seen by another execution
            advanced = await self._advanced(errand, place)
            self._show(advanced.attributes)
            place = advanced.place
            if self._rings == seen and advanced.status in ENDED:
                return advanced.status
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(errand)  # which begins with what a ring that nobody has seen asks for
            if self._rings == seen and place is None:
                await self._rung(seen, advanced.due_in)

    async def _advanced(self, errand: Errand, place: str | None) -> Advanced:
        queue = workflow.info().task_queue
        advanced: Advanced = await workflow.execute_activity(
            ADVANCE,
            errand,
            result_type=Advanced,
            task_queue=queue if place is None else f"{queue}@{place}",
            start_to_close_timeout=LONGEST_EXECUTION,
            heartbeat_timeout=timedelta(seconds=errand.heartbeat_seconds),
            retry_policy=RETRIES,
        )
        return advanced

    async def _rung(self, seen: int, due_in: float | None) -> None:
        """Wait until the run is due, or rung."""
        timeout = None if due_in is None else timedelta(seconds=max(0.0, due_in))
        try:
            await workflow.wait_condition(lambda: self._rings != seen, timeout=timeout)
        except TimeoutError:
            return

    def _show(self, attributes: dict[str, str]) -> None:
        changed = {name: text for name, text in attributes.items() if self._shown.get(name) != text}
        if changed:
            self._shown |= changed
            workflow.upsert_search_attributes(
                [SearchAttributeKey.for_keyword(name).value_set(text) for name, text in changed.items()]
            )
