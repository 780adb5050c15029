"""Opens what decides which runs a process executes, by its address."""

from functools import partial
from typing import TYPE_CHECKING

from handrail_orchestrator.errors import Misuse

if TYPE_CHECKING:
    from handrail_orchestrator.embedded.dispatch import MakeDispatch


def dispatch_of(engine: str | None, queue: str | None) -> "MakeDispatch":
    """Return what makes it: the embedded engine's own, or one behind the Temporal server at an address.

    Raises:
        Misuse: it is no address, or a queue is given without one.
        LibraryMissing: the library for it is not installed.
    """
    if engine is None:
        if queue is not None:
            raise Misuse(f"queue={queue!r} without an engine: in one process, every step is executed where its run is")
        from handrail_orchestrator.embedded.claiming import Claiming  # noqa: PLC0415 -- a part of the engine

        return Claiming
    from handrail_ground.optional import needs  # noqa: PLC0415 -- only for it

    with needs("temporal"):
        from handrail_orchestrator.temporal.address import read_address  # noqa: PLC0415 -- loads Temporal's library
        from handrail_orchestrator.temporal.bridge import Bridge  # noqa: PLC0415 -- as above
    return partial(Bridge, read_address(engine), queue)
