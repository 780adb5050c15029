"""One server as one model knows it: who may send when, and what it takes."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from handrail_ai_steps.models.openai.capabilities import Capabilities
from handrail_ai_steps.models.openai.connection import Connection
from handrail_ai_steps.models.openai.ledger import TryLedger
from handrail_ai_steps.models.openai.limits import Pacer, admitted
from handrail_ai_steps.models.openai.settings import ModelSettings


@dataclass(frozen=True, slots=True)
class Server:
    """One server as one model knows it."""

    settings: ModelSettings
    connection: Connection
    pacer: Pacer
    can: Capabilities
    given: list[object] = field(default_factory=list)
    """Replies that a batch brought, as JSON: handed out in place of the first requests."""

    def admission(self, ledger: TryLedger) -> AbstractAsyncContextManager[None]:
        """Return what a request waits in for its turn, and holds its place in."""
        limits = f"max_concurrent={self.settings.max_concurrent}, per_minute={self.settings.per_minute}"
        return admitted(self.connection, self.pacer, ledger, limits)
