"""A promise is accepted by the rule that is in force at the call, and by nothing where nobody keeps it."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pytest

from handrail import Accepted, Doubtful, OpenAIModel, Says, ScriptedModel, classify
from handrail.guards import promise
from handrail_guards.errors import InvalidGuard
from handrail_guards.promise_grades import ShareGrade, grades_as_text, grades_of_text
from handrail_guards.promise_part import PromisePart
from handrail_guards.promise_rule import BEGINNING, PromiseRule, PromiseSubject

Letter = Literal["a", "b"]
RULE = PromiseRule(
    promise=3, number=2, threshold=0.8, accepted_share=0.1, below_share=0.2, labels=240, date="2026-01-31"
)


@dataclass
class Rules:
    """Rules in force, as a store gives them."""

    now: PromiseRule = RULE
    asked: list[PromiseSubject] = field(default_factory=list)

    def rule(self, part: PromisePart, subject: PromiseSubject) -> PromiseRule:
        del part
        self.asked.append(subject)
        return self.now


def always(says: Any) -> Any:
    return lambda _: says


def letter(*says: Any, **options: Any) -> Any:
    models = [ScriptedModel(always(each), name=f"scripted-{number}") for number, each in enumerate(says)]
    return classify("letter", Letter, "Which letter?", models=models, accept=promise(wrong_at_most=0.02), **options)


def test_without_a_store_nothing_is_accepted_and_the_reason_says_so() -> None:
    outcome = letter(Says("a", 1.0)).sync("text")
    assert isinstance(outcome, Doubtful)
    assert (outcome.suggestion, outcome.code) == ("a", "rule")
    assert "kept from a store" in outcome.reason
    assert outcome.judgement.promised is None


def test_what_reaches_the_threshold_in_force_is_accepted_and_says_by_which_rule() -> None:
    outcome = letter(Says("a", 0.8)).with_rules(Rules()).sync("text")
    assert isinstance(outcome, Accepted)
    told, promised = outcome.judgement.accepted_by, outcome.judgement.promised
    assert told is not None
    assert promised is not None
    assert (told.threshold, told.target, told.labels, told.mark) == (0.8, 0.02, 240, "promise 3 rule 2")
    assert told.delta == pytest.approx(0.05)
    assert "2026-01-31" in told.rule
    assert (promised.promise, promised.rule, promised.score, promised.share) == (3, 2, 0.8, 0.1)


def test_what_does_not_reach_it_is_in_doubt_and_says_so_too() -> None:
    outcome = letter(Says("a", 0.79)).with_rules(Rules()).sync("text")
    assert isinstance(outcome, Doubtful)
    assert outcome.code == "low_confidence"
    assert outcome.judgement.promised is not None
    assert outcome.judgement.promised.share == 0.2


def test_a_score_just_below_the_threshold_is_told_apart_from_it() -> None:
    outcome = letter(Says("a", 0.99998)).with_rules(Rules(replace(RULE, threshold=0.99999))).sync("text")
    assert isinstance(outcome, Doubtful)
    assert outcome.reason.startswith("confidence 0.99998 < 0.99999, set for ")


def test_the_rule_is_read_at_each_call_and_once_in_it() -> None:
    rules = Rules(BEGINNING)
    step = letter(Says("a", 0.9)).with_rules(rules)
    assert step.sync("text").code == "rule"
    assert len(rules.asked) == 1
    rules.now = RULE
    assert step.sync("text").kind == "accepted"
    assert len(rules.asked) == 2


def test_another_model_than_it_was_kept_for_is_stale() -> None:
    outcome = letter(Says("a", 0.9)).with_rules(Rules(replace(BEGINNING, stale="gpt-5-mini-2025-08-07"))).sync("text")
    assert outcome.code == "stale_acceptance"
    assert "gpt-5-mini-2025-08-07" in outcome.reason


def test_a_later_model_stands_in_for_one_that_gives_nothing_and_never_for_one_that_is_unsure() -> None:
    unsure = letter(Says("a", 0.3), Says("b", 0.99)).with_rules(Rules())
    assert unsure.sync("text").suggestion == "a"  # who is asked next would else depend on the rule of the first
    broken = letter(Says("c", 0.9), Says("b", 0.99)).with_rules(Rules())
    assert broken.sync("text").value == "b"


def test_no_confidence_is_no_case_of_a_promise() -> None:
    outcome = letter(Says("a", None)).with_rules(Rules()).sync("text")
    assert (outcome.code, outcome.judgement.promised) == ("no_confidence", None)


def test_prompt_options_model_and_server_are_what_it_is_tied_to() -> None:
    rules = Rules()
    forms: list[tuple[Any, str]] = [(Letter, "Which letter?"), (Literal["b", "a"], "Which letter?"), (Letter, "Which?")]
    for output, instructions in forms:
        step: Any = classify(
            "letter",
            output,
            instructions,
            models=ScriptedModel(always(Says("a", 0.9))),
            accept=promise(wrong_at_most=0.1),
        )
        step.with_rules(rules).sync("text")
    assert len({each.mark for each in rules.asked}) == 3
    first, second = (
        classify(
            "letter",
            Letter,
            "Which letter?",
            models=OpenAIModel("gpt-5-mini", base_url=url, api_key="sk-secret"),
            accept=promise(wrong_at_most=0.1),
        ).servers
        for url in ("http://user:hidden@127.0.0.1:1/v1", "http://127.0.0.1:2/v1")
    )
    assert (first, second) == (("http://127.0.0.1:1/v1",), ("http://127.0.0.1:2/v1",))


def test_the_band_below_the_threshold_is_asked_blind_altogether() -> None:
    rule = replace(RULE, band_from=0.6)
    assert [rule.share(score) for score in (0.9, 0.8, 0.7, 0.6, 0.5)] == [0.1, 0.1, 1.0, 1.0, 0.2]


@pytest.mark.parametrize("wrong", [{"wrong_at_most": 0.0}, {"wrong_at_most": 1.0}, {"wrong_at_most": 0.1, "sure": 95}])
def test_a_promise_of_no_share_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidGuard, match="above 0 and below 1"):
        promise(**wrong)


GRADED = replace(RULE, grades=(ShareGrade(0.95, 0.05), ShareGrade(0.8, 0.2)))


@pytest.mark.parametrize(("score", "share", "weight"), [(0.99, 0.05, 2.0), (0.85, 0.2, 0.5), (0.7, 0.2, 1.0)])
def test_a_rule_with_grades_asks_by_confidence_and_says_for_how_many_cases_an_answer_stands(
    score: float, share: float, weight: float
) -> None:
    promised = letter(Says("a", score)).with_rules(Rules(GRADED)).sync("text").judgement.promised
    assert promised is not None
    assert (promised.share, promised.weight) == (share, pytest.approx(weight))


def test_grades_come_back_from_their_text() -> None:
    assert grades_of_text(grades_as_text(GRADED.grades)) == GRADED.grades
    assert (grades_as_text(()), grades_of_text(None)) == (None, ())


@pytest.mark.parametrize(
    "grades",
    [
        (ShareGrade(0.9, 0.1),),
        (ShareGrade(0.8, 0.1), ShareGrade(0.8, 0.2)),
        (ShareGrade(0.9, 0.3), ShareGrade(0.8, 0.2)),
        (ShareGrade(0.9, 0.0), ShareGrade(0.8, 0.2)),
        (ShareGrade(float("nan"), 0.1), ShareGrade(0.8, 0.2)),
    ],
)
def test_grades_that_do_not_lead_to_the_threshold_are_refused(grades: tuple[ShareGrade, ...]) -> None:
    with pytest.raises(InvalidGuard, match="grade"):
        replace(RULE, grades=grades)


@pytest.mark.parametrize("text", ["[1]", "{}x", '[["a", 1]]', "[[1]]"])
def test_what_is_no_text_of_grades_is_refused(text: str) -> None:
    with pytest.raises(InvalidGuard, match="no grades"):
        grades_of_text(text)
