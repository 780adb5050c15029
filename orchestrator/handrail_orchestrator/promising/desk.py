"""Pausing and resuming promises, and what their keeper needs of a store."""

from typing import TYPE_CHECKING, Any

from handrail_ground.optional import LaterModule
from handrail_orchestrator.errors import UnknownItem, WrongState
from handrail_orchestrator.holder import StoreChanger
from handrail_orchestrator.promising.reader import PromiseReader, promise_rows_of_all
from handrail_orchestrator.texts import checked_texts, checked_why

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handrail_orchestrator.promising import again, rules
    from handrail_orchestrator.promising.rules import StoredRules
    from handrail_orchestrator.store import changes, promises
    from handrail_orchestrator.store.learned import LearnedChanges, LearnedStore
    from handrail_orchestrator.store.promises import PromiseChanges, PromiseRow, PromiseState, PromiseStore
else:
    again = LaterModule("handrail_orchestrator.promising.again")
    rules = LaterModule("handrail_orchestrator.promising.rules")
    changes = LaterModule("handrail_orchestrator.store.changes")
    promises = LaterModule("handrail_orchestrator.store.promises")

MOVED_MEANWHILE = 10
"""Times that what a person says is written again, as a keeper moves a promise on every few seconds at most."""


class PromiseDesk(PromiseReader, StoreChanger):
    """What any process may do to the promises of a store; ``Client`` is one."""

    @property
    def promise_store(self) -> "PromiseStore":
        """Return what the keeper reads."""
        return self._open_store

    async def change_promises(self, change: "PromiseChanges") -> Any:
        """Write what the keeper found; returns the reply.

        No run is due by it, so that nobody who executes runs is woken; a notice is for whoever delivers.
        """
        is_told = isinstance(change, promises.MovePromise) and change.notice is not None
        return await (self._change(change) if is_told else self._change_quietly(change))

    async def ask_again(self, case: int, item: int, *, is_third: bool, before: "Sequence[str]") -> bool:
        """Put the question of an item once more, as a case of a promise; returns whether that was not done yet.

        It says nothing of what was answered before. Where the store knows somebody else who may decide it, nobody who
        answered before (``before``) may.

        Raises:
            UnknownItem: there is no such item.
        """
        row = self._open_store.review(item)
        if row is None:
            raise UnknownItem(item)
        asked = again.asked_again(self._open_store, row, is_third=is_third, before=before, now=self.now())
        return bool(await self._change(changes.AskAgain(case, asked, is_third)))

    @property
    def learned_store(self) -> "LearnedStore":
        """Return what training again reads."""
        return self._open_store

    async def change_learned(self, change: "LearnedChanges") -> Any:
        """Write what was trained, and what becomes of it; returns the reply."""
        return await self._change(change)

    def promise_rules_for(self, workflow: str) -> "StoredRules":
        """Return the rules in force for the steps of a workflow, for ``step.with_rules``."""
        return rules.StoredRules(self._open_store, workflow)

    async def pause_promise(self, target: str, *, by: str, why: str) -> None:
        """Accept nothing under a promise until somebody resumes it; what is answered blind counts all the same.

        Of a step all parts and groups are paused, of ``triage/route[gold]`` those of one group, each of whatever model,
        prompt and server there was; of a number one alone.

        Raises:
            NotAllowed: this person may not.
            Misuse: nothing is said of why.
            UnknownPromise: there is none.
            WrongState: it is paused, or its model is in shadow or was given up, so that nothing is accepted by it.
        """
        rows = self._told(target, by, why)
        keeping = [row for row in rows if row.state == "keeping"]
        if not keeping:
            last = next((row for row in reversed(rows) if row.state == "paused"), rows[-1])
            stands = {"shadow": "in shadow, and decides nothing", "stopped": "stopped", "paused": "paused"}[last.state]
            raise WrongState(f"the promise of {target} is {stands}" + (f": {last.why}" if last.why else ""))
        for row in keeping:
            await self._say(row, "paused", by, why)

    async def resume_promise(self, target: str, *, by: str, why: str) -> None:
        """Let a paused promise accept again, as much as its labels allow; its keeper sets the rule.

        By a name whatever is paused of it, as ``pause_promise`` does.

        Raises:
            NotAllowed: this person may not.
            Misuse: nothing is said of why.
            UnknownPromise: there is none.
            WrongState: it is not paused.
        """
        paused = [row for row in self._told(target, by, why) if row.state == "paused"]
        if not paused:
            raise WrongState(f"the promise of {target} is not paused")
        for row in paused:
            await self._say(row, "keeping", by, why)

    def _told(self, target: str, by: str, why: str) -> "list[PromiseRow]":
        checked_texts(target=target, by=by)
        self.must_be_allowed(by, "rollout")
        checked_why(why)
        return promise_rows_of_all(self._open_store, target)

    async def _say(self, row: "PromiseRow", state: "PromiseState", by: str, why: str) -> None:
        """Write what a person said of a promise; a keeper that moved it on meanwhile is no reason to refuse that."""
        for _ in range(MOVED_MEANWHILE):
            if await self._change(self._said(row, state, by, why)):
                return
            now = next(each for each in self._open_store.promises() if each.id == row.id)
            if now.state != row.state:
                break
            row = now
        raise WrongState(f"the promise of {rules.name_of(row)} was moved on meanwhile: look at it again")

    def _said(self, row: "PromiseRow", state: "PromiseState", by: str, why: str) -> "promises.MovePromise":
        rule, said, action = None, "", "resumed"
        if state == "paused":
            said, action = f"paused by {by}: {why}", "paused"
            rule = promises.NewRule(None, 1.0, row.below_share, row.band_from, row.read_to, row.labels, 0, said)
        return promises.MovePromise(
            row.id,
            row.version,
            self.now(),
            f"person:{by}",
            row.read_to,
            row.checkpoint,
            rule,
            state,
            said,
            [promises.PromiseNote(action, said or why)],
        )
