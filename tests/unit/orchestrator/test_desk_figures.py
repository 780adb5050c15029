"""What the desk comes to in numbers, each by its definition, from decisions made through the client."""

import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import NotAllowed
from handrail_orchestrator.records.decided import AnswerGiven, KnownAnswer
from handrail_orchestrator.review.moves import commit
from handrail_orchestrator.statistics.computing import Computed, compute
from handrail_orchestrator.statistics.counting import tallied
from handrail_orchestrator.statistics.person import LAST, person_figures, rubber_stamping
from handrail_orchestrator.statistics.tally import weight_bucket
from handrail_orchestrator.store import ReviewQuery, Store, open_store
from handrail_orchestrator.store.changes import MoveReview, OpenWait, Prune, RecordStep
from handrail_orchestrator.store.decided import DecidedQuery
from handrail_orchestrator.store.figures import FigureQuery, TallyPlace
from handrail_orchestrator.store.sqlite.store import SqliteStore
from handrail_orchestrator.testing import FakeClock
from tests.contract.stores import NOW, executing, question, signed_on, step, wrote
from tests.stores import store_in

ALL = DecidedQuery()
TEXT = '{"type": "string"}'
TOTALS = '{"type": "object"}'


@dataclass
class Asking:
    """A client on a store, whose clock a test moves, and what asks it questions."""

    client: Client
    store: Store
    clock: FakeClock
    worker: int
    asked: int = field(default=0)

    def after(self, seconds: float) -> None:
        self.clock.move_to(self.clock.now() + seconds)

    def ask(self, suggestion: Any = "billing", **more: Any) -> int:
        self.asked += 1
        key = executing(self.store, self.worker, f"T-{self.asked}")
        some: dict[str, Any] = {
            "kind": "decide",
            "schema": TEXT if isinstance(suggestion, str) else TOTALS,
            "created": self.clock.now(),
            "suggestion": None if suggestion is None else json.dumps(suggestion),
            "confidence": 0.4,
        }
        item = question(key, "route/review")._replace(**some | more)
        wrote(self.store, OpenWait(step(key, "route/review", kind="human", status="waiting"), review=item))
        (row,) = self.store.reviews(ReviewQuery(run_id=f"T-{self.asked}"))
        return row.id

    async def answer(self, item: int, value: Any, *, by: str = "ann", seconds: float = 4.0) -> None:
        await self.client.take(item, by=by)
        self.after(seconds)
        await self.client.decide(item, value, by=by)


@asynccontextmanager
async def asking(address: str = "sqlite:///:memory:") -> AsyncIterator[Asking]:
    clock = FakeClock()
    store = open_store(address)
    async with Client(store, clock=clock) as client:
        yield Asking(client, store, clock, signed_on(store))
    store.close()


def computed(desk: Asking) -> Computed:
    """Return what operations count of the same questions."""
    with desk.store.figures() as stored:
        return compute(tallied(stored, FigureQuery(0.0, 10 * NOW)), desk.clock.now())


@pytest.mark.dear
@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["ask", "take", "skip", "decide", "move", "prune"]))))
def test_what_waits_in_each_queue_is_what_its_list_has(moves: list[tuple[int, str]]) -> None:
    store = SqliteStore(":memory:")
    worker = signed_on(store)
    chance = random.Random(len(moves))
    for number, (which, move) in enumerate(moves):
        queue = f"q{which % 3}"
        if move == "ask":
            key = executing(store, worker, f"r{number}")
            due = NOW + which if which else None
            item = question(key, queue=queue)._replace(due=due, created=NOW + which)
            wrote(store, OpenWait(step(key, "ask", kind="human", status="waiting"), review=item), worker=worker)
            continue
        if move == "prune":
            store.apply([Prune(NOW + 1, ("completed",), 5)])
            continue
        everything = store.reviews(ReviewQuery(states=("open", "leased", "decided"), limit=100))
        if not everything:
            continue
        item_row = chance.choice(everything)
        made = {
            "take": MoveReview(item_row.id, item_row.version, "leased", "take", "person:ann", NOW, lease_owner="ann"),
            "skip": MoveReview(item_row.id, item_row.version, "open", "skip", "person:ann", NOW),
            "decide": MoveReview(
                item_row.id, item_row.version, "decided", "decide", "person:ann", NOW, decision="true"
            ),
            "move": MoveReview(
                item_row.id, item_row.version, "open", "reassign", "policy:reassign", NOW, sets={"queue": queue}
            ),
        }[move]
        wrote(store, made)
    now = NOW + 3
    for queue in ("q0", "q1", "q2", "q9"):
        (found,) = store.queues(now, queue)
        listed = store.reviews(ReviewQuery(queue=queue, limit=1000))
        assert found.waiting == len(listed) == store.review_count(ReviewQuery(queue=queue))
        assert found.oldest == min((each.created for each in listed), default=None)
        assert found.late == sum(each.due is not None and each.due <= now for each in listed)
    assert [row.queue for row in store.queues(now)] == sorted({r.queue for r in store.reviews(ReviewQuery(limit=1000))})
    store.close()


async def test_the_strip_shows_what_waits_and_ones_own_day() -> None:
    async with asking() as desk:
        midnight = desk.clock.now()
        items = [desk.ask() for _ in range(5)]
        desk.ask(due=desk.clock.now() + 1.0)
        desk.after(10.0)
        for seconds, item in zip((2.0, 4.0, 9.0), items, strict=False):
            await desk.answer(item, "billing", seconds=seconds)
        await desk.answer(items[3], "bugs", by="ben")
        await desk.client.decide(items[4], "bugs", by="ann")  # without taking it: how long that took nobody knows
        (queue,) = desk.client.queue_figures(desk.clock.now())
        assert (queue.queue, queue.waiting, queue.oldest, queue.late) == ("triage", 1, midnight, 1)
        own = desk.client.own_figures(by="ann", today=midnight)
        assert (own.today, own.pace, own.stamping) == (4, 4.0, ())
        assert desk.client.own_figures(by="ann", today=desk.clock.now() + 1).today == 0
        others = desk.client.people_figures(by="ann", since=midnight)
        assert [(each.person, each.today, each.pace) for each in others] == [("ann", None, None), ("ben", None, None)]


async def test_nobody_but_an_admin_is_told_of_others_and_nobody_of_their_pace() -> None:
    async with asking() as desk:
        await desk.client.people.add("root", roles={"*": "admin"})
        await desk.client.people.add("ann", roles={"*": "senior"})
        await desk.client.people.add("ben", roles={"*": "reviewer"})
        await desk.answer(desk.ask(), "billing", by="ben")
        (told,) = desk.client.people_figures(by="root", since=0.0)
        assert (told.person, told.pace, told.today) == ("ben", None, None)
        assert desk.client.own_figures(by="ben", today=0.0).pace == 4.0
        for nobody in ("ann", "ben", "eve"):
            with pytest.raises(NotAllowed):
                desk.client.people_figures(by=nobody, since=0.0)
        with pytest.raises(NotAllowed):
            desk.client.own_figures(by="eve", today=0.0)


async def test_an_answer_that_was_taken_back_is_no_work() -> None:
    async with asking() as desk:
        item = desk.ask()
        midnight = desk.clock.now()
        await desk.client.take(item, by="ann")
        await desk.client.decide(item, "bugs", by="ann", undo_seconds=5.0)
        await desk.client.undo(item, by="ann")
        own = desk.client.own_figures(by="ann", today=midnight)
        assert (own.today, own.pace) == (0, None)


async def test_times_are_from_asking_to_taking_and_from_taking_to_answering() -> None:
    async with asking() as desk:
        for waited, worked in ((60.0, 4.0), (120.0, 6.0), (600.0, 20.0)):
            item = desk.ask()
            desk.after(waited)
            await desk.answer(item, "billing", seconds=worked)
        figures = desk.client.desk_figures(ALL)
        assert (figures.decided, figures.approval_delay, figures.hands_on) == (3, 120.0, 6.0)


async def test_time_that_pages_tell_of_counts_as_far_as_the_person_had_the_item() -> None:
    async with asking() as desk:
        item = desk.ask()
        await desk.client.take(item, by="ann")
        desk.after(100.0)
        await desk.client.extend(item, by="ann", worked=30.0)  # the tab was in view for so long
        desk.after(1.0)
        await desk.client.decide(item, "billing", by="ann")
        assert desk.client.desk_figures(ALL).hands_on == 30.0
        other = desk.ask()
        await desk.client.take(other, by="ann")
        await desk.client.extend(other, by="ann", worked=200.0)  # more than there was
        desk.after(2.0)
        await desk.client.decide(other, "billing", by="ann")
        assert desk.client.own_figures(by="ann", today=0.0).pace == 16.0


async def test_the_undo_window_is_not_time_at_the_item() -> None:
    async with asking() as desk:
        item = desk.ask()
        await desk.client.take(item, by="ann")
        desk.after(3.0)
        await desk.client.decide(item, "billing", by="ann", undo_seconds=5.0)
        desk.after(60.0)
        move = commit(desk.client.plain_review(item), now=desk.clock.now())
        assert move is not None
        wrote(desk.store, move)
        assert desk.client.desk_figures(ALL).hands_on == 3.0


async def test_changes_are_told_by_field_and_by_confidence() -> None:
    async with asking() as desk:
        before = {"total": "4.00", "date": "2026-01-05"}
        await desk.answer(desk.ask(before, confidence=0.05), before)
        await desk.answer(desk.ask(before, confidence=0.05), {**before, "total": "5.00"})
        await desk.answer(desk.ask("billing", confidence=1.0), "bugs")
        await desk.answer(desk.ask(None, confidence=None), {"total": "1.00"})  # nothing was suggested
        figures = desk.client.desk_figures(ALL)
        told = {name: (each.decided, each.changed) for name, each in figures.changes.items()}
        assert told == {"": (3, 2), "total": (2, 1), "date": (2, 0)}
        by_tenths = [(each.decided, each.changed) for each in figures.changes_by_confidence]
        assert by_tenths == [(2, 1), *[(0, 0)] * 8, (1, 1)]
        assert figures.changes_by_confidence[5].rate is None


async def test_audits_count_what_was_accepted_and_wrong() -> None:
    async with asking() as desk:
        for said, right in (("billing", "billing"), ("billing", "bugs"), ("bugs", "bugs")):
            outcome = {"kind": "accepted", "value": said, "judgement": {"confidence": {"value": 0.9, "source": "vote"}}}
            item = desk.ask(None, schema=TEXT, code="drawn", confidence=None)
            row = desk.store.review(item)
            assert row is not None
            judged = step(row.run, "route", kind="ai", output=json.dumps(outcome))
            wrote(desk.store, RecordStep(judged), worker=desk.worker)
            audit = question(row.run, "route/audit")._replace(kind="audit", schema=TEXT, code="drawn")
            wrote(desk.store, RecordStep(step(row.run, "other", seq=2), audit=audit), worker=desk.worker)
            (asked,) = [each for each in desk.client.reviews() if each.kind == "audit"]
            await desk.answer(asked.id, right)
        figures = desk.client.desk_figures(ALL)
        assert (figures.audits.audited, figures.audits.wrong) == (3, 1)
        assert figures.changes == {}  # an audit asks about what was accepted


async def test_audits_of_a_promise_that_asks_more_where_more_is_wrong_are_weighed() -> None:
    async with asking() as desk:
        for said, weight in (("bugs", 2.0), ("bugs", 2.0), ("billing", 0.5), ("billing", 0.5)):
            by = {"promise": 1, "rule": 2, "subject": "abc", "score": 0.9, "share": 0.1, "weight": weight}
            judgement = {"confidence": {"value": 0.9, "source": "vote"}, "promised": by}
            outcome = {"kind": "accepted", "value": said, "judgement": judgement}
            item = desk.ask(None, schema=TEXT, code="drawn", confidence=None)
            row = desk.store.review(item)
            assert row is not None
            judged = step(row.run, "route", kind="ai", output=json.dumps(outcome))
            audit = question(row.run, "route/audit")._replace(kind="audit", schema=TEXT, code="drawn")
            wrote(desk.store, RecordStep(judged), worker=desk.worker)
            wrote(desk.store, RecordStep(step(row.run, "other", seq=2), audit=audit), worker=desk.worker)
            (asked,) = [each for each in desk.client.reviews() if each.kind == "audit"]
            await desk.answer(asked.id, "bugs")
        audits = desk.client.desk_figures(ALL).audits
        assert (audits.audited, audits.wrong, audits.share.rate) == (4, 2, 0.2)  # and not a half
    tally = {("audited", "route", weight_bucket(2.0)): (2, 0), ("audited", "route", weight_bucket(0.5)): (2, 2)}
    assert compute([(TallyPlace("triage", 1, 0), tally)], NOW).audits == audits.share
    assert weight_bucket(1.0) == 0  # as everything that was counted before


async def test_agreement_is_that_of_people_who_did_not_see_each_other(either_store: Path) -> None:
    async with asking(store_in(either_store)) as desk:
        two = '{"reviewers": 2}'
        answers = (("a", "a"), ("b", "a"), ("b", "b"), ("a", "a"))
        for one, other in answers:
            item = desk.ask("a", rules=two)
            await desk.answer(item, one, by="ann")
            await desk.answer(item, other, by="ben")
            if one != other:
                await desk.answer(item, one, by="cy")  # settles it, and had seen both
        await desk.answer(desk.ask("a"), "a")
        of_window = computed(desk)
        for found in (desk.client.desk_figures(ALL).agreement[""], of_window.agreement[""]):
            assert (found.items, found.people, found.coefficient, found.raw) == (4, 2, "kappa", 0.75)
            assert found.beyond_chance == pytest.approx(0.5)


async def test_touches_reopenings_policies_and_due_times_are_counted(either_store: Path) -> None:
    async with asking(store_in(either_store)) as desk:
        soon = desk.clock.now() + 10.0
        in_time, late, up = desk.ask(due=soon), desk.ask(due=soon), desk.ask()
        await desk.answer(in_time, "bugs")
        desk.after(60.0)
        await desk.client.assign(late, by="ann", to="ben")
        await desk.answer(late, "bugs", by="ben")
        await desk.client.send_up(up, by="ann", code="unsure")
        await desk.answer(up, "bugs", by="cy")
        row = desk.store.review(up)
        assert row is not None
        again = MoveReview(up, row.version, "open", "reopen", "run:3", desk.clock.now(), sets={"answers": None})
        wrote(desk.store, again)
        await desk.answer(up, "billing", by="cy")
        by_policy = desk.client.plain_review(desk.ask())
        default = MoveReview(
            by_policy.id, 1, "decided", "default", "policy:default", desk.clock.now(), decision='"bugs"'
        )
        wrote(desk.store, default)
        figures = desk.client.desk_figures(ALL)
        assert (figures.decided, figures.by_policy, figures.in_time, figures.late) == (4, 1, 1, 1)
        assert (figures.rework, figures.touches, figures.sent_up) == (25.0, 1.0, 1)
        assert figures.changes[""].decided == 3  # nobody decided the fourth
        asked = computed(desk).questions
        assert (asked.decided, asked.by_policy, asked.rework.part, asked.rework.whole) == (4, 1, 1, 4)
        assert (asked.promises.met, asked.promises.late, asked.touches) == (1, 1, 1.0)


async def test_figures_say_when_they_are_of_the_newest_only() -> None:
    async with asking() as desk:
        for number in range(5):
            await desk.answer(desk.ask(), "bugs" if number < 2 else "billing")
        newest = desk.client.desk_figures(ALL, most=3)
        assert (newest.decided, newest.is_whole, newest.changes[""].changed) == (3, False, 0)
        assert desk.client.desk_figures(ALL, most=5).is_whole
        assert json.loads(json.dumps(newest.as_json()))["decided"] == 3


async def test_decisions_are_read_by_queue_workflow_step_and_time_page_by_page() -> None:
    async with asking() as desk:
        start = desk.clock.now()
        ids = [desk.ask(queue=("triage", "refunds")[n % 2]) for n in range(7)]
        for item in ids:
            await desk.answer(item, "bugs", seconds=10.0)
        everything = list(desk.client.all_decided(DecidedQuery(limit=2)))
        assert [each.item.id for each in everything] == ids
        newest = list(desk.client.all_decided(DecidedQuery(limit=2, newest_first=True)))
        assert [each.item.id for each in newest] == ids[::-1]
        of_queue = DecidedQuery(queue="refunds", workflow="add", step="route", since=start + 20, until=start + 60)
        assert [each.item.id for each in desk.client.decided(of_queue)] == [ids[1], ids[3]]
        assert not desk.client.decided(DecidedQuery(step="rout*"))
        only = [desk.client.decided(each) for each in (DecidedQuery(queues=("refunds",)), DecidedQuery(queues=()))]
        assert [len(each) for each in only] == [3, 0]
        assert len(desk.client.decided(DecidedQuery(not_queues=("refunds", "x")))) == 4
        assert not desk.client.decided(DecidedQuery(workflow="other"))


# -- one person

FAST = [AnswerGiven(item=n, queue="triage", at=float(n), is_suggestion=True, seconds=0.4) for n in range(LAST)]


def changed(index: int, **more: Any) -> list[AnswerGiven]:
    return [replace(each, **more) if n == index else each for n, each in enumerate(FAST)]


def test_suggestions_taken_faster_than_anybody_reads_are_told() -> None:
    found = rubber_stamping("ann", FAST)
    assert found is not None
    assert (found.person, found.queue, found.answers, found.seconds, found.since) == ("ann", "triage", 50, 0.4, 0.0)
    assert str(found) == (
        "ann took each of the last 50 suggestions in queue 'triage' as it was, in 0.4 s each: that is faster than"
        " anybody reads"
    )


@pytest.mark.parametrize(
    "given",
    [
        FAST[:-1],
        changed(7, is_suggestion=False),
    ],
)
def test_one_changed_answer_or_one_too_few_say_nothing(given: list[AnswerGiven]) -> None:
    assert rubber_stamping("ann", given) is None


def test_who_takes_a_second_or_longer_reads() -> None:
    slow = [replace(each, seconds=1.0) for each in FAST[:26]] + FAST[26:]
    assert rubber_stamping("ann", slow) is None
    assert rubber_stamping("ann", [replace(each, seconds=None) for each in FAST[:25]] + FAST[25:]) is None


def test_queues_are_looked_at_one_by_one() -> None:
    careful = [replace(each, queue="refunds", is_suggestion=False) for each in FAST]
    mixed = [each for pair in zip(FAST, careful, strict=True) for each in pair]
    own = person_figures("ann", today=3, given=mixed, known=())
    assert [each.queue for each in own.stamping] == ["triage"]


def test_known_cases_are_counted_without_a_rank() -> None:
    known = [
        KnownAnswer(item=n, queue="triage", title="", decided=0.0, by="ann", said=said, right="bugs")
        for n, said in enumerate(("bugs", "bugs", "billing"))
    ]
    own = person_figures("ann", today=0, given=(), known=known)
    assert (own.known, own.known_right, own.pace) == (3, 2, None)
    assert own.as_json() == {
        "person": "ann", "today": 0, "pace": None, "known": 3, "known_right": 2, "stamping": []
    }  # fmt: skip
