"""What every store does with what people are told: once by its key, to each recipient, and kept until it arrived."""

from handrail_orchestrator.store import Store
from handrail_orchestrator.store.outbox import (
    NOTHING,
    DeliveryRow,
    Notice,
    RetryDeliveries,
    RoutedNotice,
    RouteNotices,
    SeeRequest,
    SweepOutbox,
    Tell,
)
from tests.contract.outboxes import LATER, claimed, declared, delivery, ended, keys, made, routed, to, told
from tests.contract.stores import NOW, asked, decided, signed_on, wrote


def test_a_notice_is_told_once_by_its_key(store: Store) -> None:
    declared(store)
    assert told(store, "k", "k", "other") == [True, False, True]
    assert wrote(store, Tell(Notice("urgent", "k", "Told otherwise", NOW))) == [False]
    assert [(row.kind, row.key, row.title, row.state) for row in store.new_notices(NOW, 10)] == [
        ("breaker", "k", "Told of k", "new"),
        ("breaker", "other", "Told of other", "new"),
    ]
    routed(store, to())
    assert told(store, "k") == [False]
    assert store.notice_counts() == {"routed": 2}


def test_only_what_is_declared_is_told_and_a_trial_always(store: Store) -> None:
    assert told(store, "early") + told(store, "trial", kind="test") == [False, False]
    declared(store, "hold")
    assert told(store, "breaker") + told(store, "hold", kind="hold") == [False, True]
    assert told(store, "trial", kind="test") == [True]
    wrote(store, NOTHING)
    assert told(store, "late", kind="hold") == [False]
    assert store.notice_counts() == {"new": 2}


def test_a_notice_is_new_from_its_time_on_and_the_oldest_comes_first(store: Store) -> None:
    declared(store)
    told(store, "later", at=LATER)
    told(store, "now")
    assert [row.key for row in store.new_notices(NOW, 10)] == ["now"]
    assert [row.key for row in store.new_notices(LATER, 10)] == ["now", "later"]
    assert [row.key for row in store.new_notices(LATER, 1)] == ["now"]


def test_a_notice_says_what_became_of_its_item_since(store: Store) -> None:
    declared(store)
    item = asked(store, signed_on(store), priority=80)
    (new,) = store.new_notices(NOW, 10)
    assert (new.kind, new.queue, new.run, new.item) == ("urgent", "triage", item.run, item.id)
    assert (new.run_id, new.item_state, new.item_created, new.item_due) == ("a", "open", NOW, None)
    routed(store, to())
    wrote(store, decided(item))
    (after,) = store.notices_of(store.deliveries(None, 1)[0].id, 10)
    assert (after.id, after.state, after.item_state) == (new.id, "routed", "decided")


def test_of_two_that_route_a_notice_one_does(store: Store) -> None:
    declared(store)
    told(store, "k")
    (new,) = store.new_notices(NOW, 10)
    assert wrote(
        store,
        RouteNotices([RoutedNotice(new.id, "routed", [to()])], NOW, 0.0),
        RouteNotices([RoutedNotice(new.id, "routed", [to(), to("desk")])], NOW, 0.0),
        RouteNotices([RoutedNotice(new.id, "withdrawn")], NOW, 0.0),
    ) == [1, 0, 0]
    (row,) = store.deliveries(None, 10)
    assert row == DeliveryRow(
        row.id, "ops", None, "news", row.message_id, NOW, "waiting", 0, 0, NOW, None, None, notices=1
    )
    assert store.notice_counts() == {"routed": 1}


def test_what_goes_nowhere_makes_no_delivery_and_what_is_put_off_comes_again(store: Store) -> None:
    declared(store)
    told(store, "nobody's", "decided", "put off")
    nobodys, answered, later = store.new_notices(NOW, 10)
    each = [
        RoutedNotice(nobodys.id, "unrouted"),
        RoutedNotice(answered.id, "withdrawn"),
        RoutedNotice(later.id, "new", at=LATER),
    ]
    assert wrote(store, RouteNotices(each, NOW, 0.0)) == [3]
    assert store.deliveries(None, 10) == []
    assert store.new_notices(NOW, 10) == []
    assert [(row.key, row.at) for row in store.new_notices(LATER, 10)] == [("put off", LATER)]
    assert store.notice_counts() == {"unrouted": 1, "withdrawn": 1, "new": 1}


def test_notices_of_one_topic_to_one_recipient_are_one_message(store: Store) -> None:
    declared(store)
    told(store, "second", at=NOW + 1)
    told(store, "first")
    routed(store, to(), to(person="ann"), now=NOW + 1)
    told(store, "third", at=NOW + 2)
    others = to("desk"), to(person="bob"), to(topic="rest"), to(is_loud=True)
    routed(store, to(), *others, now=NOW + 2)
    rows = store.deliveries(None, 10)
    assert [(row.channel, row.person, row.topic, row.is_loud, row.notices) for row in rows] == [
        ("ops", None, "news", 1, 1),
        ("ops", None, "rest", 0, 1),
        ("ops", "bob", "news", 0, 1),
        ("desk", None, "news", 0, 1),
        ("ops", "ann", "news", 0, 2),
        ("ops", None, "news", 0, 3),
    ]
    assert keys(store, rows[-1]) == ["first", "second", "third"]
    assert [each.key for each in store.notices_of(rows[-1].id, 1)] == ["first"]
    assert len({row.message_id for row in rows}) == len(rows)


def test_nothing_joins_a_message_that_somebody_began_to_send(store: Store) -> None:
    declared(store)
    row = made(store, "before")
    assert claimed(store) == row
    second = made(store, "while it is sent")
    ended(store, row, state="waiting", due=LATER, error="busy")
    assert made(store, "before the next try").id == second.id
    assert keys(store, row) == ["before"]
    assert keys(store, second) == ["while it is sent", "before the next try"]


def test_after_a_message_the_next_of_its_topic_to_its_recipient_pauses(store: Store) -> None:
    declared(store)
    row = made(store)
    assert claimed(store) == row
    ended(store, row, now=NOW + 5)
    told(store, "next")
    routed(store, to(), to(topic="rest"), now=NOW + 6, pause=60.0)
    assert {each.topic: each.due for each in store.deliveries("waiting", 10)} == {"news": NOW + 65, "rest": NOW}


def test_what_was_told_long_ago_is_swept_a_part_at_a_time(store: Store) -> None:
    declared(store)
    told(store, "a", "b", "c")
    wrote(store, RouteNotices([RoutedNotice(row.id, "unrouted") for row in store.new_notices(NOW, 10)], NOW, 0.0))
    assert wrote(store, SweepOutbox(NOW, 10), SweepOutbox(NOW + 1, 2)) == [0, 2]
    assert store.notice_counts() == {"unrouted": 1}
    assert wrote(store, SweepOutbox(NOW + 1, 2), SweepOutbox(NOW + 1, 2)) == [1, 0]
    assert store.notice_counts() == {}


def test_what_is_new_or_not_delivered_is_never_swept(store: Store) -> None:
    declared(store)
    told(store, "both")
    routed(store, to(), to("desk"))
    told(store, "new")
    sent = claimed(store)
    aside = claimed(store, channel="desk")
    assert sent is not None
    assert aside is not None
    ended(store, sent)
    assert wrote(store, SweepOutbox(LATER, 10)) == [0]
    ended(store, aside, state="set_aside", error="no")
    assert wrote(store, SweepOutbox(LATER, 10)) == [0]
    assert (keys(store, sent), keys(store, aside)) == (["both"], ["both"])
    assert store.notice_counts() == {"new": 1, "routed": 1}

    wrote(store, RetryDeliveries(NOW))
    assert claimed(store, channel="desk") is not None
    ended(store, aside)
    assert wrote(store, SweepOutbox(LATER, 10)) == [1]
    assert (store.notice_counts(), store.deliveries(None, 10)) == ({"new": 1}, [])


def test_a_message_stays_while_it_tells_of_a_notice_that_does(store: Store) -> None:
    declared(store)
    told(store, "old")
    told(store, "young", at=NOW + 50)
    routed(store, to(), now=NOW + 50)
    row = claimed(store, now=NOW + 50)
    assert row is not None
    ended(store, row, now=NOW + 50)
    assert wrote(store, SweepOutbox(NOW + 50, 10)) == [1]
    assert (keys(store, row), delivery(store, row.id).notices) == (["young"], 1)


def test_a_signed_request_is_seen_for_the_first_time_once_until_it_is_swept(store: Store) -> None:
    assert wrote(store, SeeRequest("x", NOW), SeeRequest("x", NOW + 1), SeeRequest("y", NOW + 1)) == [True, False, True]
    wrote(store, SweepOutbox(NOW, 10))
    assert wrote(store, SeeRequest("x", NOW + 2)) == [False]
    wrote(store, SweepOutbox(NOW + 1, 10))
    assert wrote(store, SeeRequest("y", NOW + 2), SeeRequest("x", NOW + 2)) == [False, True]
