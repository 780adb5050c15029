"""The process map of a store; every client reads it."""

from typing import TYPE_CHECKING, cast

from handrail_ground.optional import LaterModule
from handrail_orchestrator.holder import StoreHolder
from handrail_orchestrator.texts import checked_texts

if TYPE_CHECKING:
    from handrail_orchestrator.process_map.counted import CountedRuns
    from handrail_orchestrator.process_map.graph import ProcessMap
    from handrail_orchestrator.step_kind import StepKind
    from handrail_orchestrator.store import flows
    from handrail_orchestrator.store.flows import FlowQuery
else:
    flows = LaterModule("handrail_orchestrator.store.flows")


class MapReader(StoreHolder):
    """Reads how runs went from step to step."""

    def workflow_versions(self) -> dict[str, list[int]]:
        """Return the versions of each workflow that there are or were runs of."""
        found: dict[str, list[int]] = {}
        for name, version in self._open_store.workflow_versions():
            found.setdefault(name, []).append(version)
        return found

    def counted_map(self, stats: "CountedRuns", workflow: str, now: float) -> "ProcessMap":
        """Return how the runs of a workflow that were counted went, with what goes on now in all that are open."""
        from handrail_orchestrator.process_map.counting import FlowCounts  # noqa: PLC0415 -- few clients draw maps

        checked_texts(workflow=workflow)
        counts = FlowCounts()
        counts.edges.update(stats.flows.get(workflow, {}))
        for each in stats.steps:
            if each.workflow == workflow:
                kind = cast("StepKind", each.kind)
                counts.add_step(each.step, kind, each.executed + each.open, each.owner, each.failed)
        counts.add_live(self._open_store.live_steps(flows.FlowQuery(workflow, stats.version)))
        return counts.map(now)

    def process_map(self, query: "FlowQuery", now: float) -> "ProcessMap":
        """Return how the runs of a query went from step to step, with what goes on now in all runs that are open."""
        from handrail_orchestrator.process_map.counting import FlowCounts  # noqa: PLC0415 -- few clients draw maps

        checked_texts(workflow=query.workflow)
        counts = FlowCounts()
        with self._open_store.evidence() as evidence:
            counts.add_runs(evidence.steps(query))
        counts.add_live(self._open_store.live_steps(flows.FlowQuery(query.workflow, query.version)))
        return counts.map(now)
