"""What may be promised besides one share of wrong values, what is refused, and what a call accepts by its parts."""

import enum
import math
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from handrail import Accepted, Says, ScriptedModel, classify, extract
from handrail.ai_steps import InvalidTask
from handrail.guards import InvalidGuard, promise
from handrail_guards.promise_part import PromisePart
from handrail_guards.promise_rule import BEGINNING, PromiseRule, PromiseSubject

Team = Literal["refund", "urgent", "other"]


class Bill(BaseModel):
    number: str
    total: float


@dataclass
class Rules:
    """Rules in force by part and group."""

    thresholds: dict[tuple[str, str], float | None] = field(default_factory=dict)
    believed: dict[tuple[str, str], tuple[float, ...]] = field(default_factory=dict)
    shares: dict[tuple[str, str], float] = field(default_factory=dict)
    asked: list[PromiseSubject] = field(default_factory=list)

    def rule(self, part: PromisePart, subject: PromiseSubject) -> PromiseRule:
        self.asked.append(subject)
        key = (part.about, subject.group or part.of)
        if key not in self.thresholds:
            return BEGINNING
        share = self.shares.get(key, 0.1)
        return PromiseRule(
            promise=len(self.thresholds), number=1, threshold=self.thresholds[key], accepted_share=share,
            below_share=share, believed=self.believed.get(key, ()), labels=100, date="2026-01-31",
        )  # fmt: skip


def routed(terms: Any, rules: Rules, says: str, sure: float, *values: Any, **named: Any) -> Any:
    model = ScriptedModel(lambda _: Says(says, sure))
    step: Any = classify("route", Team, "Which team?", models=model, accept=terms)
    return step.with_rules(rules).sync(*(values or ("text",)), **named)


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({}, "promises nothing"),
        ({"wrong_at_most": {}}, "share for each label or field"),
        ({"wrong_at_most": {1: 0.1}}, "share for each label or field"),
        ({"wrong_at_most": {"a": 1.0}}, "wrong_at_most of 'a'"),
        ({"wrong_at_most": True}, "above 0 and below 1"),
        ({"wrong_at_most": math.nan}, "above 0 and below 1"),
        ({"missed_at_most": 0.01}, "give both"),
        ({"wrong_at_most": 0.1, "label": "urgent"}, "give both"),
        ({"wrong_at_most": 0.1, "missed_at_most": 0.01, "label": ""}, "give both"),
        ({"wrong_at_most": 0.1, "by": ""}, "name an input"),
        ({"wrong_at_most": 0.1, "by": "order", "once_per": "order"}, "of each group one case would ever count"),
        ({"wrong_at_most": 0.1, "cost_of_wrong": 40}, "give both costs"),
        ({"cost_of_wrong": math.inf, "cost_of_review": 1}, "give both costs"),
        ({"cost_of_wrong": 1, "cost_of_review": 1}, "no review pays"),
        ({"wrong_at_most": 0.05, "cost_of_wrong": 50, "cost_of_review": 1}, "costs more than no automation"),
        ({"cost_of_wrong": 1e308, "cost_of_review": 1e-300}, "their ratio is 0"),
        ({"wrong_at_most": 0.02, "sure": 1 - 1e-13}, "nothing is as sure"),
        ({"wrong_at_most": 0.02, "sure": 1e-13}, "nothing is as sure"),
        ({"wrong_at_most": 0.02, "second_looks": "no"}, "give True or False"),
        ({"wrong_at_most": 0.02, "answers": "some"}, "give 'usual', or 'few'"),
        ({"wrong_at_most": 0.02, "answers": []}, "give 'usual', or 'few'"),
        ({"wrong_at_most": {"a": 0.01, "b": 0.05}, "cost_of_wrong": 50, "cost_of_review": 1}, "of 'b'"),
    ],
)
def test_terms_that_promise_nothing_or_cost_more_than_they_save_are_refused(terms: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidGuard, match=said):
        promise(**terms)


@given(st.floats(1e-9, 0.5), st.floats(1e-4, 0.5))
def test_a_bar_that_is_tightened_is_another_promise_however_little(bar: float, by: float) -> None:
    """A store knows a promise by its words: told alike, it would go on at the bar that stood there first."""
    (looser,), (tighter,) = (promise(wrong_at_most=each).parts() for each in (bar, bar * (1 - by)))
    assert looser.told != tighter.told
    surer, less_sure = (promise(wrong_at_most=0.02, sure=1 - each) for each in (bar, bar / 2))
    assert surer.told != less_sure.told


def test_all_parts_split_delta_and_costs_alone_are_a_target() -> None:
    both = promise(wrong_at_most={"refund": 0.005, "other": 0.03}, missed_at_most=0.01, label="urgent", sure=0.94)
    assert [(each.about, each.of, each.at_most) for each in both.parts()] == [
        ("label", "refund", 0.005), ("label", "other", 0.03), ("missed", "urgent", 0.01),
    ]  # fmt: skip
    assert [each.delta for each in both.parts()] == pytest.approx([0.02] * 3)
    assert "sure to 94%" in both.told
    (only,) = promise(cost_of_wrong=40, cost_of_review=1.5).parts()
    assert [only.at_most, only.stops_at, only.delta] == pytest.approx([0.0375, 0.0375, 0.05])
    assert "no case with more than 3.75% risk" in only.told
    assert promise(wrong_at_most=0.02).parts()[0].told == "at most 2% wrong, sure to 95%"
    assert promise(wrong_at_most=0.999999999).parts()[0].told == "at most 99.9999999% wrong, sure to 95%"


def test_few_answers_are_said_by_each_part_and_the_usual_ones_by_none() -> None:
    terms = promise(wrong_at_most=0.02, missed_at_most=0.01, label="urgent", answers="few", once_per="order")
    assert terms.told.endswith("sure to 95%, with few answers, counted once per order")
    assert [part.told.partition("%, with few answers")[2] for part in terms.parts()] == [", counted once per order"] * 2
    looked_at = promise(wrong_at_most=0.02, second_looks=True, answers="few")
    assert looked_at.told.endswith("with few answers, contradictions looked at twice")
    assert promise(wrong_at_most=0.02, answers="usual").told == promise(wrong_at_most=0.02).told


def test_a_label_or_field_that_is_misspelt_is_refused_with_what_it_may_have_meant() -> None:
    model = ScriptedModel(lambda _: Says("other"))
    for terms in (promise(wrong_at_most={"refnd": 0.01}), promise(missed_at_most=0.01, label="refnd")):
        with pytest.raises(InvalidTask, match="did you mean 'refund'"):
            classify("route", Team, "Which?", models=model, accept=terms)
    with pytest.raises(InvalidTask, match="did you mean 'total'"):
        extract("bill", Bill, "What?", models=model, accept=promise(wrong_at_most={"totl": 0.01}))
    with pytest.raises(InvalidTask, match="has no labels"):
        extract("bill", Bill, "What?", models=model, accept=promise(missed_at_most=0.01, label="urgent"))
    with pytest.raises(InvalidTask, match="a classification has labels alone"):
        classify("route", Team, "Which?", models=model, accept=promise(wrong_at_most={"": 0.1, "other": 0.1}))


def test_a_label_that_records_do_not_show_cannot_be_missed() -> None:
    class Urgency(enum.Enum):
        LOW = 1
        HIGH = 2

    with pytest.raises(InvalidTask, match="recorded as '2'"):
        classify("u", Urgency, "How?", models=ScriptedModel(lambda _: Says("HIGH")),
                 accept=promise(missed_at_most=0.1, label="HIGH"))  # fmt: skip


def test_each_label_has_its_own_threshold_and_one_without_a_bar_goes_to_people() -> None:
    terms = promise(wrong_at_most={"refund": 0.01, "other": 0.05})
    rules = Rules({("label", "refund"): 0.9, ("label", "other"): 0.5})
    assert routed(terms, rules, "other", 0.6).kind == "accepted"
    assert routed(terms, rules, "refund", 0.6).code == "low_confidence"
    outside = routed(terms, rules, "urgent", 1.0)
    assert (outside.code, outside.judgement.promised) == ("rule", None)
    assert "no bar for 'urgent'" in outside.reason


def test_what_may_be_missed_holds_back_other_answers_and_not_the_label_itself() -> None:
    rules = Rules({("label", "urgent"): 0.2, ("label", "other"): 0.5, ("missed", "urgent"): 0.8})
    rules.believed = {("label", "other"): (0.95, 0.9, 0.7, 0.5)}
    terms = promise(wrong_at_most={"urgent": 0.1, "other": 0.1}, missed_at_most=0.01, label="urgent")
    assert routed(terms, rules, "urgent", 0.3).kind == "accepted"
    held = routed(terms, rules, "other", 0.85)
    assert (held.kind, held.reason.startswith("confidence 0.850 < 0.900")) == (
        "doubtful",
        True,
    )  # 0.8 is none of its own
    taken = routed(terms, rules, "other", 0.9)
    assert taken.judgement.accepted_by.threshold == 0.9
    scores = [taken.judgement.promised.score, *(each.score for each in taken.judgement.promised.beside)]
    assert scores == [0.9, 0.9]
    itself = routed(terms, rules, "urgent", 0.3).judgement.promised
    assert [each.score for each in itself.beside] == [-1.0]  # never missed, but one of the label's cases


def test_an_answer_without_a_bar_still_shows_that_a_case_of_the_label_was_not_missed() -> None:
    rules = Rules({("label", "other"): 0.5, ("missed", "urgent"): 0.8})
    terms = promise(wrong_at_most={"other": 0.1}, missed_at_most=0.01, label="urgent")
    for says in ("urgent", "refund"):
        outcome = routed(terms, rules, says, 0.9)
        assert (outcome.code, outcome.judgement.promised.score, outcome.judgement.promised.beside) == ("rule", -1.0, ())


def test_several_bars_for_all_that_is_accepted_need_a_threshold_that_each_allows() -> None:
    rules = Rules({("field", "total"): 0.5, ("field", "number"): 0.6})
    rules.believed = {("field", "total"): (0.9, 0.8, 0.7, 0.5), ("field", "number"): (0.9, 0.7, 0.6)}
    terms = promise(wrong_at_most={"total": 0.01, "number": 0.05})

    def read(sure: float) -> Any:
        model = ScriptedModel(lambda _: Says(Bill(number="1", total=1.0), sure))
        step: Any = extract("bill", Bill, "What?", models=model, accept=terms)
        return step.with_rules(rules).sync("text")

    assert [read(sure).kind for sure in (0.9, 0.7, 0.65, 0.6)] == ["accepted", "accepted", "doubtful", "doubtful"]
    rules.believed[("field", "number")] = (0.6,)
    assert "no threshold in common" in read(0.99).reason


def test_a_case_is_drawn_at_the_largest_share_of_its_parts() -> None:
    rules = Rules({("wrong", ""): 0.5, ("missed", "urgent"): 0.5})
    rules.shares = {("wrong", ""): 0.02, ("missed", "urgent"): 0.4}
    both = promise(wrong_at_most=0.02, missed_at_most=0.01, label="urgent")
    assert routed(both, rules, "other", 0.6).judgement.promised.share == 0.4


class Tier(enum.Enum):
    GOLD = "gold"


class Ticket(BaseModel):
    text: str
    tier: Any = None

    @property
    def broken(self) -> str:
        raise RuntimeError("no tier here")


@pytest.mark.parametrize(
    ("given_tier", "group"),
    [("gold", "gold"), (" gold ", "gold"), (Tier.GOLD, "gold"), (3, "3"), (True, "true"), (None, None), ("", None),
     (math.nan, None), (0.5, None), ("x" * 101, None), ([], None), ({"a": 1}, None), ("a\nb", None), ("\ud800", None),
     (10**100, None)],
)  # fmt: skip
def test_a_group_is_a_short_name_and_whatever_is_none_goes_to_people(given_tier: Any, group: str | None) -> None:
    rules = Rules({("wrong", "gold"): 0.5, ("wrong", "3"): 0.5, ("wrong", "true"): 0.5})
    by_tier = promise(wrong_at_most=0.1, by="tier")
    for outcome in (
        routed(by_tier, rules, "other", 0.9, {"text": "text", "tier": given_tier}),
        routed(by_tier, rules, "other", 0.9, Ticket(text="text", tier=given_tier)),
    ):
        if group is None:
            assert (outcome.code, outcome.judgement.promised) == ("rule", None)
            assert "'tier'" in outcome.reason
        else:
            assert isinstance(outcome, Accepted)
            promised = outcome.judgement.promised
            assert promised is not None
            assert promised.group == group


def test_a_group_is_found_by_name_in_a_field_and_behind_dots_and_nowhere_else() -> None:
    rules = Rules({("wrong", "gold"): 0.5})

    def group(by: str, *values: Any, **named: Any) -> str:
        outcome = routed(promise(wrong_at_most=0.1, by=by), rules, "other", 0.9, *values, **named)
        promised = outcome.judgement.promised
        return str(outcome.reason if promised is None else promised.group)

    assert group("tier", "text", tier="gold") == "gold"
    assert group("ticket.tier", ticket=Ticket(text="text", tier="gold")) == "gold"
    assert group("tier", ticket={"text": "text", "tier": "gold"}) == "gold"
    assert "the inputs have no 'tier'" in group("tier", "a text about a tier")
    assert "differ" in group("tier", {"tier": "gold"}, {"tier": "silver"})
    assert "no tier here" in group("broken", Ticket(text="text"))


def test_a_group_has_a_promise_of_its_own_and_without_a_store_nothing_is_accepted() -> None:
    rules = Rules({("wrong", "gold"): 0.5})
    by_tier = promise(wrong_at_most=0.1, by="tier")
    silver = routed(by_tier, rules, "other", 0.9, "text", tier="silver")
    assert (silver.code, silver.judgement.promised.group, silver.judgement.promised.share) == ("rule", "silver", 1.0)
    assert len({each.mark for each in rules.asked}) == 1
    routed(by_tier, rules, "other", 0.9, "text", tier="gold")
    assert len({each.mark for each in rules.asked}) == 2
    step: Any = classify("route", Team, "Which?", models=ScriptedModel(lambda _: Says("other", 1.0)), accept=by_tier)
    alone = step.sync("text", tier="gold")
    assert "kept from a store" in alone.reason
    assert "in each tier" in alone.reason


rungs = st.lists(st.sampled_from([0.1, 0.3, 0.5, 0.7, 0.9]), min_size=1, unique=True).map(
    lambda found: tuple(sorted(found, reverse=True))
)


@given(rungs, st.floats(0, 1), st.floats(0, 1), st.sampled_from(["urgent", "other"]))
def test_whatever_the_parts_allow_what_is_accepted_is_a_threshold_of_each(
    total: tuple[float, ...], floor: float, sure: float, says: str
) -> None:
    """A bar for all that is accepted is kept at its own thresholds alone, and what is missed at any stricter one."""
    rules = Rules({("wrong", ""): total[-1], ("missed", "urgent"): floor}, {("wrong", ""): total})
    terms = promise(wrong_at_most=0.1, missed_at_most=0.1, label="urgent")
    outcome = routed(terms, rules, says, sure)
    if outcome.kind == "accepted":
        cut = outcome.judgement.accepted_by.threshold
        assert cut in total
        assert floor <= cut <= sure
    else:
        allowed = [each for each in total if each >= floor]
        assert not allowed or sure < min(allowed)


@pytest.mark.parametrize(
    ("terms", "named"),
    [
        ({"wrong_at_most": 0.1, "by": "tier"}, "by"),
        ({"wrong_at_most": 0.1, "second_looks": True}, "second_looks"),
        ({"wrong_at_most": {"urgent": 0.1}}, "bars of labels, or missed_at_most"),
        ({"missed_at_most": 0.1, "label": "urgent"}, "bars of labels, or missed_at_most"),
    ],
)
def test_a_model_that_learns_is_refused_behind_a_promise_that_nobody_trains_it_for(
    terms: dict[str, Any], named: str
) -> None:
    with pytest.raises(InvalidTask, match=f"not with {named}: leave that out, or name a model that is trained"):
        classify("route", Team, "Which?", models="learning:route", accept=promise(**terms))
    classify("route", Team, "Which?", models="learning:route", accept=promise(wrong_at_most=0.1, once_per="order"))
