"""One call of a step: what it may still take, and asking a model in it, which ends in a value whatever happens."""

import logging
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from handrail_ai_steps.allowance import Allowance
from handrail_ai_steps.deadline import Deadline, stoppable
from handrail_ai_steps.errors import AIStepError
from handrail_ai_steps.fitting import fitting, named
from handrail_ai_steps.model import Answer, Closing, Model, ModelRequest, NoAnswer, OnServer, SettingsTold, timed_out
from handrail_ai_steps.output import Output
from handrail_ai_steps.sight import why_unseen
from handrail_ground.errors import is_order, told
from handrail_guards.model_call import ModelCall, ModelReply, model_call_watcher
from handrail_guards.outcome import Attempt, AttemptResult

if TYPE_CHECKING:
    from handrail_ai_steps.batching.desk import BatchDesk
    from handrail_guards.batching import BatchReply
    from handrail_guards.personal_data.find import PersonalDataKind

T = TypeVar("T")

SPARE_SECONDS = 0.5
"""How much later than the models that it asks a guard is stopped: what they had spent is known then."""

_log = logging.getLogger(__name__)

CALL = "call"
"""Where a guard that asks a model finds the call's ``Call`` in its context's metadata."""

REQUEST = "request"
"""Where it finds the ``ModelRequest`` whose answer it looks at."""


@dataclass(slots=True)
class Call:
    """The models asked during one call of a step, by the step itself and by its guards."""

    allowance: Allowance
    mask: "tuple[PersonalDataKind, ...]" = ()
    """The personal data that no model is shown; answers come back with it restored."""
    keeps_source: bool = True
    """Whether the step lets its input be kept."""
    attempts: list[Attempt] = field(default_factory=list)
    """Every try at every model, oldest first."""
    asked: list[Model] = field(default_factory=list)
    """The models asked, each once."""
    desk: "BatchDesk | None" = None
    """Where questions go that are part of a batch; None: every model is asked at once."""
    turn: Deadline | None = None
    """The share of the time that the model asked now has, its guards included; None: all that is left."""

    def begin(self, model: Model, models_left: int) -> None:
        """Begin with the next of the step's models, of which so many are still to be asked, it included."""
        self.turn = self.allowance.share(models_left, named(model))

    async def ask(self, model: Model, request: ModelRequest, output: Output) -> Answer | NoAnswer:
        """Ask a model within what is left; an outage, a time-out and an answer that does not fit are a ``NoAnswer``.

        Raises:
            AIStepError: misuse, such as a recording without this input.
        """
        spent = self.allowance.exhausted()
        if spent is not None:
            return NoAnswer(result="timed_out" if spent.code == "timed_out" else "over_budget", reason=spent.reason)
        if not any(each is model for each in self.asked):
            self.asked.append(model)
        deadline = self.turn or self.allowance.deadline
        record: list[Attempt] = []
        request = replace(
            request,
            seconds=deadline.left,
            max_money=self.allowance.purse.money,
            max_tokens=self.allowance.purse.tokens,
            deadline=deadline,
            record=record,
            on_guessed=lambda tokens: self.allowance.purse.spend(tokens, money=None),
        )
        try:
            answer = await self._answer(model, request, output)
        except BaseException:
            self._spend(record)  # stopped from outside, but what it had cost is spent
            raise
        self._spend(answer.attempts)
        return answer

    def _spend(self, attempts: Sequence[Attempt]) -> None:
        self.attempts.extend(attempts)
        self.allowance.spend(attempts)

    async def _answer(self, model: Model, request: ModelRequest, output: Output) -> Answer | NoAnswer:
        unseen = why_unseen(model, request, masked=bool(self.mask)) if request.pictures else ""
        if unseen:
            return NoAnswer(result="refused", reason=unseen, outage=False)
        if request.seconds <= 0:
            return replace(self._late(model, request, []), outage=False)  # it was not asked
        answer = await (self._ask_masked(model, request, output) if self.mask else self._safely(model, request))
        return fitting(answer, output, model)

    async def _ask_masked(self, model: Model, request: ModelRequest, output: Output) -> Answer | NoAnswer:
        from handrail_ai_steps.masking import hide  # noqa: PLC0415 -- patterns that a step without a mask has no use for

        hidden = hide(request, self.mask)
        answer = fitting(await self._safely(model, hidden.request), output, model)
        try:
            return hidden.reveal(answer, output)
        except BaseException as error:
            if is_order(error):
                raise
            said = str(error) if isinstance(error, ValueError) else told(error)
            reason = f"the answer does not fit once its personal data is back: {said}"
            return NoAnswer(result="invalid", reason=reason, attempts=answer.attempts)

    async def _safely(self, model: Model, request: ModelRequest) -> Answer | NoAnswer:
        """Ask a model, whatever it does, and let whoever watches know."""
        reply = await self._reply_for(model, request)
        watcher = model_call_watcher()
        if watcher is None:
            return await self._contained(model, request, reply)
        watch = watcher.asked(
            ModelCall(
                task=request.task,
                model=named(model),
                prompt_version=request.prompt_version,
                system=request.system,
                text=request.text,
                is_text=request.json_schema is None,
                may_be_kept=self.keeps_source,
                server=model.server if isinstance(model, OnServer) else "",
                settings=model.settings_told if isinstance(model, SettingsTold) else {},
            )
        )
        try:
            answer = await self._contained(model, replace(request, on_chunk=watch.chunk), reply)
        except BaseException as error:
            watch.broke(error)
            raise
        watch.replied(_reply(answer))
        return answer

    async def _reply_for(self, model: Model, request: ModelRequest) -> "BatchReply | None":
        """Return the reply that a batch brought, for which no limit of time counts; None: the model is asked."""
        if self.desk is None:
            return None
        assert request.deadline is not None  # noqa: S101 -- ``ask`` gave it
        with request.deadline.held():
            return await self.desk.reply_for(model, request)

    async def _contained(self, model: Model, request: ModelRequest, reply: "BatchReply | None") -> Answer | NoAnswer:
        """Ask a model, whatever it does; what it has written down of its tries is kept."""
        deadline, record = request.deadline, request.record
        assert deadline is not None and record is not None  # noqa: S101, PT018 -- ``ask`` gave both
        timer = deadline.enforced()
        try:
            async with timer:
                answering = model.answer(request) if reply is None else _read(model, request, reply)
                return _handed_over(await stoppable(answering, timer), record)
        except AIStepError:  # misuse, such as a recording without this input: not what a server did
            raise
        except BaseException as error:
            if is_order(error):
                raise
            if timer.expired:
                return self._late(model, request, record)
            # A model that breaks must not fail the run: a person decides.
            return _failed(model, "failed", f"the model {named(model)} raised {told(error)}", record)

    def _late(self, model: Model, request: ModelRequest, record: list[Attempt]) -> NoAnswer:
        whole = self.allowance.limits.seconds
        made = timed_out(request.seconds, record, share_of=whole if self.allowance.seconds > 0 else None)
        return made if record else _failed(model, "timed_out", made.reason, [], request.seconds)

    async def within(self, said: "Awaitable[T]") -> T:
        """Await what a guard says that asks somebody, within the model's share of the time.

        Raises:
            TimeoutError: it took longer.
        """
        deadline = self.turn or self.allowance.deadline
        seconds = deadline.left
        timer = deadline.enforced(spare=SPARE_SECONDS)
        try:
            async with timer:
                return await stoppable(said, timer)
        except TimeoutError as error:
            if timer.expired:
                raise TimeoutError(f"no verdict within {seconds:.3g} seconds") from error
            raise

    async def close(self) -> None:
        """Close the connections that the models asked hold in this event loop (those that are ``Closing``)."""
        for model in self.asked:
            if not isinstance(model, Closing):
                continue
            try:
                await model.aclose()
            except BaseException as error:
                if is_order(error):
                    raise
                # The outcome is there, and a connection that does not close must not lose it.
                _log.warning("%s could not be closed: %s", named(model), told(error))

    def pass_over(self, model: Model, why: str) -> None:
        """Record that a model is not asked."""
        self.attempts.append(Attempt(model=named(model), result="failed", seconds=0.0, notes=(why,)))

    def note(self, note: str) -> None:
        """Add a note to the last attempt, in plain words."""
        last = self.attempts[-1]
        self.attempts[-1] = replace(last, notes=(*last.notes, note))


def _read(model: Model, request: ModelRequest, reply: "BatchReply") -> Awaitable[Answer | NoAnswer]:
    from handrail_ai_steps.batching.model import takes_batches  # noqa: PLC0415 -- only where a batch brought something

    assert takes_batches(model)  # noqa: S101 -- no other has a reply
    return model.read(request, reply)


def _handed_over(answer: Answer | NoAnswer, record: list[Attempt]) -> Answer | NoAnswer:
    """Return what a model answered, with the tries that it wrote down where it hands over none."""
    is_answer = isinstance(answer, Answer | NoAnswer)  # a model of somebody's may return anything
    return replace(answer, attempts=tuple(record)) if record and is_answer and answer.attempts == () else answer


def _reply(answer: Answer | NoAnswer) -> ModelReply:
    if isinstance(answer, Answer):
        return ModelReply(result="answered", model=answer.model, raw=answer.raw, attempts=answer.attempts)
    if isinstance(answer, NoAnswer):
        return ModelReply(result=answer.result, model="", attempts=answer.attempts)
    return ModelReply(result="invalid", model="")  # a model of somebody's may return anything


def _failed(model: Model, result: AttemptResult, reason: str, record: list[Attempt], seconds: float = 0.0) -> NoAnswer:
    if record:
        last = record[-1]
        attempts = (*record[:-1], replace(last, result=result, notes=(*last.notes, reason)))
    else:
        attempts = (Attempt(model=named(model), result=result, seconds=seconds, notes=(reason,)),)
    return NoAnswer(result=result, reason=reason, attempts=attempts)
