"""One request to a decision model in progress: its questions, in one round or two, and the answer they come to."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from handrail_ai_steps.closed_questions.answering import answer_of
from handrail_ai_steps.closed_questions.question import OpenQuestion, TypedQuestion, closed_questions
from handrail_ai_steps.closed_questions.spread import Spread, is_one_hot
from handrail_ai_steps.closed_questions.wire import ReadSpreads
from handrail_ai_steps.model import Answer, ModelRequest
from handrail_ai_steps.models.decisions.connection import DecisionConnection
from handrail_ai_steps.models.decisions.rounds import Groups, groups_of
from handrail_ai_steps.models.decisions.settings import DecisionSettings
from handrail_ai_steps.models.openai.failure import Failure, Halted, Transient
from handrail_ai_steps.models.openai.ledger import TryLedger
from handrail_ai_steps.models.openai.limits import Pacer, admitted
from handrail_ai_steps.models.openai.reply import read_usage
from handrail_ai_steps.models.openai.tries import persistently
from handrail_ai_steps.output import Output
from handrail_guards.confidence import Confidence

ONE_HOT = (
    "every probability is 0 or 1, which says what was drawn and not how likely it was; for a server that rounds, give "
    "DecisionModel(trust_certainty=True)"
)


class AskedDecision:
    """Puts one request to one server."""

    def __init__(
        self,
        settings: DecisionSettings,
        connection: DecisionConnection,
        pacer: Pacer,
        request: ModelRequest,
        output: Output,
        ledger: TryLedger,
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._pacer = pacer
        self._request = request
        self._output = output
        self._ledger = ledger
        self._wire = settings.provider.wire(request.task)
        self._model = settings.model
        self._last = -1

    async def answer(self) -> Answer:
        """Answer the request.

        Raises:
            Halted: there is no answer.
        """
        request, settings = self._request, self._settings
        labels = request.labels or self._output.labels
        asked = closed_questions(labels, request.json_schema, settings.taken, request.meanings)
        if isinstance(asked, OpenQuestion):
            raise Halted("failed", f"{settings.shown} answers closed questions alone: {asked.reason}")
        if not request.text.strip():
            raise Halted("failed", f"{settings.shown} was given an empty text")
        groups = [groups_of(each, settings.most_options) for each in asked]
        first = await self._ask([part for group in groups for part in group.parts])
        spreads, is_certain = await self._settled(groups, first)
        try:
            answer = answer_of(asked, spreads, self._output, self._ledger.told(self._model))
        except ValueError as error:
            self._ledger.mark(self._last, "invalid", str(error))
            raise Halted("invalid", self._ledger.told(f"the answer does not fit: {error}")) from error
        if is_certain and not settings.trust_certainty:
            answer = replace(answer, confidence=Confidence.none(ONE_HOT), fields={}, alternatives=(), other_mass=None)
        return replace(answer, attempts=self._ledger.attempts, asked_as=self._asked_as(groups))

    def _asked_as(self, groups: Sequence[Groups]) -> str:
        settings = self._settings
        split = f"split{settings.most_options}" if any(each.is_split for each in groups) else ""
        apart = "" if settings.together or len(groups) == 1 else "apart"
        return ",".join(filter(None, (split, apart, "certain" if settings.trust_certainty else "")))

    async def _settled(self, groups: Sequence[Groups], first: Sequence[Spread]) -> tuple[list[Spread], bool]:
        """Return the probabilities of each question after its last round, and whether all that came is 0 or 1."""
        ends = [sum(len(each.parts) for each in groups[: number + 1]) for number in range(len(groups))]
        by_group = [first[end - len(each.parts) : end] for each, end in zip(groups, ends, strict=True)]
        finals = [each.final(said) for each, said in zip(groups, by_group, strict=True) if each.is_split]
        second = await self._ask(finals) if finals else []
        is_certain = all(map(is_one_hot, (*first, *second)))
        left = iter(second)
        spreads = [
            each.settled(said, next(left)) if each.is_split else said[0]
            for each, said in zip(groups, by_group, strict=True)
        ]
        return spreads, is_certain

    async def _ask(self, asked: Sequence[TypedQuestion]) -> list[Spread]:
        """Return the probabilities of each question's options; those with one option need no asking."""
        open_ones = [each for each in asked if len(each.options) > 1]
        batches = [open_ones] if self._settings.together else [[each] for each in open_ones]
        said: list[Spread] = []
        for batch in batches:
            said += (await persistently(partial(self._try, batch), self._ledger)).spreads
        left = iter(said)
        return [next(left) if len(each.options) > 1 else {each.options[0]: 1.0} for each in asked]

    async def _try(self, asked: Sequence[TypedQuestion]) -> ReadSpreads:
        """Put questions once.

        Raises:
            Transient: it failed of something that may pass.
            Halted: there is no answer.
        """
        body = self._wire.body(self._settings.model, self._request.text, self._instructions(), asked)
        size = len(json.dumps(body, ensure_ascii=False).encode())
        started, said = await self._post(body, size)
        seconds = time.monotonic() - started
        if isinstance(said, Failure):
            self._last = self._ledger.add(said.result, seconds=seconds, notes=(said.reason,))
            if not said.passing:
                raise Halted(said.result, self._ledger.told(f"{said.reason}{_hint(said)}"), outage=said.is_outage)
            if said.wait_seconds is not None:
                self._pacer.pause(said.wait_seconds)
            raise Transient(said)
        self._model = str(said.get("model") or self._settings.model)
        usage = read_usage(said.get("usage"))
        self._last = self._ledger.add("answered", seconds=seconds, model=self._model, usage=usage)
        self._ledger.charge_unknown(self._last, size, 0)
        return self._read(said, asked)

    async def _post(self, body: dict[str, object], size: int) -> tuple[float, Mapping[str, Any] | Failure]:
        settings = self._settings
        limits = f"max_concurrent={settings.max_concurrent}, per_minute={settings.per_minute}"
        async with admitted(self._connection, self._pacer, self._ledger, limits):
            self._ledger.room(size)
            started = time.monotonic()
            try:
                return started, await self._connection.post(body)
            except asyncio.CancelledError:
                notes = ("stopped while it was deciding",)
                self._ledger.add("timed_out", seconds=time.monotonic() - started, notes=notes)
                raise

    def _read(self, said: Mapping[str, Any], asked: Sequence[TypedQuestion]) -> ReadSpreads:
        try:
            told = self._wire.read(said, asked)
        except ValueError as error:
            self._ledger.mark(self._last, "invalid", str(error))
            raise Halted("invalid", self._ledger.told(f"the server gave no probabilities to use: {error}")) from error
        self._ledger.mark(self._last, "answered", *told.notes)
        declined = [each.path or self._request.task for each, s in zip(asked, told.spreads, strict=True) if not s]
        if declined:
            self._ledger.mark(self._last, "refused")
            raise Halted("refused", f"the model declined to decide: {', '.join(declined)}")
        return told

    def _instructions(self) -> str:
        sent_back = [f"The answer {each.answer} was sent back: {each.reason}" for each in self._request.rejections]
        return "\n\n".join((self._request.system, *sent_back))


def _hint(failure: Failure) -> str:
    """Return what may help where a server takes less than others."""
    too_many = failure.status in {400, 413, 422} and "at most" in failure.reason
    return "; most_options= and most_levels= say how much of a question this server takes" if too_many else ""
