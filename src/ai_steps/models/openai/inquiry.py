"""One request in progress: the strongest source of confidence the server has, and the next one where it fails."""

import asyncio
from typing import TYPE_CHECKING, Literal, TypeAlias

from ai_steps.model import Answer, ModelRequest
from ai_steps.models.openai.decisions import decide, questions
from ai_steps.models.openai.evidence import (
    Evidence,
    logprob_evidence,
    missing,
    share_alternatives,
    stated_evidence,
    text_evidence,
)
from ai_steps.models.openai.exchange import Exchange, Server, fetch_whole
from ai_steps.models.openai.failure import Halted
from ai_steps.models.openai.form import Form, Misfit, Reading
from ai_steps.models.openai.forms import Forms
from ai_steps.models.openai.ledger import Ledger
from ai_steps.models.openai.reply import Reply
from ai_steps.models.openai.request import question_for
from ai_steps.models.openai.stream import TextStream
from ai_steps.voting import vote

if TYPE_CHECKING:
    from ai_steps.models.openai.structured import Structured

Source: TypeAlias = Literal["logprob", "vote", "stated", "none"]


class Inquiry:
    """Answers one request from one server."""

    def __init__(
        self, server: Server, structured: "Structured", forms: Forms, request: ModelRequest, ledger: Ledger
    ) -> None:
        self._server = server
        self._structured = structured
        self._forms = forms
        self._request = request
        self._ledger = ledger

    async def answer(self) -> Answer:
        """Answer the request.

        Raises:
            Halted: there is no answer.
        """
        if self._request.json_schema is None and not self._request.labels:
            return await self._text()
        source = self._source()
        if source != "none" and self._server.settings.confidence == "auto":
            asked = questions(self._request) if self._server.can.decisions is not False else ()
            if asked:
                output = self._forms.form(self._request).output
                decided = await decide(self._server, self._ledger, self._request, asked, output)
                if decided is not None:
                    return decided
        match source:
            case "logprob":
                return await self._by_logprob()
            case "vote":
                return await self._by_vote(self._forms.form(self._request), [])
            case "stated":
                reading, exchange = await self._one(self._forms.form(self._request, states=True))
                return self._made(reading, exchange, stated_evidence(reading))
            case "none":
                reading, exchange = await self._one(self._forms.form(self._request))
                return self._made(reading, exchange, missing("no confidence was asked for"))

    def _source(self) -> Source:
        mode = self._server.settings.confidence
        if not self._request.wants_confidence:
            return "none"
        if mode != "auto":
            return mode
        if self._server.can.tells_logprobs:
            return "logprob"
        return "vote" if self._server.settings.samples > 1 else "stated"

    def _reasks(self) -> int:
        """Return how often an answer that does not fit is sent back: as often as both model and step allow."""
        own, asked = self._server.settings.reasks, self._request.reasks
        return own if asked is None else min(own, asked)

    async def _one(self, form: Form, *, logprobs: bool = False, varied: bool = False) -> tuple[Reading, Exchange]:
        question = question_for(self._request, form, logprobs=logprobs, varied=varied)
        exchange = Exchange(self._server, self._ledger, question)
        return await self._structured.ask(exchange, self._reasks()), exchange

    async def _by_logprob(self) -> Answer:
        form = self._forms.form(self._request, coded=True)
        reading, exchange = await self._one(form, logprobs=True)
        choice = _reply(exchange).choices[0]
        evidence = logprob_evidence(choice, reading, form)
        if self._server.can.logprobs:
            self._server.can.saw_logprobs(there=bool(choice.tokens))
        if evidence.confidence.value is None:
            exchange.note(evidence.confidence.detail)
            if self._server.settings.confidence == "auto" and self._server.settings.samples > 1:
                return await self._by_vote(form, [(reading, exchange)])
        return self._made(reading, exchange, evidence)

    async def _by_vote(self, form: Form, readings: list[tuple[Reading, Exchange]]) -> Answer:
        """Ask for several samples: at once where the server can, one by one for those that did not come."""
        samples, returned = self._server.settings.samples, len(readings)
        if self._server.can.several and samples - returned > 1:
            exchange = Exchange(
                self._server,
                self._ledger,
                question_for(self._request, form, varied=True),
                answers=samples - returned,
            )
            first = await self._structured.ask(exchange, self._reasks())
            choices = _reply(exchange).choices
            readings.append((first, exchange))
            readings += [(reading, exchange) for each in choices[1:] if (reading := _read(form, each.text)) is not None]
            returned += len(choices)
            if len(choices) == 1:
                self._server.can.several = False
        failed: list[str] = []
        for got in await self._one_by_one(form, samples - returned):
            if isinstance(got, Halted):
                failed.append(got.reason)
                returned += got.result == "invalid"
            else:
                readings.append(got)
                returned += 1
        if not readings:
            raise Halted("failed", f"no sample came back: {failed[0]}")
        settled = vote([form.sample(reading) for reading, _ in readings], asked=returned)
        reading, exchange = readings[settled.winner]
        others = share_alternatives(settled.shares, reading.label) if form.labels else ()
        notes = (f"{len(failed)} of {samples} samples failed: {failed[0]}",) if failed else ()
        return self._made(reading, exchange, Evidence(settled.confidence, settled.fields, others, None, notes))

    async def _one_by_one(self, form: Form, count: int) -> "list[tuple[Reading, Exchange] | Halted]":
        """Ask for samples in requests of their own; one after the other where a budget has to be kept."""

        async def sample() -> "tuple[Reading, Exchange] | Halted":
            try:
                return await self._one(form, varied=True)
            except Halted as halted:
                return halted

        if self._ledger.limited:
            return [await sample() for _ in range(count)]
        return list(await asyncio.gather(*(sample() for _ in range(count))))

    async def _text(self) -> Answer:
        request = self._request
        wanted = self._source() == "logprob"
        fetch = fetch_whole if request.on_text is None else TextStream(request.on_text).fetch
        question = question_for(request, None, logprobs=wanted)
        exchange = Exchange(self._server, self._ledger, question, fetch=fetch)
        choice = (await exchange.send(question.messages)).choices[0]
        if not choice.text.strip():
            exchange.misfit("the answer is empty")
            raise Halted("invalid", "the answer is empty")
        evidence = text_evidence(choice) if wanted else missing("free text has no other source of confidence")
        return self._made(Reading(choice.text, choice.text), exchange, evidence)

    def _made(self, reading: Reading, exchange: Exchange, evidence: Evidence) -> Answer:
        notes = reading.notes + evidence.notes
        if notes:
            exchange.note(*notes)
        return Answer(
            value=reading.value,
            raw=reading.text,
            confidence=evidence.confidence,
            model=_reply(exchange).model,
            fields=evidence.fields,
            alternatives=evidence.alternatives,
            other_mass=evidence.other_mass,
            attempts=self._ledger.attempts,
        )


def _read(form: Form, text: str) -> Reading | None:
    try:
        return form.read(text)
    except Misfit:
        return None


def _reply(exchange: Exchange) -> Reply:
    assert exchange.reply is not None  # noqa: S101 -- asked after there was an answer
    return exchange.reply
