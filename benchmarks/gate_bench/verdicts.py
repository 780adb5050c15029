"""How often the gate says WORSE without reason, passes what it should stop, and cannot tell."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from bench.figure import Figure, at_least, at_most
from gate_bench.population import DISCORDANCE, Draw, clustered, independent, repeated, similarity
from gate_bench.rate import rate
from handrail_evals.decide.gate import Standing, Terms, judge, judge_all
from handrail_evals.numbers.statistics.power import cases_needed

TERMS = Terms(margin=0.02)
PASSES = (Standing.NOT_WORSE, Standing.BETTER)


def count(draw: Draw, standings: Sequence[Standing], repetitions: int, seed: str) -> int:
    """Return how often the gate came to one of the standings."""
    chance = random.Random(seed)
    return sum(judge(draw(chance), TERMS).standing in standings for _ in range(repetitions))


def single_cases(repetitions: int) -> list[Figure]:
    """Simulate cases on their own: base 90%, discordance 6%, margin 2 points."""
    part = f"cases on their own: base 90%, discordance {DISCORDANCE:.0%}, margin 2 points"
    plan = (
        ("no drop, n = 1000: called WORSE", independent(1000), (Standing.WORSE,), at_most(5)),
        ("5 points worse, n = 1000: called WORSE", independent(1000, drop=0.05), (Standing.WORSE,), at_least(95)),
        ("2 points worse, n = 1000: let pass", independent(1000, drop=0.02), PASSES, at_most(5)),
        ("no drop, n = 50: called WORSE", independent(50), (Standing.WORSE,), at_most(5)),
        ("2 points worse, n = 200: let pass", independent(200, drop=0.02), PASSES, at_most(5)),
        ("no drop, 300 cases, 3 repeats each: called WORSE", repeated(300, 3), (Standing.WORSE,), at_most(5)),
        ("no drop, 60 text similarities: called WORSE", similarity(60), (Standing.WORSE,), at_most(5)),
    )
    return [
        rate(part, name, count(draw, standings, repetitions, name), repetitions, bar=bar)
        for name, draw, standings, bar in plan
    ]


SHAPES: dict[str, Callable[[random.Random], Sequence[int]]] = {
    "100 documents of 1 to 20 cases": lambda chance: [chance.randint(1, 20) for _ in range(100)],
    "50 documents of 20 cases": lambda _: [20] * 50,
    "12 documents of 80 cases": lambda _: [80] * 12,
    "one document of 200 cases, 200 of 1 to 4": lambda chance: [200, *(chance.randint(1, 4) for _ in range(200))],
    "60 documents, sizes long-tailed": lambda chance: [min(150, int(chance.paretovariate(1.1))) for _ in range(60)],
}


def clusters(repetitions: int) -> list[Figure]:
    """Simulate documents with several cases each that change together."""
    part = "clusters: a document's cases change together; without a drop unless said"
    figures = []
    for shape, sizes in SHAPES.items():
        for together in (0.3, 1.0):
            draw = clustered(sizes, together=together)
            name = f"{shape}, {together:.0%} together: called WORSE"
            chance = random.Random(name)
            alarms, unaware = 0, 0
            for _ in range(repetitions):
                pairs = draw(chance)
                alarms += judge(pairs, TERMS).standing is Standing.WORSE
                alone = [replace(pair, cluster=None) for pair in pairs]
                unaware += judge(alone, TERMS).standing is Standing.WORSE
            note = f"{100.0 * unaware / repetitions:.1f} % when clusters are not known"
            figures.append(rate(part, name, alarms, repetitions, bar=at_most(6), note=note))
    documents = SHAPES["50 documents of 20 cases"]
    passed = "50 documents of 20 cases, 2 points worse: let pass"
    hits = count(clustered(documents, together=0.5, drop=0.02), PASSES, repetitions, passed)
    figures.append(rate(part, passed, hits, repetitions, bar=at_most(6)))
    seen = "50 documents of 20 cases, 5 points worse: called WORSE"
    hits = count(clustered(documents, together=0.5, drop=0.05), (Standing.WORSE,), repetitions, seen)
    figures.append(rate(part, seen, hits, repetitions, note="what clusters cost"))
    return figures


def many_metrics(repetitions: int) -> list[Figure]:
    """Simulate ten gated metrics without a drop in any: is one of them called WORSE?"""
    draw = independent(300)
    chance = random.Random("ten metrics")
    terms = {str(metric): TERMS for metric in range(10)}
    alarms, unaware = 0, 0
    for _ in range(repetitions):
        judged = judge_all({metric: draw(chance) for metric in terms}, terms)
        alarms += any(judgement.standing is Standing.WORSE for judgement in judged.values())
        unaware += any(judgement.difference.high < 0.0 for judgement in judged.values())
    note = f"{100.0 * unaware / repetitions:.1f} % without Holm's correction"
    name = "no drop, n = 300: any of 10 called WORSE"
    return [rate("ten gated metrics", name, alarms, repetitions, bar=at_most(5), note=note)]


def planning(repetitions: int) -> list[Figure]:
    """Simulate the number of cases that the gate asks for: does it suffice?"""
    part = "cases needed, meant for 80% of equally good candidates"
    needed = cases_needed(0.02, discordance=DISCORDANCE)
    planned = count(independent(needed), PASSES, repetitions, "planned")
    chance = random.Random("asked for")
    told, settled = 0, 0
    for _ in range(repetitions):
        first = independent(400)(chance)
        further = judge(first, TERMS).further_cases
        if further is not None:
            told += 1
            more = [replace(pair, name=f"more {pair.name}") for pair in independent(further)(chance)]
            settled += judge(first + more, TERMS).standing in PASSES
    return [
        rate(part, f"no drop, n = {needed} as planned: NOT WORSE", planned, repetitions, bar=at_least(78)),
        rate(
            part,
            "can't tell at n = 400, then with the cases asked for: NOT WORSE",
            settled,
            max(1, told),
            note=f"{told} of {repetitions} could not be told at first; their start was unlucky",
        ),
    ]
