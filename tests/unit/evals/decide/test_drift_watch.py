"""The watch raises audits when cases move, stops acceptance when audits find too much, and forgets nothing."""

import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from handrail import Accepted, Doubtful
from handrail.guards import Confidence, Judgement
from handrail_evals.decide.drift.seen import Audited, Routed, Seen
from handrail_evals.decide.drift.settings import WatchSettings
from handrail_evals.decide.drift.watch import Watch
from handrail_evals.decide.drift.watch_file import watch_from_json, watch_to_json
from handrail_evals.errors import DataError, InvalidScore, InvalidSetting, UnknownCase

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
SETTINGS = WatchSettings(
    target=0.02,
    audit_rate=0.05,
    raised_rate=0.5,
    cases_per_false_alarm=10_000,
    audits_per_false_stop=1_000,
    settled_after=200,
    most_awaited=50,
)
REFERENCE = [Seen(rank / 1000, rank >= 200) for rank in range(1000)]


def armed(**changes: Any) -> Watch:
    return Watch.armed(replace(SETTINGS, **changes), REFERENCE, at=AT)


def told(watch: Watch, *, cases: int, low: float, wrong: float, seed: int = 0, until: str = "") -> Watch:
    """Return the watch after cases that were all audited, a share with low scores, a share wrong."""
    chance = random.Random(seed)
    for _ in range(cases):
        score = chance.random() * (0.4 if chance.random() < low else 1.0)
        name = f"{seed}/{watch.routed_cases}"
        watch = watch.routed(Routed(score, score >= 0.2 and watch.accepting, case=name, drawn=True), at=AT)
        watch = watch.audited(Audited(name, chance.random() >= wrong), at=AT)
        if watch.phase == until:
            break
    return watch


def test_a_new_watch_accepts_and_audits_at_the_usual_rate() -> None:
    watch = armed()

    assert (watch.accepting, watch.audit_rate, watch.phase) == (True, 0.05, "usual")
    assert watch.why == "nothing has moved: 5% is audited, 0 of 0 audits were wrong"
    assert str(watch.changes[0]) == "armed with a reference of 1,000 cases (2026-01-31 12:00 UTC, case 0)"


def test_scores_that_move_raise_the_audits_and_the_reason_counts_them() -> None:
    watch = told(armed(), cases=500, low=0.5, wrong=0.0, until="raised")

    assert (watch.accepting, watch.audit_rate, watch.phase) == (True, 0.5, "raised")
    change = watch.changes[-1]
    assert change.kind == "raised"
    assert change.hits / change.cases > change.chance
    assert f"{change.hits:,} of {change.cases:,} cases were with a score among the lowest" in watch.why
    assert "audits were raised (2026-01-31 12:00 UTC" in watch.why
    assert "to 50%, for 200 more audits" in watch.why


def test_wrong_audits_stop_acceptance_and_the_reason_says_what_to_do() -> None:
    watch = told(armed(), cases=2000, low=0.0, wrong=0.2, until="stopped")

    assert (watch.accepting, watch.audit_rate, watch.phase) == (False, 0.5, "stopped")
    change = watch.changes[-1]
    assert watch.why.startswith(f"{change.hits:,} of {change.cases:,} audits were wrong, 2% expected")
    assert "stopped (2026-01-31 12:00 UTC, case" in watch.why
    assert "`handrail eval calibrate`" in watch.why


def test_a_stop_lasts_whatever_comes_until_the_watch_is_armed_again() -> None:
    stopped = told(armed(), cases=2000, low=0.0, wrong=0.2, until="stopped")

    later = told(stopped, cases=3000, low=0.0, wrong=0.0, seed=1)
    again = later.rearmed(REFERENCE, at=AT)

    assert not later.accepting
    assert later.changes == stopped.changes
    assert (again.accepting, again.audit_rate, again.routed_cases, again.audits) == (True, 0.05, 0, 0)
    assert [change.kind for change in again.changes] == [*(each.kind for each in stopped.changes), "armed"]


def test_audits_that_were_under_way_when_acceptance_stopped_are_counted_and_change_nothing() -> None:
    watch = armed().routed(Routed(0.9, accepted=True, case="late", drawn=True), at=AT)
    stopped = told(watch, cases=2000, low=0.0, wrong=0.2, until="stopped")

    later = stopped.audited(Audited("late", right=True), at=AT)

    assert (later.audits, later.wrong) == (stopped.audits + 1, stopped.wrong)
    assert (later.risk, later.phase) == (stopped.risk, "stopped")


def test_a_stop_without_its_moment_is_no_watch() -> None:
    with pytest.raises(DataError, match="stopped and does not say since when"):
        _ = replace(armed(), phase="stopped").why


def test_an_alarm_that_audits_do_not_confirm_is_settled_and_its_cases_are_the_reference() -> None:
    raised = told(armed(), cases=500, low=0.5, wrong=0.0, until="raised")

    settled = told(raised, cases=1000, low=0.5, wrong=0.0, seed=1, until="usual")
    later = told(settled, cases=500, low=0.5, wrong=0.0, seed=2)

    assert (settled.phase, settled.audit_rate) == ("usual", 0.05)
    assert settled.changes[-1].kind == "settled"
    assert "the cases since are the reference now" in str(settled.changes[-1])
    assert settled.audits - raised.audits >= 200
    assert later.phase == "usual"  # what was drift is now as expected


def test_an_alarm_is_not_settled_while_audits_find_too_much() -> None:
    raised = told(armed(audits_per_false_stop=10**9), cases=500, low=0.5, wrong=0.0, until="raised")

    later = told(raised, cases=1500, low=0.5, wrong=0.06, seed=1)

    assert later.audits - raised.audits > 2 * SETTINGS.settled_after
    assert "settled" not in {change.kind for change in later.changes}


def test_nothing_is_accepted_while_too_many_audits_wait() -> None:
    watch = armed()
    for number in range(51):
        watch = watch.routed(Routed(0.9, accepted=True, case=f"c{number}", drawn=True), at=AT)

    assert not watch.accepting
    assert watch.why.startswith("51 audits of accepted values have no answer, 50 may wait")

    answered = watch.audited(Audited("c7", right=True), at=AT)
    assert answered.accepting


def test_nothing_is_accepted_while_nobody_draws_audits() -> None:
    watch, chance = armed(), random.Random(0)
    for number in range(405):  # 0.95 ** 405 is below 1e-9: that is no chance
        assert watch.accepting
        score = chance.random()
        watch = watch.routed(Routed(score, score >= 0.2, case=f"c{number}", drawn=False), at=AT)

    assert not watch.accepting
    assert watch.why.startswith("none of the latest 405 cases was drawn for an audit, at least 5% should")

    drawn = watch.routed(Routed(0.9, accepted=False, case="d", drawn=True), at=AT)
    assert drawn.accepting


def test_where_every_case_is_audited_one_that_is_not_is_noticed() -> None:
    watch = armed(audit_rate=1.0, raised_rate=1.0)

    assert not watch.routed(Routed(0.9, accepted=True, case="a", drawn=False), at=AT).accepting


def test_cases_that_are_reviewed_because_nothing_is_accepted_do_not_look_like_drift() -> None:
    watch = armed(most_awaited=1)
    for number in range(2):
        watch = watch.routed(Routed(0.9, accepted=True, case=f"c{number}", drawn=True), at=AT)
    before = watch.shift

    for number in range(500):
        watch = watch.routed(Routed(0.9, accepted=False, case=f"d{number}", drawn=False), at=AT)

    assert watch.shift == before
    assert watch.routed_cases == 502


def test_audits_may_come_in_any_order() -> None:
    watch = armed()
    names = [f"c{number}" for number in range(40)]
    for name in names:
        watch = watch.routed(Routed(0.9, accepted=True, case=name, drawn=True), at=AT)
    random.Random(0).shuffle(names)

    for name in names:
        watch = watch.audited(Audited(name, right=True), at=AT)

    assert (watch.audits, watch.wrong, len(watch.awaited)) == (40, 0, 0)


def test_an_audit_of_an_unknown_case_is_refused_and_so_is_a_second_one() -> None:
    watch = armed().routed(Routed(0.9, accepted=True, case="a", drawn=True), at=AT)
    with pytest.raises(UnknownCase, match="case 'b' awaits no audit"):
        watch.audited(Audited("b", right=True), at=AT)

    watch = watch.audited(Audited("a", right=True), at=AT)
    with pytest.raises(UnknownCase, match="it was audited before"):
        watch.audited(Audited("a", right=True), at=AT)


def test_a_case_told_twice_counts_once_while_its_audit_is_awaited() -> None:
    case = Routed(0.9, accepted=True, case="a", drawn=True)
    once = armed().routed(case, at=AT)

    assert once.routed(case, at=AT) is once


def test_audits_of_doubtful_cases_say_nothing_about_the_accepted_ones() -> None:
    watch = armed().routed(Routed(0.1, accepted=False, case="a", drawn=True), at=AT)

    watch = watch.audited(Audited("a", right=False), at=AT)

    assert (watch.audits, watch.wrong, watch.aside) == (0, 0, frozenset())


def test_an_audit_of_the_threshold_before_counts_for_nothing() -> None:
    watch = armed().routed(Routed(0.9, accepted=True, case="a", drawn=True), at=AT).rearmed(REFERENCE, at=AT)

    watch = watch.audited(Audited("a", right=False), at=AT)

    assert (watch.audits, watch.wrong) == (0, 0)
    with pytest.raises(UnknownCase):
        watch.audited(Audited("a", right=False), at=AT)


def test_an_audit_that_nobody_can_answer_is_no_longer_awaited() -> None:
    watch = armed().routed(Routed(0.9, accepted=True, case="a", drawn=True), at=AT)

    watch = watch.audited(Audited("a", right=None), at=AT)

    assert (watch.audits, watch.awaited) == (0, frozenset())


@pytest.mark.parametrize("score", [float("nan"), float("inf"), True, "0.9"])
def test_a_score_is_finite_or_missing(score: Any) -> None:
    with pytest.raises(InvalidScore, match="a case that was not scored has None"):
        Routed(score, accepted=True, case="a", drawn=False)


def test_cases_and_audits_say_what_they_are() -> None:
    with pytest.raises(DataError, match="accepted is 1"):
        Seen(0.5, 1)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="give the key"):
        Routed(0.5, accepted=True, case="", drawn=False)
    with pytest.raises(DataError, match="give True, False or None"):
        Audited("a", "yes")  # type: ignore[arg-type]


def test_a_time_without_a_zone_is_refused_at_once() -> None:
    naive = datetime(2026, 1, 31, 12)  # noqa: DTZ001 -- what is refused
    with pytest.raises(InvalidSetting, match="no time zone"):
        Watch.armed(SETTINGS, REFERENCE, at=naive)
    with pytest.raises(InvalidSetting, match="no time zone"):
        armed().routed(Routed(0.5, accepted=True, case="a", drawn=False), at=naive)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("target", 0.0),
        ("target", 1.0),
        ("target", float("nan")),
        ("audit_rate", 0.0),
        ("audit_rate", True),
        ("raised_rate", 0.04),
        ("raised_rate", 1.1),
        ("cases_per_false_alarm", 99),
        ("cases_per_false_alarm", 1e6),
        ("audits_per_false_stop", 0),
        ("settled_after", 0),
        ("most_awaited", 0),
    ],
)
def test_settings_outside_their_range_are_named(name: str, value: Any) -> None:
    with pytest.raises(InvalidSetting, match=f"^{name} is"):
        replace(SETTINGS, **{name: value})


def test_a_watch_can_be_armed_with_other_settings() -> None:
    strict = replace(SETTINGS, target=0.01)

    assert armed().rearmed(REFERENCE, at=AT, settings=strict).settings == strict


def test_an_outcome_is_told_with_its_score_and_its_draw() -> None:
    sure = Judgement(confidence=Confidence(0.8, "local"), drawn=True)
    unsure = Judgement(confidence=Confidence.none("the server gave none"))

    accepted = Routed.of(Accepted("x", sure), case="a", score="confidence")
    doubtful = Routed.of(Doubtful(None, "no_confidence", "none", unsure), case="b", score="margin")

    assert accepted == Routed(0.8, accepted=True, case="a", drawn=True)
    assert doubtful == Routed(None, accepted=False, case="b", drawn=False)


def wrong_accepted(settings: WatchSettings, seed: int) -> int:
    """Return how many wrong cases a watch lets pass when 3 in 10 are suddenly of a kind that is always wrong."""
    chance = random.Random(seed)
    watch, wrong = Watch.armed(settings, REFERENCE, at=AT), 0
    for number in range(2000):
        new = chance.random() < 0.3
        score = 0.25 * chance.random() if new else chance.random()
        accepted, drawn = watch.accepting and score >= 0.2, chance.random() < watch.audit_rate
        right = not new and chance.random() >= 0.01
        wrong += accepted and not right
        watch = watch.routed(Routed(score, accepted, case=str(number), drawn=drawn), at=AT)
        watch = watch.audited(Audited(str(number), right), at=AT) if drawn else watch
    return wrong


@pytest.mark.slow
def test_the_loop_lets_less_than_half_as_much_pass_as_audits_alone() -> None:
    alone = replace(SETTINGS, raised_rate=SETTINGS.audit_rate)

    with_loop, with_audits = (sum(wrong_accepted(each, seed) for seed in range(8)) for each in (SETTINGS, alone))

    assert with_loop < 0.5 * with_audits


class Machine(RuleBasedStateMachine):
    """Any order of cases, audits, bursts of trouble and new references."""

    def __init__(self) -> None:
        super().__init__()
        eager = replace(
            SETTINGS, cases_per_false_alarm=100, audits_per_false_stop=100, settled_after=5, most_awaited=20
        )
        self.watch = Watch.armed(eager, REFERENCE, at=AT)
        self.number = self.undrawn = 0
        self.drawn: set[str] = set()
        self.stopped = False

    def route(self, score: float | None, *, drawn: bool) -> str:
        self.number += 1
        name = f"c{self.number}"
        accepted = self.watch.accepting and score is not None and score >= 0.2
        self.watch = self.watch.routed(Routed(score, accepted, case=name, drawn=drawn), at=AT)
        self.undrawn = 0 if drawn else self.undrawn + 1
        if drawn:
            self.drawn.add(name)
        return name

    def answer(self, name: str, *, right: bool | None) -> None:
        self.watch = self.watch.audited(Audited(name, right), at=AT)
        self.drawn.discard(name)

    @rule(score=st.one_of(st.none(), st.floats(0, 1)), drawn=st.booleans())
    def a_case(self, score: float | None, drawn: bool) -> None:  # noqa: FBT001 -- hypothesis gives it
        self.route(score, drawn=drawn)

    @rule(score=st.floats(0, 1), cases=st.integers(1, 120))
    def a_burst_of_cases(self, score: float, cases: int) -> None:
        for _ in range(cases):
            self.route(score, drawn=False)

    @rule(right=st.booleans(), audits=st.integers(1, 40))
    def a_burst_of_audits(self, right: bool, audits: int) -> None:  # noqa: FBT001 -- hypothesis gives it
        for _ in range(audits):
            self.answer(self.route(0.9, drawn=True), right=right)

    @precondition(lambda self: self.drawn)
    @rule(data=st.data(), right=st.one_of(st.none(), st.booleans()))
    def an_audit(self, data: st.DataObject, right: bool | None) -> None:  # noqa: FBT001 -- hypothesis gives it
        self.answer(data.draw(st.sampled_from(sorted(self.drawn))), right=right)

    @rule()
    def a_new_reference(self) -> None:
        self.watch = self.watch.rearmed(REFERENCE, at=AT)
        self.stopped = False
        self.undrawn = 0

    @invariant()
    def a_stop_holds(self) -> None:
        assert not (self.stopped and self.watch.accepting)
        self.stopped = self.watch.phase == "stopped"

    @invariant()
    def every_drawn_case_is_awaited_in_one_place(self) -> None:
        assert self.watch.awaited | self.watch.aside == self.drawn
        assert not self.watch.awaited & self.watch.aside

    @invariant()
    def the_rate_is_one_of_two_and_nothing_unwatched_is_accepted(self) -> None:
        watch = self.watch
        assert watch.audit_rate == (0.05 if watch.phase == "usual" else 0.5)
        assert watch.accepting == (watch.phase != "stopped" and len(watch.awaited) <= 20 and self.undrawn < 405)
        assert watch.why

    @invariant()
    def it_survives_a_restart(self) -> None:
        assert watch_from_json(watch_to_json(self.watch)) == self.watch


TestAnyOrder = Machine.TestCase
TestAnyOrder.settings = hypothesis_settings(max_examples=20, stateful_step_count=20)


def answered(watch: Watch, cluster: str, *, right: bool, times: int = 1) -> Watch:
    """Return the watch after audits of one cluster."""
    for _ in range(times):
        name = f"{cluster} {watch.routed_cases}"
        watch = watch.routed(Routed(0.9, accepted=True, case=name, drawn=True), at=AT)
        watch = watch.audited(Audited(name, right, cluster=cluster), at=AT)
    return watch


def test_audits_of_one_cluster_count_once() -> None:
    watch = answered(answered(armed(), "a", right=True, times=5), "b", right=False, times=1)

    assert (watch.audits, watch.wrong) == (2, 1)
    assert watch_from_json(watch_to_json(watch)) == watch


def test_copies_of_right_values_do_not_hide_what_goes_wrong() -> None:
    def audits_to_the_stop(*, copies: int) -> int:
        watch, number = armed(), 0
        while watch.phase != "stopped" and number < 1000:
            number += 1
            watch = answered(watch, f"text {number}", right=number % 10 != 0)
            watch = answered(watch, "hello", right=True, times=copies)
        return number

    alone, hidden = audits_to_the_stop(copies=0), audits_to_the_stop(copies=9)
    assert alone < 200
    assert hidden < 2 * alone


def test_a_frequent_input_that_goes_wrong_stops_acceptance() -> None:
    watch = armed()
    for number in range(100):
        watch = answered(watch, f"text {number}", right=True)
        watch = answered(watch, "hello", right=False)

    assert watch.phase == "stopped"


def test_without_copies_clusters_change_nothing() -> None:
    chance = random.Random(3)
    rights = [chance.random() > 0.03 for _ in range(300)]
    named, plain = armed(), armed()
    for number, right in enumerate(rights):
        named = answered(named, f"text {number}", right=right)
        plain = answered(plain, "", right=right)

    assert named.evidence == plain.evidence
    assert (named.risk, named.risk_once, named.phase) == (plain.risk, (), plain.phase)
