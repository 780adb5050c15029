"""What every store must do with cases whose answers are known, and with looking back at decisions."""

from handrail_orchestrator.store import ReviewQuery, Store
from handrail_orchestrator.store.changes import MoveReview, OpenWait
from handrail_orchestrator.store.decided import DecidedQuery
from handrail_orchestrator.store.known import KnownCaseRow, Plant, PutKnown, Sow, SowingRow
from tests.contract.stores import NOW, asked, decided, executing, question, signed_on, step, wrote

WHERE = ("triage", "add", "route")
CASE = KnownCaseRow("K/route", '"known"', "true", "false")


def a_question(store: Store, run_id: str = "a") -> int:
    """Ask about the doubtful value of a step; return the item's number."""
    worker = store.workers()[0].id if store.workers() else signed_on(store)
    key = executing(store, worker, run_id)
    review = question(key, "route/review")._replace(kind="decide", suggestion="true")
    wrote(store, OpenWait(step(key, "route/review", kind="human", status="waiting"), review=review), worker=worker)
    (item,) = store.reviews(ReviewQuery(run_id=run_id))
    return item.id


def test_known_cases_are_kept_and_follow_what_waits(store: Store) -> None:
    first = a_question(store)
    assert wrote(store, PutKnown(*WHERE, 0.5, [CASE])) == [1]
    assert wrote(store, PutKnown(*WHERE, 1.0, [CASE._replace(answer="false")])) == [1]
    (sowing,) = store.sowings()
    assert sowing == SowingRow(*WHERE, 1.0, first - 1)
    assert [each.id for each in store.candidates(sowing, store.newest_item(), 10)] == [first]
    (case,) = store.known_cases(sowing, 10)
    assert (case.name, case.answer) == ("K/route", "false")
    sow = Sow(sowing, first, [Plant(first, case.id), Plant(first, 99), Plant(99, case.id)], NOW)
    assert wrote(store, sow) == [1]
    assert wrote(store, sow) == [0]  # somebody else had looked at the same time
    (known,) = [row for row in store.reviews(ReviewQuery()) if store.is_known(row.id)]
    assert (known.context, known.suggestion, known.run_id) == ('"known"', "false", "K")
    assert not store.candidates(store.sowings()[0], store.newest_item(), 10)
    assert wrote(store, PutKnown(*WHERE, 0.0)) == [1]
    assert store.sowings() == []


def test_a_known_case_is_told_once_decided_and_is_no_decision(store: Store) -> None:
    item = a_question(store)
    wrote(store, PutKnown(*WHERE, 1.0, [CASE]))
    (sowing,) = store.sowings()
    (case,) = store.known_cases(sowing, 1)
    wrote(store, Sow(sowing, item, [Plant(item, case.id)], NOW))
    (known,) = [row for row in store.reviews(ReviewQuery()) if store.is_known(row.id)]
    assert store.known_decided(None, since=0.0, limit=10) == []
    wrote(store, decided(known))
    (told,) = store.known_decided("person:ann", since=NOW, limit=10)
    assert (told.item, told.decision, told.answer) == (known.id, "true", "true")
    assert store.known_decided("person:ben", since=0.0, limit=10) == []
    assert store.known_decided(None, since=NOW + 1, limit=10) == []
    assert store.decided(DecidedQuery()) == []
    assert store.decided_texts(after=0, limit=10) == []


def test_decisions_are_read_back_in_order_with_what_the_log_says(store: Store) -> None:
    worker = signed_on(store)
    for number in range(3):
        item = asked(store, worker, f"r{number}")
        take = MoveReview(item.id, 1, "leased", "take", "person:ann", NOW + number, lease_owner="ann")
        (taken,) = wrote(store, take)
        wrote(store, decided(taken)._replace(now=NOW + number + 0.5))
    rows = store.decided(DecidedQuery(limit=2))
    assert [row.item.run_id for row in rows] == ["r0", "r1"]
    assert [row.item.run_id for row in store.decided(DecidedQuery(after=rows[-1].place))] == ["r2"]
    assert (rows[0].taken, rows[0].people, rows[0].version, rows[0].output) == (NOW, 1, 1, None)
    texts = store.decided_texts(after=0, limit=2)
    assert [text.id for text in texts] == [row.item.id for row in rows]
    assert len(store.decided_texts(after=texts[-1].place, limit=2)) == 1
    assert store.decided_before(2) == texts[0].place
    assert store.decided_before(10) == 0
    given = store.given("person:ann", queue="triage", limit=2)
    assert [(row.at, row.taken) for row in given] == [(NOW + 2.5, NOW + 2), (NOW + 1.5, NOW + 1)]
    assert store.given("person:ann", queue="other", limit=2) == []
    assert (store.given_since("person:ann", NOW + 1), store.given_since("person:ben", 0.0)) == (2, 0)
    assert (store.givers_since(NOW), store.givers_since(NOW + 9)) == (["person:ann"], [])
    assert [(row.queue, row.waiting) for row in store.queues(NOW, "triage")] == [("triage", 0)]
