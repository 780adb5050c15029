"""The whole circle of ``benchmarks/circle.py`` on generated requests: answers teach or calibrate, and never both."""

import asyncio
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from string import ascii_lowercase
from xml.etree import ElementTree as ET

import pytest

from handrail_ai_steps.models.local import LabelledText
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.corrections.record import Recorded, read_records
from handrail_guards.outcome import DoubtCode
from handrail_orchestrator.testing import Rehearsal

# Last on the path: a benchmark has the name of the package it measures.
sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from circle_bench.circle import Circle
from circle_bench.figure import draw
from circle_bench.others import play_alone, play_naive
from circle_bench.plan import Plan
from circle_bench.played import Story
from circle_bench.summary import arms
from circle_bench.triage import STEP, Deployed, intent_step, triage_with
from circle_bench.world import TooFewRequests, World, draw_world

pytestmark = pytest.mark.slow

PLAN = Plan(taught=10, rounds=3, requests=300, audited=0.5, out_of_scope=0.03, promise=Promise(0.1, 0.1))
SEED = 4
INTENTS, WORDS = 6, 100
"""Words of each intent: the few examples of the first model show it a part of them."""
MIXED = 0.05
"""Share of the texts with a word of another intent too, which nobody can be sure about."""


def generated(chance: random.Random) -> Iterator[LabelledText]:
    """Yield texts of two words that tell the intent, many of them rare, among words that tell nothing."""
    words = [["".join(chance.choices(ascii_lowercase, k=5)) for _ in range(WORDS)] for _ in range(INTENTS + 1)]
    for number in range(2400):
        intent = INTENTS if number % 20 == 0 else number % INTENTS
        other = chance.randrange(INTENTS) if chance.random() < MIXED else intent
        telling = [words[each][int(WORDS * chance.random() ** 1.5)] for each in (intent, other)]
        text = telling + [f"common{chance.randrange(12)}" for _ in range(3)]
        yield LabelledText(" ".join(chance.sample(text, len(text))), None if intent == INTENTS else f"intent {intent}")


@pytest.fixture(scope="module")
def world() -> World:
    return draw_world([*generated(random.Random(SEED))], PLAN, seed=SEED)


@pytest.fixture(scope="module")
def circle(world: World, tmp_path_factory: pytest.TempPathFactory) -> Circle:
    """Return a circle that was played to its end."""
    circle = Circle.begin(world, PLAN, folder=tmp_path_factory.mktemp("circle"), seed=SEED)
    asyncio.run(circle.play())
    return circle


async def codes_of(deployed: Deployed, world: World) -> list[DoubtCode | None]:
    """Return why the requests of the last round are in doubt; None for an accepted one."""
    step = intent_step(deployed, world.intents, audited=0.0)
    triage = triage_with(step)
    async with Rehearsal(workflows=[triage]) as rehearsal:
        await rehearsal.start_many(triage, [(each.id, each.text) for each in world.rounds[-1]])
        await rehearsal.settle()
        records: list[Recorded] = [each for each in read_records(rehearsal, step=STEP) if each is not None]
    return [each.code for each in records]


def test_coverage_rises_while_the_promise_holds(circle: Circle) -> None:
    first, *others = circle.rounds
    assert (first.accepted, first.decisions) == (0, PLAN.requests)
    assert all(later.truth.coverage >= earlier.truth.coverage for earlier, later in pairwise(circle.rounds))
    assert others[-1].coverage > others[0].coverage
    assert others[-1].coverage > 0.5
    assert all(each.truth.risk <= PLAN.promise.target for each in circle.rounds)


def test_no_case_is_both_in_training_and_in_calibration(circle: Circle) -> None:
    for lessons in circle.lessons:
        calibrating = {case.name for case in lessons.audits}
        assert calibrating
        assert not calibrating & lessons.learned
        assert not {case.input for case in lessons.audits} & {each.text for each in lessons.examples}
        unseen = set(lessons.set_aside)
        assert not unseen & {each.text for each in lessons.examples}
        assert not unseen & {case.input for case in lessons.audits}


def test_an_audit_calibrates_once_and_teaches_from_then_on(circle: Circle) -> None:
    for earlier, later in pairwise(circle.lessons):
        calibrated = {case.name for case in earlier.audits}
        assert not calibrated & {case.name for case in later.audits}
        assert calibrated <= later.learned


def test_what_is_promised_of_each_threshold_adds_up_to_the_promise(circle: Circle) -> None:
    rules = [each.rule for each in circle.used if each.rule is not None]
    assert len(rules) == PLAN.calibrations
    assert sum(rule.delta for rule in rules) == pytest.approx(PLAN.promise.delta)
    assert {rule.target for rule in rules} == {PLAN.promise.target}


async def test_a_stale_acceptance_sends_everything_to_people_until_it_is_set_anew(circle: Circle, world: World) -> None:
    before, after = circle.used[-2:]
    assert before.model.full_name != after.model.full_name
    stale = await codes_of(Deployed(model=after.model, rule=before.rule), world)
    assert set(stale) == {"stale_acceptance"}
    assert None in await codes_of(after, world)


def test_without_the_circle_coverage_stays_where_it_was(circle: Circle, world: World) -> None:
    assert circle.alone is not None
    alone = play_alone(world, circle.rounds[0], circle.alone, seed=SEED)
    assert {each.threshold for each in alone.rounds[1:]} == {circle.alone.threshold}
    assert {each.learned for each in alone.rounds} == {len(world.taught)}
    assert alone.rounds[-1].truth.coverage < circle.rounds[-1].truth.coverage


def test_the_naive_arm_learns_from_every_decision_and_audits_nothing(circle: Circle, world: World) -> None:
    begun, plan = replace(world, rounds=world.rounds[:2]), replace(PLAN, rounds=2)
    naive = play_naive(begun, plan, circle.used[0].model, seed=SEED)
    assert naive.rounds[0] == circle.rounds[0]
    assert naive.rounds[1].learned == len(world.taught) + PLAN.requests
    assert {each.audits for each in naive.rounds} == {0}


def test_the_picture_stands_alone_and_says_what_it_shows(circle: Circle, world: World) -> None:
    assert circle.alone is not None
    story = Story("circle", SEED, tuple(circle.rounds), tuple(circle.thresholds))
    alone = play_alone(world, circle.rounds[0], circle.alone, seed=SEED)
    drawn = draw(arms([(story, alone)], PLAN.promise.target), PLAN)
    picture = ET.fromstring(drawn)  # noqa: S314 -- drawn a line above
    assert "http://" not in drawn.replace(picture.tag.partition("}")[0].removeprefix("{"), "")
    assert f"circle accepts {100 * circle.rounds[-1].coverage:.0f}%" in "".join(picture.itertext())


def test_a_plan_that_leaves_nothing_to_tell_the_truth_by_is_refused() -> None:
    with pytest.raises(TooFewRequests, match="900 requests should arrive"):
        draw_world([*generated(random.Random(SEED))][:900], PLAN, seed=SEED)
