"""What a step's body may know about itself."""

from contextvars import ContextVar
from typing import NamedTuple, Protocol

from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.file import HasFileId


class StopFlag:
    """Says to a thread that nobody waits for its result any more."""

    __slots__ = ("raised",)

    def __init__(self) -> None:
        self.raised = False


class FileReading(Protocol):
    """Whoever has the bytes of files."""

    def read(self, id: str, /) -> bytes:  # noqa: A002
        """Return the bytes of a file."""
        ...


class StepContext(NamedTuple):
    """The step that is being executed."""

    run_id: str
    step: str
    """The step's name in its run, such as ``route#2``."""
    attempt: int = 1
    """1 for the first try; tries before a crash count."""
    stop: StopFlag | None = None
    """Raised for a body in a thread, which cannot be stopped from outside."""

    files: FileReading | None = None
    """The files of the store."""

    def read_file(self, file: HasFileId) -> bytes:
        """Return the bytes of a file, or of the file that a document was read from.

        It reads at once, in whatever thread calls it: in an ``async def``, a large file is read with
        ``await asyncio.to_thread(step_context().read_file, file)``.

        Raises:
            UnknownFile: the store does not hold it.
            FilePurged: its bytes were removed, and when.
        """
        if self.files is None:
            raise Misuse("this step is executed without a store: there are no files to read")
        return self.files.read(file.id)

    @property
    def cancelled(self) -> bool:
        """Whether the run was cancelled or the attempt timed out: a body in a thread looks at it and returns."""
        return self.stop is not None and self.stop.raised

    @property
    def idempotency_key(self) -> str:
        """Return the key that is the same for every attempt of this step of this run."""
        return f"{self.run_id}/{self.step}"


_current: ContextVar[StepContext | None] = ContextVar("handrail_step", default=None)

enter_step = _current.set
leave_step = _current.reset
current_step = _current.get


def step_context() -> StepContext:
    """Return the context of the step whose body calls this.

    Raises:
        Misuse: called outside a step's body.
    """
    context = _current.get()
    if context is None:
        raise Misuse("step_context() works only inside a step's body, called through run.step(...)")
    return context
