"""What every store must do with promises: a ledger written before any answer, and rules that follow each other."""

import json
from typing import Any, TypeAlias

import pytest

from handrail_orchestrator.store import ReviewQuery, Store
from handrail_orchestrator.store.changes import AskAgain, EndRun, OpenWait, Prune, RecordStep
from handrail_orchestrator.store.promises import (
    MOST_GROUPS,
    CaseVerdict,
    MovePromise,
    NewRule,
    NumberCases,
    PromiseCase,
    PromiseNote,
    PromiseRow,
    ReadAhead,
    SetLadder,
    SettleCases,
    TakePromise,
)
from tests.contract.stores import NOW, decided, executing, question, refusal, signed_on, step, wrote

AsRead: TypeAlias = tuple[tuple[int, int, CaseVerdict | None], ...]


def case(
    copy: str = "1", *, score: float = 0.9, drawn: bool = True, promise: int = 0, rule: int = 0, **more: Any
) -> PromiseCase:
    return PromiseCase(
        workflow="triage", step="route", subject="abc", told='{"model": "m"}', terms="at most 2% wrong", target=0.02,
        delta=0.05, secret=f"secret of {copy}", promise=promise, rule=rule, score=score, share=1.0, drawn=drawn,
        copy=copy, at=NOW, **more,
    )  # fmt: skip


def judged(store: Store, worker: int, *cases: PromiseCase, run: str = "a") -> int:
    key = executing(store, worker, run)
    rows = [
        RecordStep(step(key, f"route#{number}", seq=number, kind="ai"), cases=[each])
        for number, each in enumerate(cases, start=1)
    ]
    wrote(store, *rows, worker=worker)
    return key


def only(store: Store) -> PromiseRow:
    (row,) = store.promises()
    return row


def moved(row: PromiseRow, threshold: float | None = 0.8, **more: Any) -> MovePromise:
    rule = NewRule(threshold, 0.5, 0.25, 0.7, cases=3, labels=2, wrong=1, why="it is believed")
    return MovePromise(row.id, row.version, NOW, "keeper", 3, "{}", rule, **more)


def test_the_first_case_begins_a_promise_and_its_secret_stays(store: Store) -> None:
    assert not store.has_promises()
    judged(store, signed_on(store), case("1"), case("2"))
    assert store.has_promises()
    row = only(store)
    assert (row.workflow, row.step, row.subject, row.terms, row.target, row.delta) == (
        "triage", "route", "abc", "at most 2% wrong", 0.02, 0.05,
    )  # fmt: skip
    assert (row.secret, row.state, row.rule, row.threshold, row.accepted_share) == (
        "secret of 1",
        "keeping",
        0,
        None,
        1.0,
    )
    assert store.promise_of("triage", "route", "abc", "at most 2% wrong") == row
    assert store.promise_of("triage", "route", "other", "at most 2% wrong") is None


def test_of_groups_that_come_all_at_once_the_first_ones_have_promises_and_no_more(store: Store) -> None:
    def grouped(number: int, **more: Any) -> PromiseCase:
        told = json.dumps({"model": "m", "by": "tier", "group": f"g{number}", **more})
        return case(f"{number} {more}")._replace(subject=f"{number} {sorted(more.items())}", told=told)

    arriving = [grouped(number) for number in range(MOST_GROUPS + 5)]
    parts = [grouped(number, about="missed", of="urgent") for number in (0, MOST_GROUPS + 4)]
    judged(store, signed_on(store), *arriving, *parts, grouped(1, model="another"))
    groups = [json.loads(each.told).get("group") for each in store.promises()]
    assert sorted(groups) == sorted([*(f"g{number}" for number in range(MOST_GROUPS)), "g0", "g1"])


def test_a_case_is_recorded_with_its_step_or_not_at_all(store: Store) -> None:
    worker = signed_on(store)
    key = judged(store, worker, case("1"))
    refusal(store, RecordStep(step(key, "route#1", kind="ai"), cases=[case("2")]), worker)
    assert store.promise_counts(only(store).stream).cases == 1
    (found,) = store.open_cases(only(store).stream, after=0, limit=9)
    assert store.promise_last_case(only(store).stream) == found.id
    assert store.promise_last_case(only(store).stream + 1) == 0
    assert store.promise_last_case(only(store).stream, promise=only(store).id) == 0  # it began with that case


def test_cases_are_numbered_in_order_and_those_that_come_later_behind_them(store: Store) -> None:
    worker = signed_on(store)
    judged(store, worker, case("1"), case("2"), case("1"))
    stream = only(store).stream
    assert store.promise_cases(stream, after=0, limit=9) == []  # not before they are numbered
    assert wrote(store, NumberCases(stream)) == [2]  # of copies the first one
    judged(store, worker, case("3", score=0.5), run="b")
    assert wrote(store, NumberCases(stream), NumberCases(stream)) == [1, 0]
    assert [(each.number, each.score) for each in store.promise_cases(stream, after=1, limit=9)] == [(2, 0.9), (3, 0.5)]
    assert [score for _, score in store.promise_scores(stream, 2)] == [0.9, 0.9]


def test_what_is_read_ahead_is_what_stands_there_once_it_is_numbered(store: Store) -> None:
    worker = signed_on(store)
    judged(store, worker, case("1"), case("2"))
    stream = only(store).stream
    wrote(store, NumberCases(stream))
    judged(store, worker, case("3", score=0.5, drawn=False), case("4"), case("5"), run="b")
    assert [each.number for each in store.promise_cases(stream, after=0, limit=9)] == [1, 2]
    ahead = store.promise_cases_ahead(stream, after=2, limit=9)
    assert [(each.number, each.score, each.drawn) for each in ahead] == [(3, 0.5, 0), (4, 0.9, 1), (5, 0.9, 1)]
    assert store.promise_cases_ahead(stream, after=3, limit=1) == ahead[1:2]
    wrote(store, NumberCases(stream))
    assert store.promise_cases(stream, after=2, limit=9) == ahead
    assert store.promise_cases_ahead(stream, after=0, limit=9) == []


def test_a_promise_moves_only_if_the_ledger_has_what_was_read_ahead_of_it(store: Store) -> None:
    worker = signed_on(store)
    judged(store, worker, case("1"), case("2"), case("3"))
    stream = only(store).stream
    first, second, third = (each.id for each in store.promise_cases_ahead(stream, after=0, limit=9))
    as_read: AsRead = ((first, 1, None), (second, 2, "right"), (third, 3, None))
    new: list[Any] = [SettleCases([(second, "right")]), NumberCases(stream)]
    others: list[AsRead] = [
        as_read[1:],  # one is missing
        (*as_read[:1], (second, 2, "wrong"), *as_read[2:]),
        ((first, 1, None), (third, 2, None), (second, 3, "right")),  # in another order
    ]
    for other in others:
        move = moved(only(store))._replace(ahead=ReadAhead(stream, 0, other))
        assert wrote(store, *new, move)[2:] == [False]
        assert (only(store).version, only(store).rule, store.promise_rules(only(store).id)) == (0, 0, [])
    move = moved(only(store))._replace(ahead=ReadAhead(stream, 0, as_read))
    assert wrote(store, *new, move)[2:] == [True]
    assert wrote(store, moved(only(store))._replace(ahead=ReadAhead(stream, 1, as_read[1:2]))) == [True]
    assert [(each.number, each.verdict) for each in store.promise_cases(stream, after=0, limit=9)] == [
        (1, None), (2, "right"), (3, None),
    ]  # fmt: skip
    assert (only(store).version, only(store).rule) == (2, 2)


def test_a_case_has_a_row_for_each_part_of_its_promise(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker, "a")
    parts = [
        case("1", accepted=True, stops_at=0.2, answers="few"),
        case("1", score=-1.0, accepted=True)._replace(subject="missed", terms="at most 1% missed"),
    ]
    wrote(store, RecordStep(step(key, "route#1", seq=1, kind="ai"), cases=parts), worker=worker)
    wrong, missed = store.promises()
    assert [(each.terms, each.stops_at, each.believed, each.answers) for each in (wrong, missed)] == [
        ("at most 2% wrong", 0.2, None, "few"), ("at most 1% missed", None, None, "usual"),
    ]  # fmt: skip
    rule = NewRule(0.8, 0.5, 0.25, None, cases=3, labels=2, wrong=1, why="it is believed", believed="[0.9, 0.8]")
    assert wrote(store, MovePromise(wrong.id, wrong.version, NOW, "keeper", 3, "{}", rule)) == [True]
    short = store.promises_of_step("triage", "route")
    assert [(each.id, each.ladder, each.checkpoint, each.believed) for each in short] == [
        (wrong.id, None, None, "[0.9, 0.8]"), (missed.id, None, None, None),
    ]  # fmt: skip
    assert store.promises_of_step("triage", "other") == []
    assert [each.believed for each in store.promise_rules(wrong.id)] == ["[0.9, 0.8]"]
    assert [store.promise_counts(each.stream).accepted for each in (wrong, missed)] == [1, 1]
    assert store.promise_scores(missed.stream, 9) == []  # what is never accepted as another gives no threshold


def test_a_rule_says_which_share_of_what_it_accepts_is_asked_by_confidence(store: Store) -> None:
    worker = signed_on(store)
    judged(store, worker, case("1"))
    row = only(store)
    graded = NewRule(0.8, 0.5, 0.25, None, 3, 2, 0, "it is believed", grades="[[0.9, 0.3], [0.8, 0.7]]")
    assert wrote(store, moved(row)._replace(rule=graded)) == [True]
    assert store.promise_of("triage", "route", "abc", "at most 2% wrong") == only(store)._replace(checkpoint=None)
    judged(store, worker, case("2", promise=row.id, rule=1), run="b")
    wrote(store, NumberCases(row.stream), moved(only(store), 0.7))
    assert [each.grades for each in store.promise_cases(row.stream, after=0, limit=9)] == [None, graded.grades]
    assert [each.grades for each in store.promise_rules(row.id)] == [graded.grades, None]
    assert only(store).grades is None  # the next rule says what it asks anew


def test_answers_are_weighed_by_what_their_rule_asked_of_all_over_what_it_asked_of_them(store: Store) -> None:
    worker = signed_on(store)
    judged(store, worker, case("1", accepted=True))
    row = only(store)
    graded = NewRule(0.8, 0.5, 0.25, None, 3, 2, 0, "it is believed", grades="[[0.9, 0.25], [0.8, 0.75]]")
    wrote(store, moved(row)._replace(rule=graded))
    by_it: dict[str, Any] = {"promise": row.id, "rule": 1, "accepted": True}
    judged(
        store, worker, *(case(str(n), **by_it)._replace(share=share) for n, share in ((2, 0.25), (3, 0.75))), run="b"
    )
    found = [each.id for each in store.open_cases(row.stream, after=0, limit=9)]
    wrote(store, SettleCases([*zip(found, ("right", "right", "wrong"), strict=True)]))
    counts = store.promise_counts(row.stream)
    assert (counts.accepted_answered, counts.accepted_wrong) == (3, 1)
    assert counts.weighed == pytest.approx((2 / 3, 1 + 2 + 2 / 3, 1 + 4 + 4 / 9))


def test_a_rule_moves_a_promise_once_and_says_why(store: Store) -> None:
    judged(store, signed_on(store), case("1"))
    row = only(store)
    note = PromiseNote("rule", "it is believed", '{"labels": 2}')
    assert wrote(store, moved(row, notes=[note]), moved(row, 0.1, notes=[note])) == [True, False]
    now = only(store)
    assert (now.rule, now.threshold, now.accepted_share, now.below_share, now.band_from, now.labels) == (
        1, 0.8, 0.5, 0.25, 0.7, 2,
    )  # fmt: skip
    assert (now.version, now.read_to, now.checkpoint, now.set_at) == (1, 3, "{}", NOW)
    assert [(each.number, each.threshold, each.why) for each in store.promise_rules(row.id)] == [
        (1, 0.8, "it is believed")
    ]
    assert [(each.action, each.by, each.data) for each in store.promise_log(row.id)] == [
        ("rule", "keeper", '{"labels": 2}')
    ]
    paused = MovePromise(now.id, now.version, NOW, "person:ann", 3, "{}", None, "paused", "we look at it")
    assert wrote(store, paused) == [True]
    assert (only(store).state, only(store).why, only(store).rule) == ("paused", "we look at it", 1)


def test_a_case_is_read_with_the_rule_that_it_was_judged_by(store: Store) -> None:
    worker = signed_on(store)
    judged(store, worker, case("1"))
    row = only(store)
    wrote(store, moved(row))
    judged(store, worker, case("2", score=0.85, drawn=False, promise=row.id, rule=1, accepted=True), run="b")
    wrote(store, NumberCases(row.stream))
    first, second = store.promise_cases(row.stream, after=0, limit=9)
    assert (first.threshold, first.accepted_share, first.below_share, first.band_from) == (None, 1.0, 1.0, None)
    assert (second.threshold, second.accepted_share, second.below_share, second.band_from) == (0.8, 0.5, 0.25, 0.7)
    counts = store.promise_counts(row.stream)
    assert (counts.cases, counts.accepted, counts.drawn) == (2, 1, 1)


def test_a_verdict_is_kept_once_and_of_drawn_cases_alone(store: Store) -> None:
    judged(store, signed_on(store), case("1"), case("2", drawn=False))
    stream = only(store).stream
    (case_id,) = [each.id for each in store.open_cases(stream, after=0, limit=9)]
    wrote(store, NumberCases(stream), SettleCases([(case_id, "wrong"), (case_id + 1, "right")]))
    wrote(store, SettleCases([(case_id, "right")]))
    assert [each.verdict for each in store.promise_cases(stream, after=0, limit=9)] == ["wrong", None]
    assert store.open_cases(stream, after=0, limit=9) == []
    counts = store.promise_counts(stream)
    assert (counts.answered, counts.wrong, counts.accepted_answered) == (1, 1, 0)


def test_a_case_is_read_with_what_was_answered_and_one_of_which_nothing_may_be_said_is_not(store: Store) -> None:
    worker = signed_on(store)
    key = judged(store, worker, case("1"), case("2"), case("3"))
    for number in (1, 2):
        asking = question(key, f"route#{number}/review")
        wait = step(key, asking.step, seq=9 + number, kind="human", status="waiting")
        wrote(store, OpenWait(wait, review=asking), worker=worker)
    (item, _) = sorted(store.reviews(ReviewQuery()), key=lambda each: each.step)
    stream = only(store).stream
    assert [each.output for each in store.open_cases(stream, after=0, limit=9)] == [None, None, None]
    assert store.open_cases(stream, after=0, limit=9, given_up_before=NOW) == []
    wrote(store, decided(item, '"b"'))
    (found,) = store.open_cases(stream, after=0, limit=9, given_up_before=NOW)
    judgement = next(each for each in store.history(key).steps if each.name == "route#1")
    assert (found.step, found.output, found.decision) == ("route#1", judgement.output, '"b"')
    assert len(store.open_cases(stream, after=0, limit=9, given_up_before=NOW + 1)) == 3


ANSWERED = (
    ('{"value":"b","judgement":{"task":"route"},"kind":"accepted"}', '"b"', True),
    ('{"suggestion":"b","code":"rule","reason":"","judgement":{},"kind":"doubtful"}', '"b"', True),
    ('{"value":{"judgement":{}},"judgement":{},"kind":"accepted"}', '{"judgement":{}}', True),
    ('{"suggestion":null,"code":"rule","reason":"","judgement":{},"kind":"doubtful"}', "null", True),
    ('{"value":"bc","judgement":{"task":"route"},"kind":"accepted"}', '"b"', False),
    ('{"value":12,"judgement":{"task":"route"},"kind":"accepted"}', "1", False),
    ('{"suggestion":"b","code":"rule","reason":"","judgement":{},"kind":"doubtful"}', '"c"', False),
    ('"accepted"', '"b"', False),
)


def test_an_answer_that_is_what_the_step_recorded_is_read_without_all_that_stands_beside_that(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker, "a")
    for number, (output, _, _) in enumerate(ANSWERED):
        row = step(key, f"route#{number}", seq=number + 1, kind="ai", output=output)
        asking = question(key, f"route#{number}/review")
        wait = step(key, asking.step, seq=100 + number, kind="human", status="waiting")
        wrote(store, RecordStep(row, cases=[case(str(number))]), OpenWait(wait, review=asking), worker=worker)
    items = {each.step: each for each in store.reviews(ReviewQuery(limit=99))}
    wrote(store, *(decided(items[f"route#{number}/review"], said) for number, (_, said, _) in enumerate(ANSWERED)))
    found = store.open_cases(only(store).stream, after=0, limit=99, given_up_before=NOW)
    is_plain = any(each.repeats for each in found)  # of what is sealed nobody can tell without opening it
    same = [is_same and is_plain for _, _, is_same in ANSWERED]
    assert [each.repeats for each in found] == same
    assert [each.output for each in found] == [
        None if is_same else output for is_same, (output, _, _) in zip(same, ANSWERED, strict=True)
    ]
    assert [each.decision for each in found] == [said for _, said, _ in ANSWERED]


def test_what_was_found_wrong_is_told_the_surest_first_with_the_item_of_its_answer(store: Store) -> None:
    worker = signed_on(store)
    key = judged(store, worker, case("1", score=0.8), case("2", score=0.9), case("3", score=0.95))
    for number in (1, 2, 3):
        asking = question(key, f"route#{number}/review")
        wait = step(key, asking.step, seq=9 + number, kind="human", status="waiting")
        wrote(store, OpenWait(wait, review=asking), worker=worker)
    stream = only(store).stream
    first, second, third = (each.id for each in store.open_cases(stream, after=0, limit=9))
    wrote(store, SettleCases([(first, "wrong"), (second, "wrong"), (third, "right")]))
    found = store.surest_contradictions(stream, limit=9)
    assert [(each.run_id, each.step, each.score) for each in found] == [("a", "route#2", 0.9), ("a", "route#1", 0.8)]
    items = {each.step: each.id for each in store.reviews(ReviewQuery())}
    assert [each.item for each in found] == [items["route#2/review"], items["route#1/review"]]
    assert store.surest_contradictions(stream, limit=1) == found[:1]


def test_one_process_keeps_a_promise_until_its_time_is_over(store: Store) -> None:
    judged(store, signed_on(store), case("1"))
    promise = only(store).id
    one, other = TakePromise(promise, "one", NOW, NOW + 60), TakePromise(promise, "other", NOW + 1, NOW + 61)
    assert wrote(store, one, other, one._replace(until=NOW + 90)) == [True, False, True]
    assert wrote(store, other._replace(now=NOW + 90, until=NOW + 150)) == [True]
    # one that was taken while a clock was far ahead holds nobody up once it is right again
    ahead = one._replace(keeper="other", now=NOW + 1e9, until=NOW + 1e9 + 60)
    following = one._replace(keeper="next")
    assert wrote(store, ahead, following) == [True, True]
    given_back = TakePromise(promise, "next", NOW + 1, NOW + 1)
    assert wrote(store, given_back._replace(keeper="one"), other) == [False, False]
    assert wrote(store, given_back, other) == [True, True]


def test_thresholds_are_fixed_once(store: Store) -> None:
    judged(store, signed_on(store), case("1"))
    stream = only(store).stream
    assert wrote(store, SetLadder(stream, "[1]", 1), SetLadder(stream, "[2]", 1)) == [True, False]
    assert (only(store).ladder, only(store).ladder_to) == ("[1]", 1)


def test_the_ledger_outlives_the_runs(store: Store) -> None:
    worker = signed_on(store)
    judged(store, worker, case("1"))
    stream = only(store).stream
    assert [each.run_id for each in store.open_cases(stream, after=0, limit=9)] == ["a"]
    executing(store, worker, "b")  # the newest run is never deleted
    key = store.run("a").key  # type: ignore[union-attr]  # it is there
    wrote(store, EndRun(key, "completed", "1", None, NOW), worker=worker)
    assert wrote(store, Prune(NOW + 1, ("completed",), 10)) == [1]
    assert [each.run_id for each in store.open_cases(stream, after=0, limit=9)] == [None]
    assert store.promise_counts(stream).cases == 1


def test_a_case_is_looked_at_again_once_and_a_third_look_is_known_to_be_one(store: Store) -> None:
    key = judged(store, signed_on(store), case("1"))
    ask = AskAgain(1, question(key, "route#1/second"), is_third=False)
    assert wrote(store, ask, ask) == [True, False]
    third = ask._replace(item=question(key, "route#1/third"), is_third=True)
    assert wrote(store, third, third) == [True, False]
    assert [item.step for item in store.reviews(ReviewQuery(run_id="a"))] == ["route#1/second", "route#1/third"]
