"""Places and turns of limits that hold across processes, kept the same way by every store."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handrail_orchestrator.errors import Fenced
from handrail_orchestrator.limit_key import LimitKey
from handrail_orchestrator.store import Store
from handrail_orchestrator.store.changes import ClaimedChange
from handrail_orchestrator.store.claiming import ClaimRun, Release, TakeOver
from handrail_orchestrator.store.sharing import LeavePlace, TakePlace, TakeTurn
from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.contract.stores import NOW, claim, refusal, signed_on, starting, wrote

CRM = LimitKey("crm", "acme")


def take(store: Store, worker: int, of: LimitKey = CRM, most: int = 1) -> tuple[int, bool]:
    (row,) = wrote(store, TakePlace(of, most), worker=worker)
    return row.id, row.has


def test_who_came_first_has_the_next_place_whichever_process_it_is_in(store: Store) -> None:
    one, two = signed_on(store, 1), signed_on(store, 2)
    first, second, third = take(store, one), take(store, two), take(store, one)
    assert [first[1], second[1], third[1]] == [True, False, False]
    assert take(store, two, LimitKey("crm", "other"))[1]  # another key is another line
    (let_in,) = wrote(store, LeavePlace(first[0]), worker=one)
    assert let_in == [(second[0], two, True)]
    assert wrote(store, LeavePlace(first[0]), worker=one) == [[]]  # it has none to give any more
    assert [row.has for row in store.places_of(one)] == [False]


def test_places_of_a_process_that_is_gone_are_the_next_ones_and_it_cannot_give_them_away(store: Store) -> None:
    one, two = signed_on(store, 1), signed_on(store, 2)
    mine, _ = take(store, one)
    waits, _ = take(store, two)
    wrote(store, TakeOver(one, 0, NOW, 3), worker=two)
    assert store.places_of(two) == [(waits, two, True)]
    assert wrote(store, LeavePlace(mine), worker=one) == [[]]
    assert isinstance(refusal(store, TakePlace(CRM, 1), one), Fenced)
    wrote(store, Release(), worker=two)
    assert store.places_of(two) == []


def test_a_place_is_taken_for_no_execution_that_has_lost_its_run(store: Store) -> None:
    worker = signed_on(store)
    wrote(store, starting("a"))
    (first,) = claim(store, worker).runs
    taking = TakePlace(CRM, 1, first.key)
    assert wrote(store, ClaimedChange(first.claim, taking), worker=worker)[0].has
    anew = wrote(store, ClaimRun("a", NOW, anew=True), worker=worker)[0]
    assert isinstance(refusal(store, ClaimedChange(first.claim, taking), worker), Fenced)
    (behind,) = wrote(store, ClaimedChange(anew.claim, taking), worker=worker)
    assert [row.id for row in store.places_of(worker)][1:] == [behind.id]


def test_turns_are_evenly_spaced_in_whatever_process_they_are_taken(store: Store) -> None:
    one, two = signed_on(store, 1), signed_on(store, 2)
    turns = [wrote(store, TakeTurn(CRM, 2.0, NOW), worker=each)[0] for each in (one, two, one)]
    assert turns == [NOW, NOW + 0.5, NOW + 1]
    assert wrote(store, TakeTurn(CRM, 2.0, NOW + 60), worker=one) == [NOW + 60]
    assert wrote(store, TakeTurn(CRM, 2.0, NOW - 3600), worker=one) == [NOW - 3600]  # a clock that was set back


@pytest.mark.dear
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    most=st.integers(1, 3),
    moves=st.lists(
        st.tuples(st.sampled_from(["take", "leave", "die"]), st.integers(0, 2), st.integers(0, 9)), max_size=40
    ),
)
def test_never_more_than_the_limit_have_a_place_and_none_is_left_free(
    most: int, moves: list[tuple[str, int, int]]
) -> None:
    store = SqliteStore(":memory:")
    workers = {each: signed_on(store, each) for each in range(3)}
    try:
        for what, who, which in moves:
            mine = store.places_of(workers[who])
            if what == "take":
                take(store, workers[who], most=most)
            elif what == "leave" and mine:
                wrote(store, LeavePlace(mine[which % len(mine)].id), worker=workers[who])
            elif what == "die":
                wrote(store, TakeOver(workers[who], 0, NOW, 3))
                workers[who] = signed_on(store, who)
            rows = sorted(row for each in workers.values() for row in store.places_of(each))
            has = [row.has for row in rows]
            assert sum(has) == min(most, len(rows))
            assert has == sorted(has, reverse=True)  # in the order in which they came
    finally:
        store.close()
