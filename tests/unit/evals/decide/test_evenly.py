"""Answers that a promise asked for unevenly: what sets a threshold by hand is an even sample of them."""

import random
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handrail import Auditing, Client, ScriptedModel, classify
from handrail.calibration import Promise, calibrate, read_labels
from handrail.guards import Confidence, Judgement, promise
from handrail.testing import ScriptedReviewers
from handrail_evals.decide.calibrate.labels import Audit
from handrail_evals.decide.corrections.evenly import EvenSample, evenly
from handrail_guards.outcome import PromisedBy
from handrail_orchestrator.store.promises import MovePromise, NewRule, PromiseNote
from tests.unit.evals.decide.corrections_flows import Team, Ticket, played, routing, says


def asked(share: float, score: float = 0.9) -> Judgement:
    by = PromisedBy(promise=1, rule=1, subject="judge", score=score, share=share)
    return Judgement(confidence=Confidence(score, "stated"), promised=by)


@pytest.mark.dear
def test_every_kind_of_case_is_in_the_sample_equally_often() -> None:
    even, chance = EvenSample(), random.Random(1)
    kept = {0.03: 0, 0.1: 0, 1.0: 0}
    for number in range(30_000):
        share = (0.03, 0.1, 1.0)[number % 3]
        if even.takes(f"case {number}", asked(share)) and chance.random() < share:
            kept[share] += 1
    # of 10,000 of each kind 1 in 64 is kept: 156, give or take 12
    assert all(110 < count < 205 for count in kept.values()), kept


@pytest.mark.dear
def test_audits_drawn_besides_are_reckoned_with() -> None:
    even, chance = EvenSample(Auditing(0.2)), random.Random(2)
    kept = {0.1: 0, 1.0: 0}
    for number in range(20_000):
        share = (0.1, 1.0)[number % 2]
        drawn = chance.random() < share or chance.random() < 0.2
        kept[share] += even.takes(f"case {number}", asked(share)) and drawn
    # the promise alone at a sixteenth, and a fifth of the rest: a quarter of 10,000
    assert all(2_350 < count < 2_650 for count in kept.values()), kept


def test_what_was_asked_of_everybody_is_kept_whole_and_later_answers_as_the_share_falls() -> None:
    even = EvenSample()
    assert all(even.takes(f"early {number}", asked(1.0)) for number in range(1_000))
    assert even.takes("the first that was not asked of everybody", asked(0.6))
    late = sum(even.takes(f"late {number}", asked(1.0)) for number in range(1_000))
    assert 430 < late < 570


def test_answers_to_a_new_model_are_kept_whole_however_few_were_asked_of_the_one_before() -> None:
    even = EvenSample()
    even.takes("before", asked(0.02))
    new = replace(asked(1.0), model="new")
    assert all(even.takes(f"new {number}", new) for number in range(300))


def test_a_file_is_evened_at_the_least_of_its_shares() -> None:
    cases = [(f"sure {number}", 0.25) for number in range(400)] + [(f"unsure {number}", 1.0) for number in range(400)]
    kept = evenly(cases)
    assert sum(each.startswith("sure") for each in kept) == 400
    assert 70 < sum(each.startswith("unsure") for each in kept) < 130
    assert evenly([("a", 1.0), ("b", 1.0)]) == {"a", "b"}


@pytest.mark.slow
async def test_a_threshold_set_on_a_promises_answers_holds_where_the_surest_are_the_worst(tmp_path: Path) -> None:
    """A third of all is surest and wrong in three of ten, and hardly asked about; the others are right, and asked."""
    accept = promise(wrong_at_most=0.2, sure=0.9)
    route = classify("route", Team, "Which team?", models=ScriptedModel(says, name="stub"), accept=accept)
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    reviewers = ScriptedReviewers(lambda item: item.context.split()[2], name="ann")
    inputs: dict[str, Any] = {}
    for number in range(450):
        is_sure = number % 3 == 0
        right = "billing" if is_sure and number % 10 < 3 else "bugs"
        inputs[f"T-{number}"] = Ticket(text=f"bugs {0.99 if is_sure else 0.6} {right} {number}")
    flow = routing(route)
    async with played(flow, {"T-first": Ticket(text="bugs 0.6 bugs first")}, reviewers, store=store):
        pass
    with sqlite3.connect(tmp_path / "runs.db") as fixing:
        fixing.execute("UPDATE promise_streams SET secret = 'the same draws each time'")
    async with Client(store) as client:
        (row,) = client.promise_store.promises()
        rule = NewRule(0.9, 0.1, 1.0, None, 0, 0, 0, "as of old")
        why = [PromiseNote("rule", "as of old")]
        assert await client.change_promises(
            MovePromise(row.id, row.version, client.now(), "test", 0, None, rule, notes=why)
        )
    async with played(flow, inputs, reviewers, store=store) as rehearsal:
        labels = read_labels(rehearsal, step=route)
    terms = Promise(target=0.05, delta=0.1)
    given = [each.judged for each in labels.decided]
    as_given = [Audit(each.judgement.confidence.value or 0, each.right, each.case) for each in given]
    assert calibrate(as_given, promise=terms).threshold == 0.6  # where a tenth is wrong
    assert labels.left_out.evened > 150
    assert "a promise asked for such answers more often" in str(labels.left_out)
    sure = [each for each in labels.audits if each.score > 0.9]
    assert len(sure) / len(labels.audits) == pytest.approx(1 / 3, abs=0.15)
    assert calibrate(labels.audits, promise=terms).threshold is None
    assert len(labels.decided) > 300  # all of them may train
