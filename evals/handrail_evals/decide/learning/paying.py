"""When training again is expected to pay: what a better model would spare people, against what it costs to try it."""

import math
from dataclasses import dataclass

from handrail_evals.decide.keeping.state import SHADOW_SHARE

FEWEST = 60
"""Labels that a first version takes, however few options there are."""
FEWEST_OPTIONS = 2
"""There is nothing to learn where all answers are the same."""
AN_OPTION = 12
"""Labels that a first version takes for each option that people have answered with.

With four, a model of 151 options (CLINC150) was right in 68% of new cases and kept 5% on the surest 17% of them, which
is too little to show; with eight in 78%, and on 55%. The first version has the largest part of delta: it is worth
waiting for."""
AN_OPTION_EMBEDDED = 10
"""The same where the model has a view of vectors learned elsewhere, by which it knows words that no answer held: with
eight (CLINC150, ``+wordllama``) it was right in 83% of new cases and kept 5% on the surest 66 to 71%."""
GROWTH = 1.5
"""So many times the labels of the last version must be there: less is not seen in what it accepts, and each version has
a smaller part of delta than the one before."""
FIRST_THRESHOLD = 0.25
"""Of the cases: so much is accepted at the first threshold of a ladder."""
FAIR = 3.5
"""While nothing is accepted a version is tried on so many times the cases that the first threshold takes at the least:
with a quarter of the errors that are allowed it takes some twice as many, and that is a mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonsLearned:
    """What there is to learn from, and what was learned."""

    labels: int
    """Answers of people that may teach."""
    options: int
    """Different ones among them."""
    taught: int
    """Labels that the newest version learned from; 0: there is none."""
    cases: int
    """Cases of the step so far."""
    to_people: float
    """The share of the cases that people decide now, 0 to 1."""
    target: float
    """What is promised."""
    delta: float
    """What the next version would have of delta."""
    is_embedded: bool = False
    """Whether it would have a view of vectors learned elsewhere."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Whether training again is expected to pay, and why."""

    pays: bool
    why: str
    """One sentence for people."""


def expected(lessons: LessonsLearned) -> Expected:
    """Return whether training again is expected to pay.

    As many cases are expected to come as have come. A model's errors fall about as one over the root of its labels, and
    what people decide with them; what it costs are the accepted cases that are asked blind while it is in shadow.
    """
    if not lessons.taught:
        needed = max(FEWEST, (AN_OPTION_EMBEDDED if lessons.is_embedded else AN_OPTION) * lessons.options)
        if lessons.options < FEWEST_OPTIONS:
            return Expected(pays=False, why=f"{lessons.labels:,} answers, all of them the same")
        found = f"{lessons.labels:,} answers of {lessons.options:,} kinds; a first version takes {needed:,}"
        return Expected(pays=lessons.labels >= needed, why=found)
    if lessons.labels < GROWTH * lessons.taught:
        found = f"{lessons.labels:,} answers, and the last version learned from {lessons.taught:,}"
        return Expected(pays=False, why=found)
    spared = lessons.cases * lessons.to_people * (1 - math.sqrt(lessons.taught / lessons.labels))
    asked = SHADOW_SHARE * (1 - lessons.to_people) * shadow_cases(lessons.target, lessons.delta)
    found = (
        f"{lessons.labels:,} answers, {lessons.taught:,} at the last training: of as many cases as there were it should"
        f" spare people {spared:,.0f}, and asking while it is in shadow costs {asked:,.0f}"
    )
    return Expected(pays=spared > asked, why=found)


def shadow_cases(target: float, delta: float) -> float:
    """Return how many cases it takes at least until a version in shadow may have a threshold."""
    return _flawless_labels(target, delta) / (FIRST_THRESHOLD * SHADOW_SHARE)


def fair_trial(target: float, delta: float) -> int:
    """Return how many cases a version is tried on at least while nothing is accepted, so that all of them are labelled.

    Labels come fast then: one that was given up whenever half as many again had come would never carry a threshold, nor
    would the next one, each with a smaller part of delta.
    """
    return math.ceil(FAIR * _flawless_labels(target, delta) / FIRST_THRESHOLD)


def _flawless_labels(target: float, delta: float) -> float:
    return math.log(2 / delta) / -math.log1p(-target)
