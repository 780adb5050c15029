"""Looking at rollouts, and promoting, holding and resuming them: who does so, why, and on what evidence is kept."""

import json
import time
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from handrail_ground.optional import LaterModule
from handrail_guards.numbers import is_share
from handrail_orchestrator.errors import Misuse, NotPromoted, OrchestratorError, UnknownRollout, WrongState
from handrail_orchestrator.holder import StoreChanger
from handrail_orchestrator.store import open_store
from handrail_orchestrator.texts import checked_texts, checked_why

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from handrail_guards import rollout
    from handrail_orchestrator.records import reading as recorded
    from handrail_orchestrator.records import rollout as records
    from handrail_orchestrator.records.rollout import ChallengeRecord, RolloutChange, RolloutRecord, RolloutVerdict
    from handrail_orchestrator.store import Store
    from handrail_orchestrator.store import rollouts as rows
    from handrail_orchestrator.store.rollouts import HoldFired, RolloutMove, RolloutRow
else:
    recorded = LaterModule("handrail_orchestrator.records.reading")
    records = LaterModule("handrail_orchestrator.records.rollout")
    rows = LaterModule("handrail_orchestrator.store.rollouts")
    rollout = LaterModule("handrail_guards.rollout")


class RolloutDesk(StoreChanger):
    """What any process may do to the rollouts of a store; ``Client`` is one."""

    def rollouts(self) -> "list[RolloutRecord]":
        """Return how far everything is rolled out that code has declared, by workflow, step and version."""
        return [rollout_record(row) for row in self._open_store.rollouts()]

    def rollout(self, target: str) -> "RolloutRecord":
        """Return one rollout, such as ``triage/route`` for a step or ``triage@2`` for a version.

        Raises:
            UnknownRollout: no code has declared it.
        """
        checked_texts(target=target)
        rows = self._open_store.rollouts()
        found = next((row for row in rows if row.key.target == target), None)
        if found is None:
            raise UnknownRollout(target, known=[row.key.target for row in rows])
        return rollout_record(found)

    def rollout_history(self, target: str) -> "list[RolloutChange]":
        """Return what was said of a rollout, oldest first.

        Raises:
            UnknownRollout: no code has declared it.
        """
        rows = self._open_store.rollout_log(self.rollout(target).key)
        return [
            records.RolloutChange(
                at=row.at,
                action=row.action,
                share=row.share,
                by=row.by,
                why=row.why,
                verdict=None if row.verdict is None else records.RolloutVerdict(**json.loads(row.verdict)),
            )
            for row in rows
        ]

    def challenges(self, run_id: str) -> "Sequence[ChallengeRecord]":
        """Return what challengers answered in a run, by step; of a run that is not there, nothing."""
        checked_texts(run_id=run_id)
        row = self._open_store.run(run_id)
        return [] if row is None else [recorded.challenge_record(each) for each in self._open_store.challenges(row.key)]

    async def promote_rollout(
        self, target: str, *, to: float, by: str, why: str, verdict: "Callable[[RolloutRecord], RolloutVerdict]"
    ) -> "RolloutRecord":
        """Let more of it loose, if the evidence carries that; ``to`` is the new share of the runs, 0 to 1.

        ``verdict`` says what the evidence is of what is rolled out now; it is kept with who promoted, and why. Going
        back to less needs none, as nothing new is let loose.

        Raises:
            NotAllowed: this person may not.
            UnknownRollout: no code has declared it.
            NotPromoted: the evidence does not carry it; says how many more cases it takes.
            Misuse: a share that cannot be, or beyond what the code allows.
            WrongState: it is held, or somebody said something of it meanwhile.
        """
        self._require_doer(by, why)
        record = self.rollout(target)
        _require_share(record, to)
        if record.is_held:  # before any evidence is asked for, which would not help
            raise WrongState(f"{target} is held by {record.by} ({record.why}): resume it before it is promoted")
        given: RolloutVerdict | None = None
        if to > record.share:
            given = verdict(record)
            if not given.allows:
                raise NotPromoted(target, reason=given.reason, missing=given.missing)
            if given.about != record.subject:
                raise NotPromoted(
                    target, reason="the evidence is about something else than is rolled out", missing=None
                )
        evidence = None if given is None else json.dumps(given.as_json())
        return await self._moved(record, "promote", by, why, share=float(to), verdict=evidence)

    async def hold_rollout(self, target: str, *, by: str, why: str) -> "RolloutRecord":
        """Let nothing of it loose from now on: people decide, or the old version does the work, until it is resumed.

        Raises:
            NotAllowed: this person may not.
            UnknownRollout: no code has declared it.
        """
        self._require_doer(by, why)
        return await self._moved(self.rollout(target), "hold", by, why)

    async def resume_rollout(self, target: str, *, by: str, why: str) -> "RolloutRecord":
        """Let loose again what was let loose before it was held.

        Raises:
            NotAllowed: this person may not.
            UnknownRollout: no code has declared it.
            WrongState: it is not held, or somebody said something of it meanwhile.
        """
        self._require_doer(by, why)
        return await self._moved(self.rollout(target), "resume", by, why)

    def hold_fired(self, step: str, *, workflow: str | None = None, why: str, is_certain: bool) -> list[str]:
        """Hold every rollout of a step, as its watch fired, and tell people; returns what was not held before.

        ``is_certain`` says that values are known to be wrong. Otherwise what is let loose in every run is left to the
        watch itself. It is written when this returns, from code with an event loop or without.
        """
        return _hold_fired(self._open_store, rows.HoldFired(step, workflow, why, self.now(), is_certain))

    def _require_doer(self, by: str, why: str) -> None:
        checked_texts(by=by)
        self.must_be_allowed(by, "rollout")
        checked_why(why)

    async def _moved(
        self,
        record: "RolloutRecord",
        action: "RolloutMove",
        by: str,
        why: str,
        *,
        share: float | None = None,
        verdict: str | None = None,
    ) -> "RolloutRecord":
        number = None if action == "hold" else record.number  # a hold is never refused for being late
        promoted_for = record.offered if action == "promote" else None
        change = rows.MoveRollout(
            record.key, action, number, f"person:{by}", why, self.now(), share, promoted_for, verdict
        )
        return rollout_record(await self._change(change))


@runtime_checkable
class HoldsRollouts(Protocol):
    """Whoever can hold what is rolled out, such as a client."""

    def hold_fired(self, step: str, *, workflow: str | None = None, why: str, is_certain: bool) -> list[str]:
        """Hold every rollout of a step, as its watch fired; returns what was not held before."""
        ...


def hold_at(address: str, step: str, *, why: str, is_certain: bool) -> list[str]:
    """Hold every rollout of a step in the store at an address, as its watch fired; returns what was not held before.

    Raises:
        StoreError: the store cannot be opened or written.
    """
    store = open_store(address, create=False, reading=True)
    try:
        return _hold_fired(store, rows.HoldFired(step, None, why, time.time(), is_certain))
    finally:
        store.close()


def _hold_fired(store: "Store", change: "HoldFired") -> list[str]:
    if not any(row.step == change.step and row.terms and not row.held for row in store.rollouts()):
        return []
    store.prepare_to_write()
    (held,) = store.apply([change])
    if isinstance(held, OrchestratorError):
        raise held
    return list(held)


def rollout_record(row: "RolloutRow") -> "RolloutRecord":
    """Return a rollout as it is looked at from outside."""
    return records.RolloutRecord(
        key=row.key,
        subject=row.subject,
        offered=row.offered,
        terms=row.terms,
        share=row.in_force,
        code_share=row.share,
        slice=row.slice,
        up_to=row.up_to,
        challenger=row.challenger,
        is_held=bool(row.held),
        is_promoted=row.promoted is not None and row.promoted_for == row.offered,
        number=row.number,
        at=row.at,
        by=row.by,
        why=row.why,
    )


def _require_share(record: "RolloutRecord", to: float) -> None:
    if not record.terms:
        raise Misuse(f"{record.target} is let loose in every run: only its challenger is compared")
    if not is_share(to):
        raise Misuse(f"the share to promote to is {to!r}; give a number from 0 to 1, such as 0.2 for 20% of the runs")
    if to > record.up_to:
        raise Misuse(
            f"{record.target} may be promoted to {rollout.percent(record.up_to)} of the runs, not to"
            f" {rollout.percent(to)}: the code says so (up_to=)"
        )
