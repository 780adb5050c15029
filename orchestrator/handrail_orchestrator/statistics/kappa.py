"""How far people who answered the same questions agree, and how much of that is more than chance."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
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
    units: dict[int, tuple[int, int]] = {}
    said: Counter[tuple[str, str]] = Counter()
    for each in answered:
        if len(each) >= PAIR:
            count, agreeing = units.get(len(each), (0, 0))
            units[len(each)] = count + 1, agreeing + agreeing_pairs(list(each.values()))
            said.update(each.items())
    return agreement_from(units, said)


def agreement_from(units: Mapping[int, tuple[int, int]], said: Mapping[tuple[str, str], int]) -> Agreement | None:
    """Return how far answers agree that were counted; None: no question has two.

    ``units`` are questions by the number of their answers, with the pairs of answers to one that are the same;
    ``said`` is how often a person gave an answer to one of them.
    """
    items = sum(count for count, _ in units.values())
    if not items:
        return None
    people = sorted({person for person, _ in said})
    raw = sum(agreeing / comb(size, PAIR) for size, (_, agreeing) in sorted(units.items())) / items
    totals: Counter[str] = Counter()
    for (_, value), count in said.items():
        totals[value] += count
    if len(people) == PAIR:
        one, other = ({value: count for (who, value), count in said.items() if who == person} for person in people)
        beyond = _kappa(items, sum(agreeing for _, agreeing in units.values()), one, other)
        return Agreement(items=items, people=PAIR, raw=raw, coefficient="kappa", beyond_chance=beyond)
    observed = sum(
        PAIR * (count * comb(size, PAIR) - agreeing) / (size - 1) for size, (count, agreeing) in sorted(units.items())
    )
    beyond = _alpha(totals, observed)
    return Agreement(items=items, people=len(people), raw=raw, coefficient="alpha", beyond_chance=beyond)


def cohen_kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Return Cohen's kappa of two people's answers to the same questions; None where chance alone agrees fully."""
    ones, others = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    return _kappa(len(pairs), sum(one == other for one, other in pairs), ones, others)


def _kappa(total: int, agreed: int, ones: Mapping[str, int], others: Mapping[str, int]) -> float | None:
    # In whole numbers until the end, so that full agreement is 1 and not a hair less.
    by_chance = sum(count * others.get(value, 0) for value, count in ones.items())
    possible = total * total - by_chance
    return (total * agreed - by_chance) / possible if possible else None


def krippendorff_alpha(units: Sequence[Sequence[str]]) -> float | None:
    """Return Krippendorff's alpha for nominal data; None where all answers are the same one.

    Each unit has the answers to one question, whoever gave them; one with a single answer says nothing.
    """
    totals: Counter[str] = Counter()
    observed = 0.0
    for counts in (Counter(each) for each in units if len(each) >= PAIR):
        size = counts.total()
        totals.update(counts)
        observed += (size * size - sum(count * count for count in counts.values())) / (size - 1)
    return _alpha(totals, observed)


def _alpha(totals: Counter[str], observed: float) -> float | None:
    answers = totals.total()
    expected = answers * answers - sum(count * count for count in totals.values())
    return 1.0 - (answers - 1) * observed / expected if expected else None


def agreeing_pairs(answers: Sequence[str]) -> int:
    """Return how many pairs of answers to one question are the same."""
    return sum(one == other for one, other in combinations(answers, PAIR))
