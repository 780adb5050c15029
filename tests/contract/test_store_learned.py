"""What every store must do with models that are trained again: it says which label counts for which, not the caller."""

from typing import Any

import pytest

from handrail_orchestrator.store import Store
from handrail_orchestrator.store.learned import BeginModel, DecideModel, ExchangeModel, TakeLearning, TakeRescored
from handrail_orchestrator.store.promises import (
    CaseVerdict,
    MovePromise,
    NewRule,
    NumberCases,
    PromiseRow,
    SetLadder,
    SettleCases,
)
from tests.contract.stores import NOW, signed_on, wrote
from tests.contract.test_store_promises import case, judged

TERMS = "at most 2% wrong"


def begin(version: int = 1, basis: Any = "since", subject: str = "new") -> BeginModel:
    return BeginModel(
        workflow="triage", step="route", subject=subject, told='{"model": "new"}', secret="s", terms=TERMS, target=0.02,
        delta=0.06, version=version, basis=basis, folder=f"v{version}", examples=10, options=2, ladder="[1]", begins=[],
        at=NOW, by="keeper", why="it pays",
    )  # fmt: skip


def row_of(store: Store, subject: str) -> PromiseRow:
    return next(row for row in store.promises() if row.subject == subject)


def counted(store: Store, stream: int) -> list[tuple[float, float, int, str | None]]:
    wrote(store, NumberCases(stream))
    rows = store.promise_cases(stream, after=0, limit=99)
    return [(each.score, each.below_share, each.drawn, each.verdict) for each in rows]


def answered(store: Store, stream: int) -> None:
    wrote(
        store,
        NumberCases(stream),
        SettleCases([(each.id, "right") for each in store.open_cases(stream, after=0, limit=99)]),
    )


def old_cases(store: Store, worker: int) -> int:
    judged(store, worker, *(case(str(number)) for number in range(1, 9)))
    stream = row_of(store, "abc").stream
    answered(store, stream)
    return stream


def take(store: Store, stream: int, source: int, verdict: Any = "wrong") -> int:
    """Offer every case of a source to a version, whatever the store would have offered."""
    cases = [(each.id, 0.7, verdict) for each in store.promise_cases(source, after=0, limit=99)]
    (taken,) = wrote(store, TakeRescored(stream, source, 99, cases))
    return int(taken)


@pytest.mark.parametrize("basis", ["since", "halves", "elsewhere"])
def test_labels_given_before_count_where_the_basis_of_a_version_allows_it(store: Store, basis: str) -> None:
    source = old_cases(store, signed_on(store))
    teaching = sum(each.teaches for each in store.cases_to_teach("triage", "route"))
    assert 0 < teaching < 8
    (stream,) = wrote(store, begin(basis=basis))
    allowed = {"since": 0, "halves": 8 - teaching, "elsewhere": 8}[basis]
    assert len(store.cases_to_rescore(stream, limit=99)) == allowed
    assert take(store, stream, source) == allowed
    assert counted(store, stream) == [(0.7, 1.0, 1, "wrong")] * allowed


def test_the_half_that_a_text_teaches_is_fixed_at_its_arrival_and_the_same_for_every_model(store: Store) -> None:
    worker = signed_on(store)
    old_cases(store, worker)
    again = [case(str(number))._replace(subject="other") for number in range(1, 9)]
    judged(store, worker, *again, run="b")
    first, second = (store.cases_to_teach("triage", "route")[start : start + 8] for start in (0, 8))
    assert [each.teaches for each in first] == [each.teaches for each in second]


def test_cases_since_count_once_with_their_share_but_no_copies_and_none_that_is_open(store: Store) -> None:
    worker = signed_on(store)
    source = old_cases(store, worker)
    (stream,) = wrote(store, begin())
    promise = row_of(store, "abc")
    rule = NewRule(0.8, 0.5, 0.25, 0.7, cases=3, labels=2, wrong=1, why="it is believed")
    wrote(store, MovePromise(promise.id, promise.version, NOW, "keeper", 3, "{}", rule))
    ruled: Any = {"promise": promise.id, "rule": 1}
    asked = [case("20", **ruled)._replace(share=0.5), case("21", drawn=False, **ruled)._replace(share=0.5)]
    left = [case("22", **ruled), case("23", drawn=False, **ruled)]
    judged(store, worker, case("1")._replace(subject="moved"), *asked, *left, run="b")
    wrote(store, NumberCases(source))
    first = store.open_cases(source, after=0, limit=9)[0].id
    wrote(store, SettleCases([(first, "given_up")]))
    ready = store.cases_to_rescore(stream, limit=99)
    assert [each.drawn for each in ready] == [1, 0]  # up to the one that is open
    wrote(store, TakeRescored(stream, source, ready[-1].number, [(each.id, 0.9, "right") for each in ready]))
    # whatever the old score was, the new one may be any: the least share bounds every bet; what is given up stays so
    assert counted(store, stream) == [(0.9, 0.25, 1, "given_up"), (0.9, 0.25, 0, None)]
    assert take(store, stream, source) == 1  # of the rest the one that was not drawn; none of them twice
    assert take(store, stream, source) == 0


def test_a_copy_of_what_a_version_may_have_learned_from_counts_for_nothing(store: Store) -> None:
    worker = signed_on(store)
    old_cases(store, worker)
    (stream,) = wrote(store, begin())
    judged(store, worker, *(case(copy)._replace(subject="new") for copy in ("1", "30")), run="b")
    assert store.promise_counts(stream).cases == 1


def test_versions_share_delta_and_one_is_tried_at_a_time(store: Store) -> None:
    old_cases(store, signed_on(store))
    first, again, skipped = wrote(store, begin(1), begin(1, subject="twin"), begin(3, subject="third"))
    assert (again, skipped) == (None, None)
    new = row_of(store, "new")
    assert new.state == "shadow"
    assert new.delta == pytest.approx(0.03)
    move = MovePromise(new.id, new.version, NOW, "keeper", 0, "{}", None, "stopped", "given up")
    late = DecideModel(first, "given_up", NOW, "no better", move._replace(version=7))
    assert wrote(store, late, late._replace(move=move), late._replace(move=move)) == [False, True, False]
    (second,) = wrote(store, begin(2, subject="second"))
    assert row_of(store, "second").delta == pytest.approx(0.01)
    assert [(each.version, each.state) for each in store.learned_models()] == [(1, "given_up"), (2, "shadow")]
    now = row_of(store, "second")
    rule = NewRule(0.8, 0.5, 0.25, None, 3, 2, 0, "it is believed")
    let_in = DecideModel(
        second, "serving", NOW, "better", MovePromise(now.id, now.version, NOW, "keeper", 0, "{}", rule)
    )
    assert wrote(store, let_in, begin(3, subject="third"))[0] is True
    assert row_of(store, "second").threshold == 0.8


def test_a_version_does_not_take_the_place_of_one_that_a_person_has_paused_meanwhile(store: Store) -> None:
    old_cases(store, signed_on(store))
    (stream,) = wrote(store, begin())
    old, new = row_of(store, "abc"), row_of(store, "new")
    move = MovePromise(new.id, new.version, NOW, "k", 0, "{}", NewRule(0.8, 0.5, 0.25, None, 3, 2, 0, "it is believed"))
    let_in = DecideModel(stream, "serving", NOW, "better", move, old.id)
    paused = MovePromise(old.id, old.version, NOW, "person:ann", 0, None, None, "paused", "we look")
    resumed = paused._replace(version=old.version + 1, state="keeping", why="")
    assert wrote(store, paused, let_in, resumed, let_in) == [True, False, True, True]
    assert (row_of(store, "new").state, row_of(store, "new").threshold) == ("keeping", 0.8)


def test_a_version_that_serves_reads_its_own_cases_behind_those_that_came_before(store: Store) -> None:
    worker = signed_on(store)
    source = old_cases(store, worker)
    (stream,) = wrote(store, begin())
    judged(store, worker, case("40"), run="b")
    now = row_of(store, "new")
    rule = NewRule(0.8, 0.5, 0.25, None, 3, 2, 0, "it is believed")
    wrote(
        store, DecideModel(stream, "serving", NOW, "better", MovePromise(now.id, now.version, NOW, "k", 0, "{}", rule))
    )
    judged(store, worker, case("41", score=0.6)._replace(subject="new"), run="c")
    judged(store, worker, case("42"), run="d")  # by a process that has not heard of it
    assert not store.promise_has_more(stream, 0)
    assert counted(store, stream) == []  # the one before is still open
    answered(store, source)
    (waited,) = store.cases_to_rescore(stream, limit=9)
    wrote(store, TakeRescored(stream, source, waited.number, [(waited.id, 0.9, "right")]))
    assert [score for score, *_ in counted(store, stream)] == [0.9, 0.6]


def test_one_process_trains_until_its_time_is_over(store: Store) -> None:
    one = TakeLearning("triage", "route", "one", NOW, NOW + 60)
    other = TakeLearning("triage", "route", "other", NOW + 1, NOW + 61)
    assert wrote(store, one, other, one._replace(until=NOW + 90)) == [True, False, True]
    assert wrote(store, other._replace(now=NOW + 90, until=NOW + 150)) == [True]


def exchanged(store: Store, subject: str = "new", verdict: Any = "right", told: str = '{"model": "new"}') -> int | None:
    """Offer every case of a step to a model from elsewhere, whatever may count."""
    cases = [(each.id, 0.7, verdict) for each in store.cases_before("triage", "route")]
    change = ExchangeModel(
        workflow="triage", step="route", subject=subject, told=told, secret="s", terms=TERMS, target=0.02, delta=0.06,
        cases=cases, at=NOW, by="person:ann", why="from elsewhere",
    )  # fmt: skip
    (taken,) = wrote(store, change)
    return None if taken is None else int(taken)


def test_a_model_from_elsewhere_begins_with_every_label_as_it_was_given_and_an_open_one_as_wrong(store: Store) -> None:
    worker = signed_on(store)
    old_cases(store, worker)
    judged(store, worker, case("9"), case("10")._replace(drawn=False, share=0.2), run="b")
    assert exchanged(store) == 10
    row = row_of(store, "new")
    assert (row.state, row.delta, row.threshold) == ("keeping", 0.03, None)
    assert counted(store, row.stream) == [(0.7, 1.0, 1, "right")] * 8 + [
        (0.7, 1.0, 1, "given_up"),
        (0.7, 1.0, 0, None),
    ]
    assert [each.id for each in store.open_cases(row_of(store, "abc").stream, after=0, limit=9)]  # is asked as ever
    assert store.promise_last_case(row.stream) == 0
    assert [each.action for each in store.promise_log(row.id)] == ["rescored"]
    judged(store, worker, case("3")._replace(subject="new", told='{"model": "new"}'), run="c")
    assert len(counted(store, row.stream)) == 10  # a copy of an input that was there before


def test_models_from_elsewhere_share_delta_and_each_is_entered_once_before_its_own_cases_count(store: Store) -> None:
    worker = signed_on(store)
    old_cases(store, worker)
    judged(store, worker, case("20")._replace(subject="late", told='{"model": "late"}'), run="b")
    late = row_of(store, "late")
    assert exchanged(store) == 9
    assert exchanged(store) is None
    assert exchanged(store, "late", told='{"model": "late"}') == 8
    assert [row_of(store, subject).delta for subject in ("new", "late")] == [0.03, pytest.approx(late.delta / 6)]
    assert [(each.version, each.basis) for each in store.learned_models()] == [(1, "elsewhere"), (2, "elsewhere")]
    wrote(store, SetLadder(row_of(store, "abc").stream, "[1]", 1))
    assert exchanged(store, "abc") is None
    assert exchanged(store, "orders", told='{"model": "new", "counted": ", counted once per order"}') == 0
    wrote(store, begin(version=4, subject="trained"))
    assert exchanged(store, "fourth") is None  # while a version is in shadow


def test_a_version_knows_what_it_learned_also_when_its_prompt_is_another(store: Store) -> None:
    worker = signed_on(store)
    old_cases(store, worker)
    wrote(store, begin())
    reworded = case("3")._replace(subject="reworded", told='{"model": "new", "prompt_version": "2"}')
    judged(store, worker, reworded, reworded._replace(copy="c99"), run="b")
    assert len(counted(store, row_of(store, "reworded").stream)) == 1  # and not the copy of what it may have learned
    other = case("3")._replace(subject="another", told='{"model": "another"}')
    judged(store, worker, other, run="c")
    assert len(counted(store, row_of(store, "another").stream)) == 1


def test_cases_that_gave_the_thresholds_of_a_model_from_elsewhere_stand_before_those_that_count(store: Store) -> None:
    worker = signed_on(store)
    old_cases(store, worker)
    right: CaseVerdict = "right"
    cases = [(each.id, 0.5 + 0.01 * each.id, right) for each in store.cases_before("triage", "route")]
    chosen = frozenset(case for case, _, _ in cases[2::3])
    change = ExchangeModel(
        workflow="triage", step="route", subject="new", told='{"model": "new"}', secret="s", terms=TERMS, target=0.02,
        delta=0.06, cases=cases, at=NOW, by="person:ann", why="from elsewhere", for_thresholds=chosen, ladder="[1]",
    )  # fmt: skip
    assert wrote(store, change) == [len(cases)]
    row = row_of(store, "new")
    first, behind = counted(store, row.stream)[: len(chosen)], counted(store, row.stream)[len(chosen) :]
    assert [score for score, *_ in first] == [score for case, score, _ in cases if case in chosen]
    assert [score for score, *_ in behind] == [score for case, score, _ in cases if case not in chosen]
    (ladder,) = (each.ladder for each in store.promises() if each.stream == row.stream)
    places = [case for case, _ in store.promise_scores(row.stream, 99)]
    assert (ladder, row.ladder_to) == ("[1]", places[len(chosen) - 1])
