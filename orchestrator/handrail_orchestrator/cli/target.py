"""Finding a workflow's code."""

from handrail_orchestrator.cli.loading import Wanted, find
from handrail_orchestrator.errors import UnknownWorkflow
from handrail_orchestrator.workflow import AnyWorkflow, Workflow

_WORKFLOW = Wanted("workflow", Workflow, UnknownWorkflow, "mark it with @workflow(version=1)")


def load_workflow(target: str) -> AnyWorkflow:
    """Return the workflow that a target names: a workflow, or a function without arguments that builds one.

    Raises:
        UnknownWorkflow: there is no such module or name, it fails on import, or it is no workflow.
    """
    found: AnyWorkflow = find(target, _WORKFLOW)
    return found
