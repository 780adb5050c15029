"""The keeper held against the exact curve on audits alone: neither looser than a test can be, nor far blunter."""

import math
from itertools import count

import pytest

from handrail_evals.decide.keeping.draws import DrawnCase
from handrail_evals.decide.keeping.keeper import KeeperSettings, PromiseKeeper
from handrail_evals.decide.keeping.ladder import KeeperLadder, LadderSegment

DELTA = 0.05


def exact_curve(target: float, most: int) -> list[int]:
    """Return after how many audits a threshold may be believed with 0, 1, 2 ... wrong ones, read at every audit.

    Of streams whose true risk is the target, the distribution of errors of those that have not crossed is kept: the
    next place is the first whose chance to be crossed still fits under the spending function.
    """
    floor = math.ceil(math.log(DELTA) / math.log1p(-target))
    places: list[int] = []
    alive, spent, at = [1.0], 0.0, 0  # the chance of so many errors, not crossed yet
    for errors in range(most):
        place = max(at + 1, floor)
        while (more := _drawn(alive, place - at, target, errors)[errors]) + spent > DELTA * (
            1 - math.sqrt(floor / place)
        ):
            place += 1
        spent += more
        alive = _drawn(alive, place - at, target, most)
        alive[errors] = 0.0
        places.append(place)
        at = place
    return places


def _drawn(alive: list[float], labels: int, target: float, most: int) -> list[float]:
    """Return the distribution of errors after so many labels more, up to ``most`` errors."""
    new = [math.comb(labels, k) * target**k * (1 - target) ** (labels - k) for k in range(min(labels, most) + 1)]
    return [
        sum(alive[k] * new[total - k] for k in range(min(total, len(alive) - 1) + 1) if total - k < len(new))
        for total in range(most + 1)
    ]


def fewest_at_once(target: float, errors: int) -> int:
    """Return the labels that a single look takes, so many of them wrong: who may look often needs no fewer."""
    for labels in count(errors + 1):
        tail = sum(math.comb(labels, k) * target**k * (1 - target) ** (labels - k) for k in range(errors + 1))
        if tail <= DELTA:
            return labels
    raise AssertionError


def believed_after(target: float, errors: int) -> int:
    """Return after how many blind answers the keeper believes a threshold, the wrong ones first."""
    ladder = KeeperLadder((0.5,), (1.0,), (LadderSegment(0, 1, 1.0),))
    keeper = PromiseKeeper(ladder, KeeperSettings(target=target, delta=DELTA))
    for number in count():
        case = DrawnCase(
            number=number, score=0.9, share=1.0, drawn=True, in_force=-1, accepted_share=1.0, below_share=1.0,
            verdict="wrong" if number < errors else "right",
        )  # fmt: skip
        keeper.read([case])
        if keeper.threshold is not None:
            return keeper.answers
    raise AssertionError


@pytest.mark.parametrize(("target", "places"), [(0.02, [230, 326, 421, 511]), (0.05, [91, 129, 166, 202, 237])])
def test_the_exact_curve_crosses_where_dynamic_programming_says(target: float, places: list[int]) -> None:
    assert exact_curve(target, len(places)) == places


@pytest.mark.dear
@pytest.mark.parametrize("target", [0.02, 0.05])
def test_a_keeper_believes_no_sooner_than_a_single_look_and_not_much_later_than_the_curve(target: float) -> None:
    curve = exact_curve(target, 4)
    for errors, place in enumerate(curve):
        assert fewest_at_once(target, errors) <= believed_after(target, errors) <= 1.6 * place
