"""The numbers of a store as families of Prometheus; loaded when somebody asks for them."""

import time
from collections.abc import Iterable, Mapping

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry

from handrail_orchestrator.client import Client
from handrail_orchestrator.records.health import Health
from handrail_orchestrator.statistics.figures import QueueFigures

MOST_NAMES = 200
"""Workflows, and queues, that have numbers of their own; those with the fewest share ``other``."""
OTHER = "other"


def read(client: Client) -> CollectorRegistry:
    """Return the numbers of a store as they are now.

    Raises:
        StoreError: it cannot be read.
    """
    begun = time.perf_counter()
    health, queues = client.health(), client.queue_figures(client.now())
    registry = CollectorRegistry()
    registry.register(_Numbers(health, queues, time.perf_counter() - begun))
    return registry


def written(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """Return numbers in the format that a caller accepts, and its name."""
    encode, kind = choose_encoder(accept)
    return encode(registry), kind


class _Numbers(Collector):
    """What the store said, as families of metrics; no label has the id of a run, of an item or of a person."""

    def __init__(self, health: Health, queues: Iterable[QueueFigures], seconds: float) -> None:
        self._health = health
        self._queues = list(queues)
        self._seconds = seconds

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yield each family."""
        health = self._health
        runs: dict[tuple[str, str], float] = {}
        for (workflow, _, status), count in health.runs.items():
            runs[workflow, status] = runs.get((workflow, status), 0) + count
        due: dict[tuple[str, str], float] = {}
        for (workflow, _), count in health.due.items():
            due[workflow, ""] = due.get((workflow, ""), 0) + count
        named = _largest({name: sum(n for (each, _), n in runs.items() if each == name) for name, _ in runs})
        yield _family("handrail_runs", "Runs in the store", ("workflow", "status"), _folded(runs, named))
        yield _family("handrail_runs_due", "Runs that are due and not taken", ("workflow",), _folded(due, named))
        waiting = {each.queue: float(each.waiting) for each in self._queues}
        queues = _largest(waiting)
        late = {each.queue: float(each.late) for each in self._queues}
        yield _family("handrail_queue_items", "Items that wait for people", ("queue",), _of_queues(waiting, queues))
        yield _family("handrail_queue_late_items", "Items past their due time", ("queue",), _of_queues(late, queues))
        oldest = GaugeMetricFamily("handrail_queue_oldest_seconds", "Age of the oldest item", labels=["queue"])
        for each in self._queues:
            if each.oldest is not None and each.queue in queues:
                oldest.add_metric([each.queue], max(0.0, health.at - each.oldest))
        yield oldest
        yield GaugeMetricFamily("handrail_questions", "Questions that wait for people", value=health.questions)
        yield GaugeMetricFamily("handrail_worked_on", "Whether a process executes runs", value=health.is_worked_on)
        paused = GaugeMetricFamily("handrail_paused", "Workflow types and queues that rest", labels=["kind", "name"])
        for rests in health.paused[:MOST_NAMES]:
            paused.add_metric([rests.kind, rests.name], 1)
        yield paused
        yield GaugeMetricFamily("handrail_store_read_seconds", "Reading these numbers", value=self._seconds)


def _largest(sizes: Mapping[str, float]) -> frozenset[str]:
    """Return the names that keep numbers of their own."""
    return frozenset(sorted(sizes, key=lambda name: (-sizes[name], name))[:MOST_NAMES])


def _folded(numbers: Mapping[tuple[str, str], float], named: frozenset[str]) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for (name, second), number in numbers.items():
        key = (name if name in named else OTHER, second)
        found[key] = found.get(key, 0) + number
    return found


def _of_queues(numbers: Mapping[str, float], named: frozenset[str]) -> dict[tuple[str, str], float]:
    return _folded({(queue, ""): number for queue, number in numbers.items()}, named)


def _family(
    name: str, what: str, labels: tuple[str, ...], numbers: Mapping[tuple[str, str], float]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, what, labels=list(labels))
    for key, number in sorted(numbers.items()):
        family.add_metric(list(key[: len(labels)]), number)
    return family
