"""How often each label was decided lately, so that the common ones have the first keys."""

import json
from collections import Counter
from collections.abc import Mapping

from handrail_orchestrator.client import Client
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.store.decided import DecidedQuery

LOOKED_AT = 300
"""Decided items that are counted."""
SECONDS = 60.0
"""How long a count is good for: labels that changed places with every answer could not be learnt by hand."""
MOST_KEPT = 200


class Commonness:
    """Counts decisions by queue and workflow, and remembers the counts for a while."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], tuple[float, Counter[str]]] = {}

    def of(self, client: Client, item: ReviewItem) -> Mapping[str, int]:
        """Return how often each answer was decided in an item's queue and workflow, by its JSON text."""
        key, now = (item.queue, item.workflow), client.now()
        counted, counts = self._counts.get(key, (0.0, Counter()))
        if counted + SECONDS < now:
            query = DecidedQuery(queue=item.queue, workflow=item.workflow, newest_first=True, limit=LOOKED_AT)
            counts = Counter(json.dumps(each.item.decision) for each in client.decided(query))
            if len(self._counts) >= MOST_KEPT:
                self._counts.clear()
            self._counts[key] = (now, counts)
        return counts
