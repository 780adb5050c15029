"""Runs that failed alike, as a change of many runs is told which they are."""

from dataclasses import replace

from handrail.console.operations.filters import OperationsFilters
from handrail_orchestrator.control.selection import RunSelection
from handrail_orchestrator.failures.group import FailureGroup


def selection_of(group: FailureGroup, filters: OperationsFilters) -> RunSelection:
    """Return the runs of a group: by what they are and how they failed, or one by one where that does not tell them."""
    is_told = filters.version is None and group.step is not None
    return RunSelection(
        runs=replace(filters.runs, workflow=group.workflow),
        step=group.step,
        error=group.type,
        message=group.shape,
        ids=None if is_told else tuple(run.id for run in group.runs),
    )
