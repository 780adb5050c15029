"""Grades: how large a share of what a promise accepts people are asked about blind, by the confidence of the case.

Little is wrong among the surest cases, and an answer there says little. So fewer of them are asked about, and more
towards the threshold. Each answer then stands for as many cases as its share says: whoever counts answers weighs them.
"""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from handrail_guards.errors import InvalidGuard
from handrail_guards.numbers import is_finite, is_share


class ShareGrade(NamedTuple):
    """Cases with neighbouring confidences, of which the same share is asked about blind."""

    down_to: float
    """The least confidence; the grade before it, or the greatest confidence, is the other end."""
    share: float
    """Above 0 and up to 1."""


Grades = tuple[ShareGrade, ...]
"""From the surest cases to the threshold, with shares that rise; empty: the same share of all."""
NO_GRADES: Grades = ()


def checked_grades(grades: Sequence[ShareGrade], threshold: float | None) -> Grades:
    """Return grades that lead to a threshold.

    Raises:
        InvalidGuard: a number cannot be, the confidences do not fall to the threshold, or the shares do not rise.
    """
    for each in grades:
        if not is_finite(each.down_to) or not is_share(each.share) or each.share <= 0:
            raise InvalidGuard(f"the grade {tuple(each)!r} of a promise's rule is none: give a confidence and a share")
    if grades and grades[-1].down_to != threshold:
        raise InvalidGuard(f"the grades of a promise's rule end at its threshold {threshold!r}, not elsewhere")
    if any(loose.down_to >= strict.down_to or loose.share < strict.share for strict, loose in pairwise(grades)):
        raise InvalidGuard("from grade to grade of a promise's rule confidences fall, and shares rise or stay")
    return tuple(grades)


def share_at(grades: Sequence[ShareGrade], score: float) -> float | None:
    """Return the share of the grade that a confidence is of; None: it is of none."""
    return next((each.share for each in grades if score >= each.down_to), None)


def grades_as_text(grades: Sequence[ShareGrade]) -> str | None:
    """Return grades as a store keeps them; None: there are none."""
    return json.dumps([[*each] for each in grades]) if grades else None


def grades_of_text(text: str | None) -> Grades:
    """Return grades from how a store keeps them.

    Raises:
        InvalidGuard: the text is none of this release.
    """
    if text is None:
        return NO_GRADES
    try:
        return tuple(ShareGrade(float(down_to), float(share)) for down_to, share in json.loads(text))
    except (TypeError, ValueError) as error:
        raise InvalidGuard(f"these are no grades of a promise's rule: {text!r}") from error
