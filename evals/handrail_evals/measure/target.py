"""The port to whatever is measured: a case in, an observation out."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeAlias, TypeVar, runtime_checkable

from handrail_evals.measure.case import Case
from handrail_evals.measure.observation import Observation

In = TypeVar("In")
Out = TypeVar("Out")
In_contra = TypeVar("In_contra", contravariant=True)
Out_co = TypeVar("Out_co", covariant=True)

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
