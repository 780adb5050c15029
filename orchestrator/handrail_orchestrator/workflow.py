"""A workflow: the function whose every execution is a run."""

import inspect
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar, get_type_hints, overload

from handrail_ground.code_hash import hash_of_code
from handrail_guards.rollout import Rollout
from handrail_orchestrator.coding import codec_for, signature_codec
from handrail_orchestrator.dueness import DueHours
from handrail_orchestrator.errors import InvalidWorkflow, UnresolvedAnnotation
from handrail_orchestrator.given_time import is_above_zero
from handrail_orchestrator.run import Run
from handrail_orchestrator.step import RESERVED, AnyStep, Step
from handrail_orchestrator.texts import checked_number, checked_text

if TYPE_CHECKING:
    from handrail_orchestrator.codec import Codec

In = TypeVar("In")
Out = TypeVar("Out")
In_contra = TypeVar("In_contra", contravariant=True)
Out_co = TypeVar("Out_co", covariant=True)

NO_INPUT = 1
ONE_INPUT = 2


@dataclass(frozen=True, slots=True, eq=False)
class Workflow(Generic[In_contra, Out_co]):
    """A workflow's function with its name and version; called directly it is just the function."""

    function: Callable[..., Awaitable[Out_co]]
    name: str
    version: int
    """1 or more; runs remember the version they were started with."""
    continues: tuple[int, ...] = ()
    """Earlier versions whose waiting runs this code may continue."""
    deadline_seconds: float | None = None
    """From the run's start to its end, waits included; None: no limit."""
    keep: timedelta | None = None
    """How long a run is kept after its end, however it ended; None: until somebody prunes it."""
    rollout: Rollout | None = None
    """Which new runs get this version; the others get the one before. None: all."""
    due_hours: DueHours | None = None
    """When its questions are due, by what they ask; None: as their escalations say."""
    code: str = field(init=False)
    """Hash of the function's code: a changed one may ask for steps with other inputs than recorded."""

    def __post_init__(self) -> None:
        if not self.name or RESERVED & set(self.name):
            raise InvalidWorkflow(f"{self.name!r} cannot name a workflow: use letters, digits, '_', '-', '.' and ':'")
        checked_text(self.name, where=f"the workflow's name {self.name!r}")
        checked_number(self.version, where=f"workflow {self.name!r}, its version")
        if self.version < 1 or any(not 1 <= old < self.version for old in self.continues):
            raise InvalidWorkflow(f"workflow {self.name!r}: versions count from 1, and continues= lists earlier ones")
        if self.deadline_seconds is not None and not is_above_zero(self.deadline_seconds):
            raise InvalidWorkflow(
                f"workflow {self.name!r}: deadline_seconds must be above 0: give a number, or leave it out,"
                f" and not {self.deadline_seconds!r}"
            )
        keep: object = self.keep  # whatever somebody without a type checker gave
        if keep is not None and not (isinstance(keep, timedelta) and keep > timedelta(0)):
            raise InvalidWorkflow(
                f"workflow {self.name!r}: keep is {self.keep!r}; give a time above 0, such as timedelta(days=90)"
            )
        rollout: object = self.rollout  # as above
        if rollout is not None and not isinstance(rollout, Rollout):
            raise InvalidWorkflow(
                f"workflow {self.name!r}: rollout is {rollout!r}; give share(0.1) or only('pilot', ...) of"
                " handrail.guards"
            )
        if self.due_hours is not None and not callable(self.due_hours):
            raise InvalidWorkflow(
                f"workflow {self.name!r}: due_hours is {self.due_hours!r}; give a function of the item that returns"
                " hours, or give hours to an Escalation"
            )
        if not inspect.iscoroutinefunction(self.function):
            raise InvalidWorkflow(f"workflow {self.name!r} must be an `async def`")
        if len(inspect.signature(self.function).parameters) not in {NO_INPUT, ONE_INPUT}:
            raise InvalidWorkflow(
                f"workflow {self.name!r} must take (run) or (run, input): put several inputs in a model"
            )
        object.__setattr__(self, "code", hash_of_code(self.function.__code__))
        with suppress(UnresolvedAnnotation):  # defined further down the module: the orchestrator checks again
            self.check()

    @property
    def takes_input(self) -> bool:
        """Whether the function has a second parameter."""
        return len(inspect.signature(self.function).parameters) == ONE_INPUT

    @property
    def input_codec(self) -> "Codec[Any]":
        """Return how inputs are stored."""
        hints, parameters = self._hints(), list(inspect.signature(self.function).parameters)
        annotation = hints.get(parameters[1], inspect.Parameter.empty) if self.takes_input else type(None)
        return codec_for(annotation, where=f"workflow {self.name!r}, its input")

    @property
    def output_codec(self) -> "Codec[Any]":
        """Return how results are stored."""
        annotation = self._hints().get("return", inspect.Parameter.empty)
        return codec_for(annotation, where=f"workflow {self.name!r}, its result")

    @property
    def versions(self) -> tuple[int, ...]:
        """Return every version whose runs this code executes."""
        return (self.version, *self.continues)

    def check(self) -> None:
        """Check that the input, the result and every step named in the function's code can be stored.

        Raises:
            NotStorable: one of them cannot.
        """
        self.input_codec  # noqa: B018 -- building it is the check
        self.output_codec  # noqa: B018
        for step in self._steps_in_code():
            check_step(step)

    def _steps_in_code(self) -> Iterator[AnyStep]:
        try:
            nonlocals = inspect.getclosurevars(self.function)
        except ValueError:  # it names what stands further down around it; an orchestrator checks that again
            return
        for value in (*nonlocals.globals.values(), *nonlocals.nonlocals.values()):
            if isinstance(value, Step):
                yield value

    def _hints(self) -> dict[str, Any]:
        try:
            return get_type_hints(self.function, include_extras=True)
        except NameError as error:
            raise UnresolvedAnnotation(where=f"workflow {self.name!r}", problem=str(error)) from error

    def __call__(self, run: Run, *args: object) -> Awaitable[Out_co]:
        """Call the function with a run of your own making, as tests do."""
        return self.function(run, *args)


def check_step(step: AnyStep) -> None:
    """Check that a step's inputs and result can be stored.

    Raises:
        NotStorable: one of them cannot.
    """
    where = f"step {step.name!r}"
    signature_codec(step.function, where=where)
    result_codec(step.function, where=where)


def result_codec(function: Callable[..., Any], *, where: str) -> "Codec[Any]":
    """Return how a function's results are stored, by its return annotation.

    Raises:
        NotStorable: it has none, or one that typed JSON cannot hold.
    """
    target = function if inspect.isroutine(function) else type(function).__call__
    try:
        hints = get_type_hints(target, include_extras=True)
    except NameError as error:
        raise UnresolvedAnnotation(where=where, problem=str(error)) from error
    return codec_for(hints.get("return", inspect.Parameter.empty), where=f"{where}, its result")


AnyWorkflow: TypeAlias = Workflow[Any, Any]
"""A workflow whose input and result do not matter."""


class WorkflowDecorator(Protocol):
    """Makes a workflow of a function."""

    @overload
    def __call__(self, function: Callable[[Run, In], Awaitable[Out]]) -> Workflow[In, Out]: ...
    @overload
    def __call__(self, function: Callable[[Run], Awaitable[Out]]) -> Workflow[None, Out]: ...
    def __call__(self, function: Callable[..., Awaitable[Out]]) -> Workflow[Any, Out]:
        """Return the function as a workflow."""
        ...


def workflow(
    *,
    version: int,
    name: str | None = None,
    continues: tuple[int, ...] = (),
    deadline_seconds: float | None = None,
    keep: timedelta | None = None,
    rollout: Rollout | None = None,
    due_hours: DueHours | None = None,
) -> WorkflowDecorator:
    """Mark ``async def f(run, input) -> Result`` as a workflow.

    ``keep`` is how long its runs are kept after their end: ``handrail runs prune --retention`` deletes older ones, and
    so does ``handrail work`` once an hour. ``rollout`` says which new runs get this version, such as ``share(0.1)`` of
    ``handrail.guards``; the others start on the version before, which the orchestrator is given too. ``due_hours`` is
    called with each question before it is put to people, and returns in how many hours that is due; None: as it says.

    Raises:
        InvalidWorkflow: the function or a setting cannot be a workflow's.
        NotStorable: its input, result or a step it names cannot be stored as typed JSON.
    """

    def decorate(function: Callable[..., Awaitable[Any]]) -> AnyWorkflow:
        found = name or str(getattr(function, "__name__", ""))
        return Workflow(function, found, version, continues, deadline_seconds, keep, rollout, due_hours)

    return decorate


class Workflows:
    """The workflows of one orchestrator, by name and by every version they execute."""

    def __init__(self, workflows: list[AnyWorkflow]) -> None:
        self._beside: dict[tuple[str, int], AnyWorkflow] = {}
        self._by_version: dict[tuple[str, int], AnyWorkflow] = {}
        for each in workflows:
            if not isinstance(each, Workflow):
                raise InvalidWorkflow(f"{each!r} is no workflow: mark it with @workflow(version=1)")
            each.check()
            for version in each.versions:
                if (each.name, version) in self._by_version:
                    raise InvalidWorkflow(
                        f"two workflows execute {each.name!r} version {version}: bump one, or drop one"
                    )
                self._by_version[each.name, version] = each

    def execute_too(self, workflow: AnyWorkflow) -> None:
        """Execute the runs of a workflow that nobody has given: one of the engine's own."""
        self._beside[workflow.name, workflow.version] = workflow

    @property
    def given(self) -> tuple[AnyWorkflow, ...]:
        """Return the workflows themselves, each once."""
        return tuple(dict.fromkeys(self._by_version.values()))

    def __contains__(self, workflow: AnyWorkflow) -> bool:
        return self._by_version.get((workflow.name, workflow.version)) is workflow

    def find(self, name: str, version: int) -> AnyWorkflow:
        """Return the code that executes runs of that version."""
        return self._by_version.get((name, version)) or self._beside[name, version]

    @property
    def versions(self) -> tuple[tuple[str, int], ...]:
        """Return every (name, version) that can be executed."""
        return (*self._by_version, *self._beside)
