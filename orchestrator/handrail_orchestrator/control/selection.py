"""Which runs a change of many is about."""

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from handrail_ground.optional import LaterModule
from handrail_guards.numbers import is_finite
from handrail_orchestrator.errors import Misuse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from handrail_ground import hashing
    from handrail_orchestrator.failures import shape as shapes
    from handrail_orchestrator.failures.group import FailedRun
    from handrail_orchestrator.process_map import activity
    from handrail_orchestrator.store import queries
    from handrail_orchestrator.store.control import BulkAction
    from handrail_orchestrator.store.queries import RunQuery
    from handrail_orchestrator.store.rows import RunStatus
else:
    hashing = LaterModule("handrail_ground.hashing")
    shapes = LaterModule("handrail_orchestrator.failures.shape")
    activity = LaterModule("handrail_orchestrator.process_map.activity")
    queries = LaterModule("handrail_orchestrator.store.queries")

LANES: "dict[BulkAction, tuple[RunStatus, ...]]" = {
    "retry": ("failed", "cancelled", "set_aside"),
    "cancel": ("waiting", "pending", "running", "set_aside"),
    "fork": ("completed", "failed", "cancelled", "set_aside"),
}
"""The statuses of the runs that something can be done to."""
_USUAL: "dict[BulkAction, tuple[RunStatus, ...]]" = {
    "retry": ("failed",),
    "cancel": ("waiting", "pending", "running"),
    "fork": ("failed",),
}


def _all_runs() -> "RunQuery":
    return queries.RunQuery()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSelection:
    """Runs by what a list of them is chosen by, and failed ones by what failed."""

    runs: "RunQuery" = field(default_factory=_all_runs)
    """As for a list; its ``before_key`` and ``limit`` are not looked at."""
    step: str | None = None
    """Only those that failed in this step, whatever the number of its call."""
    error: str | None = None
    """Only those that failed with an error of this type, such as ``TimeoutError``."""
    message: str | None = None
    """Only those whose failure's message has this shape: a message as it is, or as failures are grouped by it."""

    ids: tuple[str, ...] | None = None
    """Only those of these ids, of runs that failed."""

    def statuses(self, action: "BulkAction") -> "tuple[RunStatus, ...]":
        """Return the statuses of the runs that it is about.

        Raises:
            Misuse: nothing of the kind can be done to runs of that status, or the filter says nothing.
        """
        self._require_filters()
        plain = queries.RunQuery(before_key=self.runs.before_key, limit=self.runs.limit)
        if self.runs == plain and not self._asks_what_failed:
            raise Misuse("this filter names nothing, so it would be every run: give a status, workflow, tag, step ...")
        if self.runs.status is None:
            return ("failed", "set_aside") if self._asks_what_failed and action != "cancel" else _USUAL[action]
        if self.runs.status not in LANES[action]:
            raise Misuse(f"a run that is {self.runs.status} is nothing to {action}: {', '.join(LANES[action])} can be")
        return (self.runs.status,)

    def _require_filters(self) -> None:
        """Refuse what is given and filters nothing, such as a variable that is not set: it would be every run."""
        named = {"workflow": self.runs.workflow, "text": self.runs.text, "step": self.step, "error": self.error}
        for name, given in named.items():
            if given is not None and not given.strip():
                raise Misuse(f"this filter's {name} is empty: say which runs are meant, or leave it out")
        for name, at in {"created_from": self.runs.created_from, "created_to": self.runs.created_to}.items():
            if at is not None and not is_finite(at):
                raise Misuse(f"this filter's {name} is {at!r}: give a time in seconds since the epoch, or leave it out")

    @property
    def _asks_what_failed(self) -> bool:
        return any(each is not None for each in (self.step, self.error, self.message, self.ids))

    def choose(self, failed: "Sequence[FailedRun]") -> "Iterator[FailedRun]":
        """Yield the runs that failed as it says."""
        shape = None if self.message is None else shapes.shape_of(self.message)
        for run in failed:
            step = None if run.step is None else activity.activity_of(run.step)
            if (
                (self.ids is None or run.id in self.ids)
                and (self.step is None or self.step in {step, run.step})
                and (self.error is None or self.error == run.error.type)
                and (shape is None or shape == shapes.shape_of(run.error.message))
            ):
                yield run

    @property
    def looks_inside(self) -> bool:
        """Whether the runs of a list have to be looked at one by one."""
        return self._asks_what_failed

    def as_json(self) -> dict[str, Any]:
        """Return what it says as JSON data."""
        # tags by a hash: what is written stays when a customer's values are forgotten
        query = {
            **asdict(self.runs),
            "tags": {name: hashing.hash_of_text(v, digits=16) for name, v in self.runs.tags.items()},
        }
        told = {
            **query,
            "step": self.step,
            "error": self.error,
            "message": None if self.message is None else shapes.shape_of(self.message),
            "ids": self.ids,
        }
        return {k: v for k, v in told.items() if v not in (None, {}) and k not in {"before_key", "limit"}}
