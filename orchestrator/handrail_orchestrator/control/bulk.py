"""Retrying, cancelling or forking many runs, in batches that can be gone on with."""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, get_args

from handrail_ground.optional import LaterModule
from handrail_orchestrator.control.selection import RunSelection
from handrail_orchestrator.control.steering import Steering
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.texts import checked_texts

if TYPE_CHECKING:
    from handrail_orchestrator.records.run import RunRecord
    from handrail_orchestrator.review import moves
    from handrail_orchestrator.store import control
    from handrail_orchestrator.store.control import BulkAction, BulkRow
else:
    moves = LaterModule("handrail_orchestrator.review.moves")
    control = LaterModule("handrail_orchestrator.store.control")

AT_ONCE = 100
"""Runs changed in one transaction, so that others can write in between."""
SHOWN = 20
"""Runs that a result names."""
BEGINNING = "[0, null]"
"""Where a change of many begins: with the first status, and its newest run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkResult:
    """What a change of many runs came to, or would come to."""

    id: str
    """Give it again to go on with what was interrupted; empty for a dry run."""
    action: "BulkAction"
    runs: int
    """How many the filter found."""
    done: int
    """How many were changed; none in a dry run."""
    refused: Mapping[str, int] = field(default_factory=dict)
    """How many were not, by why."""
    first: Sequence[str] = ()
    """The ids of the first of them, newest first."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "id": self.id,
            "action": self.action,
            "runs": self.runs,
            "done": self.done,
            "refused": dict(self.refused),
            "first": list(self.first),
        }


class Bulk(Steering):
    """Changes many runs at once."""

    async def bulk(
        self,
        action: "BulkAction",
        runs: RunSelection,
        *,
        by: str | None = None,
        dry_run: bool = False,
        step: str | None = None,
        id: str | None = None,  # noqa: A002
    ) -> BulkResult:
        """Retry, cancel or fork the runs of a filter, newest first; runs that are started meanwhile are not among them.

        It goes in batches of a transaction each, so others can write in between. With an ``id`` that was given before
        it goes on where it was interrupted, and does nothing when it had ended; no run is changed twice. A fork goes on
        from ``step``, or anew without one. What was done, how often, and what was refused is in the audit log.

        Raises:
            NotAllowed: this person may not.
            Misuse: the filter says nothing or cannot fit, or the ``id`` is that of another change of many.
        """
        if action not in get_args(control.BulkAction):
            raise Misuse(f"bulk({action!r}): say retry, cancel or fork")
        if step is not None and action != "fork":
            raise Misuse(
                f"bulk({action!r}, step=...): only a fork goes on from one; RunSelection(step=) says what failed"
            )
        checked_texts(step=step, id=id)
        self.must_be_allowed(by, action)
        lanes = [replace(runs.runs, status=status, limit=AT_ONCE, values=False) for status in runs.statuses(action)]
        if dry_run:
            found = [run.id for query in lanes for page, _ in self._pages(query, runs, None) for run in page]
            return BulkResult(id="", action=action, runs=len(found), done=0, first=tuple(found[:SHOWN]))
        name = id or f"{action}-{uuid.uuid4().hex[:12]}"
        told = json.dumps({**runs.as_json(), **({} if step is None else {"from": step})}, sort_keys=True)
        batch = control.BulkBatch(name, action, told, None if by is None else moves.actor(by), self.now(), BEGINNING)
        first: list[str] = []
        begun = self._open_store.bulk(name)
        row: BulkRow = await self._change(batch if begun is None else batch._replace(after="", place=begun.place))
        while row.ended is None:
            lane, before = json.loads(row.place)
            if lane >= len(lanes):
                row = await self._change(batch._replace(now=self.now(), after=row.place, place=""))
                continue
            page, last = next(self._pages(lanes[lane], runs, before), ((), None))
            first += [run.id for run in page][: SHOWN - len(first)]
            place = json.dumps([lane + 1, None] if last is None else [lane, last])
            runs_now = [run.id for run in page]
            row = await self._change(
                batch._replace(now=self.now(), after=row.place, place=place, runs=runs_now, step=step)
            )
        refused = json.loads(row.refused)
        return BulkResult(
            id=name,
            action=action,
            runs=row.done + sum(refused.values()),
            done=row.done,
            refused=refused,
            first=tuple(first),
        )

    def _pages(
        self, query: Any, runs: RunSelection, before: int | None
    ) -> "Iterator[tuple[Sequence[RunRecord], int | None]]":
        """Yield the runs of a status, so many looked at at once, and behind which one to go on; None: behind none."""
        while True:
            found = self.find_runs(replace(query, before_key=before))
            before = found[-1].key if len(found) == AT_ONCE else None
            if runs.looks_inside:
                chosen = {run.key for run in runs.choose(self.failed_runs(found))}
                found = [run for run in found if run.key in chosen]
            yield found, before
            if before is None:
                return
