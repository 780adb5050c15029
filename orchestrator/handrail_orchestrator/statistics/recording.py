"""Recording what figures are made of beside the runs: what became of runs afterwards, and numbers from before."""

import json
import re
from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from handrail_ground.optional import LaterModule
from handrail_guards.numbers import is_finite
from handrail_orchestrator.errors import Misuse, WrongState
from handrail_orchestrator.given_time import checked_moment
from handrail_orchestrator.holder import StoreChanger
from handrail_orchestrator.statistics.rolling import AT_ONCE
from handrail_orchestrator.texts import checked_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handrail_orchestrator.records.rollout import RolloutRecord
    from handrail_orchestrator.records.run import RunRecord
    from handrail_orchestrator.review import moves
    from handrail_orchestrator.statistics.stats import StatsWindow
    from handrail_orchestrator.statistics.weekly import WeeklyReport, WeeklySource
    from handrail_orchestrator.store import figures
    from handrail_orchestrator.store.changes import Change
    from handrail_orchestrator.store.figures import BaselineRow, OutcomeHistoryRow
else:
    moves = LaterModule("handrail_orchestrator.review.moves")
    figures = LaterModule("handrail_orchestrator.store.figures")

LONGEST_NAME: Final = 100
_UNSEEN = r"\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
"""What ends a line, turns the direction of one, or is not seen at all."""
ONE_LINE: Final = rf"^[^{_UNSEEN}]*[^\s{_UNSEEN}][^{_UNSEEN}]*$"
"""A name that is seen, as Python, JSON Schema and its readers in other languages have it."""
LONGEST_VALUE: Final = 200
LARGEST: Final = 1e12
"""The largest number of an outcome: sums of them stay exact."""
AHEAD_SECONDS: Final = 86_400.0
"""How far in the future an outcome may have happened: the clocks of two machines differ, and so do time zones."""

OutcomeValue: TypeAlias = bool | float | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcome:
    """What became of an ended run afterwards, as somebody recorded it."""

    id: int
    run_id: str
    name: str
    value: OutcomeValue
    at: float
    """When it happened, in seconds since the epoch."""
    recorded: float
    by: str
    """``person:<name>``, or ``code``."""
    superseded_by: int | None = None
    """The number of what took its place; None: it stands."""


class Measuring(StoreChanger):
    """Records outcomes and baselines, and rolls up; ``Client`` does it."""

    @abstractmethod
    async def _writer_later(self, change: "Change") -> Any:
        """Write, and tell nobody."""

    @abstractmethod
    def run(self, run_id: str) -> "RunRecord":
        """Return one run."""

    async def outcome(
        self,
        run_id: str,
        name: str,
        value: OutcomeValue = None,
        *,
        at: datetime | float | None = None,
        by: str | None = None,
    ) -> int:
        """Record what became of an ended run afterwards, such as ``reopened``, ``disputed`` or ``days_to_live``.

        Without a value it is a yes. Recorded again under the same name, it takes the place of what stood there, which
        is kept and shown as superseded; the same value is not recorded twice. ``at`` is when it happened: now. Returns
        its number.

        Raises:
            NotAllowed: this person may not.
            UnknownRun: there is no such run.
            WrongState: it has not ended, or the time has not come yet.
            Misuse: the name, the value or the time cannot be one of an outcome.
        """
        checked_texts(run_id=run_id, name=name)
        self.must_be_allowed(by, "outcome")
        now = self.now()
        happened = now if at is None else _moment(at)
        if happened > now + AHEAD_SECONDS:
            raise WrongState(f"an outcome at {at} lies ahead: give the time at which it happened, not one to come")
        told = json.dumps(_checked(name, value))
        who = "code" if by is None else moves.actor(by)
        return int(await self._writer_later(figures.RecordOutcome(run_id, name, told, happened, now, who)))

    def outcomes(self, run_id: str) -> list[RunOutcome]:
        """Return all that was recorded of what became of a run, oldest first, superseded or not.

        Raises:
            UnknownRun: there is no such run.
        """
        return [_outcome(row) for row in self._open_store.outcomes_of(self.run(run_id).key)]

    async def put_baseline(self, rows: "Sequence[BaselineRow]", *, by: str | None = None) -> None:
        """Keep numbers from before, to be shown beside, in place of those that were kept.

        Raises:
            NotAllowed: this person may not.
        """
        self.must_be_allowed(by, "outcome")
        await self._writer_later(figures.PutBaseline(tuple(rows)))

    @abstractmethod
    def rollouts(self) -> "list[RolloutRecord]":
        """Return how far everything is rolled out that code has declared."""

    def weekly(self, window: "StatsWindow", *, workflow: str | None = None) -> "WeeklyReport":
        """Return what a week came to beside the week before it, for the report that is reviewed every week.

        Raises:
            StoreError: the store cannot be read.
        """
        from handrail_orchestrator.statistics.weekly import weekly  # noqa: PLC0415 -- few clients report

        source = cast("WeeklySource", self)
        return weekly(source, self._open_store, window, workflow=workflow, rollouts=self.rollouts())

    async def roll_up(self, *, most: int = AT_ONCE) -> bool:
        """Roll up what some ended runs came to, for figures; returns whether there are more. A chore does it."""
        return bool((await self._writer_later(figures.RollUp(self.now(), most))).more)


def _moment(at: Any) -> float:
    """Return when something happened, in seconds since the epoch."""
    if is_finite(at):
        return float(at)
    return checked_moment(at, "outcome: at").timestamp()


def _checked(name: str, value: object) -> object:
    if len(name) > LONGEST_NAME or re.fullmatch(ONE_LINE, name) is None:
        raise Misuse(f"an outcome is called {name!r}: give it a name of 1 to {LONGEST_NAME} characters in one line")
    if isinstance(value, str):
        checked_texts(value=value)
        if not value.strip() or len(value) > LONGEST_VALUE:
            raise Misuse(f"outcome {name!r} is a text of {len(value)} characters: give 1 to {LONGEST_VALUE}")
    elif isinstance(value, bool | int | float):
        if not abs(value) <= LARGEST:  # of NaN neither is true
            raise Misuse(f"outcome {name!r} is {value!r}: give a number between -{LARGEST:g} and {LARGEST:g}")
    elif value is not None:
        kind = type(value).__name__
        raise Misuse(f"outcome {name!r} is a {kind}: give yes or no (True, False), a number or a short text")
    return value


def _outcome(row: "OutcomeHistoryRow") -> RunOutcome:
    return RunOutcome(
        id=row.id,
        run_id=row.run_id,
        name=row.name,
        value=json.loads(row.value),
        at=row.at,
        recorded=row.recorded,
        by=row.by,
        superseded_by=row.superseded_by,
    )
