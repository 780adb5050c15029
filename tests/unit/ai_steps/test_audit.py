"""An AI step carries its audit rule; only a run draws."""

from typing import Any, Literal

import pytest

from handrail import Accepted, Auditing, Says, ScriptedModel, classify, confidence, draft, extract
from handrail.ai_steps import AIStep
from handrail_ai_steps.errors import InvalidTask

Team = Literal["billing", "bugs"]
RULE = Auditing(1.0)
MODEL = ScriptedModel(lambda _: Says("bugs", 0.9))


def route(**more: Any) -> AIStep[Team]:
    return classify("route", Team, "Which team?", models=MODEL, accept=confidence(at_least=0.8), **more)


def test_every_kind_of_step_takes_an_audit_rule() -> None:
    some = dict[str, Any](models=MODEL, audit=RULE)
    assert route(audit=RULE).audit is RULE
    assert extract("take", list[int], "Take the numbers.", accept=confidence(at_least=0.8), **some).audit is RULE
    assert draft("reply", str, "Answer.", **some).audit is RULE
    assert route().audit is None


def test_a_step_keeps_its_audit_rule_with_other_models() -> None:
    assert route(audit=RULE).using(ScriptedModel([])).audit is RULE


async def test_a_bare_call_draws_nothing() -> None:
    outcome = await route(audit=RULE)("It crashes.")
    assert isinstance(outcome, Accepted)
    assert not outcome.judgement.drawn


@pytest.mark.parametrize("wrong", [0.05, "5%", Auditing])
def test_what_is_no_audit_rule_is_refused_when_the_step_is_built(wrong: Any) -> None:
    with pytest.raises(InvalidTask, match=r"step 'route': audit is .*; write Auditing\(0.05\)"):
        route(audit=wrong)
