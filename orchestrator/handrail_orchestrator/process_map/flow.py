"""The flow of one run: which of its activities followed which, counted."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from handrail_orchestrator.process_map.activity import Branch, placed
from handrail_orchestrator.step_kind import OF_THE_ENGINE, StepKind
from handrail_orchestrator.store.rows import RunStatus

Edge: TypeAlias = tuple[str, str]
"""From one activity to the next; a run's beginning and ends are activities too, named below."""

START = "/start"
COMPLETED = "/completed"
FAILED = "/failed"
CANCELLED = "/cancelled"
SET_ASIDE = "/set_aside"
"""No step can have such a name: nothing that is called begins with what builds the names of nested steps."""

ENDS: Mapping[RunStatus, str] = {
    "completed": COMPLETED,
    "failed": FAILED,
    "cancelled": CANCELLED,
    "set_aside": SET_ASIDE,
}
"""Where a run that has ended has come to."""


class FlowStep(NamedTuple):
    """What the flow needs to know of a step."""

    name: str
    kind: StepKind
    seq: int


@dataclass
class _Sequence:
    """What follows one after the other: activities, and groups of branches."""

    items: "list[str | _Group]" = field(default_factory=list)
    groups: "dict[str, _Group]" = field(default_factory=dict)


@dataclass
class _Group:
    """Branches side by side."""

    branches: dict[str, _Sequence] = field(default_factory=dict)


def flow_of(steps: Iterable[FlowStep], status: RunStatus, copied_seq: int = 0) -> Counter[Edge]:
    """Return which activities of a run followed which, and how often.

    Branches that ran side by side all follow what stood before them, and all lead to what comes after. Steps that a
    fork copied from another run happened there. A run that has not ended leads nowhere yet.
    """
    edges: Counter[Edge] = Counter()
    seen = (each for each in steps if each.seq > copied_seq and each.kind not in OF_THE_ENGINE)
    own = sorted(seen, key=lambda step: step.seq)
    last = _follow(_nested(own), (START,), edges)
    end = ENDS.get(status)
    if end is not None:
        edges.update((each, end) for each in last)
    return edges


def _nested(steps: Sequence[FlowStep]) -> _Sequence:
    """Return steps as they stand in branches; a group stands where the first of its steps does."""
    whole = _Sequence()
    for step in steps:
        name = placed(step.name)
        _branch(whole, name.branches).items.append(name.activity)
    return whole


def _branch(sequence: _Sequence, branches: Iterable[Branch]) -> _Sequence:
    for branch in branches:
        group = sequence.groups.get(branch.group)
        if group is None:
            group = sequence.groups[branch.group] = _Group()
            sequence.items.append(group)
        sequence = group.branches.setdefault(branch.number, _Sequence())
    return sequence


def _follow(sequence: _Sequence, before: Sequence[str], edges: Counter[Edge]) -> Sequence[str]:
    """Count the edges of a sequence, and return the activities that it ends with."""
    for item in sequence.items:
        if isinstance(item, str):
            edges.update((each, item) for each in before)
            before = (item,)
        else:
            before = [last for branch in item.branches.values() for last in _follow(branch, before, edges)]
    return before
