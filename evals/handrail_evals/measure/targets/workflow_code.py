"""What a workflow's code names: its steps, its AI steps, and the workflows that its runs start."""

import inspect
from collections.abc import Iterator
from typing import Any, TypeAlias

from handrail_ai_steps.step import AIStep
from handrail_evals.measure.program import named_by, settings_hash, step_version, version_of
from handrail_orchestrator.step import Step
from handrail_orchestrator.workflow import Workflow

AnyWorkflow: TypeAlias = Workflow[Any, Any]


def workflows_in(workflow: AnyWorkflow) -> list[AnyWorkflow]:
    """Return a workflow and all that its code, and theirs, names."""
    found: dict[AnyWorkflow, None] = {}
    pending = [workflow]
    while pending:
        each = pending.pop(0)
        if each not in found:
            found[each] = None
            pending += (part for part in _named(each) if isinstance(part, Workflow))
    return list(found)


def code_parts(workflow: AnyWorkflow) -> list[str]:
    """Return, sorted, what tells the code of a workflow and of what it names from any other."""
    return sorted({part for each in workflows_in(workflow) for part in _parts(each)})


def _parts(workflow: AnyWorkflow) -> Iterator[str]:
    yield f"workflow {workflow.name} {workflow.version} {workflow.code}"
    yield f"code {version_of(workflow.function)}"
    for part in _named(workflow):
        if isinstance(part, Step):
            yield f"step {part.name} {version_of(part.function)} {settings_hash(part.policy)}"
        elif isinstance(part, AIStep):
            yield f"ai {part.name} {step_version(part)} {settings_hash(part.escalate)}"


def _named(workflow: AnyWorkflow) -> Iterator[Any]:
    return named_by(inspect.unwrap(workflow.function))
