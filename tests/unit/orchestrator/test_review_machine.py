"""Several people and policies at the same review items, in any order, with old looks and a clock that jumps."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from handrail.orchestrator import ReviewError, ReviewQuery
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.records.reading import review_item
from handrail_orchestrator.review import moves
from handrail_orchestrator.store import SqliteStore
from handrail_orchestrator.store.changes import AskedItem, Cancel, MoveReview, OpenWait, Register, StartRun, Suspend
from handrail_orchestrator.store.rows import ReviewLogRow, ReviewRow, StepRow

PEOPLE = ("ann", "ben", "cat")
LATE = moves.LEASE_SECONDS + 1
FINAL = {"decided", "expired", "cancelled"}
COMES_TO = {
    "take": "leased",
    "skip": "open",
    "release": "open",
    "decide": "decided",
    "expire": "expired",
    "cancel": "cancelled",
}
"""The state each action leads to, from every state that is not final."""

people = st.sampled_from(PEOPLE)


@dataclass(frozen=True)
class Look:
    """An item as somebody saw it, which may be long ago."""

    item: ReviewItem


@dataclass
class Expected:
    """What an item should be by now."""

    state: str = "open"
    version: int = 1
    owner: str | None = None
    until: float = 0.0
    answer: str | None = None
    by: str | None = None

    def may_be_moved(self, look: ReviewItem, by: str, now: float) -> bool:
        """Return whether a person may move the item, by what the rules say."""
        taken = self.state == "leased" and self.owner != by and self.until > now
        return look.version == self.version and self.state not in FINAL and not taken


class Reviews(RuleBasedStateMachine):
    """Compares every reply of the store with what the rules of reviews say."""

    items = Bundle("items")
    looks = Bundle("looks")

    @initialize()
    def open_store(self) -> None:
        self.store = SqliteStore(":memory:")
        self.now = 1_000_000.0
        self.expected: dict[int, Expected] = {}
        (self.worker,) = self.store.apply([Register(1, "here", "", "", self.now)])

    @rule(target=items)
    def ask(self) -> int:
        number = len(self.expected) + 1
        start = StartRun(f"r{number}", "approve", 1, "null", "", self.now, execute=True)
        (started,) = self.store.apply([start], worker=self.worker)
        wait = StepRow(started.key, "ask", 1, "human", "waiting", queued=self.now)
        question = AskedItem(
            run=started.key, step="ask", queue="q", kind="ask", title="Approve?", created=self.now, code="asked",
            reason="", priority=0, due=None, when_late="fail", schema='{"type": "boolean"}',
        )  # fmt: skip
        let_go = Suspend(started.key, None, 0)
        self.store.apply([OpenWait(wait, review=question), let_go], worker=self.worker)
        (item,) = self.store.reviews(ReviewQuery(run_id=start.id))
        self.expected[item.id] = Expected()
        return item.id

    @rule(target=looks, item=items)
    def look(self, item: int) -> Look:
        return Look(review_item(self.row(item)))

    @rule(seconds=st.sampled_from([1.0, 100.0, LATE, -100.0, -LATE]))
    def time_passes_or_the_clock_is_set_back(self, seconds: float) -> None:
        self.now += seconds

    @rule(look=looks, by=people)
    def take(self, look: Look, by: str) -> None:
        if self.moves(look, by, lambda: moves.take(look.item, by=by, now=self.now)):
            expected = self.expected[look.item.id]
            expected.state, expected.owner, expected.until = "leased", by, self.now + moves.LEASE_SECONDS

    @rule(look=looks, by=people)
    def skip(self, look: Look, by: str) -> None:
        if self.moves(look, by, lambda: moves.skip(look.item, by=by, now=self.now)):
            expected = self.expected[look.item.id]
            expected.state, expected.owner = "open", None

    @rule(look=looks, by=people)
    def release(self, look: Look, by: str) -> None:
        has_it = look.item.state == "leased" and look.item.lease_owner == by
        if self.moves(look, by, lambda: moves.release(look.item, by=by, now=self.now), also=has_it):
            expected = self.expected[look.item.id]
            expected.state, expected.owner = "open", None

    @rule(look=consumes(looks), by=people, answer=st.booleans())
    def decide(self, look: Look, by: str, *, answer: bool) -> None:
        before = self.store.review_log(look.item.id)
        if self.moves(look, by, lambda: moves.decide(look.item, answer, by=by, now=self.now)):
            expected = self.expected[look.item.id]
            expected.state, expected.owner, expected.answer = "decided", None, "true" if answer else "false"
            expected.by = f"person:{by}"
            assert before[-1].version == look.item.version, "a late save is taken only if nobody moved the item since"

    @rule(item=items, by=people)
    def take_the_newest(self, item: int, by: str) -> None:
        self.take(Look(review_item(self.row(item))), by)

    @rule(item=items)
    def let_it_expire(self, item: int) -> None:
        row, expected = self.row(item), self.expected[item]
        if expected.state not in FINAL:  # the policy looks for items that wait
            self.store.apply([MoveReview(item, row.version, "expired", "expire", "policy:expire", self.now)])
            expected.state, expected.owner, expected.version = "expired", None, expected.version + 1

    @rule(item=items)
    def cancel_its_run(self, item: int) -> None:
        expected = self.expected[item]
        self.store.apply([Cancel(self.row(item).run_id, self.now, "not needed any more")])
        if expected.state not in FINAL:
            expected.state, expected.owner, expected.version = "cancelled", None, expected.version + 1

    def moves(self, look: Look, by: str, move: Callable[[], MoveReview], *, also: bool = True) -> bool:
        """Try a move, check that it was made or refused as the rules say, and return whether it was made."""
        expected = self.expected[look.item.id]
        allowed = also and expected.may_be_moved(look.item, by, self.now)
        try:
            (reply,) = self.store.apply([move()])
        except ReviewError as refusal:
            reply = refusal
        assert isinstance(reply, ReviewError) is not allowed, f"{reply} for {expected}"
        if allowed:
            expected.version += 1
        return allowed

    def row(self, item: int) -> ReviewRow:
        row = self.store.review(item)
        assert row is not None
        return row

    @invariant()
    def every_item_is_as_expected(self) -> None:
        for item, expected in getattr(self, "expected", {}).items():
            row = self.row(item)
            assert (row.state, row.version, row.lease_owner) == (expected.state, expected.version, expected.owner)
            assert (row.decision, row.decided_by) == (expected.answer, expected.by)

    @invariant()
    def every_change_is_in_the_log(self) -> None:
        for item, expected in getattr(self, "expected", {}).items():
            log = self.store.review_log(item)
            assert [entry.version for entry in log] == list(range(1, expected.version + 1))
            assert_chain(log)
            assert log[-1].state == expected.state
            assert sum(entry.action == "decide" for entry in log) <= 1

    @invariant()
    def a_decision_and_nothing_else_settles_the_step(self) -> None:
        for item, expected in getattr(self, "expected", {}).items():
            (step,) = self.store.history(self.row(item).run).steps
            assert (step.status == "done") is (expected.state == "decided")
            assert (step.output, step.decided_by) == (expected.answer, expected.by)

    @invariant()
    def the_badge_agrees_with_the_list(self) -> None:
        if hasattr(self, "store"):
            for query in (ReviewQuery(), *(ReviewQuery(free_for=by, now=self.now) for by in PEOPLE)):
                assert self.store.review_count(query) == len(self.store.reviews(query))

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()


def assert_chain(log: list[ReviewLogRow]) -> None:
    """Check that each state follows from the action, and that nothing follows a final one."""
    assert (log[0].action, log[0].state) == ("ask", "open")
    for before, entry in pairwise(log):
        assert before.state not in FINAL
        assert entry.state == COMES_TO[entry.action]


TestReviews = Reviews.TestCase
TestReviews.settings = settings(stateful_step_count=40)
