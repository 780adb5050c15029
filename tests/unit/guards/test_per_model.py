"""Several models in one step: each answers to its own promise, and together they keep the joint one."""

import dataclasses
import random
from datetime import date
from typing import Any, Literal

import pytest
from scipy import stats

from handrail import Accepted, Doubtful, Says, ScriptedModel, classify
from handrail.guards import Confidence, InvalidGuard, Judgement, Never
from handrail_evals.decide.calibrate.acceptance_file import Subject, guarantee
from handrail_evals.decide.calibrate.calibration import calibrate
from handrail_evals.decide.calibrate.labels import Audit
from handrail_evals.decide.calibrate.promise import Promise
from handrail_guards.guarantee import GuaranteedThreshold
from handrail_guards.per_model import PerModel

SMALL, LARGE = "local:route@3fa9c1d2", "openai:gpt-5-mini"
DAY = date(2026, 1, 31)
JOINT = Promise(0.05)


def rule(model: str, threshold: float, **changes: Any) -> GuaranteedThreshold:
    set_at = GuaranteedThreshold(
        step="route",
        prompt_version="v1",
        model=model,
        confidence_source="local",
        score="confidence",
        threshold=threshold,
        target=0.02,
        delta=0.025,
        labels=1000,
        accepted=800,
        errors=7,
        bound=0.016,
        expected_coverage=0.8,
        data_hash="00",
        date="2026-01-31",
    )
    return dataclasses.replace(set_at, **changes)


def judged(model: str, sure: float) -> Judgement:
    return Judgement(confidence=Confidence(sure, "local"), task="route", model=model, prompt_version="v1")


def cascade() -> PerModel:
    first = rule(SMALL, 0.9)
    return PerModel((first, rule(LARGE, 0.6, after=(first.mark,), target=0.03)))


@pytest.mark.parametrize(("model", "sure", "accepted"), [(SMALL, 0.95, True), (SMALL, 0.7, False), (LARGE, 0.7, True)])
def test_each_answer_is_held_to_the_threshold_of_its_own_model(model: str, sure: float, accepted: bool) -> None:  # noqa: FBT001
    assert (cascade().doubt(judged(model, sure)) is None) == accepted
    assert (cascade().doubt(judged(model, sure), final=False) is None) == accepted


@pytest.mark.parametrize("model", ["local:route@90ab12cd", ""])
def test_an_answer_of_another_model_is_stale(model: str) -> None:
    for doubt in (cascade().doubt(judged(model, 1.0)), cascade().doubt(judged(model, 1.0), final=False)):
        assert doubt is not None
        assert doubt.code == "stale_acceptance"
        assert f"set for the answers of {SMALL}, {LARGE}, this one is of {model or 'no model'}" in doubt.reason


def test_a_later_rule_is_stale_behind_another_rule_than_the_one_it_was_set_behind() -> None:
    first, second = cascade().rules
    recalibrated = PerModel((dataclasses.replace(first, threshold=0.8), second))

    doubt = recalibrated.doubt(judged(LARGE, 1.0))

    assert recalibrated.doubt(judged(SMALL, 1.0)) is None
    assert doubt is not None
    assert doubt.code == "stale_acceptance"
    assert f"cases that the rules {first.mark} had in doubt" in doubt.reason


def test_a_rule_set_on_all_cases_says_nothing_of_those_that_another_had_in_doubt() -> None:
    doubt = PerModel((rule(SMALL, 0.9), rule(LARGE, 0.6))).doubt(judged(LARGE, 1.0))

    assert doubt is not None
    assert "cases that no other rule had in doubt, this one was by the rules" in doubt.reason


def test_a_rule_set_behind_another_is_stale_alone() -> None:
    doubt = cascade().rules[1].doubt(judged(LARGE, 1.0))

    assert doubt is not None
    assert doubt.code == "stale_acceptance"


def test_the_joint_promise_is_the_worst_target_with_all_deltas() -> None:
    assert cascade().target == 0.03
    assert cascade().delta == pytest.approx(0.05)


def test_a_mark_changes_with_any_field() -> None:
    set_at = rule(SMALL, 0.9)
    changed = [
        dataclasses.replace(set_at, **change) for change in ({"threshold": 0.91}, {"model": LARGE}, {"errors": 6})
    ]

    assert len({set_at.mark, *(each.mark for each in changed)}) == 4
    assert rule(SMALL, 0.9).mark == set_at.mark


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ((), "without rules accepts nothing"),
        ((rule(SMALL, 0.9), rule(SMALL, 0.8)), f"2 rules for {SMALL}"),
        ((rule(SMALL, 0.9), rule(LARGE, 0.8, step="urgency")), "different steps or prompts"),
        ((rule(SMALL, 0.9), rule(LARGE, 0.8, prompt_version="v2")), "different steps or prompts"),
    ],
)
def test_rules_that_do_not_belong_together_are_refused(rules: tuple[GuaranteedThreshold, ...], said: str) -> None:
    with pytest.raises(InvalidGuard, match=said):
        PerModel(rules)


async def test_a_step_asks_the_next_model_and_accepts_it_by_its_own_rule() -> None:
    small = ScriptedModel(lambda _: Says("cards", Confidence(0.7, "local")), name=SMALL)
    large = ScriptedModel(lambda _: Says("loans", Confidence(0.8, "local")), name=LARGE)
    team = Literal["cards", "loans"]
    version = classify("route", team, "Which team?", models=[small, large], accept=Never()).version
    first = rule(SMALL, 0.9, prompt_version=version)
    second = rule(LARGE, 0.75, prompt_version=version, after=(first.mark,))

    step = classify("route", team, "Which team?", models=[small, large], accept=PerModel((first, second)))
    alone = classify("route", team, "Which team?", models=[small, large], accept=first)

    accepted, doubtful = await step("about my card"), await alone("about my card")
    assert isinstance(accepted, Accepted)
    assert (accepted.value, accepted.judgement.model) == ("loans", LARGE)
    assert isinstance(doubtful, Doubtful)
    assert "this one is of openai:gpt-5-mini" in doubtful.reason


@pytest.mark.slow
def test_the_joint_promise_is_broken_in_at_most_one_of_twenty_repetitions() -> None:
    """The second model meets what the first had in doubt, which is harder for it too: a case's difficulty is shared."""
    chance = random.Random(5)
    world = [_case(chance) for _ in range(10_000)]
    repetitions, broken, covered = 100, 0, 0.0
    for _ in range(repetitions):
        rules = _calibrated(world, chance)
        assert rules.delta == pytest.approx(JOINT.delta)
        accepted = [right for case in world if (right := _accepted(rules, case)) is not None]
        broken += accepted.count(False) > rules.target * len(accepted)
        covered += len(accepted) / len(world)

    assert broken <= stats.binom.ppf(0.98, repetitions, JOINT.delta)
    assert covered / repetitions > 0.3


def _accepted(rules: PerModel, case: dict[str, tuple[float, bool]]) -> bool | None:
    """Return whether the first answer that is sure enough is right, or None when neither is."""
    for set_at in rules.rules:
        sure, right = case[set_at.model]
        if set_at.threshold is not None and sure >= set_at.threshold:
            return right
    return None


def _case(chance: random.Random) -> dict[str, tuple[float, bool]]:
    """Return what each model says about one case, and whether it is right."""
    ease = chance.random()
    said = {}
    for model, skill in ((SMALL, 0.25), (LARGE, 0.45)):
        sure = min(1.0, max(0.0, ease + chance.gauss(0, 0.1)))
        said[model] = (sure, chance.random() < min(1.0, 0.6 + skill * ease + 0.2 * sure))
    return said


def _calibrated(world: list[dict[str, tuple[float, bool]]], chance: random.Random) -> PerModel:
    """Set the first rule on draws of all cases, and the second on other draws, of those the first has in doubt."""
    share = JOINT.split(2)
    rules: tuple[GuaranteedThreshold, ...] = ()
    reached = world
    for model in (SMALL, LARGE):
        drawn = [each[model] for each in chance.choices(reached, k=1000)]
        found = calibrate(
            [Audit(*each) for each in drawn],
            traffic=[each[model][0] for each in chance.choices(reached, k=500)],
            promise=share,
        )
        subject = Subject(
            step="route", prompt_version="v1", model=model, confidence_source="local", score="confidence", after=rules
        )
        rules = (*rules, guarantee(found, subject, day=DAY))
        threshold = rules[-1].threshold
        reached = [each for each in reached if threshold is None or each[model][0] < threshold]
    return PerModel(rules)
