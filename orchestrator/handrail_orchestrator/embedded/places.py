"""Steps that only some workers execute, such as those of a machine with a graphics card."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from handrail_orchestrator.store.rows import DUE
from handrail_orchestrator.suspension import Suspended, unwinding

ANYWHERE = "any"


class Elsewhere(Protocol):
    """The waits of a run, as far as it may go on elsewhere."""

    open: dict[str, float | None]
    wanted_at: Sequence[str | None]


class Whereabouts(NamedTuple):
    """Where this process stands among others that share runs."""

    queue: str | None
    """It executes the steps that need a worker of this queue; None: those that need none."""

    def require(self, waits: Elsewhere, step: str, queue: str | None) -> None:
        """Let a body begin that belongs here.

        Raises:
            Suspended: others execute it; the run goes on there.
        """
        if queue != self.queue:
            waits.wanted_at = (*waits.wanted_at, queue)
            waits.open[f"{step} (queue {queue or ANYWHERE})"] = DUE
            raise unwinding(Suspended(step))


def wanted_at(waits: Elsewhere) -> str | None:
    """Return the queue of workers that a run goes on with; None: any worker goes on with it."""
    queues = sorted(queue for queue in waits.wanted_at if queue is not None)
    return queues[0] if queues else None
