"""What is given to operations on figures, maps and failures, and what they answer."""

from typing import Annotated, Any, TypeAlias

from pydantic import Field

from handrail.console.api.operation import Given
from handrail.console.api.run_models import TagText, Text, Told
from handrail_orchestrator.process_map.graph import NodeKind

Window: TypeAlias = Annotated[
    str,
    Field(
        pattern=r"^([1-9][0-9]{0,2}[hd]|[1-9][0-9]?w)$",
        description="Runs started in so many hours, days or weeks up to now, such as `24h`, `7d` or `4w`",
    ),
]


class WindowQuery(Given):
    """Which runs are counted."""

    window: Window = "7d"
    workflow: Text | None = Field(default=None, description="Only runs of this workflow")
    version: Annotated[int | None, Field(ge=0, lt=2**31, description="Only runs of this version")] = None
    tag: TagText = None


class MapQuery(Given):
    """Which workflow's map."""

    workflow: Text = Field(description="The workflow")
    window: Window = "7d"
    version: Annotated[int | None, Field(ge=0, lt=2**31, description="Only runs of this version")] = None


class WindowTold(Told):
    """The window that was counted."""

    since: float
    until: float
    zone: str
    hours: float


class FiguresTold(Told):
    """What the runs of a window come to; every word is defined in docs/operations.md."""

    window: WindowTold
    workflow: str | None
    version: int | None
    tags: dict[str, str]
    at: float
    funnel: dict[str, Any] = Field(description="Counts, and under `bars` those that add up to what was started")
    cycle: dict[str, Any]
    exceptions: dict[str, Any]
    completion: dict[str, Any]
    human_wait: float | None = Field(description="Share of the summed cycle times that questions to people took")
    steps: list[dict[str, Any]] = Field(description="By their share of the cycle time, the greatest first")
    bottleneck: dict[str, Any] | None
    questions: dict[str, Any]
    by_queue: dict[str, dict[str, Any]] = Field(description="Of the queues that the person may look at")
    queues: list[dict[str, Any]] = Field(description="What waits now, of the queues that the person may look at")
    agreement: dict[str, dict[str, Any]]
    changed: dict[str, dict[str, Any]]
    changed_by_confidence: list[dict[str, Any]]
    audits: dict[str, Any]
    money: float
    unpriced: int = Field(description="Judgements whose price is not known")
    outcomes: list[dict[str, Any]]
    baseline: list[dict[str, Any]]
    versions: list[dict[str, Any]]
    percentile_error: float


class MapNodeTold(Told):
    """One activity, or the beginning or an end of runs."""

    activity: str
    kind: NodeKind
    count: int
    owner: str | None
    waiting: int = Field(description="How many calls of it wait now, of all runs that are open")
    longest_wait: float | None = Field(description="For how many seconds the one has waited that waits longest")
    running: int
    failed: int


class MapEdgeTold(Told):
    """One activity followed by another."""

    source: str
    target: str
    count: int


class MapTold(Told):
    """How runs went from step to step."""

    nodes: list[MapNodeTold]
    edges: list[MapEdgeTold]
    hidden: int
    longest_wait: str | None = Field(description="The activity where something waits longest")


class FailureGroupTold(Told):
    """Runs that failed alike."""

    id: str
    workflow: str
    step: str | None = Field(description="Null: the workflow's own code failed, or its process died")
    type: str
    shape: str = Field(description="The message, with texts in quotes, addresses, ids and numbers replaced")
    count: int
    last: float | None
    runs: list[str] = Field(description="Ids of the newest of them")


class FailuresTold(Told):
    """What failed, those alike together."""

    groups: list[FailureGroupTold]
    count: int
    is_whole: bool = Field(description="Whether these are all; if not, they are of the newest runs that failed")
