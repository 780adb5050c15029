"""Whatever several processes do to one outbox, and whenever one of them dies: nothing is lost, nobody is told at once
by two, and a message never changes once somebody has begun to send it."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from handrail_orchestrator.store import Store, open_store
from handrail_orchestrator.store.outbox import (
    NOTICE_KINDS,
    Addressed,
    ClaimDelivery,
    DeclareNotices,
    DeliveryRow,
    EndTry,
    Notice,
    RetryDeliveries,
    RoutedNotice,
    RouteNotices,
    Tell,
)

LEASE = 100.0
WORKERS = st.sampled_from(["one", "two", "three"])
CHANNELS = ("desk", "ops")


class OutboxMachine(RuleBasedStateMachine):
    """One store, several senders, a clock."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.store: Store = open_store(f"sqlite:///{Path(self.folder.name) / 'runs.db'}")
        self.now = 1_000.0
        self.told: set[int] = set()
        self.held: dict[str, tuple[DeliveryRow, float]] = {}
        """What each sender believes to have, and until when."""
        self.contents: dict[int, list[int]] = {}
        """Of each delivery that somebody began to send: its notices then."""
        self.sent: dict[int, int] = {}

    @initialize()
    def declare(self) -> None:
        self.store.apply([DeclareNotices(NOTICE_KINDS, 80, 0.8)])

    def apply(self, change: Any) -> Any:
        return self.store.apply([change])[0]

    @rule(number=st.integers(1, 30), queue=st.sampled_from(["a", "b"]))
    def tell(self, number: int, queue: str) -> None:
        new = self.apply(Tell(Notice("urgent", f"k{number}", "Urgent?", self.now, queue=queue)))
        assert new == (number not in self.told)
        self.told.add(number)

    @rule(group=st.sampled_from([0.0, 30.0]))
    def route(self, group: float) -> None:
        rows = self.store.new_notices(self.now, 100)
        routed = [
            RoutedNotice(
                row.id,
                "routed",
                [Addressed(name, None, f"urgent:{row.queue}", self.now + group, is_loud=False) for name in CHANNELS],
            )
            for row in rows
        ]
        assert self.apply(RouteNotices(routed, self.now, group * 10)) == len(rows)
        assert self.apply(RouteNotices(routed, self.now, group * 10)) == 0  # a second process with the same rows

    @rule(worker=WORKERS, channel=st.sampled_from(CHANNELS), is_quiet=st.booleans())
    def claim(self, worker: str, channel: str, *, is_quiet: bool) -> None:
        row = self.apply(ClaimDelivery(channel, worker, self.now, self.now + LEASE, is_quiet, 60.0))
        if row is None:
            return
        assert not is_quiet
        for other, (held, until) in self.held.items():
            assert held.id != row.id or until <= self.now, f"{other} has it still"
        self.held[worker] = row, self.now + LEASE
        notices = [each.id for each in self.store.notices_of(row.id, 1_000)]
        assert self.contents.setdefault(row.id, notices) == notices

    @precondition(lambda self: self.held)
    @rule(worker=WORKERS, outcome=st.sampled_from(["sent", "later", "down", "refused"]))
    def end(self, worker: str, outcome: str) -> None:
        if worker not in self.held:
            return
        row, _ = self.held.pop(worker)
        ended = EndTry(row.id, worker, self.now, "sent", dead_after=3)
        match outcome:
            case "later":
                ended = ended._replace(state="waiting", due=self.now + 10, error="later")
            case "down":
                ended = ended._replace(state="waiting", due=self.now + 10, error="down", is_channel_down=True)
            case "refused":
                ended = ended._replace(state="set_aside", error="no")
        if self.apply(ended) and outcome == "sent":
            self.sent[row.id] = self.sent.get(row.id, 0) + 1

    @rule(worker=WORKERS)
    def die(self, worker: str) -> None:
        self.held.pop(worker, None)

    @rule(seconds=st.sampled_from([1.0, 20.0, 101.0, 400.0]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def retry(self) -> None:
        self.apply(RetryDeliveries(self.now))

    @invariant()
    def nothing_is_lost_or_recorded_twice(self) -> None:
        rows = self.store.deliveries(None, 10_000)
        assert all(count == 1 for count in self.sent.values())
        assert {row.id for row in rows if row.state == "sent"} == set(self.sent)
        routed = [(row.channel, each.key) for row in rows for each in self.store.notices_of(row.id, 1_000)]
        assert len(routed) == len(set(routed))
        waiting = {each.key for each in self.store.new_notices(float("inf"), 10_000)}
        for channel in CHANNELS:
            assert {key for name, key in routed if name == channel} | waiting == {f"k{each}" for each in self.told}

    def teardown(self) -> None:
        """Send the rest: all that was told arrives."""
        self.held.clear()
        for _ in range(400):
            self.now += 401.0
            self.route(0.0)
            self.retry()
            for channel in CHANNELS:
                self.claim("last", channel, is_quiet=False)
                self.end("last", "sent")
            if all(row.state == "sent" for row in self.store.deliveries(None, 10_000)):
                break
        assert all(row.state == "sent" for row in self.store.deliveries(None, 10_000))
        self.store.close()
        self.folder.cleanup()


TestOutbox = pytest.mark.dear(OutboxMachine.TestCase)
TestOutbox.settings = settings(max_examples=40, stateful_step_count=40)
