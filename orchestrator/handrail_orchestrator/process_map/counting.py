"""Counting what runs did: their flows, and of each activity its calls, its failures, its kind, its owner."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter

from handrail_orchestrator.process_map.activity import activity_of
from handrail_orchestrator.process_map.flow import Edge, FlowStep, flow_of
from handrail_orchestrator.process_map.graph import MapNode, ProcessMap, process_map
from handrail_orchestrator.step_kind import OF_THE_ENGINE, StepKind
from handrail_orchestrator.store.flows import LiveRow, LoggedStep


@dataclass
class _Known:
    """What is known of an activity."""

    kind: StepKind
    owner: str | None = None
    calls: int = 0
    failed: int = 0
    waiting: int = 0
    running: int = 0
    since: float | None = None
    """Since when the call waits that waits longest."""


@dataclass
class FlowCounts:
    """What some runs did, added up."""

    edges: Counter[Edge] = field(default_factory=Counter)
    activities: dict[str, _Known] = field(default_factory=dict)

    def add_runs(self, steps: Iterable[LoggedStep]) -> None:
        """Add runs, whose steps come run by run; one run is in memory at a time."""
        for _, group in groupby(steps, key=attrgetter("run")):
            self._add_run(list(group))

    def _add_run(self, rows: list[LoggedStep]) -> None:
        run = rows[0]
        own = [
            row for row in rows if row.name is not None and row.seq > run.copied_seq and row.kind not in OF_THE_ENGINE
        ]
        for row in own:
            self.add_step(activity_of(row.name or ""), row.kind, owner=row.owner, failed=row.status == "failed")
        self.edges.update(flow_of((FlowStep(row.name or "", row.kind, row.seq) for row in own), run.run_status))

    def add_step(
        self, activity: str, kind: StepKind, calls: int = 1, owner: str | None = None, failed: int = 0
    ) -> None:
        """Add calls of an activity; the owner named last is its owner. What nobody has done is none."""
        if kind in OF_THE_ENGINE:
            return
        known = self.activities.setdefault(activity, _Known(kind))
        known.calls += calls
        known.failed += failed
        known.owner = owner or known.owner

    def add_live(self, rows: Iterable[LiveRow]) -> None:
        """Add what goes on now."""
        for row in rows:
            if row.kind in OF_THE_ENGINE:
                continue
            known = self.activities.setdefault(activity_of(row.name), _Known(row.kind))
            if row.status == "waiting":
                known.waiting += row.calls
                known.since = row.since if known.since is None else min(known.since, row.since or known.since)
            else:
                known.running += row.calls

    def map(self, now: float) -> ProcessMap:
        """Return the map of what was added, at a moment."""
        nodes = [
            MapNode(
                activity=activity,
                kind=known.kind,
                count=known.calls,
                owner=known.owner,
                waiting=known.waiting,
                longest_wait=None if known.since is None else max(0.0, now - known.since),
                running=known.running,
                failed=known.failed,
            )
            for activity, known in self.activities.items()
        ]
        return process_map(self.edges, nodes)
