"""From a calibration to the rule that a step follows, through a file."""

import dataclasses
import json
import random
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail import Accepted, Doubtful, Says, ScriptedModel, classify
from handrail.guards import Alternative, Confidence, InvalidGuard, Judgement, Never
from handrail_evals.decide.calibrate.acceptance_file import Subject, guarantee, read_acceptance, write_acceptance
from handrail_evals.decide.calibrate.calibration import calibrate
from handrail_evals.decide.calibrate.labels import Audit
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.errors import UnreadableAcceptance
from handrail_guards.guarantee import GuaranteedThreshold, ScoreName

Team = Literal["cards", "loans"]
TRAFFIC = [rank / 1000 for rank in range(1000)]
DAY = date(2026, 1, 31)
MODEL = "local:route@3fa9c1d2"
SUBJECT = Subject(step="route", prompt_version="v1", model=MODEL, confidence_source="local", score="confidence")


def rule(labels: int = 300, *, score: ScoreName = "confidence") -> GuaranteedThreshold:
    """Return a rule set at about 0.5: below it everything is wrong."""
    chance = random.Random(0)
    scores = [chance.random() for _ in range(labels)]
    found = calibrate([Audit(each, each > 0.5) for each in scores], traffic=TRAFFIC, promise=Promise(0.05))
    return guarantee(found, dataclasses.replace(SUBJECT, score=score), day=DAY)


def judged(confidence: Confidence, **changes: Any) -> Judgement:
    return dataclasses.replace(
        Judgement(confidence=confidence, task="route", model=MODEL, prompt_version="v1"), **changes
    )


def code_of(rule: GuaranteedThreshold, judgement: Judgement) -> str | None:
    doubt = rule.doubt(judgement)
    return doubt.code if doubt else None


def test_a_score_above_the_threshold_is_accepted_and_one_below_is_not() -> None:
    set_at = rule()

    assert set_at.threshold is not None
    assert set_at.threshold == pytest.approx(0.5, abs=0.03)
    assert set_at.doubt(judged(Confidence(set_at.threshold, "local"))) is None
    assert code_of(set_at, judged(Confidence(set_at.threshold - 0.001, "local"))) == "low_confidence"


def test_a_missing_confidence_is_never_accepted() -> None:
    assert code_of(rule(), judged(Confidence.none("no logprobs"))) == "no_confidence"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"prompt_version": "v2"}, "the prompt, schema or examples of step 'route' changed"),
        ({"model": "openai:gpt-5-mini"}, f"set for the answers of {MODEL}, this one is of openai:gpt-5-mini"),
        ({"model": "local:route@90ab12cd"}, f"answers of {MODEL}, this one is of local:route@90ab12cd"),
        ({"task": "urgency"}, "set for step 'route', this is 'urgency'"),
        ({"confidence": Confidence(0.99, "stated")}, "confidences from 'local', this one is from 'stated'"),
    ],
)
def test_what_changed_makes_the_rule_stale_and_it_says_so(changes: dict[str, Any], said: str) -> None:
    doubt = rule().doubt(dataclasses.replace(judged(Confidence(0.99, "local")), **changes))

    assert doubt is not None
    assert doubt.code == "stale_acceptance"
    assert said in doubt.reason
    assert "everything is reviewed" in doubt.reason


def test_without_a_threshold_everything_is_reviewed() -> None:
    too_few = rule(labels=50)

    doubt = too_few.doubt(judged(Confidence(1.0, "local")))

    assert too_few.threshold is None
    assert doubt is not None
    assert (doubt.code, "everything is reviewed" in doubt.reason) == ("rule", True)


def test_a_margin_is_the_distance_to_the_likeliest_other_label() -> None:
    set_at = rule(score="margin")
    others = (Alternative(value="a", confidence=0.05), Alternative(value="b", confidence=0.25))

    assert set_at.doubt(judged(Confidence(0.9, "local"), alternatives=others)) is None
    assert code_of(set_at, judged(Confidence(0.7, "local"), alternatives=others)) == "low_confidence"
    assert code_of(set_at, judged(Confidence(0.9, "local"))) == "no_confidence"


def test_a_file_holds_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "route.acceptance.json"

    write_acceptance(path, rule(labels=50))
    write_acceptance(path, rule())

    assert read_acceptance(path) == rule()
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


async def test_a_step_follows_the_file_until_its_prompt_changes(tmp_path: Path) -> None:
    model = ScriptedModel(lambda _: Says("cards", Confidence(0.9, "local")), name=MODEL)
    path = tmp_path / "route.json"
    calibrated = classify("route", Team, "Which team?", models=[model], accept=Never())
    write_acceptance(path, dataclasses.replace(rule(), prompt_version=calibrated.version))

    same = classify("route", Team, "Which team?", models=[model], accept=read_acceptance(path))
    changed = classify("route", Team, "Which team owns this?", models=[model], accept=read_acceptance(path))

    assert isinstance(await same("my card was stolen"), Accepted)
    doubtful = await changed("my card was stolen")
    assert isinstance(doubtful, Doubtful)
    assert (doubtful.code, doubtful.suggestion) == ("stale_acceptance", "cards")


@given(
    st.builds(
        GuaranteedThreshold,
        step=st.text(),
        prompt_version=st.text(),
        model=st.text(),
        confidence_source=st.sampled_from(["local", "logprob", "none"]),
        score=st.sampled_from(["confidence", "margin"]),
        threshold=st.none() | st.floats(-1, 1),
        target=st.floats(0.001, 0.999),
        delta=st.floats(0.001, 0.999),
        labels=st.integers(200, 10_000),
        accepted=st.integers(100, 200),
        errors=st.integers(0, 100),
        bound=st.floats(0, 1),
        expected_coverage=st.floats(0, 1),
        data_hash=st.text(),
        date=st.dates().map(date.isoformat),
    )
)
def test_text_and_rule_are_the_same(written: GuaranteedThreshold) -> None:
    assert GuaranteedThreshold.from_json(written.to_json()) == written


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("format", "handrail-acceptance/2"),
        ("step", 3),
        ("threshold", "0.5"),
        ("threshold", True),
        ("threshold", float("nan")),
        ("target", 0),
        ("delta", 1),
        ("labels", 2.5),
        ("errors", -1),
        ("accepted", 301),
        ("bound", 1.5),
        ("expected_coverage", None),
        ("confidence_source", "guess"),
        ("score", ["margin"]),
        ("date", "31 January"),
    ],
)
def test_a_damaged_file_is_refused_by_name_and_field(tmp_path: Path, field: str, value: object) -> None:
    path = tmp_path / "route.json"
    path.write_text(json.dumps({**json.loads(rule().to_json()), field: value}))

    with pytest.raises(UnreadableAcceptance, match=rf"route\.json: .*{field}"):
        read_acceptance(path)


@pytest.mark.parametrize("text", [b"", b"[]", b'{"format": "handrail-acceptance/1"}', b"{", b"\xff", b"[" * 100_000])
def test_a_foreign_file_is_refused(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "route.json"
    path.write_bytes(text)

    with pytest.raises(UnreadableAcceptance, match=r"route\.json"):
        read_acceptance(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableAcceptance, match="handrail eval calibrate"):
        read_acceptance(tmp_path / "none.json")


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(InvalidGuard, match="unknown extra"):
        GuaranteedThreshold.from_json(json.dumps({**json.loads(rule().to_json()), "extra": 1}))
