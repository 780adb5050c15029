"""One request in progress: the strongest source of confidence the server has, and the next one where it fails."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from handrail_ai_steps.model import Answer
from handrail_ai_steps.models.openai.ballot import Ballot
from handrail_ai_steps.models.openai.data_stream import DataStream
from handrail_ai_steps.models.openai.decisions import decide, questions
from handrail_ai_steps.models.openai.evidence import (
    ONE_HOT,
    Evidence,
    logprob_evidence,
    missing,
    stated_evidence,
    text_evidence,
)
from handrail_ai_steps.models.openai.failure import Halted
from handrail_ai_steps.models.openai.form import LEFT_OUT, LETTERS, Form, Forms, Reading
from handrail_ai_steps.models.openai.ledger import TryLedger
from handrail_ai_steps.models.openai.pictures import SeenPages
from handrail_ai_steps.models.openai.reasoning import spoken
from handrail_ai_steps.models.openai.reply import Reply
from handrail_ai_steps.models.openai.request import ChatRequest, chat_request, sent_back
from handrail_ai_steps.models.openai.server import Server
from handrail_ai_steps.models.openai.settings import USUAL_SAMPLES, ModelSettings
from handrail_ai_steps.models.openai.stream import TextStream
from handrail_ai_steps.models.openai.tries import ReplyTries, fetch_whole
from handrail_ai_steps.voting import share_alternatives
from handrail_guards.confidence import Confidence

if TYPE_CHECKING:
    from handrail_ai_steps.models.openai.structured import Structured

T = TypeVar("T")

Source: TypeAlias = Literal["logprob", "vote", "stated", "none"]


class Sources:
    """Answers one request from one server."""

    def __init__(
        self, server: Server, structured: "Structured", forms: Forms, shown: SeenPages, ledger: TryLedger
    ) -> None:
        self._server = server
        self._structured = structured
        self._forms = forms
        self._request = shown.request
        self._pictures = shown.pictures
        self._ledger = ledger
        self._kept: Answer | None = None

    async def answer(self) -> Answer:
        """Answer the request.

        Raises:
            Halted: there is no answer.
        """
        try:
            return await self._answer()
        except Halted as halted:
            kept = self.kept(halted.reason)
            if kept is None:
                raise
            return kept

    def first(self) -> tuple[ChatRequest, int]:
        """Return the first request that is sent where the decisions endpoint is not asked, and for how many answers."""
        request, settings = self._request, self._server.settings
        if request.json_schema is None and not request.labels:
            return chat_request(request, None, pictures=self._pictures, logprobs=self._source() == "logprob"), 1
        match self._source():
            case "logprob":
                form = self._forms.form(request, coded=settings.codes)
                return chat_request(request, form, pictures=self._pictures, logprobs=True), 1
            case "vote":
                form = self._vote_form()
                chat = chat_request(request, form, pictures=self._pictures, varied=True, seed=1)
                return chat, settings.samples if self._draws_at_once else 1
            case "stated":
                return chat_request(request, self._forms.form(request, states=True), pictures=self._pictures), 1
            case "none":
                return chat_request(request, self._forms.form(request), pictures=self._pictures), 1

    def kept(self, why: str) -> Answer | None:
        """Return the valid answer whose confidence could not be had, and why it could not; None when there is none."""
        if self._kept is None:
            return None
        lacking = Confidence.none(f"the samples for a vote did not come: {why}")
        return replace(self._kept, confidence=lacking, fields={}, alternatives=(), attempts=self._ledger.attempts)

    async def _answer(self) -> Answer:
        if self._request.json_schema is None and not self._request.labels:
            return await self._text()
        source = self._source()
        settings = self._server.settings
        asks = source != "none" and settings.confidence == "auto" and settings.decisions
        if asks and not self._server.given:  # whose questions no batch takes
            can = self._server.can.asks_decisions and not self._pictures  # typed questions are asked of a text
            asked = questions(self._request) if can else ()
            if asked:
                output = self._forms.form(self._request).output
                decided = await decide(self._server, self._ledger, self._request, asked, output)
                if decided is not None:
                    return decided
        match source:
            case "logprob":
                return await self._by_logprob()
            case "vote":
                return await self._by_vote()
            case "stated":
                reading, tries = await self._one(self._forms.form(self._request, states=True))
                return self._made(reading, tries, stated_evidence(reading))
            case "none":
                reading, tries = await self._one(self._forms.form(self._request))
                return self._made(reading, tries, missing("no confidence was asked for"))

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

    async def _one(self, form: Form, *, logprobs: bool = False, seed: int | None = None) -> tuple[Reading, ReplyTries]:
        chat = chat_request(
            self._request, form, pictures=self._pictures, logprobs=logprobs, varied=seed is not None, seed=seed
        )
        shows = self._request.on_data if seed is None else None  # of votes, nobody knows which one counts
        fetch = fetch_whole if shows is None else DataStream(form, shows, self._request.on_chunk).fetch
        tries = ReplyTries(self._server, self._ledger, chat, fetch=fetch)
        return await self._structured.ask(tries, self._reasks()), tries

    async def _by_logprob(self) -> Answer:
        settings = self._server.settings
        form = self._forms.form(self._request, coded=settings.codes)
        reading, tries = await self._one(form, logprobs=True)
        choice = _reply(tries).choices[0]
        evidence = logprob_evidence(choice, reading, form, among_labels=settings.among_labels)
        if self._server.can.logprobs:
            there = bool(choice.tokens) and evidence.confidence.detail != ONE_HOT
            self._server.can.saw_logprobs(there=there)
        if evidence.confidence.value is None:
            tries.note(evidence.confidence.detail)
            if settings.confidence == "auto" and settings.samples > 1:
                # No sample of the vote: it was not drawn but is the likeliest.
                self._kept = self._made(reading, tries, evidence)
                return await self._in_time(self._by_vote())
        return self._made(reading, tries, evidence, asked_as=_asked_as(form, settings))

    async def _by_vote(self) -> Answer:
        """Ask for several samples: at once where the server can, one by one for those that did not come."""
        form = self._vote_form()
        samples = self._server.settings.samples
        ballot = Ballot(form)
        if self._draws_at_once and samples > 1:
            await self._at_once(ballot, samples)
        for got in await self._in_time(self._one_by_one(form, samples - ballot.ended, drawn=ballot.ended)):
            ballot.add(got)
        if not ballot.readings:
            raise Halted("failed", f"no sample came back: {ballot.failed[0]}")
        settled = ballot.settled()
        reading, tries = ballot.readings[settled.winner]
        others = share_alternatives(settled.shares, reading.label) if form.labels else ()
        evidence = Evidence(settled.confidence, settled.fields, others, None, ballot.notes(samples))
        return self._made(reading, tries, evidence, asked_as=_drawn_as(form, samples))

    @property
    def _draws_at_once(self) -> bool:
        """Whether one request brings all answers of a vote; a seed draws a single one."""
        return self._server.can.several and self._server.settings.sent.seed is None

    def _vote_form(self) -> Form:
        """Return the form of votes: that of log-probabilities, where they are the other source."""
        settings = self._server.settings
        return self._forms.form(self._request, coded=settings.codes and settings.confidence == "auto")

    async def _in_time(self, asking: Awaitable[T]) -> T:
        """Ask for more as long as there is time, for an answer that is there by then is kept.

        Raises:
            Halted: the time was over; or TimeoutError, where there is no answer.
        """
        try:
            return await self._ledger.in_time(asking)
        except TimeoutError:
            if self._kept is None:
                raise
            raise Halted("timed_out", "the time was over") from None

    async def _at_once(self, ballot: "Ballot", samples: int) -> None:
        """Ask for all samples in one request, and again as long as none of them fits."""
        chat = chat_request(self._request, ballot.form, pictures=self._pictures, varied=True, seed=1)
        tries = ReplyTries(self._server, self._ledger, chat, answers=samples)
        messages = chat.messages
        for reasks_left in range(self._reasks(), -1, -1):
            reply = await tries.send(messages)
            if len(reply.choices) == 1:
                self._server.can.several = False
            wrong = ballot.count(reply.choices[:samples], tries)
            if ballot.readings:
                self._keep(ballot)
                return
            tries.misfit(wrong)
            if not reasks_left:
                counted = f" in {1 + self._reasks()} tries" if self._reasks() else ""
                raise Halted("invalid", f"no answer fitted the schema{counted}: {wrong}")
            messages = [*messages, *sent_back(reply.choices[0].text, wrong)]
            ballot.ended = 0

    async def _one_by_one(self, form: Form, count: int, *, drawn: int) -> "list[tuple[Reading, ReplyTries] | Halted]":
        """Ask for samples in requests of their own; one after the other where a budget has to be kept."""

        async def sample(index: int) -> "tuple[Reading, ReplyTries] | Halted":
            try:
                reading, tries = await self._one(form, seed=drawn + index + 1)
            except Halted as halted:
                return halted
            if self._kept is None:
                self._kept = self._made(reading, tries, missing("it is a single sample"))
            return reading, tries

        if self._ledger.limited:
            return [await sample(index) for index in range(count)]
        return list(await asyncio.gather(*(sample(index) for index in range(count))))

    def _keep(self, ballot: "Ballot") -> None:
        if self._kept is None:
            self._kept = self._made(*ballot.readings[0], missing("it is a single sample"))

    async def _text(self) -> Answer:
        request, can = self._request, self._server.can
        wanted = self._source() == "logprob"
        fetch = fetch_whole if request.on_text is None else TextStream(request.on_text, request.on_chunk).fetch
        chat = chat_request(request, None, pictures=self._pictures, logprobs=wanted)
        tries = ReplyTries(self._server, self._ledger, chat, fetch=fetch)
        choice = (await tries.send(chat.messages)).choices[0]
        said = spoken(choice.text)
        can.unmarked_reasoning = said.unmarked or bool(can.unmarked_reasoning)
        wrong = _wrong_with(said.text)
        if wrong:
            tries.misfit(wrong)
            raise Halted("invalid", wrong)
        evidence = (
            text_evidence(choice, said.text) if wanted else missing("free text has no other source of confidence")
        )
        notes = (LEFT_OUT,) if said.dropped else ()
        return self._made(Reading(said.text, said.text, notes=notes), tries, evidence)

    def _made(self, reading: Reading, tries: ReplyTries, evidence: Evidence, *, asked_as: str = "") -> Answer:
        notes = reading.notes + evidence.notes
        if notes:
            tries.note(*notes)
        return Answer(
            value=reading.value,
            raw=reading.text,
            confidence=evidence.confidence,
            model=self._ledger.told(_reply(tries).model),
            asked_as=",".join(filter(None, (asked_as, self._server.settings.sent.asked_as))),
            fields=evidence.fields,
            alternatives=evidence.alternatives,
            other_mass=evidence.other_mass,
            attempts=self._ledger.attempts,
        )


def _asked_as(form: Form, settings: ModelSettings) -> str:
    """Return how labels were asked for, where that is not by letter (or by name where there are too many of them)."""
    if not form.labels:
        return ""
    named = "" if form.codes or (settings.codes and len(form.labels) > len(LETTERS)) else "names"
    parts = (named, "digits" if "1" in form.codes else "", "among-labels" if settings.among_labels else "")
    return ",".join(filter(None, parts))


def _drawn_as(form: Form, samples: int) -> str:
    """Return how samples of a vote were drawn: how many, and at a temperature of ours, where it once was the server's.

    Two of three are less than eight of ten, whatever the share.
    """
    drawn = "sampled" if samples == USUAL_SAMPLES else f"sampled-{samples}"
    return f"{drawn},codes" if form.codes else drawn


def _wrong_with(text: str) -> str:
    """Return why a text is no answer, or an empty one."""
    if not text.strip():
        return "the answer is empty"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "the answer holds half of a character (a lone surrogate)"
    return ""


def _reply(tries: ReplyTries) -> Reply:
    assert tries.reply is not None  # noqa: S101 -- asked after there was an answer
    return tries.reply
