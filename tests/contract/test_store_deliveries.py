"""What every store does with deliveries: one sender at a time has one, until it arrived or was refused."""

from handrail_orchestrator.store import Store
from handrail_orchestrator.store.outbox import (
    ChannelRow,
    ClaimDelivery,
    DeliveryState,
    EndTry,
    RetryDeliveries,
)
from tests.contract.outboxes import LATER, claimed, declared, delivery, ended, made, to
from tests.contract.stores import NOW, wrote


def failed(store: Store, *, now: float, times: int = 1, retry_after: float = 10.0) -> float:
    """Let the channel ``ops`` fail so often, of which two are too often, and return when it may be tried again."""
    for _ in range(times):
        row = claimed(store, now=now, until=now + 1)
        assert row is not None
        again = now + retry_after
        assert ended(
            store, row, state="waiting", now=now, due=again, error="no answer", is_channel_down=True, dead_after=2
        )
        now = again
    return now


def test_deliveries_are_read_newest_first_by_state(store: Store) -> None:
    declared(store)
    rows = [made(store, topic, to(topic=topic)) for topic in ("a", "b", "c")]
    assert claimed(store) == rows[0]
    ended(store, rows[0])
    assert claimed(store) == rows[1]
    ended(store, rows[1], state="set_aside", error="refused")
    assert [row.topic for row in store.deliveries(None, 10)] == ["c", "b", "a"]
    assert [row.topic for row in store.deliveries(None, 2)] == ["c", "b"]
    last = store.deliveries(None, 2)[-1].id
    assert [row.topic for row in store.deliveries(None, 2, before=last)] == ["a"]
    assert store.deliveries(None, 2, channel="desk") == store.deliveries("sent", 2, channel="desk") == []
    assert [row.topic for row in store.deliveries("waiting", 2, channel="ops")] == ["c"]
    assert store.delivery_counts() == [("ops", "sent", 1), ("ops", "set_aside", 1), ("ops", "waiting", 1)]
    assert [store.deliveries(state, 10) for state in ("waiting", "sent", "set_aside")] == [
        [rows[2]],
        [rows[0]._replace(state="sent", tries=1, ended=NOW)],
        [rows[1]._replace(state="set_aside", tries=1, ended=NOW, error="refused")],
    ]


def test_what_is_due_first_is_claimed_first_and_nothing_before_its_time(store: Store) -> None:
    declared(store)
    later = made(store, "later", to(topic="later", due=NOW + 20))
    soon = made(store, "soon", to(topic="soon", due=NOW + 10))
    assert claimed(store) is None
    assert claimed(store, channel="desk", now=LATER) is None
    assert [claimed(store, now=NOW + 20), claimed(store, now=NOW + 20)] == [soon, later]


def test_a_claimed_delivery_is_nobody_elses_until_the_claim_is_over(store: Store) -> None:
    declared(store)
    row = made(store)
    assert claimed(store, "one") == row
    assert claimed(store, "two", now=LATER - 1) is None
    assert claimed(store, "two", now=LATER, until=LATER + 100) == row


def test_a_stale_claim_ends_nothing(store: Store) -> None:
    declared(store)
    row = made(store)
    assert wrote(
        store,
        ClaimDelivery("ops", "one", NOW, LATER, is_quiet=False, probe_seconds=60.0),
        ClaimDelivery("ops", "two", LATER, LATER + 100, is_quiet=False, probe_seconds=60.0),
        EndTry(row.id, "one", LATER, "sent"),
        EndTry(row.id, "one", LATER, "set_aside", error="no", is_channel_down=True, dead_after=1),
    ) == [row, row, False, False]
    assert (delivery(store, row.id), store.channels()) == (row, [])
    assert ended(store, row, "two", now=LATER + 1)
    assert not ended(store, row, "two", "waiting", now=LATER + 2, due=LATER + 2)
    assert delivery(store, row.id) == row._replace(state="sent", tries=1, ended=LATER + 1)
    assert claimed(store, now=LATER + 500) is None


def test_who_took_too_long_may_still_say_what_came_of_it_while_nobody_else_has_it(store: Store) -> None:
    declared(store)
    row = made(store)
    claimed(store)
    assert ended(store, row, now=LATER + 1)
    assert delivery(store, row.id).state == "sent"


def test_a_try_that_failed_is_made_again_when_it_is_due_with_the_same_message(store: Store) -> None:
    declared(store)
    row = made(store)
    claimed(store)
    assert ended(store, row, state="waiting", due=NOW + 30, error="busy")
    assert not ended(store, row)  # its claim is over, whoever says it again
    again = row._replace(due=NOW + 30, tries=1, error="busy")
    assert claimed(store, "two", now=NOW + 29) is None
    assert claimed(store, "two", now=NOW + 30) == again
    assert ended(store, row, "two", now=NOW + 31)
    assert delivery(store, row.id) == again._replace(state="sent", tries=2, ended=NOW + 31, error=None)


def test_in_quiet_hours_only_loud_ones_are_claimed(store: Store) -> None:
    declared(store)
    low = made(store, "low")
    assert claimed(store, quiet=True) is None
    loud = made(store, "loud", to(is_loud=True, due=NOW + 1))
    assert claimed(store, now=NOW + 1, quiet=True) == loud
    assert claimed(store, now=NOW + 1) == low


def test_a_channel_that_failed_too_often_in_a_row_is_tried_once_in_a_while(store: Store) -> None:
    declared(store)
    first = made(store, "first", to(topic="first"))
    second = made(store, "second", to(topic="second", due=NOW + 10))
    failed(store, now=NOW)
    assert store.channels() == [ChannelRow("ops", 1, None, None, "no answer")]
    probe = failed(store, now=NOW + 10)
    assert probe == NOW + 20
    assert store.channels() == [ChannelRow("ops", 2, NOW + 10, probe, "no answer")]
    assert claimed(store, now=probe - 1) is None

    tried = claimed(store, now=probe, until=probe + 1)
    assert tried is not None
    assert store.channels() == [ChannelRow("ops", 2, NOW + 10, probe + 60, "no answer")]
    assert claimed(store, "two", now=probe + 59) is None
    assert {row.id for row in store.deliveries("waiting", 10)} == {first.id, second.id}
    other = made(store, "other", to("desk"))
    assert claimed(store, channel="desk", now=probe) == other


def test_a_channel_that_answers_again_is_up_and_what_waited_for_it_is_tried_at_once(store: Store) -> None:
    declared(store)
    made(store, "waits", to(topic="waits"))
    failed(store, now=NOW, retry_after=500.0)
    probe = made(store, "probe", to(topic="probe", due=NOW + 1))
    untried = made(store, "untried", to(topic="untried", due=NOW + 9_000))
    failed(store, now=NOW + 1, retry_after=20.0)
    assert store.channels()[0].dead_since == NOW + 1
    tried = claimed(store, now=NOW + 21)
    assert tried is not None
    assert tried.id == probe.id
    assert ended(store, tried, state="set_aside", now=NOW + 22, error="no such person", dead_after=2)
    assert store.channels() == [ChannelRow("ops", 0, None, None, None)]
    assert {row.topic: row.due for row in store.deliveries("waiting", 10)} == {
        "waits": NOW + 22,
        "untried": untried.due,
    }


def test_a_failure_of_one_delivery_says_nothing_against_its_channel(store: Store) -> None:
    declared(store)
    made(store)
    now = failed(store, now=NOW)
    row = claimed(store, now=now)
    assert row is not None
    ended(store, row, state="waiting", now=now, due=now + 10, error="refused", dead_after=2)
    failed(store, now=now + 10)
    assert [(each.name, each.failures, each.dead_since) for each in store.channels()] == [("ops", 1, None)]


def test_what_was_set_aside_or_waits_for_another_try_is_retried(store: Store) -> None:
    declared(store)
    tried: list[tuple[str, str, DeliveryState]] = [
        ("aside", "ops", "set_aside"),
        ("tried", "ops", "waiting"),
        ("desk", "desk", "set_aside"),
        ("sent", "ops", "sent"),
    ]
    for topic, channel, state in tried:
        row = made(store, topic, to(channel, topic=topic))
        assert claimed(store, channel=channel) == row
        ended(store, row, state=state, due=NOW + 9_000, error="no")
    made(store, "untried", to(topic="untried", due=NOW + 9_000))
    before = {row.topic: row for row in store.deliveries(None, 10)}

    def retried(change: RetryDeliveries) -> tuple[int, set[str]]:
        (count,) = wrote(store, change)
        changed = [row for row in store.deliveries(None, 10) if row != before[row.topic]]
        assert all((row.state, row.due, row.ended) == ("waiting", change.now, None) for row in changed)
        assert {row.message_id for row in changed} == {before[row.topic].message_id for row in changed}
        return count, {row.topic for row in changed}

    assert retried(RetryDeliveries(LATER, "desk", before["aside"].id)) == (0, set())
    assert retried(RetryDeliveries(LATER, "desk")) == (1, {"desk"})
    assert retried(RetryDeliveries(LATER, delivery=before["aside"].id)) == (1, {"desk", "aside"})
    assert retried(RetryDeliveries(LATER)) == (3, {"desk", "aside", "tried"})


def test_a_retry_takes_a_delivery_from_nobody_and_tries_a_channel_that_is_down(store: Store) -> None:
    declared(store)
    row = made(store)
    assert failed(store, now=NOW, times=2, retry_after=500.0) == NOW + 1_000
    assert claimed(store, now=NOW + 600) is None
    wrote(store, RetryDeliveries(NOW + 600))
    tried = claimed(store, "one", now=NOW + 600, until=NOW + 800)
    assert tried is not None
    wrote(store, RetryDeliveries(NOW + 700))
    assert claimed(store, "two", now=NOW + 700) is None
    assert ended(store, row, "one", now=NOW + 701)
