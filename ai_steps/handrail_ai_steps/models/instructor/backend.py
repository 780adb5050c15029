"""What stands behind one model of a provider once the libraries are loaded, and where its confidence is from."""

import asyncio

from handrail_ai_steps.deadline import Deadline
from handrail_ai_steps.model import Answer, ModelRequest, NoAnswer
from handrail_ai_steps.models.instructor.answer_form import AnswerForms
from handrail_ai_steps.models.instructor.asking import ProviderTries
from handrail_ai_steps.models.instructor.connection import ProviderClients, ProviderConnection
from handrail_ai_steps.models.instructor.settings import ProviderSettings
from handrail_ai_steps.models.openai.evidence import Evidence, missing, stated_evidence
from handrail_ai_steps.models.openai.failure import Halted
from handrail_ai_steps.models.openai.form import Form, Forms, Reading
from handrail_ai_steps.models.openai.ledger import TryLedger
from handrail_ai_steps.models.openai.limits import Pacer
from handrail_ai_steps.models.openai.pictures import SHOWN, given_pictures
from handrail_ai_steps.models.openai.reasoning import spoken
from handrail_ai_steps.models.openai.request import Messages, chat_request
from handrail_ai_steps.models.openai.settings import USUAL_SAMPLES
from handrail_ai_steps.per_loop import PerLoop
from handrail_ai_steps.voting import share_alternatives


class ProviderBackend:
    """Answers the requests of one model, from any event loop."""

    def __init__(self, settings: ProviderSettings) -> None:
        self._settings = settings
        self._connections = PerLoop(ProviderClients(settings).connection)
        self._pacer = Pacer(settings.per_minute)
        self._forms = Forms()
        self._models = AnswerForms()

    async def answer(self, request: ModelRequest, deadline: Deadline) -> Answer | NoAnswer:
        """Answer a request, or say why there is no answer."""
        ledger = TryLedger(request, self._settings, deadline)
        return await ledger.concluded(lambda: self._answer(request, ledger))

    async def aclose(self) -> None:
        """Close the running event loop's connections; the next request opens others."""
        await self._connections.aclose()

    async def _answer(self, request: ModelRequest, ledger: TryLedger) -> Answer:
        with ledger.deadline.held():  # a client's libraries may load yet, and that is not the provider's time
            connection = await self._connections.here()
        return await _Asked(
            self._settings, connection, self._pacer, ledger, self._forms, self._models, request
        ).answer()


class _Asked:
    """One request in progress."""

    def __init__(
        self,
        settings: ProviderSettings,
        connection: ProviderConnection,
        pacer: Pacer,
        ledger: TryLedger,
        forms: Forms,
        models: AnswerForms,
        request: ModelRequest,
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._pacer = pacer
        self._ledger = ledger
        self._forms = forms
        self._models = models
        self._request = request

    async def answer(self) -> Answer:
        """Answer it.

        Raises:
            Halted: there is no answer.
        """
        request, settings = self._request, self._settings
        if request.json_schema is None and not request.labels:
            return await self._text()
        if not request.wants_confidence or settings.confidence == "none":
            form = self._forms.form(request)
            return self._made(*await self._one(form), missing("no confidence was asked for"))
        if settings.votes:
            return await self._by_vote(self._forms.form(request))
        reading, tries = await self._one(self._forms.form(request, states=True))
        return self._made(reading, tries, stated_evidence(reading))

    async def _one(self, form: Form, index: int = 0) -> tuple[Reading, ProviderTries]:
        tries = self._tries()
        seed = None if self._settings.sent.seed is None else self._settings.sent.seed + index
        return await tries.ask(self._messages(form), form, reasks=self._reasks(), seed=seed), tries

    async def _by_vote(self, form: Form) -> Answer:
        """Ask for several answers side by side; one after the other where a budget has to be kept."""
        samples = self._settings.samples
        by_index: dict[int, tuple[Reading, ProviderTries] | Halted] = {}

        async def sample(index: int) -> None:
            try:
                by_index[index] = await self._one(form, index)
            except Halted as halted:
                by_index[index] = halted

        async def ask_all() -> None:
            if self._ledger.limited:
                for index in range(samples):
                    await sample(index)
            else:
                await asyncio.gather(*map(sample, range(samples)))

        over = False
        try:
            await self._ledger.in_time(ask_all())
        except TimeoutError:
            over = True
        got = [each for _, each in sorted(by_index.items())]
        read = [each for each in got if not isinstance(each, Halted)]
        failed = [each for each in got if isinstance(each, Halted)]
        if over and not read:
            raise TimeoutError
        if over:
            return self._made(*read[0], missing("the samples for a vote did not come: the time was over"))
        if not read:
            raise failed[0]
        settled = form.vote([reading for reading, _ in read], ended=len(got))
        reading, tries = read[settled.winner]
        others = share_alternatives(settled.shares, reading.label) if form.labels else ()
        notes = (f"{len(failed)} of {samples} samples failed: {failed[0].reason}",) if failed else ()
        drawn = "sampled" if samples == USUAL_SAMPLES else f"sampled-{samples}"
        return self._made(reading, tries, Evidence(settled.confidence, settled.fields, others, None, notes), drawn)

    async def _text(self) -> Answer:
        tries = self._tries()
        said = spoken(await tries.text(self._messages(None), seed=self._settings.sent.seed))
        if not said.text.strip():
            raise Halted("invalid", "the answer is empty")
        if self._request.on_text is not None:
            self._request.on_text(said.text)
        return self._made(Reading(said.text, said.text), tries, missing("free text has no source of confidence here"))

    def _messages(self, form: Form | None) -> Messages:
        return chat_request(self._request, form, pictures=given_pictures(self._request)).messages

    def _tries(self) -> ProviderTries:
        tokens = sum(each.tokens for each in self._request.pictures)
        return ProviderTries(
            self._settings, self._connection, self._pacer, self._ledger, self._models, picture_tokens=tokens
        )

    def _reasks(self) -> int:
        own, asked = self._settings.reasks, self._request.reasks
        return own if asked is None else min(own, asked)

    def _made(self, reading: Reading, tries: ProviderTries, evidence: Evidence, drawn: str = "") -> Answer:
        tries.note(*reading.notes, *evidence.notes)
        assert tries.reply is not None  # noqa: S101 -- asked after there was an answer
        shown = SHOWN if self._request.pictures else ""
        asked_as = (drawn, f"instructor-{self._connection.mode}", self._settings.sent.asked_as, shown)
        return Answer(
            value=reading.value,
            raw=reading.text,
            confidence=evidence.confidence,
            model=self._ledger.told(tries.reply.model),
            asked_as=",".join(filter(None, asked_as)),
            fields=evidence.fields,
            alternatives=evidence.alternatives,
            attempts=self._ledger.attempts,
        )
