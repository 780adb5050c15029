"""Which share of what a promise accepts people are asked about, by its score: more towards the threshold.

An answer tells most where most is wrong. Of all ways to spread so many answers over the accepted cases, the one whose
weighted count of errors varies the least asks in proportion to the root of the risk (Neyman, 1934). The risk is taken
from the answers so far: in neighbouring parts of the accepted cases that are of one size, drawn towards a line that
rises to the threshold while errors are few, and never falling. A share is a function of the past and of the score
alone, so that the theorem of the keeper holds with it as it stands, however wrong the risks are.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from handrail_guards.promise_grades import NO_GRADES, Grades, ShareGrade
from handrail_guards.promise_part import Answers

PARTS = 6
"""Grades at most: so many parts of equal size."""
RATIO = 3.0
"""The largest share is at most so many times the least: a bet is bounded by that, and a wrong guess costs little."""
PRIOR_ERRORS = 3.0
"""The line that rises to the threshold weighs as much as so many errors."""

ASKED: Mapping[Answers, float] = {"usual": 1.0, "few": 0.5}
"""Of the effort: what whoever promises wants spent on answers."""
STEADY, STEADY_OF_JOINT = 200.0, 150.0
"""So many answers whatever the target, for each time that the cases grow by the factor e."""
EFFORT_TIMES, FALLS_FASTER = 1.6, 1.5
JOINT_TIMES, JOINT_FALLS = 1.88, 1.3
"""In place of those where less is asked as risks rise fast behind the threshold."""
BEHIND = 0.1
"""Of the cases: so many behind the threshold say how fast the risk rises there; all of them are asked blind."""
PRIOR_TARGETS = 5.0
"""The risk behind the threshold before any answer, in targets: of one case."""
WORTH_IT = 0.13
"""Coverage over how many targets the risk behind the threshold is above the target: all that is asked is worth it."""


def even_share(effort: float, cases: int, answers: Answers, *, joint: bool) -> float:
    """Return the share of all that is asked where early answers are no dearer than late ones, after so many cases.

    Args:
        effort: over the target; with 20 / target it lies between the best of those measured at 2% and 5%.
        cases: how many there were.
        answers: what whoever promises wants spent.
        joint: whether segments are believed jointly.
    """
    return ASKED[answers] * (effort + (STEADY_OF_JOINT if joint else STEADY)) / max(1, cases)


def front_loaded(even: float) -> float:
    """Return the share of all that is asked where an even one would be ``even``: more early, when answers are dearest.

    It is whole 1.6 times as long, and falls with the power of 1.5.
    """
    return float((EFFORT_TIMES * even) ** FALLS_FASTER)


def joint_share(even: float, worth: float) -> float:
    """Return that share where answers are worth so much of the usual: whole 1.88 times as long, falling slower.

    Where no more is asked than is worth it, late answers let as many more cases be accepted as early ones.
    """
    return float((JOINT_TIMES * worth * even) ** JOINT_FALLS)


def worth_asking(covered: float, cases: float, wrong: float, target: float) -> float:
    """Return how much of the usual answers are worth asking for: 1, or less where few more cases can be had for them.

    A threshold goes on to where the risk of all that is accepted meets the target. The faster the risk of single cases
    rises behind it, and the less is accepted, the sooner that is, and the fewer cases each answer buys.

    Args:
        covered: the share of the cases that is accepted.
        cases: how many there were just behind the threshold.
        wrong: how many of those were wrong, as their weighted answers have it.
        target: the share of wrong values that is promised at most.
    """
    above = (wrong / target + PRIOR_TARGETS) / (cases + 1) - 1
    return 1.0 if above <= 0 else min(1.0, (covered / above / WORTH_IT) ** 2)


def worth_behind(in_force: int, seen: Any, loss: Any, cases: int, target: float) -> float:
    """Return what answers are worth by the cases just behind the threshold in force, from counts at each threshold."""
    end = min(int(seen.searchsorted(seen[in_force] + BEHIND * max(1, cases))), len(seen) - 1)
    behind, wrong = (float(each[end] - each[in_force]) for each in (seen, loss))
    return worth_asking(float(seen[in_force]) / max(1, cases), behind, wrong, target)


def graded_shares(
    thresholds: Sequence[float], seen: Sequence[float], lost: Sequence[float], share: float, target: float
) -> Grades:
    """Return grades whose mean over the accepted cases is a share; none where all of them are asked.

    Args:
        thresholds: from the strictest that was tried down to the one in force, falling.
        seen: how many cases were at or above each.
        lost: how many of those were wrong, as their weighted answers have it.
        share: what is asked of all accepted cases together, above 0 and up to 1.
        target: the share of wrong values that is promised at most.
    """
    if share >= 1.0 or not thresholds or seen[-1] <= 0:
        return NO_GRADES
    ends = _ends(seen)
    cases = [seen[end] - (seen[before] if before >= 0 else 0.0) for before, end in zip([-1, *ends], ends, strict=False)]
    wrong = [lost[end] - (lost[before] if before >= 0 else 0.0) for before, end in zip([-1, *ends], ends, strict=False)]
    roots = [risk**0.5 for risk in _risks(cases, wrong, target)]
    least = max(roots) / RATIO
    shares = _on_average(share, [max(root, least) for root in roots], cases)
    return tuple(ShareGrade(thresholds[end], each) for end, each in zip(ends, shares, strict=True))


def _ends(seen: Sequence[float]) -> list[int]:
    """Return the last place of each part: parts of equal size, as far as places allow it."""
    found: list[int] = []
    for part in range(1, PARTS + 1):
        end = next(place for place, count in enumerate(seen) if count >= seen[-1] * part / PARTS - 1e-9)
        if seen[end] > (seen[found[-1]] if found else 0.0):
            found.append(end)
    return [*found[:-1], len(seen) - 1]


def _risks(cases: Sequence[float], wrong: Sequence[float], target: float) -> list[float]:
    """Return the risk of each part, which does not fall from part to part."""
    mean = max(sum(wrong) / sum(cases), target / 4)
    weight = PRIOR_ERRORS / mean / len(cases)  # of the line, in cases of each part
    pooled: list[tuple[float, float, int]] = []
    for place, (count, errors) in enumerate(zip(cases, wrong, strict=True)):
        line = mean * (2 * place + 1) / len(cases)
        pooled.append((errors + weight * line, count + weight, 1))
        while len(pooled) > 1 and pooled[-2][0] * pooled[-1][1] > pooled[-1][0] * pooled[-2][1]:
            last, before = pooled.pop(), pooled.pop()
            pooled.append((before[0] + last[0], before[1] + last[1], before[2] + last[2]))
    return [errors / count for errors, count, parts in pooled for _ in range(parts)]


def _on_average(share: float, wanted: Sequence[float], cases: Sequence[float]) -> list[float]:
    """Return shares in proportion to what is wanted, each at most 1, that are a share on average."""
    total, scale = sum(cases), 0.0
    capped = [False] * len(wanted)
    while True:
        free = sum(want * count for want, count, full in zip(wanted, cases, capped, strict=True) if not full)
        left = share * total - sum(count for count, full in zip(cases, capped, strict=True) if full)
        scale = left / free
        over = [full or want * scale > 1.0 for want, full in zip(wanted, capped, strict=True)]
        if over == capped:
            return [1.0 if full else want * scale for want, full in zip(wanted, capped, strict=True)]
        capped = over
