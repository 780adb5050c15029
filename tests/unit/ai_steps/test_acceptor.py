"""A step whose threshold is on an acceptor's score asks a paid guard only where its verdict could matter."""

from typing import Any, Literal, TypeAlias

import pytest

from handrail import Says, ScriptedModel, classify
from handrail.ai_steps import AIStep, ModelRequest
from handrail.guards import Acceptor, Confidence, GuaranteedThreshold, Never
from handrail_ai_steps.asked_guards import agreement
from handrail_guards.acceptor import Term

Team: TypeAlias = Literal["cards", "loans"]

ACCEPTOR = Acceptor(
    intercept=0.0,
    terms=(
        Term(feature="log_odds", mean=0, scale=1, weight=1),
        Term(feature="passed:agreement", mean=0, scale=1, weight=2),
    ),
    fitted_on=(),
)


@pytest.mark.parametrize(
    ("sure", "said", "outcome", "asked"),
    [(0.9, "cards", "accepted", 1), (0.9, "loans", "doubtful", 1), (0.5, "cards", "doubtful", 0)],
)
async def test_a_paid_guard_is_asked_only_where_its_verdict_could_matter(
    sure: float, said: Team, outcome: str, asked: int
) -> None:
    requests: list[ModelRequest] = []

    def second(request: ModelRequest) -> Says:
        requests.append(request)
        return Says("cards", Confidence(0.9, "local"))

    def step(rule: Any) -> AIStep[Team]:
        first = ScriptedModel(lambda _: Says(said, Confidence(sure, "local")), name="first")
        agreeing = agreement(ScriptedModel(second, name="second"), on_fail="observe")
        return classify("route", Team, "Which?", models=[first], accept=rule, guards=[agreeing])

    rule = GuaranteedThreshold(
        step="route",
        prompt_version=step(Never()).version,
        model="first",
        confidence_source="local",
        score="acceptor",
        threshold=0.95,
        target=0.02,
        delta=0.05,
        labels=10,
        accepted=5,
        errors=0,
        bound=0.1,
        expected_coverage=0.5,
        data_hash="",
        date="2026-01-01",
        acceptor=ACCEPTOR,
    )

    assert (await step(rule)("x")).kind == outcome
    assert len(requests) == asked
