"""What a workflow sees of its run: the only way it may act, wait, and ask for time or chance."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NoReturn, ParamSpec, TypeAlias, TypeVar, overload

from handrail_guards.escalation import Escalation
from handrail_orchestrator.judge import Judge

if TYPE_CHECKING:
    from typing_extensions import TypeForm

    from handrail_orchestrator.workflow import Workflow

P = ParamSpec("P")
T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")

Call: TypeAlias = Coroutine[None, None, T]
"""A call that is awaited; with Any in it, mypy would find the overloads of ``Run.all`` ambiguous and return Any."""


class Run(ABC):
    """One execution of a workflow.

    A workflow runs again from its top when its run resumes: remembered calls return what is recorded.
    Code between them must therefore be deterministic.
    """

    @property
    @abstractmethod
    def id(self) -> str:
        """Return the run's id."""

    @overload
    def step(self, step: Callable[P, Coroutine[Any, Any, T]], /, *args: P.args, **kwargs: P.kwargs) -> Call[T]: ...
    @overload
    def step(self, step: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Call[T]: ...
    @abstractmethod
    def step(self, step: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Call[Any]:
        """Call a step once and remember its result; it is recorded before the next step begins.

        Raises:
            StepFailed: all attempts failed; the same error on every replay.
            HistoryMismatch: the history holds something else under this name.
        """

    @abstractmethod
    def decide(self, judge: Judge[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Call[T]:
        """Judge once and settle it: the accepted value, or what a person says when it is in doubt.

        Raises:
            WaitExpired: nobody decided in time, and the escalation says ``fail``.
        """

    @abstractmethod
    def ask(
        self,
        question: str,
        answer: "TypeForm[T]",
        *,
        name: str = "ask",
        context: Any = None,
        escalate: Escalation = Escalation(),
        priority: int | None = None,
    ) -> Call[T]:
        """Put a question to people, without any model; ``context`` is JSON shown beside it.

        ``priority`` is this question's own, in place of the one of ``escalate``: 0 to 100, the highest first.

        Raises:
            WaitExpired: nobody answered in time, and the escalation says ``fail``.
            HistoryMismatch: the history holds another question, context or form of answer under this name.
        """

    @abstractmethod
    def event(
        self, name: str, payload: "TypeForm[T]", *, within: timedelta | None = None, key: str | None = None
    ) -> Call[T]:
        """Wait for the next event of that name sent to this run (``orchestrator.send``) whose payload fits the type.

        With a ``key`` it is one that is sent to whoever waits for it (``orchestrator.send_to``): each goes to one run,
        the one that has waited longest, and is kept while none waits.

        One that does not fit is left where it is, with a warning in the log.

        Raises:
            WaitExpired: none came within the time.
            HistoryMismatch: the history holds a wait for something else under this name.
        """

    @abstractmethod
    def sleep(self, duration: timedelta | float, *, name: str = "sleep") -> Call[None]:
        """Wait for a timedelta or that many seconds; the due time is fixed when this is first reached.

        Raises:
            HistoryMismatch: the history holds another duration under this name.
        """

    @abstractmethod
    def sleep_until(self, when: datetime, *, name: str = "sleep") -> Call[None]:
        """Wait until a moment, which must carry its time zone and be the same on every replay.

        Raises:
            HistoryMismatch: the history holds another moment under this name.
        """

    @overload
    def child(
        self,
        workflow: "Workflow[A, T]",
        value: A,
        /,
        *,
        id: str | None = None,
        name: str | None = None,
        policy: Literal["wait"] = "wait",
    ) -> Call[T]: ...
    @overload
    def child(
        self,
        workflow: "Workflow[A, T]",
        value: A,
        /,
        *,
        id: str | None = None,
        name: str | None = None,
        policy: Literal["leave", "cancel"],
    ) -> Call[str]: ...
    @abstractmethod
    def child(
        self,
        workflow: "Workflow[Any, Any]",
        value: Any,
        /,
        *,
        id: str | None = None,  # noqa: A002
        name: str | None = None,
        policy: Literal["wait", "leave", "cancel"] = "wait",
    ) -> Call[Any]:
        """Start a run of another workflow and wait for its result; its default id is ``<run id>/<name>``.

        Its name is the workflow's, if none is given. With another ``policy`` it is not waited for, and its id is
        returned at once: ``"leave"`` lets it go on when this run has ended, ``"cancel"`` cancels it then.

        Raises:
            StepFailed: the child run failed or was cancelled, or its id is that of another run.
            HistoryMismatch: the history holds another input, or another id, under this name.
        """

    @overload
    def all(self, first: Awaitable[A], second: Awaitable[B], /) -> Call[tuple[A, B]]: ...
    @overload
    def all(self, first: Awaitable[A], second: Awaitable[B], third: Awaitable[C], /) -> Call[tuple[A, B, C]]: ...
    @overload
    def all(
        self, first: Awaitable[A], second: Awaitable[B], third: Awaitable[C], fourth: Awaitable[D], /
    ) -> Call[tuple[A, B, C, D]]: ...
    @overload
    def all(
        self,
        first: Awaitable[A],
        second: Awaitable[B],
        third: Awaitable[C],
        fourth: Awaitable[D],
        fifth: Awaitable[E],
        /,
    ) -> Call[tuple[A, B, C, D, E]]: ...
    @overload
    def all(self, *branches: Awaitable[T]) -> Call[tuple[T, ...]]: ...
    @abstractmethod
    def all(self, *branches: Awaitable[Any]) -> Call[tuple[Any, ...]]:
        """Run branches side by side and return their results in order.

        Every branch goes as far as it can before the run waits, so several questions can be open at once.
        The first failure, by position, is raised after all branches ended.
        """

    @overload
    def first(
        self, first: Awaitable[A], second: Awaitable[B], /, *, name: str = "first"
    ) -> Call[tuple[Literal[0], A] | tuple[Literal[1], B]]: ...
    @overload
    def first(
        self, first: Awaitable[A], second: Awaitable[B], third: Awaitable[C], /, *, name: str = "first"
    ) -> Call[tuple[Literal[0], A] | tuple[Literal[1], B] | tuple[Literal[2], C]]: ...
    @overload
    def first(
        self,
        first: Awaitable[A],
        second: Awaitable[B],
        third: Awaitable[C],
        fourth: Awaitable[D],
        /,
        *,
        name: str = "first",
    ) -> Call[tuple[Literal[0], A] | tuple[Literal[1], B] | tuple[Literal[2], C] | tuple[Literal[3], D]]: ...
    @overload
    def first(self, *branches: Awaitable[T], name: str = "first") -> Call[tuple[int, T]]: ...
    @abstractmethod
    def first(self, *branches: Awaitable[Any], name: str = "first") -> Call[tuple[int, Any]]:
        """Wait for several things (events, questions, sleeps, child runs), and go on with the first that is over.

        Returns which, counted from 0, and what it came to: ``match await run.first(...): case (0, contract): ...``. It
        is decided once, by when what was waited for came; at the same moment, by the order given. The others are
        withdrawn with the decision: open questions are closed and say why, events are left for later waits, child runs
        are cancelled.

        Raises:
            Misuse: a branch is no wait, or there are fewer than two.
            StepFailed: the first to end was a child run that failed.
            WaitExpired: the first to end was a wait whose own time limit was over.
            HistoryMismatch: the history holds other waits under this name.
        """

    @overload
    def compensate(
        self, action: Callable[P, Coroutine[Any, Any, object]], /, *args: P.args, **kwargs: P.kwargs
    ) -> Call[None]: ...
    @overload
    def compensate(self, action: Callable[P, object], /, *args: P.args, **kwargs: P.kwargs) -> Call[None]: ...
    @abstractmethod
    def compensate(self, action: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Call[None]:
        """Register an action that undoes something, should the run fail or be cancelled after this.

        They are executed in reverse order, each recorded and tried again by its policy. One that fails for good sets
        the run aside, until somebody retries it. A run that completes undoes nothing.

        Raises:
            Misuse: the action asks people, before or after.
            HistoryMismatch: the history holds another input under its name.
        """

    @abstractmethod
    def again(self, value: Any = None, /) -> Call[NoReturn]:
        """End this round of the run and begin it anew with another input, under the same id; never returns.

        For runs that live for months: what was remembered is kept apart, so that no replay reads it again. Events that
        no wait has taken, tags and child runs stay with the run; undo actions are dropped, as if it had completed.

        Raises:
            Misuse: something of this round is still waited for, or it stands in a branch.
            NotStorable: the input is none of the workflow's.
        """

    @abstractmethod
    def tag(self, **tags: str | int) -> Call[None]:
        """Let the run be found by these tags, such as ``customer="acme"``; a name that it has gets the new value.

        Raises:
            Misuse: a name or value cannot be a tag's.
            HistoryMismatch: the history holds another value from this call.
        """

    @abstractmethod
    def status(self, text: str) -> Call[None]:
        """Say how far the run is, for whoever looks at it: "waiting for contract"; it stands until the next is said.

        What was said stays said: code that words it otherwise goes on with a history that holds the old words.
        """

    @abstractmethod
    def now(self, *, name: str = "now") -> Call[datetime]:
        """Return the time (UTC), the same on every replay.

        Raises:
            HistoryMismatch: the recorded time belongs to a call elsewhere; give a call that is new a ``name``.
        """

    @abstractmethod
    def random(self, *, name: str = "random") -> Call[float]:
        """Return a random number, 0 up to but not including 1, the same on every replay.

        Raises:
            HistoryMismatch: the recorded number belongs to a call elsewhere; give a call that is new a ``name``.
        """


def branch_list(branches: Sequence[Awaitable[Any]]) -> list[Coroutine[Any, Any, Any]]:
    """Return the branches as coroutines, each of which can become a task."""
    return [each if isinstance(each, Coroutine) else _awaiting(each) for each in branches]


async def _awaiting(value: Awaitable[T]) -> T:
    return await value
