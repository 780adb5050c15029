"""``handrail eval route``: what each order of some models costs, covers and risks, and which keep the promise."""

import json
import random
import re
from pathlib import Path

import pytest

from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.routing.answers import ModelAnswers, RoutedAnswer, SameCases
from handrail_evals.decide.routing.orders import OrderOutcome, orders_of, ranked
from tests.unit.evals.show.cli.commands import handrail

ROUTED = """
import random
from typing import Literal
from handrail import Case, Says, ScriptedModel, Suite, classify, confidence, exact

Team = Literal["a", "b"]
CASES = [Case(f"c{n}", f"t{n}", "a" if n % 2 else "b") for n in range(400)]

def model(name, money, right):
    def answer(request):
        chance = random.Random(name + request.text)
        sure = chance.random()
        truth = "a" if int(request.text[1:]) % 2 else "b"
        wrong = "b" if truth == "a" else "a"
        return Says(truth if sure > right else wrong, sure, money=money)
    return ScriptedModel(answer, name=name)

def suite(name, money, right, cases=CASES):
    step = classify("team", Team, "Which?", models=model(name, money, right), accept=confidence(at_least=0.5))
    return Suite("teams", step, cases=cases, scorers=[exact()])

def small(): return suite("small", 0.001, 0.5)
def large(): return suite("large", 0.1, 0.1)
def other(): return suite("other", 0.1, 0.1, [Case(f"o{n}", f"t{n}", "a") for n in range(400)])
def hopeless(): return suite("hopeless", 0.1, 1.0)
"""


@pytest.fixture(autouse=True)
def _results() -> None:
    Path("routed.py").write_text(ROUTED, encoding="utf-8")
    for name in ("small", "large"):
        handrail("run", f"routed.py:{name}", "--out", f"{name}.jsonl")


@pytest.mark.dear
def test_cheap_model_first_costs_less_and_covers_as_much() -> None:
    told = json.loads(handrail("route", "small.jsonl", "large.jsonl", "--target", "0.05", "--json").stdout)

    assert (told["cases"], len(told["orders"])) == (400, 4)
    by_order = {tuple(each["models"]): each for each in told["orders"]}
    cheap_first, dear_first = by_order["small", "large"], by_order["large", "small"]
    assert min(cheap_first["coverage"], dear_first["coverage"]) > by_order["small",]["coverage"]
    assert cheap_first["money"] < dear_first["money"]
    assert cheap_first["asked"][0] == 1.0 > cheap_first["asked"][1]
    assert by_order["small",]["money"] == pytest.approx(0.001)
    for each in by_order.values():
        assert each["risk_at_most"] <= 0.05
        assert each["coverage"] == each["accepted"] / 400

    page = handrail("route", "small.jsonl", "large.jsonl", "--target", "0.05").stdout
    assert "for all 4 orders together" in page
    assert re.search(r"^models=\['[^\]]+\], accept=confidence\(at_least=0\.\d+\)$", page, re.MULTILINE)


@pytest.mark.dear
def test_what_a_person_costs_decides_what_is_best() -> None:
    def best(review: str) -> list[str]:
        call = ("route", "small.jsonl", "large.jsonl", "--target", "0.05", "--json", "--review-money", review)
        data = json.loads(handrail(*call).stdout)["orders"][0]
        assert data["total"] == pytest.approx(data["money"] + (1 - data["coverage"]) * float(review))
        return list(data["models"])

    assert best("0.0001") == ["small"]
    assert best("50") != ["small"]


@pytest.mark.dear
def test_no_order_that_keeps_the_promise_ends_with_3() -> None:
    told = handrail("route", "small.jsonl", "large.jsonl", "--target", "0.0001", code=3)

    assert "no order keeps the promise; one needs at least" in told.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("others", "said"),
    [
        (("other.jsonl",), "0 of 400 cases are in all results"),
        ((), "1 results: give 2 to 4"),
        (("small.jsonl",), "two results are of 'small'"),
        (("large.jsonl", "--target", "0"), "target is 0.0"),
        (("large.jsonl", "--review-money", "nan"), "review_money is nan"),
    ],
)
def test_what_cannot_be_set_side_by_side_is_refused(others: tuple[str, ...], said: str) -> None:
    handrail("run", "routed.py:other", "--out", "other.jsonl")

    told = handrail("route", "small.jsonl", *others, code=2)

    assert said in told.stderr


def given(cases: int, seed: int, *, clusters: bool = False) -> SameCases:
    """Return three models that are surer where they are right."""
    chance = random.Random(seed)

    def answer() -> RoutedAnswer:
        sure = round(chance.random(), 2)
        right = chance.random() < 0.7 + 0.3 * sure
        return RoutedAnswer(None if chance.random() < 0.05 else sure, right, chance.choice([0.1, 0.2]), 1.0)

    models = [ModelAnswers(name, tuple(answer() for _ in range(cases))) for name in ("x", "y", "z")]
    shared = tuple(f"k{chance.randrange(cases // 3)}" if clusters else None for _ in range(cases))
    return SameCases(tuple(models), shared)


def by_hand(found: SameCases, outcome: OrderOutcome) -> tuple[int, int, float]:
    """Return what is accepted at the outcome's threshold, what of it is wrong, and the money, case by case."""
    accepted, errors, money = 0, 0, 0.0
    models = {each.name: each for each in found.models}
    for case in range(found.size):
        for name in outcome.models:
            answer = models[name].answers[case]
            money += answer.money or 0
            if (
                outcome.threshold is not None
                and answer.confidence is not None
                and answer.confidence >= outcome.threshold
            ):
                accepted += 1
                errors += not answer.right
                break
    return accepted, errors, money / found.size


@pytest.mark.dear
@pytest.mark.parametrize("clusters", [False, True])
def test_outcome_is_what_a_step_with_that_order_would_have_come_to(clusters: bool) -> None:  # noqa: FBT001 -- a parameter
    found = given(600, 3, clusters=clusters)

    outcomes = orders_of(found, Promise(0.25))

    assert len(outcomes) == 15
    assert any(each.threshold is not None for each in outcomes)
    for each in outcomes:
        accepted, errors, money = by_hand(found, each)
        assert (accepted, errors) == (each.accepted, each.errors)
        assert each.money == pytest.approx(money)
    best = ranked(outcomes)[0]
    assert best.coverage == max(each.coverage for each in outcomes)


@pytest.mark.slow
def test_promise_is_kept_by_the_best_of_all_orders() -> None:
    """Whose risk is above the target in truth is chosen in at most 5% of the draws, although the best is looked for."""
    target, broken, draws = 0.1, 0, 25
    for seed in range(draws):
        found = given(400, seed)
        best = ranked(orders_of(found, Promise(target)))[0]
        if best.threshold is None:
            continue
        fresh = given(2000, 10_000 + seed)
        accepted, errors, _ = by_hand(fresh, best)
        broken += errors > target * accepted
    assert broken <= 3


@pytest.mark.dear
def test_money_that_nobody_knows_stays_unknown() -> None:
    priced = given(200, 1)
    unpriced = tuple(RoutedAnswer(each.confidence, each.right, None, 1.0) for each in priced.models[1].answers)
    found = SameCases((priced.models[0], ModelAnswers("y", unpriced)), priced.clusters)

    outcomes = {each.models: each for each in orders_of(found, Promise(0.3))}

    assert outcomes["x",].money is not None
    assert outcomes["y", "x"].money is None
    assert outcomes["y", "x"].total(1.0) is None
    assert ranked(tuple(outcomes.values()), review_money=1.0)[-1].money is None
