"""One recording for all cells of a sweep: the same question to the same model is paid for once."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from handrail_ai_steps.asked_guards import asked_through
from handrail_ai_steps.model import Answer, Model, ModelRequest, NoAnswer, OnServer
from handrail_ai_steps.models.recorded import RecordedModel
from handrail_ai_steps.models.recording import Recording, RecordingKey
from handrail_ai_steps.routing.breaker import ModelBreaker
from handrail_ai_steps.step import AIStep
from handrail_evals.errors import DataError
from handrail_evals.measure.case import AnyCase
from handrail_evals.measure.program import full_name
from handrail_evals.measure.scorer import Scorer
from handrail_evals.measure.scorers.judged import JudgedScorer
from handrail_evals.measure.suite import AnySuite
from handrail_evals.measure.sweeping.purse import SweepPurse, bill_now, billed
from handrail_evals.measure.target import Observation, Observe, Target
from handrail_evals.measure.targets.step import StepTarget

NEVER = 10**9
"""Outages in a row that a sweep does not see: with a breaker, a cascade would be measured without its first model."""


class ServerFailed(DataError):
    """A model could not be asked, so that the case says nothing about its cell; the same command asks again."""


class SharedModel:
    """A model that is asked what the sweep's recording does not hold, and never twice at once."""

    def __init__(self, recording: "SharedRecording", live: Model, asked_by: str = "") -> None:
        self.name = live.name
        """The model's own name."""
        self.full_name = full_name(live)
        """The model's own; results know the cell by it as they would know the step."""
        self._key_name = f"{identity(live)}, asked by {asked_by}" if asked_by else identity(live)
        self._shared = recording
        self._recorded = RecordedModel(recording.recording, model=self._key_name, live=_Paying(live, recording.purse))

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        """Answer from the recording, or ask."""
        key = RecordingKey.of(self._key_name, request)
        bill = bill_now()
        asked = _Asked()
        try:
            async with self._shared.turn(key):
                answer = await self._recorded.answer(replace(request, record=asked))
        finally:
            if request.record is not None:  # whoever stops this knows what was spent
                request.record.extend(asked)
        bill.money += sum(each.money or 0.0 for each in answer.attempts)
        if not asked.live:
            bill.replayed_seconds += sum(each.seconds for each in answer.attempts)
        return answer


class _Asked(list[Any]):
    """The record of a request's tries, which knows whether a live model was asked."""

    live = False


@dataclass(frozen=True, slots=True)
class _Paying:
    """A live model whose tries are paid for."""

    model: Model
    purse: SweepPurse

    @property
    def name(self) -> str:
        """Return the model's name."""
        return self.model.name

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        """Ask the model, and pay, also for one that had to be stopped."""
        record = request.record
        if isinstance(record, _Asked):
            record.live = True
        try:
            answer = await self.model.answer(request)
        except BaseException:
            self.purse.pay(record or ())
            raise
        self.purse.pay(answer.attempts or record or ())
        if isinstance(answer, NoAnswer) and is_outage(answer):
            bill_now().outage = f"{self.model.name}: {answer.reason}"
        return answer


class SharedRecording:
    """The recording of a sweep, and whose turn it is to ask what.

    Raises:
        InvalidRecording: the file cannot be read.
    """

    def __init__(self, path: Path, purse: SweepPurse) -> None:
        self.recording = Recording(path)
        self.purse = purse
        self._turns: WeakValueDictionary[RecordingKey, asyncio.Lock] = WeakValueDictionary()
        self._guards: dict[int, SharedModel] = {}

    @asynccontextmanager
    async def turn(self, key: RecordingKey) -> AsyncIterator[None]:
        """Wait until nobody else asks the same."""
        lock = self._turns.setdefault(key, asyncio.Lock())
        async with lock:
            yield

    def shared(self, step: AIStep[Any]) -> AIStep[Any]:
        """Return the same step with its models asked through this recording."""
        shared = step.using(*(SharedModel(self, model) for model in step.models))
        return replace(shared, breaker=ModelBreaker(NEVER))

    def of_guard(self, model: Model) -> SharedModel:
        """Return the model of a guard asked through this recording.

        Its answers are no step's: the same question is put to it without asking how sure it is.
        """
        known = self._guards.get(id(model))  # whom it asks it keeps alive
        if known is None:
            known = self._guards[id(model)] = SharedModel(self, model, asked_by="a guard")
        return known

    def suite(self, suite: AnySuite) -> AnySuite:
        """Return a suite whose target, guards and judges are asked through this recording, and paid from its purse."""
        target = suite.target
        inner = replace(target, step=self.shared(target.step)) if isinstance(target, StepTarget) else target
        return suite.with_target(SweepTarget(inner, self)).with_scorers(map(self._scorer, suite.scorers))

    def _scorer(self, scorer: Scorer[Any, Any, Any]) -> Scorer[Any, Any, Any]:
        return replace(scorer, step=self.shared(scorer.step)) if isinstance(scorer, JudgedScorer) else scorer


@dataclass(frozen=True, slots=True)
class SweepTarget:
    """A target in a sweep: what it takes is paid from the purse, and an outage is no answer of its own."""

    target: Target[Any, Any]
    shared: SharedRecording

    @property
    def name(self) -> str:
        """Return the target's name."""
        return self.target.name

    @property
    def version(self) -> str:
        """Return the target's version."""
        return self.target.version

    @property
    def output_type(self) -> Any:
        """Return the type of an answer."""
        return self.target.output_type

    @asynccontextmanager
    async def opened(self, concurrency: int) -> AsyncIterator[Observe[Any, Any]]:
        """Open the target."""
        async with self.target.opened(concurrency) as observe:

            async def paid(case: AnyCase) -> Observation[Any]:
                with billed() as bill, asked_through(self.shared.of_guard):
                    started = time.perf_counter()
                    seen = await observe(case)
                    seconds = time.perf_counter() - started if seen.seconds is None else seen.seconds
                beyond = (seen.money or 0.0) - bill.money
                if beyond > ROUNDING:
                    self.shared.purse.pay_sum(f"guards of {self.name}", beyond)
                if bill.outage:
                    raise ServerFailed(f"{bill.outage}; this says nothing of the variant, and is asked again")
                return replace(seen, seconds=seconds + bill.replayed_seconds)

            yield paid


ROUNDING = 1e-12
"""Sums of the same prices in another order differ by less."""


def is_outage(answer: NoAnswer) -> bool:
    """Return whether a model could not be asked; one that thinks for too long was."""
    return answer.result == "failed" if answer.outage is None else answer.outage


def identity(model: Model) -> str:
    """Return what a model is recorded by: its full name, and where it is asked when it says so."""
    return f"{full_name(model)} at {model.server}" if isinstance(model, OnServer) else full_name(model)
