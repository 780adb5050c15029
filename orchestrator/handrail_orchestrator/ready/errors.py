"""What became of an action that reached for another system: whether it may be repeated decides what it is called.

OrchestratorError
└── ActionFailed       an action did not do what it was asked to
    ├── CallRefused    the other system said no; asking again brings the same
    ├── CallFailed     it was not done, or repeating it does no harm: it may be tried again
    └── CallUnsure     it may have been done, and repeating it could do it twice: a person has to look
"""

from handrail_orchestrator.errors import OrchestratorError


class ActionFailed(OrchestratorError):
    """An action did not do what it was asked to."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        """What the other system answered, as a number of its protocol; None: nothing."""


class CallRefused(ActionFailed):
    """The other system said no; asking again brings the same."""


class CallFailed(ActionFailed):
    """It was not done, or repeating it does no harm: it may be tried again."""

    def __init__(self, message: str, *, status: int | None = None, wait_seconds: float | None = None) -> None:
        super().__init__(message, status=status)
        self.wait_seconds = wait_seconds
        """How long the other system asks to be left alone; None: it did not say."""


class CallUnsure(ActionFailed):
    """It may have been done, and repeating it could do it twice: a person has to look, and nothing tries it again."""
