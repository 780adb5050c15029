"""One execution of a run as a span, linked to the one before, and the waits that were over between them."""

import time
from dataclasses import dataclass

from handrail_orchestrator.store.port import Store
from handrail_orchestrator.store.rows import ENDED, ClaimedRun, RunStatus, StepRow
from handrail_orchestrator.telemetry import reviews
from handrail_orchestrator.telemetry.convention import Convention
from handrail_orchestrator.telemetry.meters import Meters
from handrail_orchestrator.telemetry.model_calls import CALLS_OF_EXECUTION, CallCount
from handrail_orchestrator.telemetry.spans import Entered, OpenSpan, Spans, Value, leave
from handrail_orchestrator.telemetry.trace_context import KeptTrace, TraceContext, read_kept


@dataclass(frozen=True, slots=True)
class Instruments:
    """What spans and metrics are made with."""

    spans: Spans
    meters: Meters
    names: Convention


def of_workflow(names: Convention, workflow: str) -> dict[str, Value]:
    """Return what the convention says of a workflow, on spans and metrics alike."""
    return {"gen_ai.operation.name": names.workflow_operation, names.workflow_name: workflow}


class ExecutionSpan:
    """The span of one execution; waits of the run are spans beside it."""

    def __init__(self, instruments: Instruments, claimed: ClaimedRun, store: Store, now: float) -> None:
        self._claimed = claimed
        self._store = store
        self._begun = now
        self._clock = time.perf_counter()
        self._kept = read_kept(claimed.trace)
        self._made = instruments
        self._told: set[str] = set()
        self._token: Entered = None
        self._calls = CallCount()
        names = instruments.names
        self._labels: dict[str, str | bool | int] = {
            **{name: str(value) for name, value in of_workflow(names, claimed.workflow).items()},
            "handrail.workflow.version": claimed.version,
        }
        values: dict[str, Value] = {
            **of_workflow(names, claimed.workflow),
            "gen_ai.conversation.id": claimed.id,
            "handrail.run.id": claimed.id,
            "handrail.workflow.version": claimed.version,
        }
        last = None if self._kept is None else self._kept.last
        self.span: OpenSpan = instruments.spans.begin(
            f"{names.workflow_operation} {claimed.workflow}",
            values,
            parent=None if self._kept is None else self._kept.parent,
            links=[] if last is None else [last],
        )

    @property
    def kept_at_first(self) -> str | None:
        """Return what is to be kept at once of a run whose trace began with this execution."""
        if self._kept is not None or (own := self.span.context) is None:
            return None
        return KeptTrace(own).text()

    def kept_for_next(self) -> str | None:
        """Return what is to be kept when the run waits: where it belongs, and what the next execution links to."""
        own = self.span.context
        parent = self._parent or own
        return None if parent is None else KeptTrace(parent, own, self._begun).text()

    @property
    def _parent(self) -> TraceContext | None:
        return None if self._kept is None else self._kept.parent

    def wait_over(self, row: StepRow) -> None:
        """Show a wait as a span from its beginning to its end, unless an execution before this one did."""
        since = None if self._kept is None else self._kept.since
        if row.ended is None or row.name in self._told or row.seq <= self._claimed.copied_seq:
            return
        if since is not None and row.ended < since:
            return
        self._told.add(row.name)
        values: dict[str, Value] = {
            "handrail.run.id": self._claimed.id,
            "handrail.step.name": row.name,
            "handrail.step.kind": row.kind,
        }
        begun = row.queued or row.ended
        word = "review" if row.kind == "human" else row.kind
        parent = self._parent or self.span.context
        span = self._made.spans.begin(f"{word} {row.name}", values, parent=parent, at=begun)
        if row.kind == "human" and (item := reviews.item_of(self._store, self._claimed.id, row)) is not None:
            reviews.tell(span, item, row, self._made.meters)
        if row.status == "failed":
            span.failed("wait_expired" if row.kind != "child" else "child_failed")
        span.end(row.ended)
        self._made.meters.wait(row.ended - begun, self._labels | {"handrail.step.kind": row.kind})

    def enter(self) -> None:
        """Make its span the current one."""
        self._token = self.span.enter()
        CALLS_OF_EXECUTION.set(self._calls)

    def concluded(self, status: RunStatus, error: BaseException | None, now: float) -> None:
        """Say what the execution came to, and end its span."""
        leave(self._token)
        self.span.set({"handrail.run.status": status})
        labels = self._labels | {"handrail.run.status": status}
        if error is not None or status in {"failed", "set_aside"}:  # without an error: once what it did is undone
            name = status if error is None else type(error).__name__
            labels["error.type"] = name
            self.span.failed(name)
        self.span.end()
        self._made.meters.execution(time.perf_counter() - self._clock, labels)
        self._made.meters.inference_calls(self._calls.count, labels)
        if status in ENDED:
            self._made.meters.run(now - self._claimed.created, labels)
