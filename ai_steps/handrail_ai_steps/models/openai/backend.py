"""What stands behind one OpenAI model once the libraries are loaded: its connections, and what its server takes."""

from collections.abc import Sequence
from dataclasses import replace

from handrail_ai_steps.deadline import Deadline
from handrail_ai_steps.model import Answer, ModelRequest, NoAnswer
from handrail_ai_steps.models.openai.batch_request import batch_question
from handrail_ai_steps.models.openai.batches import OpenAIBatches, answered
from handrail_ai_steps.models.openai.capabilities import Capabilities
from handrail_ai_steps.models.openai.connection import Clients
from handrail_ai_steps.models.openai.failure import Halted
from handrail_ai_steps.models.openai.form import Forms
from handrail_ai_steps.models.openai.ledger import TryLedger
from handrail_ai_steps.models.openai.limits import Pacer
from handrail_ai_steps.models.openai.pictures import seen
from handrail_ai_steps.models.openai.server import Server
from handrail_ai_steps.models.openai.settings import ModelSettings
from handrail_ai_steps.models.openai.sources import Sources
from handrail_ai_steps.models.openai.structured import Structured
from handrail_ai_steps.per_loop import PerLoop
from handrail_guards.batching import BatchQuestion, BatchReply


class Backend:
    """Answers the requests of one model, from any event loop."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._connections = PerLoop(Clients(settings).connection)
        self.pacer = Pacer(settings.per_minute)
        self._can = Capabilities(logprobs=not settings.reasons)
        if settings.address.is_public:
            self._can.unmarked_reasoning = False
        self._forms = Forms()
        self._structured = Structured()

    async def answer(
        self, request: ModelRequest, deadline: Deadline, *, given: Sequence[object] = ()
    ) -> Answer | NoAnswer:
        """Answer a request, or say why there is no answer; ``given`` are replies that are already here."""
        ledger = TryLedger(request, self._settings, deadline)
        return await ledger.concluded(lambda: self._answer(request, ledger, [*given]))

    @property
    def batches(self) -> OpenAIBatches:
        """Return what takes batches to the server."""
        return OpenAIBatches(self._settings, self._connections)

    async def question(self, request: ModelRequest, group: str) -> BatchQuestion | NoAnswer:
        """Return a request as a batch holds it, or why it cannot be asked."""
        ledger = TryLedger(request, self._settings, request.deadline or Deadline(request.seconds))
        try:
            shown = await seen(request, self._settings)
            server = Server(self._settings, await self._connections.here(), self.pacer, self._can)
            chat, answers = Sources(server, self._structured, self._forms, shown, ledger).first()
            return batch_question(server, ledger, chat, answers, group)
        except Halted as halted:
            return ledger.halted(halted)

    async def read(self, request: ModelRequest, reply: BatchReply, deadline: Deadline) -> Answer | NoAnswer:
        """Return the answer that a reply from a batch holds."""
        return await self.answer(request, deadline, given=[answered(reply)])

    async def _answer(self, request: ModelRequest, ledger: TryLedger, given: list[object]) -> Answer:
        shown = await seen(request, self._settings)
        server = Server(self._settings, await self._connections.here(), self.pacer, self._can, given)
        answer = await Sources(server, self._structured, self._forms, shown, ledger).answer()
        asked_as = ",".join(filter(None, (answer.asked_as, shown.asked_as)))
        return replace(answer, asked_as=asked_as)

    async def aclose(self) -> None:
        """Close the running event loop's connections; the next request opens others."""
        await self._connections.aclose()
