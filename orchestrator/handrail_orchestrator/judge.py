"""The port to whoever judges and may be in doubt, such as an AI step; and what a judge may know to do besides.

A judge needs a name, the type of its answers, and to be called. Everything else is an ability of its own: a judge that
has its members is asked for it, one that lacks them is not (decision 10).
"""

from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, runtime_checkable

from handrail_orchestrator.errors import InvalidWorkflow

if TYPE_CHECKING:
    from handrail_guards.auditing import AuditRule
    from handrail_guards.escalation import Escalation
    from handrail_guards.outcome import Accepted, Doubtful
    from handrail_guards.promise import PromiseTerms
    from handrail_guards.promise_rule import PromiseRules
    from handrail_guards.rollout import Rollout
    from handrail_guards.verdict import Verdict
    from handrail_orchestrator.limits import Limited

P = ParamSpec("P")
T_co = TypeVar("T_co", covariant=True)


class Judge(Protocol[P, T_co]):
    """Whatever judges and may be in doubt: an AI step, seen from here.

    A judge that is ``AuditedJudge`` has the cases it draws decided blind by people. One that is ``AnswerChecking`` has
    people's answers held to its guards; where it is also ``ChecksNamed`` and names none, nothing is asked.
    """

    @property
    def name(self) -> str:
        """Return the step's name."""
        ...

    @property
    def output_type(self) -> Any:
        """Return the type of an accepted value."""
        ...

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> "Coroutine[Any, Any, Accepted[T_co] | Doubtful[T_co]]":
        """Judge."""
        ...


@runtime_checkable
class AuditedJudge(Protocol):
    """A judge some of whose cases people decide blind."""

    @property
    def audit(self) -> "AuditRule | None":
        """Return which ones; None: none."""
        ...


@runtime_checkable
class RolledOutJudge(Protocol):
    """A judge whose accepted values may be used in some runs only."""

    @property
    def rollout(self) -> "Rollout | None":
        """Return in which; None: in all."""
        ...

    @property
    def rollout_subject(self) -> str:
        """Return a mark of what is let loose, which changes with it: a promotion holds for one mark alone."""
        ...

    @property
    def escalate(self) -> "Escalation":
        """Return who decides in the others."""
        ...


@runtime_checkable
class PromisedJudge(Protocol):
    """A judge that accepts by the rule that a promise is kept by just now."""

    @property
    def promise(self) -> "PromiseTerms | None":
        """Return what is promised; None: it accepts by a rule of its own."""
        ...

    def with_rules(self, rules: "PromiseRules", /) -> "Judge[..., Any]":
        """Return the same judge, which accepts by these rules."""
        ...


@runtime_checkable
class ChallengedJudge(Protocol):
    """A judge beside whom another one is asked, whose answer decides nothing."""

    @property
    def challenger(self) -> "Judge[..., Any] | None":
        """Return who; None: nobody."""
        ...

    @property
    def challenger_name(self) -> str:
        """Return what the records call the challenger, where its answer does not say so itself."""
        ...


@runtime_checkable
class AnswerChecking(Protocol):
    """A judge that has something to say of a person's answer in its place."""

    def objections(self, value: Any, /, *args: Any, **kwargs: Any) -> "Sequence[Verdict]":
        """Return the failed verdicts on an answer to a call with these arguments."""
        ...


@runtime_checkable
class ChecksNamed(Protocol):
    """A judge that says which of its guards a person's answer is held to."""

    @property
    def person_checks(self) -> Sequence[str]:
        """Return their names; with none, ``objections`` is never asked."""
        ...


@runtime_checkable
class Instructed(Protocol):
    """A judge that says what it asks, as people read it who decide instead."""

    @property
    def instructions(self) -> str:
        """Return what is asked."""
        ...


@runtime_checkable
class InputTelling(Protocol):
    """A judge whose inputs are recorded as it says, not by the annotations of its call."""

    def input_json(self, args: tuple[Any, ...], kwargs: dict[str, Any], /) -> str:
        """Return the inputs of a call as JSON."""
        ...


@runtime_checkable
class Owned(Protocol):
    """A judge for which somebody answers, as records show."""

    @property
    def owner(self) -> str | None:
        """Return who."""
        ...


@runtime_checkable
class LimitedJudge(Protocol):
    """A judge whose calls pass a limit of the orchestrator's."""

    @property
    def limit(self) -> "str | Limited | None":
        """Return its name, or a limit for each key of the calls; None: none."""
        ...


NEEDED = "run.decide needs a judge, such as an AI step: an object with a name, an output_type, and an async __call__"


def require_judge(given: Any) -> None:
    """Check that it can be asked as a judge.

    Raises:
        InvalidWorkflow: it is a class or a plain function, or lacks what a judge needs; the message says what.
    """
    if isinstance(given, type):
        raise InvalidWorkflow(f"{given!r} cannot judge: it is a class; give an object made of it. {NEEDED}")
    for member in ("name", "output_type"):
        if not hasattr(given, member):
            raise InvalidWorkflow(f"{given!r} cannot judge: it has no {member!r}. {NEEDED}")
    name = given.name
    if not isinstance(name, str) or not name.strip():
        raise InvalidWorkflow(f"{given!r} cannot judge: its name is {name!r}, where a text belongs. {NEEDED}")
    if not callable(given):
        raise InvalidWorkflow(f"{name!r} cannot judge: it cannot be called. {NEEDED}")
    if isinstance(given, ChecksNamed) and isinstance(given.person_checks, str):
        raise InvalidWorkflow(f"{name!r} cannot judge: its person_checks is a text; give a list of guards' names")
