"""Everything that the operations page shows at a moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handrail.console.operations.figures import FunnelBox, PageFigure, difference, figures, funnel
from handrail.console.operations.filters import OperationsFilters
from handrail.console.operations.picture import MapPicture, picture
from handrail.console.operations.queue_ages import QueueAges, queue_ages
from handrail.console.operations.step_lines import StepLine, gone, step_lines
from handrail.console.viewer import Viewer
from handrail_orchestrator.client import Client
from handrail_orchestrator.failures.group import Failures
from handrail_orchestrator.review.permission import scope
from handrail_orchestrator.statistics.stats import Stats, StepStats

MOST_GROUPS = 20
"""Groups of failures on the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationsView:
    """What the page shows."""

    filters: OperationsFilters
    stats: Stats
    other: Stats | None
    """What it is held against."""
    funnel: Sequence[FunnelBox]
    figures: Sequence[tuple[PageFigure, PageFigure | None, str]]
    """Each number, the same of the other, and how they differ in words."""
    steps: Sequence[StepLine]
    gone: Sequence[StepStats]
    """Steps that only the other one has."""
    queues: QueueAges
    failures: Failures
    map: MapPicture | None
    """None: no workflow is chosen, and there are several."""

    known: Mapping[str, Sequence[int]]
    """The versions of each workflow that the store knows."""

    @property
    def started(self) -> Mapping[str, int]:
        """Return how many runs were started of each workflow in the window."""
        found: dict[str, int] = {}
        for each in self.stats.versions:
            found[each.workflow] = found.get(each.workflow, 0) + each.started
        return found

    @property
    def versions(self) -> Sequence[int]:
        """Return the versions of the workflow that is chosen, the newest first."""
        return self.known.get(self.filters.workflow, ())[::-1]


def view_of(client: Client, viewer: Viewer, filters: OperationsFilters) -> OperationsView:
    """Return what the page shows to somebody."""
    stats = _stats(client, filters)
    other = None if filters.other is None else _stats(client, filters.other)
    now, then = figures(stats), None if other is None else figures(other)
    beside: Sequence[PageFigure | None] = [None] * len(now) if then is None else then
    return OperationsView(
        filters=filters,
        stats=stats,
        other=other,
        funnel=funnel(stats),
        figures=[
            (mine, its, "" if its is None else difference(mine, its)) for mine, its in zip(now, beside, strict=True)
        ],
        steps=step_lines(stats, other),
        gone=gone(stats, other),
        queues=queue_ages(stats.queues, scope(viewer.known, "look")),
        failures=client.failures(filters.runs, version=filters.version),
        map=map_of(client, filters, stats),
        known=client.workflow_versions(),
    )


def _stats(client: Client, filters: OperationsFilters) -> Stats:
    return client.stats(filters.chosen, workflow=filters.workflow or None, version=filters.version, tag=filters.tags)


def map_of(client: Client, filters: OperationsFilters, stats: Stats) -> MapPicture | None:
    """Return the map of the workflow that is chosen, or that is the only one; None: there are several."""
    names = {each.workflow for each in stats.versions}
    workflow = filters.workflow or (names.pop() if len(names) == 1 else "")
    return picture(client.counted_map(stats, workflow, client.now()), workflow) if workflow else None
