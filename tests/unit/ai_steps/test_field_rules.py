from typing import Any

import pytest
from pydantic import BaseModel

from handrail import Says, ScriptedModel, each_field, extract
from handrail_ai_steps.errors import InvalidTask
from handrail_guards.acceptance import Doubt
from handrail_guards.confidence import Confidence
from handrail_guards.errors import InvalidGuard
from handrail_guards.outcome import Accepted, Doubtful, Judgement, Outcome
from tests.unit.ai_steps.teams import route


class Receipt(BaseModel):
    company: str
    total: float


async def read(fields: dict[str, float], **wanted: float) -> Outcome[Receipt]:
    model = ScriptedModel([Says(Receipt(company="A", total=1.0), fields=fields)])
    return await extract("read", Receipt, "Read.", models=model, accept=each_field(at_least=0.8, fields=wanted))("x")


async def test_every_field_must_be_sure_enough() -> None:
    good = await read({"company": 0.9, "total": 0.8})
    bad = await read({"company": 0.9, "total": 0.7})

    assert isinstance(good, Accepted)
    assert isinstance(bad, Doubtful)
    assert (bad.code, bad.reason) == ("low_confidence", "total: confidence 0.70 < 0.8")


async def test_field_can_have_a_rule_of_its_own() -> None:
    outcome = await read({"company": 0.9, "total": 0.9}, total=0.99)

    assert isinstance(outcome, Doubtful)
    assert outcome.reason == "total: confidence 0.90 < 0.99"


async def test_missing_field_confidence_is_never_accepted() -> None:
    nothing = await read({})
    one = await read({"company": 0.9}, total=0.9)

    assert isinstance(nothing, Doubtful)
    assert nothing.code == "no_confidence"
    assert isinstance(one, Doubtful)
    assert one.reason.startswith("total: no confidence")


def test_star_stands_for_every_line() -> None:
    rule = each_field(at_least=0.1, fields={"lines.*.price": 0.9})

    assert rule._rule("lines.3.price").at_least == 0.9  # noqa: SLF001
    assert rule._rule("lines.3.name").at_least == 0.1  # noqa: SLF001


class OfConfidence:
    """A rule as older versions took it."""

    def doubt(self, confidence: Confidence) -> None:
        """Accept whatever has a confidence."""
        assert confidence.value is not None


class OfJudgement:
    """The other kind that there was."""

    def doubt_of(self, judgement: Judgement) -> None:
        """Accept everything."""


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (OfConfidence(), r"def doubt\(self, judgement, \*, final\)"),
        (OfJudgement(), r"accept is"),
        (0.8, r"confidence\(at_"),
    ],
)
def test_what_cannot_be_asked_for_a_doubt_is_refused_when_the_step_is_built(rule: Any, said: str) -> None:
    with pytest.raises(InvalidTask, match=said):
        route(ScriptedModel(["cards"]), accept=rule)


def test_threshold_outside_zero_to_one_is_refused() -> None:
    with pytest.raises(InvalidGuard, match="0 to 1"):
        each_field(at_least=0.8, fields={"total": 1.1})


async def test_rule_may_look_at_the_whole_judgement() -> None:
    class Stale:
        def doubt(self, judgement: Judgement, *, final: bool) -> Doubt | None:
            assert final  # no guard of this step costs money
            return Doubt("stale_acceptance", f"calibrated for another prompt than {judgement.prompt_version}")

    step = route(ScriptedModel(["cards"]), accept=Stale())

    outcome = await step("x")

    assert isinstance(outcome, Doubtful)
    assert (outcome.code, outcome.suggestion) == ("stale_acceptance", "cards")
    assert step.version in outcome.reason
