"""An accepted value says by which rule it was accepted, and what that rule promises."""

from typing import Any, Literal

import pytest
from pydantic import BaseModel

from handrail import Accepted, Says, ScriptedModel, classify, confidence, draft, each_field, extract
from handrail.calibration import PerModel
from handrail.guards import AcceptedBy, Always, Doubt, GuaranteedThreshold, Judgement

Letter = Literal["a", "b"]
MODEL = ScriptedModel(lambda _: Says("a", 0.9, alternatives={"b": 0.1}))


class Invoice(BaseModel):
    vendor: str
    total: float


def told(step: Any) -> AcceptedBy | None:
    outcome = step.sync("text")
    assert isinstance(outcome, Accepted), outcome
    judgement: Judgement = outcome.judgement
    return judgement.accepted_by


def letter(accept: Any) -> Any:
    return classify("letter", Letter, "Which letter?", models=MODEL, accept=accept)


def promise(step: Any, **settings: Any) -> GuaranteedThreshold:
    fields: dict[str, Any] = {
        "step": "letter",
        "prompt_version": step.version,
        "model": "scripted",
        "confidence_source": "stated",
        "score": "confidence",
        "threshold": 0.8,
        "target": 0.02,
        "delta": 0.05,
        "labels": 480,
        "accepted": 400,
        "errors": 2,
        "bound": 0.0156,
        "expected_coverage": 0.83,
        "data_hash": "0" * 64,
        "date": "2026-01-31",
    }
    return GuaranteedThreshold(**fields | settings)


def test_a_threshold_says_its_number() -> None:
    assert told(letter(confidence(at_least=0.8))) == AcceptedBy(
        rule="confidence at least 0.8", score="confidence", threshold=0.8
    )


def test_a_rule_for_fields_says_all_its_numbers() -> None:
    says = Says(Invoice(vendor="Nordic", total=1.0), 0.99, fields={"vendor": 0.9, "total": 0.999})
    step = extract(
        "invoice",
        Invoice,
        "Read it.",
        models=ScriptedModel(lambda _: says),
        accept=each_field(at_least=0.8, fields={"total": 0.99}),
    )

    assert told(step) == AcceptedBy(rule="every field at least 0.8 (total at least 0.99)")


def test_guards_that_decide_alone_are_said_to() -> None:
    step = draft("reply", str, "Write.", models=ScriptedModel(lambda _: Says("Hello")), accept=Always())

    assert told(step) == AcceptedBy(rule="whatever passes the guards")


@pytest.mark.parametrize("in_cascade", [False, True])
def test_a_guarantee_says_its_promise_and_which_file_it_is_of(*, in_cascade: bool) -> None:
    outcome = letter(confidence(at_least=0.5)).sync("text")
    rule = promise(
        letter(Always()), model=outcome.judgement.model, confidence_source=outcome.judgement.confidence.source
    )

    found = told(letter(PerModel((rule,)) if in_cascade else rule))

    assert found is not None
    assert found.rule == (
        "confidence at least 0.800, set for at most 2% wrong with confidence 95% on 480 labels of 2026-01-31"
    )
    assert (found.score, found.threshold, found.target, found.delta) == ("confidence", 0.8, 0.02, 0.05)
    assert (found.risk, found.labels, found.mark) == (0.0156, 480, rule.mark)


class Mine:
    """A rule of one's own, which does not say what it accepts by."""

    def doubt(self, judgement: Judgement, *, final: bool) -> Doubt | None:
        del judgement, final
        return None


class Failing(Mine):
    """One whose word for the record fails."""

    def accepted_by(self, judgement: Judgement) -> AcceptedBy:
        raise RuntimeError(judgement.task)


class Talking(Mine):
    """One that says what it accepts by."""

    def accepted_by(self, judgement: Judgement) -> AcceptedBy:
        return AcceptedBy(rule=f"{judgement.task} on a Sunday")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Mine(), "the acceptance rule Mine"),
        (Failing(), "the acceptance rule Failing"),
        (Talking(), "letter on a Sunday"),
    ],
)
def test_a_rule_of_ones_own_is_named_or_speaks_for_itself(rule: Any, words: str) -> None:
    assert told(letter(rule)) == AcceptedBy(rule=words)


def test_a_doubtful_value_was_accepted_by_no_rule() -> None:
    outcome = letter(confidence(at_least=0.95)).sync("text")

    assert outcome.judgement.accepted_by is None
