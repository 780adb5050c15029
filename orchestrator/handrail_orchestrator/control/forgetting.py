"""Having what is known of somebody forgotten: their runs' values go, the record that there was something stays."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from handrail_ground.optional import LaterModule
from handrail_orchestrator import tags as t
from handrail_orchestrator.control.steering import Steering
from handrail_orchestrator.errors import Misuse, UnknownRun, WrongState
from handrail_orchestrator.store.queries import RunQuery
from handrail_orchestrator.texts import checked_texts

if TYPE_CHECKING:
    from handrail_orchestrator.review import moves
    from handrail_orchestrator.store import changes, files, forgetting
    from handrail_orchestrator.store.forgetting import FamilyRow
else:
    moves = LaterModule("handrail_orchestrator.review.moves")
    changes = LaterModule("handrail_orchestrator.store.changes")
    files = LaterModule("handrail_orchestrator.store.files")
    forgetting = LaterModule("handrail_orchestrator.store.forgetting")

AT_ONCE = 20
"""Runs forgotten in one transaction."""
LOOKED_AT_ONCE = 500
PARTS_AT_ONCE = 16
"""Parts of files removed in one transaction."""
LOOK_SECONDS = 0.05
PATIENCE_LOOKS = 200
"""How often is looked whether runs that were cancelled have ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was forgotten."""

    runs: int
    """How many runs the tags or ids lead to, their descendants among them."""
    forgotten: int
    """How many of them had values until now."""
    open: int = 0
    """How many have not ended yet although they were cancelled: say it again when they have."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return asdict(self)


class Forgetting(Steering):
    """Forgets."""

    async def forget(
        self,
        *,
        tags: Mapping[str, str] | None = None,
        runs: Sequence[str] = (),
        by: str | None = None,
        why: str | None = None,
        cancel: bool = False,
        dry_run: bool = False,
    ) -> Forgotten:
        """Blank the values of all runs that carry these tags, or have these ids, and of their descendants.

        Inputs, outputs, messages of errors, questions, answers, notes, events, tags, what runs said of themselves, what
        earlier tries left, and the bytes of files that no other run uses. What stays: that there were these runs and
        steps, when, of which kind, who decided, and how sure a model was; ids of runs; that it was forgotten, by whom
        and why. The audit log can be verified as before. Runs that have not ended are refused, all of them, unless
        ``cancel`` has them cancelled first. Said again, it goes on where it was interrupted.

        Raises:
            NotAllowed: this person may not.
            Misuse: neither tags nor ids are given, or the store's secret cannot be used.
            UnknownRun: there is no run with one of the ids.
            WrongState: some have not ended; nothing was forgotten.
        """
        if not tags and not runs:
            raise Misuse("forget whom? Give tags={'customer': ...}, or runs=[...] with the ids of runs")
        t.check_filter(tags or {})
        checked_texts(why=why)
        self.must_be_allowed(by, "forget")
        family = self._family(tags or {}, runs)
        if dry_run:
            return Forgotten(runs=len(family), forgotten=0, open=sum(not each.has_ended for each in family))
        unended = [each for each in family if not each.has_ended]
        if unended and not cancel:
            raise WrongState(
                f"{len(unended)} of {len(family)} runs have not ended, such as {unended[-1].id!r}; they need their"
                " values. End them first, or have them cancelled: cancel=True, --cancel. Nothing was forgotten"
            )
        family = await self._cancelled(family, by)
        done = 0
        who = "code" if by is None else moves.actor(by)
        ended = [each.key for each in family if each.has_ended]
        for start in range(0, len(ended), AT_ONCE):
            done += int(await self._change(forgetting.ForgetRuns(ended[start : start + AT_ONCE], self.now(), who, why)))
        while await self._change(files.SweepFiles(self.now(), PARTS_AT_ONCE, None, who)):
            pass
        return Forgotten(runs=len(family), forgotten=done, open=len(family) - len(ended))

    def _family(self, tags: Mapping[str, str], runs: Sequence[str]) -> "Sequence[FamilyRow]":
        keys: list[int] = []
        for run_id in runs:
            row = self._open_store.run(run_id)
            if row is None:
                raise UnknownRun(run_id)
            keys.append(row.key)
        before: int | None = None
        while tags:
            found = self.find_runs(RunQuery(tags=tags, before_key=before, limit=LOOKED_AT_ONCE, values=False))
            keys += [run.key for run in found]
            if len(found) < LOOKED_AT_ONCE:
                break
            before = found[-1].key
        return self._open_store.family(keys)

    async def _cancelled(self, family: "Sequence[FamilyRow]", by: str | None) -> "Sequence[FamilyRow]":
        """Cancel what has not ended, and wait a while for what is being executed."""
        reason = f"cancelled by {by or 'code'}, to be forgotten"
        for each in family:
            if not each.has_ended:
                await self._change(changes.Cancel(each.id, self.now(), reason))
        for _ in range(PATIENCE_LOOKS):
            family = self._open_store.family([each.key for each in family])
            if all(each.has_ended for each in family):
                break
            await asyncio.sleep(LOOK_SECONDS)
        return family
