"""Failed runs, and groups of those that failed alike."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from handrail_ground.hashing import hash_of_text
from handrail_orchestrator.failures.shape import shape_of
from handrail_orchestrator.process_map.activity import activity_of
from handrail_orchestrator.records.failure import RecordedError
from handrail_orchestrator.records.run import RunRecord
from handrail_orchestrator.store.flows import FailedStepRow, StoppedRow

ID_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedRun:
    """One run that failed or was set aside."""

    id: str
    key: int
    workflow: str
    version: int
    ended: float | None
    step: str | None
    """The step that failed, by its name in the run; None: the workflow's own code did, or its process died."""
    error: RecordedError


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroup:
    """Runs that failed alike."""

    id: str
    """Names the group, the same every time."""
    workflow: str
    step: str | None
    """The step, whatever the number of its call."""
    type: str
    """The error's class."""
    shape: str
    """What is the same in all of their messages."""
    runs: Sequence[FailedRun]
    """Newest first."""

    @property
    def last(self) -> float | None:
        """Return when the last of them ended."""
        return max((run.ended for run in self.runs if run.ended is not None), default=None)

    @property
    def steps(self) -> Sequence[str]:
        """Return the names in their runs of the steps that failed, those of most runs first."""
        names = Counter(run.step for run in self.runs if run.step is not None)
        return sorted(names, key=lambda name: (-names[name], name))

    def as_json(self, most_runs: int) -> dict[str, Any]:
        """Return it as JSON data, with so many of its runs."""
        return {
            "id": self.id,
            "workflow": self.workflow,
            "step": self.step,
            "type": self.type,
            "shape": self.shape,
            "count": len(self.runs),
            "last": self.last,
            "runs": [run.id for run in self.runs[:most_runs]],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """What failed in a time, the largest groups first."""

    groups: Sequence[FailureGroup] = ()
    is_whole: bool = True
    """Whether these are all; if not, they are of the newest runs."""

    @property
    def count(self) -> int:
        """Return how many runs failed."""
        return sum(len(group.runs) for group in self.groups)

    def group(self, name: str) -> FailureGroup | None:
        """Return one group by its id."""
        return next((group for group in self.groups if group.id == name), None)


def failed_run(run: RunRecord | StoppedRow, step: FailedStepRow | None) -> FailedRun:
    """Return a run with what failed in it; without a step that failed the error is the run's own."""
    return FailedRun(
        id=run.id,
        key=run.key,
        workflow=run.workflow,
        version=run.version,
        ended=run.ended,
        step=None if step is None else step.name,
        error=_own(run.error) if step is None else RecordedError(step.type or "Error", step.message or ""),
    )


def _own(error: RecordedError | str | None) -> RecordedError:
    match error:
        case None:
            return RecordedError("Error", "")
        case str():
            return RecordedError.read(error)
        case RecordedError():
            return error


def grouped(runs: Iterable[FailedRun], *, is_whole: bool = True) -> Failures:
    """Return failed runs by what failed, the largest groups first, and of those alike the newest."""
    shape, activity = cache(shape_of), cache(activity_of)  # what failed alike mostly says the same; kept for this call
    found: dict[tuple[str, str | None, str, str], list[FailedRun]] = {}
    for run in runs:
        step = None if run.step is None else activity(run.step)
        found.setdefault((run.workflow, step, run.error.type, shape(run.error.message)), []).append(run)
    groups = [
        FailureGroup(
            id=hash_of_text("\n".join((workflow, step or "", type_, shape)), digits=ID_DIGITS),
            workflow=workflow,
            step=step,
            type=type_,
            shape=shape,
            runs=sorted(members, key=lambda run: -(run.ended or 0.0)),
        )
        for (workflow, step, type_, shape), members in found.items()
    ]
    groups.sort(key=lambda group: (-len(group.runs), -(group.last or 0.0), group.id))
    return Failures(groups=tuple(groups), is_whole=is_whole)
