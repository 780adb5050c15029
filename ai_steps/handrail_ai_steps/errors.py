"""Errors of AI steps.

HandrailError
└── AIStepError
    ├── InvalidTask           a name, output type, label, example or limit that cannot work; raised when a step is built
    │   ├── InvalidPrompt     a prompt template that cannot be rendered
    │   ├── UnknownLabels     a step asks for labels that a local model never saw
    │   └── UnknownOption     an option that steps do not have, such as ``guard`` for ``guards``
    ├── InvalidInput          an argument that cannot be shown to a model or stored; raised when a step is called
    ├── UnknownModel          a model name nobody knows; raised when a step is built
    ├── ModelNotReady         a model that cannot be used as it is: no file, no key, no library; raised when it is built
    │   └── UnreadableModel   a saved model that is missing, damaged, foreign, or from a newer release
    ├── InvalidTrainingData   examples that nothing can be learned from, or a line that cannot be read
    ├── InvalidRecording      a line of a recording that cannot be read, or is no answer; names it
    ├── RecordingMissing      a recording holds no answer to this input
    ├── GuardRaised           a guard attached with ``on_fail="raise"`` failed
    ├── NoSecondAnswer        a second model, asked to agree, gave no answer; a guard turns it into a verdict
    └── LoopRunning           a step called with ``sync`` where an event loop already runs

What a model or its server does (an outage, a refusal, a broken answer) is no error here: it ends in a ``Doubtful``.
"""

from handrail_ground.errors import HandrailError
from handrail_guards.verdict import Verdict


class AIStepError(HandrailError):
    """The root of the errors raised by ``ai_steps``."""


class InvalidTask(AIStepError, ValueError):
    """A task that cannot be asked as set up; raised when the step is built."""


class InvalidPrompt(InvalidTask):
    """A prompt template that does not parse, names something that does not exist, or is not allowed what it does."""


class UnknownLabels(InvalidTask):
    """A step asks for labels that the local model never saw; raised when the step is built."""

    def __init__(self, message: str, *, labels: tuple[str, ...]) -> None:
        """Name the labels that are missing."""
        super().__init__(message)
        self.labels = labels
        """The labels asked for that the model cannot give, in the order of the step."""


class UnknownOption(InvalidTask, TypeError):
    """An option that steps do not have; raised when the step is built, with what may have been meant."""

    def __init__(self, message: str, *, option: str) -> None:
        """Name the option."""
        super().__init__(message)
        self.option = option
        """The name that was given."""


class InvalidInput(AIStepError, TypeError):
    """An argument that is neither text, a model, a dataclass nor a JSON value; raised when the step is called."""


class UnknownModel(AIStepError, ValueError):
    """A model name that nothing answers to; raised when the step is built."""


class ModelNotReady(AIStepError):
    """A model that cannot be used as it is: a missing file, key or library; raised when it is built."""


class UnreadableModel(ModelNotReady):
    """A saved model that is missing, damaged, foreign, or written by a newer release."""


class InvalidTrainingData(AIStepError, ValueError):
    """Examples that nothing can be learned from, or a line of them that cannot be read."""


class InvalidRecording(AIStepError, ValueError):
    """A line that cannot be read, raised when the recording is opened; or is no answer, raised when it is asked for."""


class RecordingMissing(AIStepError, LookupError):
    """A recording that holds no answer to this input, and there is no model to record it from."""

    def __init__(self, message: str, *, task: str, text: str) -> None:
        """Name the step and the input nobody recorded."""
        super().__init__(message)
        self.task = task
        """The AI step's name."""
        self.text = text
        """The input without an answer."""


class GuardRaised(AIStepError):
    """A guard attached with ``on_fail="raise"`` failed."""

    def __init__(self, message: str, *, task: str, verdict: Verdict) -> None:
        """Carry the verdict that raised."""
        super().__init__(message)
        self.task = task
        """The AI step's name."""
        self.verdict = verdict
        """What the guard said."""


class NoSecondAnswer(AIStepError):
    """A second model, asked to agree, gave no answer; inside a guard, so it ends in a verdict that blocks."""


class LoopRunning(AIStepError, RuntimeError):
    """A step called with ``sync`` where an event loop already runs: await it instead."""
