"""What an acceptor adds: the same draws under the confidence, the margin and an acceptor, on cases it never saw."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from guarantee_bench.methods import guaranteed
from guarantee_bench.predictions import ModelName, Tickets
from guarantee_bench.trial import Cell, World
from handrail_evals.decide.calibrate.choice import choose_score, development_scores, fit_acceptor
from handrail_evals.decide.calibrate.labels import Audit, JudgedCase, Scored, audits_of
from handrail_evals.decide.calibrate.promise import Promise
from handrail_guards.guarantee import ScoreName

FITTED_ON = 1000
"""Labelled development cases that fit an acceptor, and choose the score."""
FITS = 9
"""Draws of them, three from each third; the repetitions are spread over these."""
LABELS = (300, 1000, 3000)
CHOSEN_FOR = 1000
"""Labels that the score is chosen for; with more or fewer the best is the same or as good."""
THIRDS = tuple(slice(start, None, 3) for start in range(3))
"""One third of the tickets is development data, each in its turn; the rest is the world that labels are drawn from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """One score at one target and number of labels, over all repetitions."""

    data: str
    first: ModelName
    """Whose answers they are; the other model observes."""
    score: str
    """``chosen`` is the one that ``choose_score`` took on the development cases, fit by fit."""
    target: float
    """Promised risk, 0 to 1."""
    labels: int
    oracle: float
    """Largest coverage that truly meets the target, 0 to 1, as the mean over the fits."""
    coverage: float
    """Mean coverage, 0 to 1."""
    broken: float
    """Share of the repetitions whose threshold truly breaks the promise."""


def gains(tickets: Tickets, first: ModelName, promise: Promise, *, repetitions: int, seed: int) -> Iterator[Gain]:
    """Give the scores at each number of labels, all on the same draws."""
    thirds = [[each.judged() for each in tickets.population(first, part=part)] for part in THIRDS]
    found: dict[tuple[str, int], list[Cell]] = {}
    for fit in range(FITS):
        development, *rest = thirds[fit % 3 :] + thirds[: fit % 3]
        world = [each for third in rest for each in third]
        learned = random.Random(f"{seed} {tickets.data} {fit}").sample(development, FITTED_ON)
        chosen = choose_score(development_scores(learned), promise=promise, labels=CHOSEN_FOR).score
        under = {name: World(tickets.data, cases) for name, cases in _scored(world, learned).items()}
        for labels in LABELS:
            cells = {
                name: each.cells(
                    promise,
                    labels,
                    repetitions=max(1, repetitions // FITS),
                    seed=seed + fit,
                    methods={"guaranteed": guaranteed},
                )[0]
                for name, each in under.items()
            }
            for score, cell in (*cells.items(), ("chosen", cells[chosen])):
                found.setdefault((score, labels), []).append(cell)
    for (score, labels), cells_of_fits in found.items():
        yield _gain(tickets.data, first, score, labels, cells_of_fits)


def _scored(world: Sequence[JudgedCase], learned: Sequence[JudgedCase]) -> Mapping[ScoreName, Sequence[Scored]]:
    """Return the world under each score; ``audits_of`` refuses it if the acceptor saw any of it."""
    acceptor = fit_acceptor(learned)
    audits: dict[ScoreName, list[Audit]] = {
        "confidence": audits_of(world, "confidence"),
        "margin": audits_of(world, "margin"),
        "acceptor": audits_of(world, "acceptor", acceptor),
    }
    return {score: [Scored(each.score, each.right) for each in found] for score, found in audits.items()}


def _gain(data: str, first: ModelName, score: str, labels: int, cells: Sequence[Cell]) -> Gain:
    return Gain(
        data=data,
        first=first,
        score=score,
        target=cells[0].target,
        labels=labels,
        oracle=fmean(each.oracle for each in cells),
        coverage=fmean(each.coverage for each in cells),
        broken=fmean(each.broken for each in cells),
    )
