"""All parts of a promise together are broken no more often than allowed, with all thresholds of each bad by a hair."""

import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from handrail.guards import PromiseTerms, promise
from handrail_evals.decide.keeping.ladder import ladder_of

pytestmark = pytest.mark.slow

BENCHMARKS = Path(__file__).parents[4] / "benchmarks"
BAR, HAIR, CASES = 0.2, 1.01, 1_200
TEAMS = ("refund", "urgent", "other")


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def bad(make: Callable[[float, str, bool], Any]) -> list[Any]:
    """Return cases by falling score: of the surest of each sort, however many, more is wrong than the bar allows."""
    counts = dict.fromkeys(TEAMS, 0)
    found = []
    for place in range(CASES):
        team = TEAMS[place % 3]
        counts[team] += 1
        is_bad = math.ceil(counts[team] * HAIR * BAR) > math.ceil((counts[team] - 1) * HAIR * BAR)
        found.append(make(1 - (place + 0.5) / CASES, team, is_bad))
    return found


def labelled(score: float, team: str, is_bad: bool) -> Any:  # noqa: FBT001 -- a function of its own
    from promise_bench.parts import PartCase  # noqa: PLC0415 -- found from here on

    if not is_bad:
        return PartCase(score, team, team)
    if team == "urgent":
        return PartCase(1.0, "other", team)  # missed at every threshold
    return PartCase(score, team, "refund" if team == "other" else "other")


def grouped(score: float, team: str, is_bad: bool) -> Any:  # noqa: FBT001 -- as above
    from promise_bench.parts import PartCase  # noqa: PLC0415 -- as above

    return PartCase(score, "other", "refund" if is_bad else "other", group=team)


@pytest.mark.parametrize(
    ("terms", "make"),
    [
        (promise(wrong_at_most={"refund": BAR, "other": BAR}, missed_at_most=BAR, label="urgent", sure=0.8), labelled),
        (promise(wrong_at_most=BAR, missed_at_most=BAR, label="urgent", sure=0.8), labelled),
        (promise(wrong_at_most=BAR, sure=0.8, by="tier"), grouped),
    ],
)
def test_no_part_is_broken_more_often_than_delta(terms: PromiseTerms, make: Any) -> None:
    from promise_bench.parts import play_parts  # noqa: PLC0415 -- as above

    cases, broken = bad(make), dict.fromkeys(("all", *TEAMS), 0)
    for seed in range(25):
        mixed = [*cases]
        random.Random(seed).shuffle(mixed)
        played = play_parts(terms, mixed, 350, seed=seed)
        broken["all"] += bool(played.broken)
        for team in TEAMS:
            broken[team] += any(each.endswith(team) for each in played.broken)
    # a true chance of a fifth breaks more than 12 of 25 once in 2,500 runs; each group has a promise of its own
    assert (max(broken[team] for team in TEAMS) if terms.by else broken["all"]) <= 12


def test_costs_stop_where_one_more_case_costs_more_than_its_review() -> None:
    """The upper half is nearly always right and the lower one wrong in three of ten: the mean of both meets the bar."""
    from promise_bench.parts import PartCase, play_parts  # noqa: PLC0415 -- as above

    chance = random.Random(1)
    scores = [chance.random() for _ in range(CASES)]
    cases = [PartCase(each, "a", "b" if chance.random() < (0.01 if each > 0.5 else 0.3) else "a") for each in scores]
    stopped = play_parts(promise(cost_of_wrong=5, cost_of_review=1, sure=0.8), cases, 2_000, seed=1)
    assert play_parts(promise(wrong_at_most=0.2, sure=0.8), cases, 2_000, seed=1).coverage > 0.9
    assert 0.4 < stopped.coverage < 0.6


def test_streams_are_asked_about_as_the_product_asks() -> None:
    """The surest less often than those just above the threshold, and all of a band just below it."""
    from promise_bench.parts import KeptPart, PartCase  # noqa: PLC0415 -- as above

    chance, (part,) = random.Random(1), promise(wrong_at_most=0.2, sure=0.8).parts()
    ladder = ladder_of([chance.random() for _ in range(100)], fewest=100)
    kept = KeptPart.begun(part, "", ladder)
    for number in range(1, 2_001):
        score = chance.random()
        share = kept.rule.share(score)
        case = PartCase(score, "a", "b" if chance.random() < (0.01 if score > 0.5 else 0.6) else "a")
        kept.decided(case, score, number, share=share, drawn=chance.random() < share)
        if number % 10 == 0:
            kept.looked_at(number)
    rule = kept.rule
    assert rule.threshold is not None
    assert rule.band_from is not None
    assert rule.share(1.0) < rule.share(rule.threshold) < rule.share(rule.band_from) == 1.0
    assert rule.share(0.0) == rule.accepted_share  # the others see what the model says
