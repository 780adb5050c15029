"""The port to whatever starts runs by itself: it watches, fires each key once, and is closed."""

from typing import BinaryIO, Protocol

from handrail_orchestrator.store.files import KeepFile
from handrail_orchestrator.store.fired import Fired
from handrail_orchestrator.workflow import AnyWorkflow


class TriggerHost(Protocol):
    """Where a trigger starts runs: an orchestrator, seen from here.

    Raises (every method):
        StoreError: the store cannot be read or written.
    """

    async def stage(self, stream: BinaryIO) -> KeepFile:
        """Give a file's bytes to the store; the change that comes back keeps it, with the run that it is for.

        Raises:
            Misuse: it changed while it was read.
            OSError: it cannot be read.
        """
        ...

    async def fire(
        self,
        trigger: "Trigger",
        key: str,
        value: object,
        *,
        run_id: str,
        file: KeepFile | None = None,
        state: str = "fired",
    ) -> Fired:
        """Start the run of a key, and keep its file, in one transaction; a key that was fired starts nothing.

        ``state`` is what is noted of the key at first, for whoever fires it again.

        Raises:
            RunConflict: a run has this id that was started with something else.
            NotStorable: the value does not fit the workflow's input.
        """
        ...

    async def note(self, trigger: "Trigger", key: str, state: str) -> None:
        """Note how far the trigger is with a key, for whoever fires it again."""
        ...


class Trigger(Protocol):
    """What starts runs of one workflow by itself."""

    @property
    def name(self) -> str:
        """Return what its keys belong to: triggers of one name, in however many processes, fire each key once."""
        ...

    @property
    def workflow(self) -> AnyWorkflow:
        """Return the workflow that it starts."""
        ...

    async def watch(self, host: TriggerHost) -> None:
        """Watch and fire until it is closed or cancelled."""
        ...

    async def close(self) -> None:
        """Let ``watch`` return once what it has in hand is done."""
        ...
