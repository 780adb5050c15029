"""What ``handrail eval calibrate`` reaches: the whole way of the command from judged cases to a rule."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from guarantee_bench.case import Predicted
from guarantee_bench.predictions import ModelName
from handrail_evals.decide.calibrate.labels import JudgedCase, audits_of
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.calibrate.sequence import AcceptedTally
from handrail_evals.decide.step_calibration import CalibrationSettings, JudgedCases, set_threshold
from handrail_guards.guarantee import GuaranteedThreshold, score_of

DAY = date(2026, 11, 28)
WAYS: Mapping[str, CalibrationSettings] = {"command": CalibrationSettings()}
"""As the command comes."""
CHOOSING: Mapping[str, CalibrationSettings] = {**WAYS, "a fifth apart": CalibrationSettings(development=0.2)}
"""Beside a fifth that chooses between confidence and margin: hundreds of calibrations for each repetition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Tickets as one model answers them."""

    data: str
    first: ModelName
    """Whose answers they are."""
    cases: Sequence[Predicted]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way at one target and number of labels, over all repetitions."""

    name: str
    data: str
    first: ModelName
    """Whose answers they are."""
    target: float
    """Promised risk, 0 to 1."""
    labels: int
    share: float
    """Mean coverage as a share of the largest that truly meets the target with the confidence."""
    broken: float
    """Share of the repetitions whose threshold truly breaks the promise."""


def ways(
    known: Population,
    promise: Promise,
    labels: int,
    *,
    repetitions: int,
    seed: int,
    tried: Mapping[str, CalibrationSettings],
) -> Iterator[Way]:
    """Give each way, all on the same draws."""
    data, first, cases = known.data, known.first, known.cases
    world = [each.judged() for each in cases]
    oracle = _oracle(world, promise.target)
    chance = random.Random(f"{seed} {data} {first} {promise.target} {labels}")
    draws = [chance.choices(world, k=labels) for _ in range(repetitions)]
    for name, settings in tried.items():
        covered, broken = 0.0, 0
        for drawn in draws:
            named = tuple(replace(each, case=f"label {number}") for number, each in enumerate(drawn))
            rule = set_threshold(JudgedCases(cases=named, refused={}), promise, day=DAY, settings=settings).rule
            risk, coverage = _truth(world, rule)
            covered += coverage
            broken += risk > promise.target
        yield Way(
            name=name,
            data=data,
            first=first,
            target=promise.target,
            labels=labels,
            share=covered / repetitions / oracle,
            broken=broken / repetitions,
        )


def _truth(world: Sequence[JudgedCase], rule: GuaranteedThreshold) -> tuple[float, float]:
    """Return the true risk and coverage of a rule."""
    if rule.threshold is None:
        return 0.0, 0.0
    accepted = wrong = 0
    for each in world:
        score = score_of(each.judgement, rule.score)
        if score is not None and score >= rule.threshold:
            accepted += 1
            wrong += not each.right
    return wrong / max(1, accepted), accepted / len(world)


def _oracle(world: Sequence[JudgedCase], target: float) -> float:
    """Return the largest coverage of any threshold on the confidence whose true risk meets the target."""
    tally = AcceptedTally.of(audits_of(world, "confidence"))
    for threshold in dict.fromkeys(tally.scores):
        counts = tally.at_least(threshold)
        if counts.errors <= target * counts.accepted:
            return counts.accepted / tally.labels
    return 0.0
