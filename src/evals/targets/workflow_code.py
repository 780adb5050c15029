"""What a workflow's code names: its steps, its AI steps, and the workflows that its runs start."""

import inspect
from collections.abc import Iterator
from typing import Any, TypeAlias

from ai_steps.step import AIStep
from evals.scorer import code_hash
from evals.targets.step import StepTarget
from orchestrator.step import Step
from orchestrator.workflow import Workflow

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
    for part in _named(workflow):
        if isinstance(part, Step):
            yield f"step {part.name} {code_hash(part.function)}"
        elif isinstance(part, AIStep):
            yield f"ai {part.name} {StepTarget(part).version}"


def _named(workflow: AnyWorkflow) -> Iterator[Any]:
    outside = inspect.getclosurevars(inspect.unwrap(workflow.function))
    yield from outside.globals.values()
    yield from outside.nonlocals.values()
