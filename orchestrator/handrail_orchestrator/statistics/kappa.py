"""How far people who answered the same questions agree, and how much of that is more than chance."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, TypeAlias

Coefficient: TypeAlias = Literal["kappa", "alpha"]
"""``kappa``: Cohen's, of the same two people throughout; ``alpha``: Krippendorff's, of any."""

PAIR = 2
"""Answers that a question needs before anybody can agree on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far several people's answers to the same questions agree."""

    items: int
    """Questions that two people or more answered."""
    people: int
    """Who answered them."""
    raw: float
    """Share of the pairs of answers to one question that are the same, 0 to 1; each question counts once."""
    coefficient: Coefficient
    beyond_chance: float | None
    """The coefficient: 1 is full agreement, 0 what chance gives, below it less. None: all answers are the same one,
    so that nobody can tell agreement from habit."""


def agreement_of(answered: Sequence[Mapping[str, str]]) -> Agreement | None:
    """Return how far answers agree; None: no question has two.

    Each question has its answers by person, as texts that are equal where the answers are. Cohen's kappa is of two
    people who answered all of them; with any others it is Krippendorff's alpha for names (nominal data).
    """
    shared = [each for each in answered if len(each) >= PAIR]
    if not shared:
        return None
    people = sorted({person for each in shared for person in each})
    raw = sum(_agreeing(list(each.values())) for each in shared) / len(shared)
    if len(people) == PAIR:
        one, other = people
        beyond = cohen_kappa([(each[one], each[other]) for each in shared])
        return Agreement(items=len(shared), people=PAIR, raw=raw, coefficient="kappa", beyond_chance=beyond)
    beyond = krippendorff_alpha([list(each.values()) for each in shared])
    return Agreement(items=len(shared), people=len(people), raw=raw, coefficient="alpha", beyond_chance=beyond)


def cohen_kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Return Cohen's kappa of two people's answers to the same questions; None where chance alone agrees fully."""
    total = len(pairs)
    if not total:
        return None
    ones, others = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    # In whole numbers until the end, so that full agreement is 1 and not a hair less.
    agreed = total * sum(one == other for one, other in pairs)
    by_chance = sum(count * others[value] for value, count in ones.items())
    possible = total * total - by_chance
    return (agreed - by_chance) / possible if possible else None


def krippendorff_alpha(units: Sequence[Sequence[str]]) -> float | None:
    """Return Krippendorff's alpha for nominal data; None where all answers are the same one.

    Each unit has the answers to one question, whoever gave them; one with a single answer says nothing.
    """
    shared = [Counter(each) for each in units if len(each) >= PAIR]
    totals: Counter[str] = Counter()
    observed = 0.0
    for counts in shared:
        size = counts.total()
        totals.update(counts)
        observed += (size * size - sum(count * count for count in counts.values())) / (size - 1)
    answers = totals.total()
    expected = answers * answers - sum(count * count for count in totals.values())
    return 1.0 - (answers - 1) * observed / expected if expected else None


def _agreeing(answers: Sequence[str]) -> float:
    pairs = list(combinations(answers, 2))
    return sum(one == other for one, other in pairs) / len(pairs)
