"""What every store does with triggers: where they stand, what they may fire, and the ends that they wait for."""

from typing import get_args

import pytest

from handrail_orchestrator.errors import UnknownTrigger, WrongState
from handrail_orchestrator.store import Store
from handrail_orchestrator.store.changes import Cancel, EndRun, RetryRun
from handrail_orchestrator.store.fired import Fired
from handrail_orchestrator.store.rows import ENDED, RunStatus
from handrail_orchestrator.store.starts import Fire
from handrail_orchestrator.store.triggers import (
    Advance,
    AskToFire,
    CloseAsk,
    DeclareTrigger,
    ForgetTrigger,
    PauseTrigger,
    ResumeTrigger,
    TakeEnd,
    TellTrigger,
    TriggerEvent,
    TroubleTrigger,
)
from tests.contract.stores import NOW, executing, refusal, signed_on, starting, wrote

NAME = "every:add"


def declared(store: Store, says: str = "0 9 * * *", *, now: float = NOW, looked: str | None = "1") -> None:
    wrote(store, DeclareTrigger(NAME, "every", "add", says, now, looked))


def waiting(store: Store, *statuses: RunStatus, name: str = "on:add") -> None:
    wrote(store, DeclareTrigger(name, "on", "follow", "add ends", NOW, None, "add", statuses or ENDED))


def actions(store: Store, name: str = NAME) -> list[str]:
    return [event.action for event in reversed(store.trigger_history(name, limit=100))]


def fire(key: str, run: str, *, alone: bool = False) -> Fire:
    return Fire(NAME, key, starting(run), alone=alone)


def test_a_trigger_that_is_declared_again_stands_where_it_stood(store: Store) -> None:
    declared(store)
    wrote(store, Advance(NAME, "1", "2", NOW))
    declared(store, now=NOW + 1, looked="9")
    row = store.trigger(NAME)
    assert row is not None
    assert (row.declared, row.seen, row.looked) == (NOW, NOW + 1, "2")
    declared(store, "0 10 * * *", looked="9")
    row = store.trigger(NAME)
    assert row is not None
    assert (row.says, row.looked, actions(store)) == ("0 10 * * *", "9", ["declared", "changed"])


def test_occurrences_are_fired_once_by_whoever_read_where_the_trigger_stands(store: Store) -> None:
    declared(store)
    change = Advance(NAME, "1", "2", NOW, [fire("k1", "r1"), fire("k2", "r2")])
    assert wrote(store, change) == [[Fired("r1", new=True, state=""), Fired("r2", new=True, state="")]]
    assert wrote(store, change) == [None]
    assert wrote(store, change._replace(before="2", after="3")) == [
        [Fired("r1", new=False, state="fired"), Fired("r2", new=False, state="fired")]
    ]
    assert [run.id for run in store.runs()] == ["r1", "r2"]


def test_what_cannot_be_started_is_told_and_the_rest_goes_on(store: Store) -> None:
    declared(store)
    wrote(store, starting("r1", "another"))
    (led,) = wrote(store, Advance(NAME, "1", "2", NOW, [fire("k1", "r1"), fire("k2", "r2")]))
    assert [each.new for each in led] == [False, True]
    assert actions(store) == ["declared", "refused", "fired"]


def test_one_at_a_time_waits_for_the_end_of_an_earlier_run(store: Store) -> None:
    declared(store)
    wrote(store, Advance(NAME, "1", "2", NOW, [fire("k1", "r1", alone=True), fire("k2", "r2", alone=True)]))
    assert [run.id for run in store.runs()] == ["r1"]
    assert actions(store)[-1] == "skipped" or "skipped" in actions(store)
    wrote(store, Cancel("r1", NOW, "done"))
    wrote(store, Advance(NAME, "2", "3", NOW, [fire("k3", "r3", alone=True)]))
    assert [run.id for run in store.runs()] == ["r1", "r3"]


def test_a_trigger_that_is_paused_fires_nothing_at_all(store: Store) -> None:
    declared(store)
    assert wrote(store, PauseTrigger(NAME, NOW, "person:ann"), PauseTrigger(NAME, NOW)) == [True, False]
    assert wrote(store, Advance(NAME, "1", "2", NOW, [fire("k1", "r1")]), fire("k2", "r2"))[0] is None
    assert not store.runs()
    assert isinstance(refusal(store, AskToFire(NAME, NOW, None, None)), WrongState)
    assert wrote(store, ResumeTrigger(NAME, NOW + 5), ResumeTrigger(NAME, NOW + 5)) == [True, False]
    row = store.trigger(NAME)
    assert row is not None
    assert (row.paused, row.pauses) == (None, f"[[{NOW}, {NOW + 5}]]")
    wrote(store, Advance(NAME, "1", "2", NOW, [fire("k1", "r1")], pauses_over=NOW + 6))
    row = store.trigger(NAME)
    assert row is not None
    assert (row.pauses, [run.id for run in store.runs()]) == ("[]", ["r1"])


def test_a_wish_is_open_until_it_is_closed(store: Store) -> None:
    declared(store)
    (number,) = wrote(store, AskToFire(NAME, NOW, "person:ann", "7"))
    (ask,) = store.trigger_asks([NAME, "other"])
    assert (ask.id, ask.actor, ask.payload, store.trigger_asks(["other"])) == (number, "person:ann", "7", [])
    refused = TriggerEvent(NOW, "refused", f"hand:{number}", None, None, "no")
    assert wrote(store, CloseAsk(number, refused), CloseAsk(number, refused)) == [True, False]
    assert actions(store) == ["declared", "asked", "refused"]


def test_the_history_says_a_thing_of_a_key_once(store: Store) -> None:
    declared(store)
    event = TriggerEvent(NOW, "refused", "k", None, None, "why")
    assert wrote(store, TellTrigger(NAME, event), TellTrigger(NAME, event)) == [True, False]
    assert wrote(store, TellTrigger(NAME, event._replace(key=None))) == [True]


def test_trouble_is_told_until_it_is_over(store: Store) -> None:
    declared(store)
    wrote(store, TroubleTrigger(NAME, NOW, "gone"))
    assert [(state.row.trouble, state.row.trouble_at) for state in store.triggers()] == [("gone", NOW)]
    wrote(store, TroubleTrigger(NAME, NOW, None))
    assert [(state.row.trouble, state.row.trouble_at) for state in store.triggers()] == [(None, None)]


@pytest.mark.parametrize("change", [PauseTrigger(NAME, NOW), ResumeTrigger(NAME, NOW), Advance(NAME, None, "1", NOW)])
def test_what_is_not_known_is_refused(store: Store, change: PauseTrigger) -> None:
    assert isinstance(refusal(store, change), UnknownTrigger)


# -- the ends of runs


def test_each_way_in_which_a_run_can_end_is_kept_for_whoever_waits_for_it(store: Store) -> None:
    waiting(store)
    waiting(store, "failed", name="on:failed")
    worker = signed_on(store)
    for number, status in enumerate(get_args(RunStatus)):
        if status in {"completed", "failed"}:
            key = executing(store, worker, f"r{number}")
            wrote(store, EndRun(key, status, "2", None, NOW), worker=worker)
    wrote(store, starting("cancelled"), Cancel("cancelled", NOW, "no"), starting("other", workflow="other"))
    wrote(store, Cancel("other", NOW, "no"))
    ends = store.run_ends("on:add", limit=10)
    assert sorted(end.status for end in ends) == ["cancelled", "completed", "failed"]
    assert [end.number for end in ends] == sorted(end.number for end in ends)
    assert [end.status for end in store.run_ends("on:failed", limit=10)] == ["failed"]


def test_a_run_that_ends_again_after_a_retry_has_two_ends(store: Store) -> None:
    waiting(store)
    wrote(store, starting("r1"), Cancel("r1", NOW, "no"), RetryRun("r1", NOW), Cancel("r1", NOW, "no"))
    assert len(store.run_ends("on:add", limit=10)) == 2


def test_ends_are_taken_in_their_order_and_once(store: Store) -> None:
    waiting(store)
    wrote(store, starting("r1"), starting("r2"), Cancel("r1", NOW, "no"), Cancel("r2", NOW, "no"))
    first, second = store.run_ends("on:add", limit=10)

    def taking(number: int, run: str) -> TakeEnd:
        return TakeEnd("on:add", number, Fire("on:add", f"{run}@{number}", starting(f"f-{run}", workflow="follow")))

    assert wrote(store, taking(second.number, "r2")) == [None]
    assert wrote(store, taking(first.number, "r1"), taking(first.number, "r1")) == [
        Fired("f-r1", new=True, state=""),
        None,
    ]
    wrote(store, PauseTrigger("on:add", NOW))
    assert wrote(store, taking(second.number, "r2")) == [None]
    wrote(store, ResumeTrigger("on:add", NOW))
    assert wrote(store, taking(second.number, "r2")) == [Fired("f-r2", new=True, state="")]
    assert (store.run_ends("on:add", limit=10), store.fired_before("f-r1", most=5)) == ([], 1)


def test_one_that_is_struck_off_waits_for_nothing(store: Store) -> None:
    waiting(store)
    wrote(store, starting("r1"), Cancel("r1", NOW, "no"))
    assert wrote(store, ForgetTrigger("on:add", NOW), ForgetTrigger("on:add", NOW)) == [True, False]
    wrote(store, starting("r2"), Cancel("r2", NOW, "no"))
    assert store.run_ends("on:add", limit=10) == []
