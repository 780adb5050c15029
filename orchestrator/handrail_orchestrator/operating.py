"""What operators and other systems do to runs whose code they do not have: start, correlate, put a result in place."""

import json
import uuid
from abc import abstractmethod
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from handrail_ground.optional import LaterModule
from handrail_orchestrator.control.steering import Steering
from handrail_orchestrator.errors import Misuse, NotStorable, UnknownWorkflow
from handrail_orchestrator.event_keys import check_key
from handrail_orchestrator.priority import check_priority
from handrail_orchestrator.texts import checked_keys, checked_new_id, checked_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handrail_orchestrator import beginning, unmarking
    from handrail_orchestrator.embedded.checking import AnswerCheck
    from handrail_orchestrator.review import answers, moves
    from handrail_orchestrator.store import running, starts
    from handrail_orchestrator.store.running import InputRow, KeptEvent, Sent
    from handrail_orchestrator.store.starts import Started
else:
    beginning = LaterModule("handrail_orchestrator.beginning")
    answers = LaterModule("handrail_orchestrator.review.answers")
    moves = LaterModule("handrail_orchestrator.review.moves")
    running = LaterModule("handrail_orchestrator.store.running")
    starts = LaterModule("handrail_orchestrator.store.starts")
    unmarking = LaterModule("handrail_orchestrator.unmarking")


class StartedRun(NamedTuple):
    """A run that was started without its code."""

    id: str
    new: bool
    """False when the id was started before, with the same input."""


class RunOperating(Steering):
    """Starts, corrects and reaches runs by what the store knows of them; ``Client`` does it."""

    @property
    @abstractmethod
    def _check(self) -> "AnswerCheck | None":
        """Return what knows the code of workflows, if it is known here."""

    async def start(  # noqa: PLR0913 -- what may be said of a start, by name
        self,
        workflow: str,
        value: Any = None,
        *,
        id: str | None = None,  # noqa: A002
        by: str | None = None,
        priority: int = 0,
        at: datetime | None = None,
        after: timedelta | None = None,
        version: int | None = None,
    ) -> StartedRun:
        """Start a run of a workflow by its name, with JSON data; whoever has its code executes it.

        The input is held to the form that the code declared when it was executed on this store last. A store that never
        saw the code takes it only with a ``version``; then what does not fit fails the run.

        Raises:
            NotAllowed: this person may not.
            UnknownWorkflow: no program with this workflow has worked on the store.
            NotStorable: the value is no JSON, or does not fit.
            RunConflict: the id was started with another workflow or input.
            Misuse: the moment cannot be one.
        """
        checked_new_id(id)
        checked_texts(workflow=workflow, by=by)
        check_priority(priority)
        self.must_be_allowed(by, "start")
        now = self.now()
        begins = beginning.moment_of(now, at, after)
        known = self._declared(workflow, version)
        data = sendable(value, where=f"the input of {workflow!r}")
        if known is not None:
            _must_fit(known, data)
        start = starts.StartRun(
            id if id is not None else uuid.uuid4().hex, workflow, _version(known, version), data,
            "" if known is None else known.code, now,
            None if known is None or known.deadline_seconds is None else now + known.deadline_seconds,
            started_by=None if by is None else moves.actor(by), priority=priority,
        )  # fmt: skip
        started: Started = await self._change(start if begins is None else beginning.later(start, begins))
        return StartedRun(start.id, started.new)

    def _declared(self, workflow: str, version: int | None) -> "InputRow | None":
        inputs = self._open_store.inputs(workflow)
        found = next((each for each in inputs if version in {None, each.version}), None)
        if found is None and version is None:
            raise UnknownWorkflow(
                f"no program with a workflow {workflow!r} has worked on this store: start one once (handrail work), or"
                " give its version"
            )
        return found

    async def send_to(
        self, name: str, payload: object = None, *, key: str, event_id: str | None = None, by: str | None = None
    ) -> "Sent":
        """Send an event to whichever run waits for its name and key; the same ``event_id`` counts once.

        It goes to one run: the one that has waited longest. While none waits it is kept, for the first that does.
        Of a run that ends before it has taken it, it goes to the next. What it says is which run has it.

        Raises:
            NotAllowed: this person may not.
            NotStorable: the payload is not JSON.
            Misuse: the key cannot be one.
        """
        checked_keys(name=name, event_id=event_id)
        check_key(name, key)
        self.must_be_allowed(by, "send")
        data = sendable(payload, where=f"event {name!r}")
        sent: Sent = await self._change(running.SendTo(name, key, data, self.now(), event_id))
        return sent

    def kept_events(self, limit: int = 100) -> "Sequence[KeptEvent]":
        """Return events that were sent by their key and that no run has waited for yet, oldest first."""
        return self._open_store.kept_events(limit)

    async def set_result(self, run_id: str, step: str, value: Any, *, by: str, note: str | None = None) -> None:
        """Put a result, given as JSON data, in place of a step that failed, and let its run go on with it.

        Recorded with who said so, in the step and in the log; the failure is kept. Held to the step's type where the
        code is known (an orchestrator, or ``client.use``); elsewhere a value that does not fit fails the run.

        Raises:
            NotAllowed: this person may not.
            UnknownRun: there is no such run.
            WrongState: this step is not what stopped the run.
            NotStorable: the value is no JSON, or does not fit the step's type.
        """
        checked_texts(run_id=run_id, step=step, note=note)
        self.must_be_allowed(by, "set_result")
        data = sendable(value, where=f"the result of {step!r}")
        if self._check is not None:
            await self._check.check_result(run_id, step, data)
        await self._change(running.SetResult(run_id, step, data, moves.actor(by), self.now(), note))

    async def skip_step(self, run_id: str, step: str, *, by: str, note: str | None = None) -> None:
        """Let a run go on without the result of a step that failed: as if it had returned None.

        Raises:
            NotStorable: the step's type has no None, as far as it is known here.
            NotAllowed, UnknownRun, WrongState: as ``set_result``.
        """
        await self.set_result(run_id, step, None, by=by, note=note)


def sendable(value: object, *, where: str) -> str:
    """Return a value from outside as it is stored.

    Raises:
        NotStorable: it is not JSON.
    """
    from pydantic_core import PydanticSerializationError, to_json  # noqa: PLC0415 -- only senders need it

    try:
        return unmarking.as_plain(to_json(value, by_alias=False, inf_nan_mode="strings").decode())
    except PydanticSerializationError as error:
        raise NotStorable(where=where, problem=str(error)) from error


def _must_fit(known: "InputRow", data: str) -> None:
    wrong = answers.misfits(json.loads(known.schema), json.loads(data))
    if wrong:
        shown = "; ".join(f"{'.'.join(map(str, path)) or 'input'}: {said}" for path, said in wrong[:3])
        raise NotStorable(where=f"the input of {known.workflow!r} version {known.version}", problem=shown)


def _version(known: "InputRow | None", given: int | None) -> int:
    if known is not None:
        return known.version
    if given is None or given < 1:
        raise Misuse(f"version={given!r}: give the workflow's version, 1 or more")
    return given
