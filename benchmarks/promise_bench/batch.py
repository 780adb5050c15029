"""The same labels for everybody: how much of a pool is accepted that nobody looked at, and how often wrongly so."""

import json
import math
import random
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from guarantee_bench.methods import fixed, guaranteed, naive
from handrail_evals.decide.calibrate.labels import Scored
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.keeping.draws import DrawnCase
from handrail_evals.decide.keeping.keeper import KeeperSettings, PromiseKeeper
from handrail_evals.decide.keeping.ladder import KeeperLadder, LadderSegment, ladder_of
from promise_bench.traffic import Traffic

DELTA = 0.05
POOL = 5_000
LABELLED = 0.9
"""The share of the cases that labels are spent on, the surest of them."""
FLOOR = 0.3
"""The coverage of the strictest threshold tried with few labels: as much as a floor of labels lets."""
LABELS = (300, 1_000)
FURTHER = 0.1
"""How much further labels are spent for each time that they are as many as the floor."""
PEERS = ("bargain", "jevapi", "jev-eval")
SIDE = Path(__file__).with_name("peer_side.py")


@dataclass(frozen=True, slots=True)
class Taken:
    """What a side made of a pool."""

    unseen: float
    """The share of the pool that it accepts and nobody looked at, 0 to 1."""
    is_broken: bool
    """Whether more of what it accepts is wrong than promised, where a threshold says what: truly."""


def compared(
    traffic: Traffic, target: float, labels: int, *, pools: int, seed: int, peers: Path | None
) -> dict[str, list[Taken]]:
    """Return what each side makes of the same pools with so many labels."""
    found: dict[str, list[Taken]] = {}
    tasks: list[dict[str, Any]] = []
    promise = Promise(target=target, delta=DELTA)
    for number in range(pools):
        chance = random.Random(f"{seed}/{number}")
        pool = chance.choices(traffic.cases, k=POOL)
        looked = chance.sample(range(POOL), labels)
        drawn = [Scored(*pool[place]) for place in looked]
        sides = {"ours": _ours(traffic, pool, promise, labels), "kept": _kept(traffic, pool, target, labels)}
        thresholds = {
            "by hand": fixed(drawn, traffic.unlabelled, promise),
            "naive": naive(drawn, traffic.unlabelled, promise),
            "calibrated": guaranteed(drawn, traffic.unlabelled, promise),
        }
        sides |= {name: _taken(traffic, pool, set(looked), each, target) for name, each in thresholds.items()}
        for name, each in sides.items():
            found.setdefault(name, []).append(each)
        scores, right = [score for score, _ in pool], [right for _, right in pool]
        tasks.append({"scores": scores, "right": right, "looked": looked, "target": target, "seed": number})
    if peers is not None:
        for task, answer in zip(tasks, _asked(peers, tasks), strict=True):
            pool = list(zip(task["scores"], task["right"], strict=True))
            for name in ("jevapi", "jev-eval"):
                found.setdefault(name, []).append(_taken(traffic, pool, set(task["looked"]), answer[name], target))
            accepted = [pool[place][1] for place in answer["bargain"]["accepted"]]
            broken = bool(accepted) and accepted.count(False) > target * len(accepted)
            unseen = set(answer["bargain"]["accepted"]) - set(answer["bargain"]["looked"])
            found.setdefault("bargain", []).append(Taken(len(unseen) / POOL, broken))
    return found


def _taken(
    traffic: Traffic, pool: Sequence[tuple[float, bool]], looked: set[int], threshold: float | None, target: float
) -> Taken:
    if threshold is None:
        return Taken(0.0, is_broken=False)
    unseen = sum(score >= threshold and place not in looked for place, (score, _) in enumerate(pool))
    return Taken(unseen / POOL, traffic.truth(threshold)[1] > target)


def _ours(traffic: Traffic, pool: Sequence[tuple[float, bool]], promise: Promise, labels: int) -> Taken:
    """Calibrate on labels of the surest nine tenths, as nothing further down will be accepted.

    A pool is labelled once: exact tests tell more then than bets that may be read after every label.
    """
    falling = sorted(traffic.unlabelled, reverse=True)
    loosest = falling[math.ceil(LABELLED * len(falling)) - 1]
    looked = [place for place, (score, _) in enumerate(pool) if score >= loosest][:labels]
    tried = [score for score in falling if score >= loosest]
    threshold = guaranteed([Scored(*pool[place]) for place in looked], tried, promise)
    return _taken(traffic, pool, set(looked), threshold, promise.target)


def _kept(traffic: Traffic, pool: Sequence[tuple[float, bool]], target: float, labels: int) -> Taken:
    """Read the pool as a stream, with labels at and above the loosest threshold that they may come to."""
    ladder = _down_to(ladder_of(traffic.unlabelled, starts=(FLOOR,), parts=(1.0,)), _spent_down_to(target, labels))
    keeper, looked = PromiseKeeper(ladder, KeeperSettings(target=target)), set[int]()
    for place, (score, right) in enumerate(pool):
        if len(looked) == labels:
            break
        if score >= ladder.thresholds[-1]:
            looked.add(place)
            keeper.read([
                DrawnCase(
                    number=place, score=score, share=1.0, drawn=True, in_force=-1, accepted_share=1.0,
                    below_share=1.0, verdict="right" if right else "wrong",
                )
            ])  # fmt: skip
    return _taken(traffic, pool, looked, keeper.threshold, target)


def _spent_down_to(target: float, labels: int) -> float:
    """Return the coverage down to which labels are spent: the more there are, the further."""
    floor = math.log(DELTA) / math.log1p(-target)
    return min(1.0, FLOOR + FURTHER * max(0.0, labels / floor - 1))


def _down_to(ladder: KeeperLadder, coverage: float) -> KeeperLadder:
    count = max(1, round(len(ladder.thresholds) * (coverage - FLOOR) / (1 - FLOOR)))
    return KeeperLadder(ladder.thresholds[:count], ladder.wrong[:count], (LadderSegment(0, count, 1.0),))


def _asked(python: Path, tasks: Sequence[Any]) -> list[Any]:
    done = subprocess.run([python, SIDE], input=json.dumps(tasks), capture_output=True, text=True, check=True)
    answers: list[Any] = json.loads(done.stdout)
    return answers


def summary(taken: Sequence[Taken]) -> tuple[float, int]:
    """Return the mean share accepted unseen, and how often the promise was broken."""
    return fmean(each.unseen for each in taken), sum(each.is_broken for each in taken)
