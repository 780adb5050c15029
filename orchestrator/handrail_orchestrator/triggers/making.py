"""Making the input of a workflow of what a trigger has for it."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from handrail_orchestrator.embedded.escapes import called, error_type, problem_of
from handrail_orchestrator.errors import InvalidWorkflow, Misuse, NotStorable, OrchestratorError, UnresolvedAnnotation
from handrail_orchestrator.workflow import AnyWorkflow, Workflow

T = TypeVar("T")


class InputFailed(OrchestratorError):
    """A function of the user's raised that looks at what a trigger has, such as ``make_input``."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind
        """The name of what it raised, without its text, which may say what is nobody else's business."""


class InputMaker(Generic[T]):
    """Makes inputs by a function of the user's, or gives the workflow what the trigger has as it is."""

    def __init__(self, workflow: AnyWorkflow, make: Callable[[T], Any] | None, *, call: str, noun: str) -> None:
        if not isinstance(workflow, Workflow):
            raise Misuse(f"{call}(...): {workflow!r} is no workflow: give a function that has @workflow(version=1)")
        if make is not None and not callable(make):
            raise Misuse(f"{call}(..., make_input={make!r}): give a function that makes an input of {noun}")
        self._workflow = workflow
        self._make = make
        self._call = call
        self._noun = noun

    def check(self, sample: T) -> None:
        """Check that the workflow can be given what the trigger has, such as ``sample``.

        Raises:
            InvalidWorkflow: it cannot.
        """
        if self._make is not None or not self._workflow.takes_input:
            return
        try:
            codec = self._workflow.input_codec
        except UnresolvedAnnotation:
            return
        try:
            codec.encode(sample)
        except NotStorable as error:
            taken = getattr(codec.type, "__qualname__", codec.type)
            raise InvalidWorkflow(
                f"workflow {self._workflow.name!r} cannot be given {self._noun}, as its input is {taken}: let it be"
                f" {type(sample).__name__}, or say {self._call}(..., make_input=...), a function that makes its input"
                " of one"
            ) from error

    def __call__(self, value: T) -> Any:
        """Return the input for what the trigger has.

        Raises:
            InputFailed: the user's function raised.
        """
        if self._make is None:
            return value if self._workflow.takes_input else None
        try:
            return called(self._make, value)
        except Exception as error:
            raise InputFailed(f"make_input failed with {problem_of(error)}", error_type(error)) from error
