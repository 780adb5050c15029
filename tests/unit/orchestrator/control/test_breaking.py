"""The states of a system: whatever comes in whatever order, one run at most tries one that is down."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from handrail_orchestrator.store.breaking import Rule, SystemRow, answered, chosen, entered, failed

RUNS = st.integers(1, 4)
RULE = Rule(failures=3, probe_after_seconds=10, release_per_second=1)
PATIENCE = 5.0


class OneSystem(RuleBasedStateMachine):
    """A system that several runs use, each executed by a worker that may lose it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.row = SystemRow("crm")
        self.owner: dict[int, int | None] = dict.fromkeys(range(1, 5), 1)
        self.calls: dict[int, int] = {}
        """Which runs call the system now, and the worker that lets them."""
        self.in_a_row = 0

    def _is_tried(self) -> bool:
        return self.row.worker is not None and self.owner.get(self.row.probe or 0) == self.row.worker

    def _is_probe(self, run: int) -> bool:
        return self.row.state == "probed" and (self.row.probe, self.row.worker) == (run, self.calls[run])

    @rule(seconds=st.floats(0, 20))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(run=RUNS)
    def comes(self, run: int) -> None:
        owner = self.owner[run]
        if owner is None or run in self.calls:
            return
        before = self.row
        way, self.row = entered(before, run, owner, self.now, PATIENCE, is_tried=self._is_tried())
        if way == "wait":
            assert before.state != "up"
            assert self.row == before
        else:
            assert (way == "probe") == (before.state != "up")
            self.calls[run] = owner

    @rule(run=RUNS)
    def fails(self, run: int) -> None:
        if run not in self.calls:
            return
        before = self.row
        self.row = failed(before, RULE, self.now, "OSError", is_probe=self._is_probe(run))
        del self.calls[run]
        if before.state == "up":
            self.in_a_row += 1
            assert (self.row.state == "down") == (self.in_a_row == RULE.failures)

    @rule(run=RUNS)
    def is_answered(self, run: int) -> None:
        if run not in self.calls:
            return
        before, is_probe = self.row, self._is_probe(run)
        self.row = answered(before, is_probe=is_probe)
        del self.calls[run]
        assert (self.row.state == "up") == (before.state == "up" or is_probe)
        if self.row.state == "up":
            self.in_a_row = 0

    @rule(run=RUNS)
    def its_process_dies(self, run: int) -> None:
        self.owner[run] = None
        self.calls.pop(run, None)

    @rule(run=RUNS, worker=st.integers(1, 3))
    def is_taken_over(self, run: int, worker: int) -> None:
        if self.owner[run] is None:
            self.owner[run] = worker

    @rule(run=RUNS)
    def is_chosen(self, run: int) -> None:
        if self.row.state != "up" and not self._is_tried() and self.now >= self.row.look_at:
            self.row = chosen(self.row, run, self.now, PATIENCE)

    @invariant()
    def one_at_most_tries(self) -> None:
        """Calls that began while it was up go on; of those that began since it is down there is one."""
        if self.row.state == "probed" and self.row.worker is not None and self.row.probe in self.calls:
            assert self._is_tried()
        assert (self.row.state == "up") == (self.row.since is None)

    @invariant()
    def it_can_always_come_back(self) -> None:
        """Whoever comes late enough, while nobody tries, may try."""
        if self.row.state != "up" and not self._is_tried():
            way, _ = entered(self.row, 9, 9, self.row.look_at + PATIENCE, PATIENCE, is_tried=False)
            assert way == "probe"


OneSystem.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestOneSystem = pytest.mark.slow(OneSystem.TestCase)
