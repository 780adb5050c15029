"""Errors of the local model.

HandrailError
└── AIStepError
    ├── InvalidTrainingData   examples that nothing can be learned from, or a line that cannot be read
    ├── InvalidTask
    │   └── UnknownLabels     a step asks for labels that the model never saw
    └── ModelNotReady
        ├── LibraryMissing    the optional libraries of the local model are not installed
        └── UnreadableModel   a saved model that is missing, damaged, foreign, or from a newer release
"""

from handrail_ai_steps.errors import AIStepError, InvalidTask, ModelNotReady


class InvalidTrainingData(AIStepError, ValueError):
    """Examples that nothing can be learned from, or a line of them that cannot be read."""


class UnknownLabels(InvalidTask):
    """A step asks for labels that the local model never saw; raised when the step is built."""

    def __init__(self, message: str, *, labels: tuple[str, ...]) -> None:
        """Name the labels that are missing."""
        super().__init__(message)
        self.labels = labels
        """The labels asked for that the model cannot give, in the order of the step."""


class LibraryMissing(ModelNotReady):
    """The optional libraries of the local model are not installed."""


class UnreadableModel(ModelNotReady):
    """A saved model that is missing, damaged, foreign, or written by a newer release."""
