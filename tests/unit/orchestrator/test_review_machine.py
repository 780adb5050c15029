"""Several people and policies at the same review items, in any order, with old looks and a clock that jumps."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from handrail.orchestrator import ReviewError, ReviewQuery
from handrail_guards.late import LatePolicy
from handrail_orchestrator.audit.items import disagreements
from handrail_orchestrator.audit.walk import Walk
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.records.lateness import LatePlan, PlannedPolicy
from handrail_orchestrator.records.reading import review_item
from handrail_orchestrator.review import moves
from handrail_orchestrator.review.late import late
from handrail_orchestrator.store.changes import AskedItem, Cancel, MoveReview, OpenWait, Suspend
from handrail_orchestrator.store.claiming import Register
from handrail_orchestrator.store.rows import ReviewLogRow, ReviewRow, StepRow
from handrail_orchestrator.store.sqlite.store import SqliteStore
from handrail_orchestrator.store.starts import StartRun

PEOPLE = ("ann", "ben", "cat")
LATE = moves.LEASE_SECONDS + 1
CHAIN: tuple[LatePolicy, ...] = ("remind", "escalate", "fail")
"""What happens when nobody answers, each a hundred seconds after the one before it."""
FINAL = {"decided", "expired", "cancelled"}
COMES_TO = {
    "take": "leased",
    "skip": "open",
    "release": "open",
    "escalate": "open",
    "fail": "expired",
    "cancel": "cancelled",
    "snooze": "open",
    "assign": "open",
    "send_up": "open",
    "commit": "decided",
    "undo": "leased",
}
"""The state each action leads to, from every state that is not final; a note leaves it as it is."""

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
    tier: int = 1
    assignee: str | None = None
    pending: str | None = None
    """The answer that does not count yet."""
    commit_at: float = 0.0
    notes: int = 0
    fired: int = 0
    timer: float = 0.0
    """When the next of ``CHAIN`` fires."""

    def may_be_moved(self, look: ReviewItem, by: str, now: float) -> bool:
        """Return whether a person may move the item, by what the rules say."""
        taken = self.state == "leased" and self.owner != by and self.until > now
        return look.version == self.version and self.state not in {*FINAL, "pending"} and not taken

    def may_be_answered(self, look: ReviewItem, by: str, now: float) -> bool:
        """Return whether a person may take or answer it."""
        return self.may_be_moved(look, by, now) and self.assignee in {None, by}


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
            reason="", priority=0, due=self.now, when_late="remind", schema='{"type": "boolean"}',
            late=LatePlan(tuple(PlannedPolicy(
                policy=policy, at=self.now + 100.0 * number, after_hours=0.0 if number == 1 else 100 / 3600
            ) for number, policy in enumerate(CHAIN, 1))).text(),
            timer=self.now + 100.0,
        )  # fmt: skip
        let_go = Suspend(started.key, None, 0)
        self.store.apply([OpenWait(wait, review=question), let_go], worker=self.worker)
        (item,) = self.store.reviews(ReviewQuery(run_id=start.id))
        self.expected[item.id] = Expected(timer=self.now + 100.0)
        return item.id

    @rule(target=looks, item=items)
    def look(self, item: int) -> Look:
        return Look(review_item(self.row(item)))

    @rule(seconds=st.sampled_from([1.0, 100.0, LATE, -100.0, -LATE]))
    def time_passes_or_the_clock_is_set_back(self, seconds: float) -> None:
        self.now += seconds

    @rule(look=looks, by=people)
    def take(self, look: Look, by: str) -> None:
        given = self.expected[look.item.id].assignee in {None, by}
        if self.moves(look, by, lambda: moves.take(look.item, by=by, now=self.now), also=given):
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
        given = self.expected[look.item.id].assignee in {None, by}
        if self.moves(look, by, lambda: moves.decide(look.item, answer, by=by, now=self.now), also=given):
            expected = self.expected[look.item.id]
            expected.state, expected.owner, expected.answer = "decided", None, "true" if answer else "false"
            expected.by = f"person:{by}"
            assert before[-1].version == look.item.version, "a late save is taken only if nobody moved the item since"

    @rule(look=looks, by=people, answer=st.booleans())
    def decide_with_an_undo_window(self, look: Look, by: str, *, answer: bool) -> None:
        expected = self.expected[look.item.id]
        given = expected.assignee in {None, by}
        seconds = moves.UNDO_SECONDS
        if self.moves(
            look, by, lambda: moves.decide(look.item, answer, by=by, now=self.now, undo_seconds=seconds), also=given
        ):
            expected.state, expected.owner, expected.pending = "pending", by, "true" if answer else "false"
            expected.commit_at = self.now + seconds

    @rule(item=items)
    def commit(self, item: int) -> None:
        row, expected = review_item(self.row(item)), self.expected[item]
        move = moves.commit(row, now=self.now)
        assert (move is not None) is (expected.state == "pending" and expected.commit_at <= self.now)
        if move is not None:
            self.store.apply([move])
            by = f"person:{expected.owner}"
            expected.state, expected.owner, expected.answer, expected.by = "decided", None, expected.pending, by
            expected.version, expected.pending = expected.version + 1, None

    @rule(look=looks, by=people)
    def undo(self, look: Look, by: str) -> None:
        expected = self.expected[look.item.id]
        fits = expected.version == look.item.version and expected.owner == by
        allowed = fits and expected.state == "pending" and self.now < expected.commit_at
        if look.item.state != "decided" and self.is_made(
            look, lambda: moves.undo(look.item, by=by, now=self.now), allowed
        ):
            expected.state, expected.until, expected.pending = "leased", self.now + moves.LEASE_SECONDS, None

    @rule(look=looks, by=people, seconds=st.sampled_from([-1.0, 0.0, 60.0, 1e9]))
    def snooze(self, look: Look, by: str, seconds: float) -> None:
        until = self.now + seconds
        ahead = 0.0 < seconds <= moves.LONGEST_SNOOZE_SECONDS
        if self.moves(look, by, lambda: moves.snooze(look.item, by=by, until=until, now=self.now), also=ahead):
            self.expected[look.item.id].state, self.expected[look.item.id].owner = "open", None

    @rule(look=looks, by=people, to=st.sampled_from([None, *PEOPLE]))
    def assign(self, look: Look, by: str, to: str | None) -> None:
        expected = self.expected[look.item.id]
        undecided = look.item.state in {"open", "leased"}
        allowed = undecided and expected.version == look.item.version
        if self.is_made(look, lambda: moves.assign(look.item, by=by, to=to, now=self.now), allowed):
            expected.state, expected.owner, expected.assignee = "open", None, to

    @rule(look=looks, by=people, code=st.sampled_from(moves.SEND_UP_CODES))
    def send_up(self, look: Look, by: str, code: moves.SendUpCode) -> None:
        expected = self.expected[look.item.id]
        if self.moves(look, by, lambda: moves.send_up(look.item, by=by, code=code, now=self.now)):
            expected.state, expected.owner, expected.assignee = "open", None, None
            expected.tier += 1

    @rule(look=looks, by=people)
    def note(self, look: Look, by: str) -> None:
        expected = self.expected[look.item.id]
        allowed = expected.version == look.item.version
        if self.is_made(look, lambda: moves.add_note(look.item, by=by, text="hm", now=self.now), allowed):
            expected.notes += 1

    @rule(look=looks, by=people)
    def extend_the_lease(self, look: Look, by: str) -> None:
        expected = self.expected[look.item.id]
        try:
            (extended,) = self.store.apply([moves.extend(look.item, by=by, now=self.now)])
        except ReviewError:
            extended = False
        fits = expected.version == look.item.version and expected.state == "leased" and expected.owner == by
        assert extended is fits
        if fits:
            expected.until = self.now + moves.LEASE_SECONDS

    @rule(item=items, by=people)
    def take_the_newest(self, item: int, by: str) -> None:
        self.take(Look(review_item(self.row(item))), by)

    @rule(look=looks)
    def be_late(self, look: Look) -> None:
        """Fire what is due on an item as it was seen, maybe long ago: only the first who does it does."""
        item, expected = look.item, self.expected[look.item.id]
        if (move := late(item, now=self.now)) is None:
            return
        (reply,) = self.store.apply([move])
        as_seen = (item.version, item.late_step) == (expected.version, expected.fired)
        assert isinstance(reply, ReviewError) is not as_seen, f"{reply} for {expected}"
        if not as_seen:
            return
        policy = CHAIN[expected.fired]
        held = expected.state == "leased" and expected.until > self.now
        assert expected.state not in FINAL
        assert expected.timer <= self.now
        assert policy == "remind" or not held, "whoever has it goes first"
        expected.fired += 1
        expected.timer = max(expected.timer + 100.0, self.now + 100.0)
        if policy != "remind":
            expected.version += 1
            expected.state, expected.owner = "expired", None
        if policy == "escalate":
            expected.state, expected.assignee, expected.tier = "open", None, expected.tier + 1

    @rule(item=items)
    def be_late_now(self, item: int) -> None:
        self.be_late(Look(review_item(self.row(item))))

    @rule(item=items)
    def cancel_its_run(self, item: int) -> None:
        expected = self.expected[item]
        self.store.apply([Cancel(self.row(item).run_id, self.now, "not needed any more")])
        if expected.state not in FINAL:
            expected.state, expected.owner, expected.version = "cancelled", None, expected.version + 1

    def moves(self, look: Look, by: str, move: Callable[[], MoveReview], *, also: bool = True) -> bool:
        """Try a move, check that it was made or refused as the rules say, and return whether it was made."""
        allowed = also and self.expected[look.item.id].may_be_moved(look.item, by, self.now)
        return self.is_made(look, move, allowed)

    def is_made(self, look: Look, move: Callable[[], MoveReview], allowed: bool) -> bool:  # noqa: FBT001 -- a test's own
        """Try a move, check that it was made or refused as was foreseen, and return whether it was made."""
        expected = self.expected[look.item.id]
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
            assert (row.tier, row.assignee) == (expected.tier, expected.assignee)
            assert (row.answers is not None) is (expected.pending is not None or expected.state == "decided")

    @invariant()
    def every_change_is_in_the_log(self) -> None:
        for item, expected in getattr(self, "expected", {}).items():
            log = self.store.review_log(item)
            changes = [entry.version for entry in log if entry.action != "remind"]
            assert changes == list(range(1, expected.version + 1))
            fired = [entry.action for entry in log if entry.actor.startswith("policy:")]
            assert fired == list(CHAIN[: expected.fired])
            assert_chain(log)
            assert log[-1].state == expected.state
            counted = [entry for entry in log if entry.state == "decided" and entry.action in {"decide", "commit"}]
            assert len(counted) == (expected.state == "decided")
            assert sum(entry.action == "note" for entry in log) == expected.notes

    @invariant()
    def a_decision_and_nothing_else_settles_the_step(self) -> None:
        for item, expected in getattr(self, "expected", {}).items():
            (step,) = self.store.history(self.row(item).run).steps
            assert (step.status == "done") is (expected.state == "decided")
            assert (step.status == "failed") is (expected.state == "expired")
            by = "policy:fail" if expected.state == "expired" else expected.by
            assert (step.output, step.decided_by) == (expected.answer, by)

    @invariant()
    def the_badge_agrees_with_the_list(self) -> None:
        if hasattr(self, "store"):
            for query in (ReviewQuery(), *(ReviewQuery(free_for=by, now=self.now) for by in PEOPLE)):
                assert self.store.review_count(query) == len(self.store.reviews(query))

    def teardown(self) -> None:
        if not hasattr(self, "store"):
            return
        with self.store.evidence() as evidence:
            found = [*Walk(evidence.gaps(), lambda _: False).over(evidence.log(), evidence.head())]
            found += disagreements(evidence.items(), evidence.log_by_item())
        self.store.close()
        assert found == [], "whatever the order of moves, the audit log is whole and agrees with the items"


def assert_chain(log: list[ReviewLogRow]) -> None:
    """Check that each state follows from the action, and that nothing follows a final one."""
    assert (log[0].action, log[0].state) == ("ask", "open")
    for before, entry in pairwise(log):
        assert before.state not in FINAL or entry.action == "note"
        if entry.action == "decide":
            assert entry.state in {"decided", "pending"}
        else:
            assert entry.state == COMES_TO.get(entry.action, before.state)


TestReviews = Reviews.TestCase
TestReviews.settings = settings(stateful_step_count=40)
