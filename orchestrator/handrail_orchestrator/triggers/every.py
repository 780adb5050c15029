"""A cron line as a trigger: each time that it names starts one run, in whatever process is there."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, get_args

from handrail_guards.numbers import is_count
from handrail_orchestrator.errors import Misuse, OrchestratorError
from handrail_orchestrator.given_time import checked_moment
from handrail_orchestrator.store.starts import Fire
from handrail_orchestrator.store.triggers import TriggerEvent, TriggerRow
from handrail_orchestrator.triggers.making import InputMaker
from handrail_orchestrator.triggers.named import NamedTrigger
from handrail_orchestrator.triggers.port import ByHand, TriggerHost
from handrail_orchestrator.triggers.schedule import (
    ON_TIME_SECONDS,
    SKEW_SECONDS,
    CatchUp,
    DueNow,
    Overlap,
    Schedule,
    Skipped,
    due,
    instant,
    pauses_of,
)
from handrail_orchestrator.workflow import AnyWorkflow

LOOK_SECONDS = 15.0
"""How often it looks at the clock at least: clocks are set, and machines sleep."""

MOST_TIMES = 100_000
"""Of a line, to be looked at: nobody reads more, and those of each minute have no end."""

_log = logging.getLogger("handrail.triggers")


@dataclass(frozen=True)
class Occurrence:
    """One time that a schedule names; the input of a workflow that ``every`` starts."""

    trigger: str
    """The trigger's name."""
    at: datetime
    """When it was due, in UTC; of one that was fired by hand, when somebody wanted it."""
    by_hand: bool = False


def every(
    line: str,
    *,
    workflow: AnyWorkflow,
    tz: str = "UTC",
    catch_up: CatchUp = "last",
    overlap: Overlap = "allow",
    make_input: Callable[[Occurrence], Any] | None = None,
    name: str | None = None,
) -> "Every":
    """Start a run of a workflow at the times of a cron line: ``every("0 9 * * MON-FRI", tz="Europe/Berlin", ...)``.

    Each time starts one run, however many processes there are, and whichever of them die. A time counts from the moment
    that an orchestrator on the store was first given the trigger.

    Args:
        line: minute, hour, day of month, month, day of week.
        workflow: what is started. Its input is an ``Occurrence``, what ``make_input`` makes of one, or none.
        tz: the time zone that the line is read in.
        catch_up: which of the times are fired that passed while nobody was there: all, the last, or none.
        overlap: whether a time is fired while a run of an earlier one has not ended, or skipped.
        make_input: makes the workflow's input of an occurrence.
        name: what the memory of times belongs to; by default that of the workflow.

    Raises:
        InvalidWorkflow: the workflow cannot be given an occurrence.
        Misuse: the line, the zone or a setting cannot be.
    """
    if catch_up not in get_args(CatchUp):
        raise Misuse(f"every({line!r}, catch_up={catch_up!r}): say 'all', 'last' or 'none'")
    if overlap not in get_args(Overlap):
        raise Misuse(f"every({line!r}, overlap={overlap!r}): say 'allow' or 'skip'")
    schedule = Schedule(line, tz)
    schedule.check()
    maker = InputMaker(workflow, make_input, call="every", noun="an occurrence")
    made = Every(name or f"every:{workflow.name}", workflow, schedule, maker, catch_up, overlap)
    maker.check(Occurrence(made.name, datetime(2026, 1, 1, tzinfo=UTC)))
    return made


class Every(NamedTrigger):
    """A schedule that starts runs; see ``every``."""

    kind = "every"

    def __init__(
        self,
        name: str,
        workflow: AnyWorkflow,
        schedule: Schedule,
        maker: InputMaker[Occurrence],
        catch_up: CatchUp,
        overlap: Overlap,
    ) -> None:
        super().__init__(name, workflow)
        self.schedule = schedule
        self.catch_up: CatchUp = catch_up
        self.overlap: Overlap = overlap
        self._maker = maker
        self._closed = asyncio.Event()

    @property
    def says(self) -> str:
        """Return the line, its zone, and what becomes of what is missed."""
        skips = ", one at a time" if self.overlap == "skip" else ""
        return f"{self.schedule.line} {self.schedule.tz}, catches up {self.catch_up}{skips}"

    def begins_at(self, now: float) -> str:
        """Return how far it has looked when it begins: what was due before is none of its times."""
        del self
        return str(now)

    async def watch(self, host: TriggerHost) -> None:
        """Fire what is due, until it is closed or cancelled."""
        self._closed.clear()
        while not self._closed.is_set():
            next_at = await self.look(host)
            waiting = asyncio.ensure_future(host.until(next_at, at_most=LOOK_SECONDS))
            closing = asyncio.ensure_future(self._closed.wait())
            try:
                await asyncio.wait([waiting, closing], return_when=asyncio.FIRST_COMPLETED)
            finally:
                waiting.cancel()
                closing.cancel()

    async def look(self, host: TriggerHost) -> float | None:
        """Fire what is due by now, and return when to look again; None: the clock has to be waited for."""
        while True:
            standing = host.standing(self)
            if standing.paused is not None:
                return None
            now, looked = host.now(), float(standing.looked or 0.0)
            if looked > now + SKEW_SECONDS:
                await self._set_back(host, standing, now)
                continue
            found = await asyncio.to_thread(
                due, self.schedule, looked, now, catch_up=self.catch_up, pauses=pauses_of(standing.pauses)
            )
            if found is None:
                return next(self.schedule.after(looked), None)
            await self._advance(host, standing, found, now)

    async def _advance(self, host: TriggerHost, standing: TriggerRow, found: DueNow, now: float) -> None:
        events = [self._event(each, now) for each in found.skipped]
        fires = []
        for at in found.fire:
            try:
                fires.append(self._fire(host, at, now))
            except OrchestratorError as error:  # the input cannot be made: that is said, and the next one is due
                events.append(TriggerEvent(now, "refused", instant(at), None, None, str(error)))
                _log.error("%s cannot start the run of %s: %s", self.name, instant(at), error)
        looked = str(found.looked)
        led = await host.advance(self, standing, looked, fires=fires, events=events, pauses_over=found.looked)
        for fire, fired in zip(fires, led or (), strict=False):
            if fired.new:
                _log.info("%s starts run %s", self.name, fire.start.id)

    def _fire(self, host: TriggerHost, at: float, now: float) -> Fire:
        key = instant(at)
        value = self._maker(Occurrence(self.name, datetime.fromtimestamp(at, UTC)))
        reason = f"caught up, {now - at:,.0f} s late" if now - at > ON_TIME_SECONDS else None
        return host.occurrence(
            self, key, value, run_id=f"{self.name}-{key}", alone=self.overlap == "skip", reason=reason
        )

    def _event(self, skipped: Skipped, now: float) -> TriggerEvent:
        count = f"{skipped.times:,} times from {instant(skipped.first)} to {instant(skipped.last)}: "
        why = "it was paused" if skipped.reason == "paused" else f"nobody was there in time, catch_up={self.catch_up!r}"
        reason = why if skipped.times == 1 else count + why
        return TriggerEvent(now, "skipped", instant(skipped.last), None, None, reason)

    async def _set_back(self, host: TriggerHost, standing: TriggerRow, now: float) -> None:
        """Look from now on again: the clock that the schedule went by was ahead, and was set back."""
        reason = f"the clock was set back: it had looked as far as {instant(float(standing.looked or 0.0))}"
        event = TriggerEvent(now, "clock", None, None, None, reason)
        await host.advance(self, standing, str(now), events=[event])

    async def by_hand(self, host: TriggerHost, wish: ByHand) -> None:
        """Start a run for now."""
        if wish.payload is not None:
            raise Misuse(f"{self.name} is fired by hand without a payload: its runs are given the time alone")
        at = datetime.fromtimestamp(host.now(), UTC)
        value = self._maker(Occurrence(self.name, at, by_hand=True))
        await host.fire(self, wish.key, value, run_id=f"{self.name}-{wish.key}", by=wish.actor)

    async def close(self) -> None:
        """Fire nothing more."""
        self._closed.set()


def times(line: str, *, tz: str = "UTC", after: datetime, count: int) -> Sequence[datetime]:
    """Return the next times of a cron line, in UTC: to see what a line means before it is given.

    Raises:
        Misuse: the line, the zone or the moment cannot be.
    """
    checked_moment(after, "times: after")
    if not is_count(count) or count > MOST_TIMES:
        raise Misuse(f"times(count={count!r}): give how many, 0 to {MOST_TIMES:,}")
    schedule = Schedule(line, tz)
    schedule.check()
    found = schedule.after(after.timestamp())
    return [datetime.fromtimestamp(at, UTC) for at, _ in zip(found, range(count), strict=False)]
