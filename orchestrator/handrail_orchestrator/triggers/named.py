"""What every trigger of ours has: a name, and the workflow that it starts."""

from handrail_orchestrator.triggers.port import Trigger
from handrail_orchestrator.workflow import AnyWorkflow


class NamedTrigger(Trigger):
    """A trigger that was given its name and its workflow."""

    def __init__(self, name: str, workflow: AnyWorkflow) -> None:
        self._name = name
        self._workflow = workflow

    @property
    def name(self) -> str:
        """Return what its keys belong to."""
        return self._name

    @property
    def workflow(self) -> AnyWorkflow:
        """Return the workflow that it starts."""
        return self._workflow
