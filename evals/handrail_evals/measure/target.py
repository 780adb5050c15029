"""The port to whatever is measured: a case in, an observation out, with everything known about how it came to be."""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import KW_ONLY, dataclass
from typing import Any, Generic, Literal, Protocol, TypeAlias, TypeVar, runtime_checkable

from handrail_evals.errors import InvalidSuite
from handrail_evals.measure.case import AnyCase, Case
from handrail_guards.confidence import ConfidenceSource
from handrail_guards.verdict import Verdict

Out_co = TypeVar("Out_co", covariant=True)

Decider: TypeAlias = Literal["rule", "model", "person", "policy"]
"""Who decided a step's value."""

Ending: TypeAlias = Literal["completed", "waiting", "failed"]
"""How a workflow's run ended: ``waiting`` when nobody answered its question."""

In = TypeVar("In")

Out = TypeVar("Out")

In_contra = TypeVar("In_contra", contravariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTrace:
    """One step of a workflow's run."""

    name: str
    """The step's name in its run, such as ``route`` or ``route#2``."""
    kind: str
    """``rule``, ``action``, ``ai``, ``human``, ``timer``, ``event`` or ``child``."""
    output: Any
    """What it came to, as JSON data: for an AI step the accepted or suggested value; None when it failed or waits."""
    decided_by: Decider | None = None
    """Who was asked to decide; None where nobody is: timers, events, actions."""
    accepted: bool | None = None
    """For an AI step: whether its value was used without asking a person; None for other steps."""
    confidence: float | None = None
    """0 to 1; None when there is none."""
    seconds: float | None = None
    """How long it took; None when it never began or never ended."""
    error: str = ""
    """Why it failed; empty when it did not."""

    @property
    def decider(self) -> Decider | None:
        """Return who decided its value: nobody where a rule came to None, which says that it does not know."""
        knows_nothing = self.decided_by == "rule" and self.output is None
        return None if knows_nothing else self.decided_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """How a workflow's run went."""

    ending: Ending
    cycle_seconds: float
    """From its start to its end or its first open question, waits for people included."""
    approval_seconds: tuple[float, ...] = ()
    """For each question that was answered: how long it waited."""
    unanswered_seconds: tuple[float, ...] = ()
    """For each question that nobody answered: how long it had waited when it was looked at, or expired."""
    steps: tuple[StepTrace, ...] = ()
    """In the order they were recorded."""

    @property
    def questions(self) -> int:
        """Return how many questions people answered."""
        return len(self.approval_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """How an answer came to be; everything that is not known is None, which is not zero."""

    answered: bool = True
    """False when there is no answer at all: a refusal, a time-out."""
    accepted: bool | None = None
    """Whether the answer would be used without asking a person; None when the target does not say."""
    doubt: str = ""
    """Why not, as a code to count by; empty when accepted."""
    reason: str = ""
    """Why not, in words."""
    confidence: float | None = None
    """0 to 1."""
    source: ConfidenceSource | None = None
    """Where the confidence came from."""
    model: str = ""
    """Who answered, by the answer's own name for it."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    money: float | None = None
    """In the price table's currency."""
    human_minutes: float | None = None
    """What people spent on it."""
    verdicts: tuple[Verdict, ...] = ()
    flow: Flow | None = None
    """For a workflow: how its run went."""


@dataclass(frozen=True)  # without slots: see Case
class Observation(Circumstances, Generic[Out_co]):
    """What a target made of one case."""

    output: Out_co
    """The answer that is scored: of a doubtful judgement, what the model would have said; None when there is none."""
    _: KW_ONLY
    seconds: float | None = None
    """How long the target itself took, where it says so; None: from question to answer is taken."""


OPENED = (
    "'opened' must take concurrency by its name and return an async context manager:"
    " write it as an async generator under @contextlib.asynccontextmanager"
)

Observe: TypeAlias = Callable[[Case[In, Any]], Awaitable[Observation[Out]]]
"""Puts a case's input to what is measured."""


@runtime_checkable
class Opened(Protocol[In_contra, Out_co]):
    """Whatever holds what answering takes, for a while."""

    def opened(self, concurrency: int) -> AbstractAsyncContextManager[Observe[In_contra, Out_co]]:
        """Return a context that holds what answering takes, for as many cases at once as ``concurrency``.

        What it gives is called with one case and returns its observation. It raises when the target does: the case
        then has no score and shows the error.
        """
        ...


@runtime_checkable
class Showing(Protocol):
    """A target that shows its models solved cases."""

    def require_unseen(self, cases: Sequence[AnyCase]) -> None:
        """Check, before anybody is asked, that none of these cases is among them.

        Raises:
            InvalidSuite: one is, or nearly.
        """
        ...


class Target(Opened[In_contra, Out_co], Protocol[In_contra, Out_co]):
    """Whatever is measured: a step, a workflow, or any function."""

    @property
    def name(self) -> str:
        """Return what results call it."""
        ...

    @property
    def version(self) -> str:
        """Return what changes when its answers may: prompt version and models of a step, a hash of other code."""
        ...

    @property
    def output_type(self) -> Any:
        """Return the type of an answer, to read recorded ones with; ``Any`` when it is not known."""
        ...


def require_target(given: Any) -> None:
    """Check that what calls itself a target has what results and the runner ask of it.

    Raises:
        InvalidSuite: a member is missing or of another kind; the message says which.
    """
    if isinstance(given, type):
        raise InvalidSuite(f"{given!r} cannot be measured: it is a class; give an object made of it")
    what = f"the target {type(given).__qualname__}"
    for member in ("name", "version", "output_type"):
        if not _has(given, member):
            raise InvalidSuite(f"{what} has no {member!r}: give it one, as handrail.evals.Target says")
    name = given.name
    if not isinstance(name, str) or not name.strip():
        raise InvalidSuite(f"{what} has the name {name!r}: results need a text, not empty")
    opened = given.opened
    if not callable(opened) or inspect.iscoroutinefunction(opened) or inspect.isasyncgenfunction(opened):
        raise InvalidSuite(f"{what}: {OPENED}")
    try:
        inspect.signature(opened).bind(concurrency=1)
    except TypeError as error:
        raise InvalidSuite(f"{what}: opened(concurrency=1) cannot be called ({error}); {OPENED}") from error
    except ValueError:
        pass  # nobody can tell what it takes


def context_of(target: Opened[In_contra, Out_co], concurrency: int) -> AbstractAsyncContextManager[Any]:
    """Return the context of a target.

    Raises:
        InvalidSuite: ``opened`` returns something else.
    """
    context: Any = target.opened(concurrency=concurrency)
    if isinstance(context, AbstractAsyncContextManager):
        return context
    if inspect.iscoroutine(context):
        context.close()
    raise InvalidSuite(f"the target {type(target).__qualname__}: opened() gave a {type(context).__name__}; {OPENED}")


def _has(given: object, member: str) -> bool:
    """Return whether it has a member, without working out what a property says: a version may take long."""
    missing = object()
    return inspect.getattr_static(given, member, missing) is not missing or hasattr(given, member)
