"""What became of a set of runs, in numbers that add up."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from handrail_ground.values import json_line
from handrail_orchestrator.engine import Fates
from handrail_orchestrator.records.failure import RecordedError

LONGEST_ERROR = 200
"""Characters by which failures are told apart."""
LOOKING_SHARE = 20
"""A look that took a second is not repeated for this many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """Runs by what became of them; the nine counts after ``runs`` add up to it."""

    runs: int
    by_rule: int
    """Completed without a judgement."""
    by_model: int
    """Completed with every judgement accepted."""
    by_person: int
    """Completed with an answer from a person to each question."""
    by_policy: int
    """Completed with a question that nobody answered in time, so that a policy did."""
    waiting_for_person: int
    waiting: int
    """For something else: a timer, an event, a child run, a worker."""
    failed: int
    cancelled: int
    set_aside: int
    """Not tried again before somebody says ``retry``: their process died of them, again and again."""
    errors: tuple[tuple[str, int], ...]
    """The commonest failures, with their counts."""

    def as_json(self) -> str:
        """Return one line of JSON."""
        return json_line(asdict(self))


def summarize(client: Fates, run_ids: Iterable[str] | None = None, *, workflow: str | None = None) -> RunSummary:
    """Count what became of the given runs, or of all runs of a workflow."""
    counts: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    for fate, error, times in client.fates(None if run_ids is None else list(run_ids), workflow):
        counts[fate] += times
        if error is not None:
            errors[str(RecordedError.read(error))[:LONGEST_ERROR]] += times
    return RunSummary(
        runs=sum(counts.values()),
        by_rule=counts["rule"],
        by_model=counts["model"],
        by_person=counts["person"],
        by_policy=counts["policy"],
        waiting_for_person=counts["waiting_person"],
        waiting=counts["waiting"],
        failed=counts["failed"],
        cancelled=counts["cancelled"],
        set_aside=counts["set_aside"],
        errors=tuple(errors.most_common(5)),
    )


class BatchProgress:
    """How far some runs have come; made to be asked often, since a run that has ended is not looked at again."""

    def __init__(self, client: Fates, run_ids: Iterable[str]) -> None:
        self.waiting_for_person = 0
        """Runs that wait for a person, as of the last look."""
        self._client = client
        self._open = list(dict.fromkeys(run_ids))
        self.total = len(self._open)
        """Different runs."""
        self._next_look = 0.0

    @property
    def done(self) -> int:
        """Runs that have ended or wait for a person, as of the last look."""
        return self.total - len(self._open) + self.waiting_for_person

    def look(self) -> None:
        """Look again, unless the last look was so short ago that looking would take a twentieth of the time."""
        begun = time.perf_counter()
        if begun < self._next_look or not self._open:
            return
        found = self._client.open_runs(self._open)
        self._open = [run_id for run_id, _ in found]
        self.waiting_for_person = sum(asked for _, asked in found)
        ended = time.perf_counter()
        self._next_look = ended + LOOKING_SHARE * (ended - begun)
