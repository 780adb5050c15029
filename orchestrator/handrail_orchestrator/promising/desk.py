"""Looking at promises, pausing and resuming them, and what their keeper needs of a store."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from handrail_orchestrator.errors import UnknownPromise, WrongState
from handrail_orchestrator.promising.rules import StoredRules, subject_told
from handrail_orchestrator.records.promise import PromiseChange, PromiseRecord, PromiseRuleRecord
from handrail_orchestrator.store.promises import MovePromise, NewRule, PromiseNote, PromiseRow, PromiseState
from handrail_orchestrator.texts import checked_texts

if TYPE_CHECKING:
    from handrail_orchestrator.review.permission import StoreAction
    from handrail_orchestrator.store import Store
    from handrail_orchestrator.store.changes import Change
    from handrail_orchestrator.store.promises import PromiseChanges, PromiseStore


class PromiseDesk(ABC):
    """What any process may do to the promises of a store; ``Client`` is one."""

    @property
    @abstractmethod
    def _open_store(self) -> "Store":
        """Return the store."""

    @abstractmethod
    async def _change(self, change: "Change") -> Any:
        """Write."""

    @abstractmethod
    def now(self) -> float:
        """Return the time."""

    @abstractmethod
    def must_be_allowed(self, by: str | None, action: "StoreAction") -> None:
        """Check that a person may do something."""

    @property
    def promise_store(self) -> "PromiseStore":
        """Return what the keeper reads."""
        return self._open_store

    async def change_promises(self, change: "PromiseChanges") -> Any:
        """Write what the keeper found; returns the reply."""
        return await self._change(change)

    def promise_rules_for(self, workflow: str) -> StoredRules:
        """Return the rules in force for the steps of a workflow, for ``step.with_rules``."""
        return StoredRules(self._open_store, workflow)

    def promises(self) -> list[PromiseRecord]:
        """Return all promises of the store, by workflow, step and when they began."""
        rows = self._open_store.promises()
        newest = {(row.workflow, row.step, row.terms): row.id for row in rows}
        return [self._record(row, is_current=row.id in newest.values()) for row in rows]

    def promise(self, target: str) -> PromiseRecord:
        """Return one promise by ``triage/route``, the newest of that step, or by its number.

        Raises:
            UnknownPromise: there is none.
        """
        row = self._promise_row(target)
        return next(each for each in self.promises() if each.number == row.id)

    def promise_rules(self, target: str) -> list[PromiseRuleRecord]:
        """Return the rules that a promise was ever kept by, oldest first.

        Raises:
            UnknownPromise: there is none.
        """
        rows = self._open_store.promise_rules(self._promise_row(target).id)
        return [
            PromiseRuleRecord(
                number=row.number,
                at=row.at,
                threshold=row.threshold,
                accepted_share=row.accepted_share,
                below_share=row.below_share,
                cases=row.cases,
                labels=row.labels,
                wrong=row.wrong,
                why=row.why,
            )
            for row in rows
        ]

    def promise_history(self, target: str) -> list[PromiseChange]:
        """Return what was decided about a promise, oldest first: by its keeper, and by people.

        Raises:
            UnknownPromise: there is none.
        """
        rows = self._open_store.promise_log(self._promise_row(target).id)
        return [PromiseChange(at=row.at, action=row.action, by=row.by, why=row.why) for row in rows]

    async def pause_promise(self, target: str, *, by: str, why: str) -> None:
        """Accept nothing under a promise until somebody resumes it; what is answered blind counts all the same.

        Raises:
            NotAllowed: this person may not.
            UnknownPromise: there is none.
            WrongState: it is paused.
        """
        row = self._told(target, by, why)
        if row.state == "paused":
            raise WrongState(f"the promise of {target} is paused: {row.why}")
        rule = NewRule(None, 1.0, row.below_share, row.band_from, row.read_to, row.labels, 0, f"paused by {by}: {why}")
        await self._say(row, "paused", by, f"paused by {by}: {why}", rule, "paused")

    async def resume_promise(self, target: str, *, by: str, why: str) -> None:
        """Let a paused promise accept again, as much as its labels allow; its keeper sets the rule.

        Raises:
            NotAllowed: this person may not.
            UnknownPromise: there is none.
            WrongState: it is not paused.
        """
        row = self._told(target, by, why)
        if row.state != "paused":
            raise WrongState(f"the promise of {target} is not paused")
        await self._say(row, "keeping", by, "", None, "resumed", said=why)

    def _told(self, target: str, by: str, why: str) -> PromiseRow:
        checked_texts(target=target, by=by, why=why)
        self.must_be_allowed(by, "rollout")
        return self._promise_row(target)

    async def _say(
        self, row: PromiseRow, state: PromiseState, by: str, why: str, rule: NewRule | None, action: str, said: str = ""
    ) -> None:
        change = MovePromise(
            row.id,
            row.version,
            self.now(),
            f"person:{by}",
            row.read_to,
            row.checkpoint,
            rule,
            state,
            why,
            [PromiseNote(action, said or why)],
        )
        if not await self._change(change):
            raise WrongState(f"the promise of {row.workflow}/{row.step} was moved on meanwhile: look at it again")

    def _promise_row(self, target: str) -> PromiseRow:
        rows = self._open_store.promises()
        found = [row for row in rows if target in {f"{row.workflow}/{row.step}", str(row.id)}]
        if not found:
            raise UnknownPromise(target, known=sorted({f"{row.workflow}/{row.step}" for row in rows}))
        return max(found, key=lambda row: row.begun)

    def _record(self, row: PromiseRow, *, is_current: bool) -> PromiseRecord:
        counts, subject = self._open_store.promise_counts(row.stream), subject_told(row.told)
        return PromiseRecord(
            number=row.id,
            workflow=row.workflow,
            step=row.step,
            model=subject.model,
            prompt_version=subject.prompt_version,
            servers=subject.servers,
            terms=row.terms,
            wrong_at_most=row.target,
            sure=round(1 - row.delta, 12),
            state=row.state,
            why=row.why,
            rule=row.rule,
            threshold=row.threshold,
            accepted_share=row.accepted_share,
            labels=row.labels,
            set_at=row.set_at,
            begun=row.begun,
            cases=counts.cases,
            accepted=counts.accepted,
            drawn=counts.drawn,
            answered=counts.answered,
            wrong=counts.wrong,
            accepted_answered=counts.accepted_answered,
            accepted_wrong=counts.accepted_wrong,
            is_current=is_current,
        )
