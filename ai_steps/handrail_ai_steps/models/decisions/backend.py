"""What stands behind one decision model once the libraries are loaded: its connections, its pace, its types."""

from handrail_ai_steps.deadline import Deadline
from handrail_ai_steps.model import Answer, ModelRequest, NoAnswer
from handrail_ai_steps.models.decisions.asking import AskedDecision
from handrail_ai_steps.models.decisions.connection import DecisionConnection
from handrail_ai_steps.models.decisions.settings import DecisionSettings
from handrail_ai_steps.models.openai.ledger import TryLedger
from handrail_ai_steps.models.openai.limits import Pacer
from handrail_ai_steps.output import Output
from handrail_ai_steps.per_loop import PerLoop

MOST_OUTPUTS = 100
"""Output types that are kept in mind."""


class DecisionBackend:
    """Answers the requests of one decision model, from any event loop."""

    def __init__(self, settings: DecisionSettings) -> None:
        self._settings = settings
        self._connections = PerLoop(lambda: DecisionConnection(settings))
        self._pacer = Pacer(settings.per_minute)
        self._outputs: dict[tuple[str, str], Output] = {}

    async def answer(self, request: ModelRequest, deadline: Deadline) -> Answer | NoAnswer:
        """Answer a request, or say why there is no answer."""
        ledger = TryLedger(request, self._settings, deadline)
        return await ledger.concluded(lambda: self._answer(request, ledger))

    async def _answer(self, request: ModelRequest, ledger: TryLedger) -> Answer:
        connection = await self._connections.here()
        return await AskedDecision(
            self._settings, connection, self._pacer, request, self._output(request), ledger
        ).answer()

    def _output(self, request: ModelRequest) -> Output:
        """Return the output type, understood once for each prompt."""
        key = request.task, request.prompt_version
        known = self._outputs.get(key)
        if known is None or known.output_type is not request.output_type:
            if len(self._outputs) >= MOST_OUTPUTS:
                self._outputs.clear()
            known = self._outputs[key] = Output(request.output_type)
        return known

    async def aclose(self) -> None:
        """Close the running event loop's connections; the next request opens others."""
        await self._connections.aclose()
