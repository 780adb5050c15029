"""Escalations: what happens when nobody answers is data that survives storing, and what cannot work is refused."""

import sys
from typing import Any, Literal

import pytest

from handrail import Accepted, Doubtful, Escalation, Says, ScriptedModel, classify, extract
from handrail.ai_steps import InvalidTask
from handrail.guards import Always, Confidence, InvalidGuard, Judgement, Late, WorkingHours
from handrail_ground.optional import OptionalLibrary
from handrail_guards import calendar
from handrail_guards.late import GROUP
from handrail_orchestrator.codec import codec_for

OUTCOMES = codec_for(Accepted[str] | Doubtful[str], where="an outcome")
CHAIN: list[Any] = [
    "remind",
    Late("reassign", 2, to="group:finance"),
    Late("escalate", 4),
    Late("default", 8, value={"lines": [1, 2.5, None], "paid": True}),
    Late("fail", 24),
]


def doubtful(escalation: Escalation) -> Doubtful[str]:
    return Doubtful("a", "low_confidence", "why", Judgement(confidence=Confidence(0.5, "rule")), escalation)


@pytest.mark.parametrize(
    "escalation",
    [
        Escalation(),
        Escalation(due_hours=2, when_late="fail"),
        Escalation(due_hours=8, when_late=CHAIN),
        Escalation(due_hours=8, when_late=["keep_waiting"]),
        Escalation(
            due_hours=8,
            when_late=Late("default", value=None),  # type: ignore[arg-type]  # a single one is taken too
            working_hours=WorkingHours(
                "America/New_York", hours={"mon": ["09:00-12:00", "13:00-17:00"]}, special={"12-24": "09:00-12:00"}
            ),
        ),
        Escalation(two_of_group="finance", not_self=True, not_previous_reviewer=True),
        Escalation(reviewers=3, blind=False),
    ],
)
def test_an_escalation_comes_back_equal_from_where_it_is_stored(escalation: Escalation) -> None:
    stored = OUTCOMES.encode(doubtful(escalation))

    assert OUTCOMES.decode(stored) == doubtful(escalation)
    assert hash(OUTCOMES.decode(stored).escalation) == hash(escalation)


def test_outcomes_that_older_versions_stored_are_read() -> None:
    stored = OUTCOMES.encode(doubtful(Escalation(queue="q", due_hours=2, when_late="raise_priority")))
    before, _, _ = stored.partition(',"working_hours"')

    assert OUTCOMES.decode(before + '},"kind":"doubtful"}').escalation.chain == (Late("raise_priority"),)


def test_a_calendar_of_a_country_is_read_where_its_library_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("holidays")
    escalation = Escalation(due_hours=2, working_hours=WorkingHours("Europe/Berlin", holidays="DE-BY"))
    stored = OUTCOMES.encode(doubtful(escalation))

    monkeypatch.setitem(sys.modules, "holidays", None)
    monkeypatch.setattr(calendar, "library", OptionalLibrary("holidays", extra="console"))
    calendar.holidays_of.cache_clear()

    assert OUTCOMES.decode(stored).escalation == escalation


def test_words_and_policies_make_one_chain() -> None:
    assert Escalation(due_hours=1, when_late=["remind", Late("fail", 2)]).chain == (Late("remind"), Late("fail", 2))
    assert Escalation(due_hours=1, when_late="escalate").chain == (Late("escalate"),)
    assert Escalation(when_late="keep_waiting").chain == Escalation(when_late=["keep_waiting"]).chain == ()
    waits = Escalation(due_hours=1, when_late=[Late("keep_waiting", 2), Late("fail", 2)])
    assert [each.policy for each in waits.chain] == ["keep_waiting", "fail"]
    assert Late("default", value={"a": [1]}).value == {"a": [1]}
    assert Late("reassign", to=f"{GROUP}finance").to == "group:finance"


def test_two_of_a_group_are_two_answers() -> None:
    assert Escalation().answers_needed == 1
    assert Escalation(reviewers=3).answers_needed == 3
    assert Escalation(two_of_group="finance").answers_needed == 2


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda: Escalation(due_hours=1, when_late="shout"), "choose one of keep_waiting, remind"),  # type: ignore[arg-type]
        (lambda: Escalation(due_hours=1, when_late=["shout"]), "when_late is 'shout'"),  # type: ignore[list-item]
        (lambda: Escalation(due_hours=1, when_late=[3]), "when_late has 3; give words and Late"),  # type: ignore[list-item]
        (lambda: Escalation(due_hours=1, when_late=3), "when_late is 3; choose one of"),  # type: ignore[arg-type]
        (lambda: Escalation(due_hours=1, when_late="default"), "needs more than the word: write Late"),  # type: ignore[arg-type]
        (lambda: Escalation(due_hours=1, when_late=["fail", "remind"]), "nothing comes after 'fail'"),
        (lambda: Escalation(when_late=["remind"]), "needs due_hours"),
        (lambda: Escalation(working_hours="9-5"), "working_hours is '9-5'"),  # type: ignore[arg-type]
        (lambda: Escalation(reviewers=0), "reviewers is 0"),
        (lambda: Escalation(reviewers=True), "reviewers is True"),
        (lambda: Escalation(reviewers=10), "from 1 to 9"),
        (lambda: Escalation(blind=1), "blind is 1; give True or False"),  # type: ignore[arg-type]
        (lambda: Escalation(not_self="yes"), "not_self is 'yes'"),  # type: ignore[arg-type]
        (lambda: Escalation(two_of_group=" "), "two_of_group is ' '"),
        (lambda: Escalation(two_of_group="finance", reviewers=3), "leave reviewers out"),
        (lambda: Late("reassign"), "needs to whom"),
        (lambda: Late("reassign", to="group:"), "needs to whom"),
        (lambda: Late("remind", to="ann"), "only 'reassign' hands"),
        (lambda: Late("fail", value=1), "only 'default' answers"),
        (lambda: Late("remind", -1), "after_hours is -1"),
        (lambda: Late("remind", float("inf")), "after_hours is inf"),
        (lambda: Late("default", value={1, 2}), "give the answer as JSON data"),
        (lambda: Late("default", value=float("nan")), "give the answer as JSON data"),
        (lambda: Late("default", value=(1, 2)), "is no JSON data"),
        (lambda: Late("default", value={1: "a"}), "is no JSON data"),
    ],
)
def test_what_cannot_work_is_refused_when_it_is_built(build: Any, told: str) -> None:
    with pytest.raises(InvalidGuard, match=told):
        build()


def test_a_default_that_is_no_answer_of_the_step_is_refused_when_the_step_is_built() -> None:
    model = ScriptedModel(lambda _: Says("late", 0.9))
    label = Literal["damaged", "late"]

    def route(value: object) -> object:
        late = Escalation(due_hours=1, when_late=[Late("default", value=value)])
        return classify("reason", label, "Why?", models=model, accept=Always(), escalate=late)

    def count(value: object) -> object:
        late = Escalation(due_hours=1, when_late=[Late("default", value=value)])
        return extract("n", int, "How many?", models=model, accept=Always(), escalate=late)

    assert route("damaged") is not None
    assert count(3) is not None
    with pytest.raises(
        InvalidTask, match=r"step 'reason': Late\('default', value='broken'\) is no answer of this step"
    ):
        route("broken")
    with pytest.raises(InvalidTask, match=r"step 'n'.*is no answer"):
        count("many")
    with pytest.raises(InvalidTask, match="is no answer"):
        route(None)
