"""A step: a function that a run calls once and remembers, with its kind, owner and policy."""

import copy
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, Literal, ParamSpec, Protocol, TypeAlias, TypeVar, overload

from handrail_guards.escalation import Escalation
from handrail_orchestrator.errors import InvalidWorkflow
from handrail_orchestrator.given_time import is_above_zero
from handrail_orchestrator.pace import RulePace
from handrail_orchestrator.retry import Retry
from handrail_orchestrator.step_kind import StepKind
from handrail_orchestrator.texts import checked_key, checked_texts

if TYPE_CHECKING:
    from handrail_orchestrator.limits import Limited

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

RESERVED = frozenset("#/[]{} \t\n")
"""Characters a step's name may not hold: they build the names of repeated and nested steps."""


def check_name(name: str) -> None:
    """Check that a name can be a call's.

    Raises:
        InvalidWorkflow: it is empty, or could be taken for the name of another call.
        NotStorable: it is no text that a store can hold.
    """
    checked_key(name, where=f"the name {name!r}")
    if not name or RESERVED & set(name):
        raise InvalidWorkflow(f"{name!r} cannot name a step: use letters, digits, '_', '-', '.' and ':'")


@dataclass(frozen=True, slots=True)
class Default:
    """When all attempts failed, the step's result is this value."""

    value: Any


OnFailure = Literal["raise", "review"] | Default
"""When all attempts (and the fallback) failed: raise ``StepFailed``, ask a person for the result, or use a default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How a step is executed."""

    retry: Retry | None = None
    timeout_seconds: float | None = None
    """For one attempt; None: no limit."""
    deadline_seconds: float | None = None
    """For all attempts together, delays included; None: no limit."""
    limit: "str | Limited | None" = None
    """The name of a limit given to the orchestrator, or a limit for each key of the calls."""
    fallback: Callable[..., Any] | None = None
    """Called with the same arguments when all attempts failed."""
    on_failure: OnFailure = "raise"
    inline: bool | None = None
    """Where a plain function is called: in the event loop (True), in a thread (False), or as it is quick (None)."""
    approval: Escalation | None = None
    """Whom to ask before it is executed; None: nobody."""
    system: str | None = None
    """The name of the system that it needs, whose breaker was given to the orchestrator."""
    queue: str | None = None
    """Where several processes share runs: that of the workers that execute it, such as ``gpu``; None: any other."""

    def __post_init__(self) -> None:
        for name in ("timeout_seconds", "deadline_seconds"):
            seconds = getattr(self, name)
            if seconds is not None and not is_above_zero(seconds):
                raise InvalidWorkflow(f"{name} is {seconds!r}; give seconds above 0, or None for no limit")
        if self.inline and self.timeout_seconds is not None:
            raise InvalidWorkflow("inline=True and timeout_seconds exclude each other: nobody can stop the event loop")
        if self.queue is not None:
            check_name(self.queue)

    @property
    def is_plain(self) -> bool:
        """Whether a body is simply called, once."""
        return replace(self, inline=None, approval=None, queue=None) == _PLAIN


_PLAIN = Policy()


@dataclass(frozen=True, slots=True, eq=False)
class Step(Generic[P, R_co]):
    """A function with a name, a kind and a policy; called outside a workflow it is just the function."""

    function: Callable[P, R_co]
    name: str
    kind: StepKind
    owner: str | None = None
    """Who answers for this step, as shown in records."""
    formerly: tuple[str, ...] = ()
    """Names this step had before; recorded results under them still count."""
    policy: Policy = field(default=_PLAIN)
    pace: RulePace | None = field(default=None, repr=False)
    """Of a plain function that is called in the event loop as long as it is quick; None: the place does not change."""
    is_async: bool = field(init=False)

    def __post_init__(self) -> None:
        for name in (self.name, *self.formerly):
            check_name(name)
        checked_texts(owner=self.owner)
        target = self.function if inspect.isroutine(self.function) else type(self.function).__call__
        object.__setattr__(self, "is_async", inspect.iscoroutinefunction(inspect.unwrap(target)))
        if inspect.isgeneratorfunction(target) or inspect.isasyncgenfunction(target):
            raise InvalidWorkflow(f"step {self.name!r} is a generator: a step returns one value")
        if self.kind == "rule" and self.policy.inline is None and self.policy.timeout_seconds is None:
            object.__setattr__(self, "pace", self.pace or RulePace())

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Call the function, unremembered."""
        return self.function(*args, **kwargs)

    def named(self, name: str) -> "Step[P, R_co]":
        """Return the same step under another name."""
        check_name(name)
        other = copy.copy(self)  # nothing else has to be worked out again: workflows do this for every call
        object.__setattr__(other, "name", name)
        return other


AnyStep: TypeAlias = Step[..., Any]
"""A step whose parameters and result do not matter."""

Args: TypeAlias = tuple[object, ...]
Kwargs: TypeAlias = dict[str, Any]
"""What a call was given; handed on as it is."""


class StepDecorator(Protocol):
    """Makes a step of a function, its parameters and result as they were."""

    def __call__(self, function: Callable[P, R]) -> Step[P, R]:
        """Return the function as a step."""
        ...


@overload
def rule(function: Callable[P, R], /) -> Step[P, R]: ...
@overload
def rule(
    *,
    name: str | None = None,
    owner: str | None = None,
    formerly: tuple[str, ...] = (),
    timeout_seconds: float | None = None,
    inline: bool | None = None,
) -> StepDecorator: ...
def rule(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    owner: str | None = None,
    formerly: tuple[str, ...] = (),
    timeout_seconds: float | None = None,
    inline: bool | None = None,
) -> Any:
    """Mark a function as a rule: deterministic, no model, no outside effect.

    A plain ``def`` is called in the event loop, and in a thread once a call took more than 5 ms. ``inline=False``, or
    a time limit, has it in a thread from the first call on; ``inline=True`` leaves it in the loop.

    Raises:
        InvalidWorkflow: the function, a name or the policy cannot be a step's.
    """

    def decorate(body: Callable[..., Any]) -> Step[..., Any]:
        policy = Policy(inline=inline, timeout_seconds=timeout_seconds)
        return Step(body, name or name_of(body), "rule", owner=owner, formerly=formerly, policy=policy)

    return decorate if function is None else decorate(function)


@overload
def action(function: Callable[P, R], /) -> Step[P, R]: ...
@overload
def action(
    *,
    name: str | None = None,
    owner: str | None = None,
    formerly: tuple[str, ...] = (),
    retry: Retry | None = None,
    timeout_seconds: float | None = None,
    deadline_seconds: float | None = None,
    limit: "str | Limited | None" = None,
    system: str | None = None,
    fallback: Callable[..., Any] | None = None,
    on_failure: OnFailure = "raise",
    approval: Escalation | None = None,
    queue: str | None = None,
) -> StepDecorator: ...
def action(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    owner: str | None = None,
    formerly: tuple[str, ...] = (),
    **policy: Any,
) -> Any:
    """Mark a function as an action: a step with an outside effect, executed at least once.

    Its body finds the key that makes repeating it safe in ``step_context().idempotency_key``. With ``approval`` it is
    executed only once people said yes to exactly the arguments that they were shown, and once only by that yes. While
    its ``system`` is down, its run waits for it: see ``Breaker``. With an engine of several processes, one with a
    ``queue``, such as ``gpu``, is executed by the workers of that queue.

    Raises:
        InvalidWorkflow: the function, a name or the policy cannot be a step's.
    """

    def decorate(body: Callable[..., Any]) -> Step[..., Any]:
        return Step(body, name or name_of(body), "action", owner=owner, formerly=formerly, policy=Policy(**policy))

    return decorate if function is None else decorate(function)


def name_of(function: Callable[..., Any]) -> str:
    """Return the name a function goes by.

    Raises:
        InvalidWorkflow: it has none that is the same tomorrow.
    """
    name = getattr(function, "__name__", None) or getattr(function, "name", None)
    if not isinstance(name, str) or name == "<lambda>":
        raise InvalidWorkflow(f"{function!r} has no name to remember it by: write it as a def, or use @rule(name=...)")
    return name


def as_step(function: Callable[P, R]) -> Step[P, R]:
    """Return the function as a step; an unmarked one is taken as an action, which assumes the least."""
    return function if isinstance(function, Step) else Step(function, name_of(function), "action")
