"""Holding back what a store's runs and questions do, and letting it go on; ``Client`` does it."""

from typing import TYPE_CHECKING

from handrail_ground.optional import LaterModule
from handrail_orchestrator.desk import Desk
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.texts import checked_texts

if TYPE_CHECKING:
    from handrail_orchestrator import people
    from handrail_orchestrator.records import down, paused
    from handrail_orchestrator.records.down import SystemDown
    from handrail_orchestrator.records.paused import Paused
    from handrail_orchestrator.review import moves, permission
    from handrail_orchestrator.review.permission import StoreAction
    from handrail_orchestrator.store import control
    from handrail_orchestrator.store.control import DownRow, PauseKind, PauseRow
else:
    people = LaterModule("handrail_orchestrator.people")
    down = LaterModule("handrail_orchestrator.records.down")
    paused = LaterModule("handrail_orchestrator.records.paused")
    moves = LaterModule("handrail_orchestrator.review.moves")
    permission = LaterModule("handrail_orchestrator.review.permission")
    control = LaterModule("handrail_orchestrator.store.control")


class Steering(Desk):
    """Pauses and resumes what several processes do on one store."""

    def must_be_allowed(self, by: str | None, action: "StoreAction", queue: str | None = None) -> None:
        """Check that a person may do something to runs, or in a queue; code that names nobody may."""
        if by is not None:
            moves.check_person(by)
            permission.check(
                people.acting(self._open_store, by), action, None if queue is None else permission.Place(queue)
            )

    async def pause(
        self, *, workflow: str | None = None, queue: str | None = None, by: str | None = None, why: str | None = None
    ) -> "Paused":
        """Let a workflow type or a queue rest, in every process on the store; returns the pause that holds.

        No step of a paused workflow's runs begins; a step that is being executed ends, is recorded, and then its run
        rests. Runs can be started, and wait; what is due meanwhile, such as a timer, comes to pass when it is resumed.
        A question of a paused queue is offered to nobody and cannot be taken; whoever has one may end it. Deadlines,
        due times and policies for what is late stand still, and move on by as long as it rested.

        Raises:
            NotAllowed: this person may not.
            Misuse: neither a workflow nor a queue is named, or both are.
        """
        kind, name = _what(workflow, queue)
        checked_texts(workflow=workflow, queue=queue, why=why)
        self.must_be_allowed(by, "pause", queue)
        row = control.PauseRow(kind, name, None if by is None else moves.actor(by), why, self.now())
        return _paused(await self._change(control.Pause(row)))

    async def resume(
        self, *, workflow: str | None = None, queue: str | None = None, by: str | None = None
    ) -> "Paused | None":
        """Let it go on, all of it; returns the pause that is over, None: it did not rest.

        Raises:
            NotAllowed: this person may not.
            Misuse: neither a workflow nor a queue is named, or both are.
        """
        kind, name = _what(workflow, queue)
        checked_texts(workflow=workflow, queue=queue)
        self.must_be_allowed(by, "pause", queue)
        row = await self._change(control.Resume(kind, name, None if by is None else moves.actor(by), self.now()))
        return None if row is None else _paused(row)

    async def probe(self, system: str, *, by: str | None = None) -> bool:
        """Have a system that is down tried at once, by one of the runs that wait for it; returns whether it is down.

        Raises:
            NotAllowed: this person may not.
        """
        checked_texts(system=system)
        self.must_be_allowed(by, "retry")
        return bool(await self._change(control.ProbeNow(system, self.now(), None if by is None else moves.actor(by))))

    def down(self) -> "list[SystemDown]":
        """Return the systems and models that are down, by name, and how many runs wait for each."""
        return [_down(each) for each in self._open_store.systems() if each.row.state != "up"]

    def paused(self) -> "list[Paused]":
        """Return what rests, workflows first, by name."""
        return [_paused(row) for row in self._open_store.pauses()]


def _what(workflow: str | None, queue: str | None) -> "tuple[PauseKind, str]":
    if workflow and queue is None:
        return "workflow", workflow
    if queue and workflow is None:
        return "queue", queue
    raise Misuse("say what: workflow= the name of a workflow, or queue= the name of a queue")


def _paused(row: "PauseRow") -> "Paused":
    return paused.Paused(kind=row.kind, name=row.name, by=row.by, why=row.why, at=row.at)


def _down(each: "DownRow") -> "SystemDown":
    row = each.row
    return down.SystemDown(
        system=row.system,
        since=row.since or 0.0,
        failures=row.failures,
        error=row.error,
        waiting=each.waiting,
        probed=row.state == "probed",
        look_at=row.look_at,
    )
