"""Every order of some models, at the loosest threshold that keeps a promise: coverage, risk, money and time.

A step has one threshold for all of its models: the first whose confidence reaches it answers. Thresholds are tried from
strict to loose until the first that the labels do not vouch for, as a calibration does; since the best of several
orders is looked for, each is held to its share of the chance that the promise is broken.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from operator import itemgetter

from handrail_evals.decide.calibrate.promise import Promise, at_most, labels_for, upper_bound
from handrail_evals.decide.calibrate.sequence import AcceptedCounts, Ladder, usual_first_errors
from handrail_evals.decide.routing.answers import ModelAnswers, RoutedAnswer, SameCases
from handrail_evals.errors import InvalidLabels, InvalidSetting


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderOutcome:
    """What an order comes to at a threshold."""

    models: tuple[str, ...]
    """In the order in which they are asked."""
    threshold: float | None
    """Confidence from which on an answer is accepted; None: no threshold keeps the promise."""
    accepted: int
    errors: int
    """How many of the accepted cases are wrong."""
    cases: int
    risk_at_most: float
    """The risk that is exceeded with the chance that the promise allows, 0 to 1."""
    money: float | None
    """Of the models, for a case; None: nobody knows."""
    seconds: float
    """Of the models one after the other, for a case: the mean."""
    asked: tuple[float, ...]
    """The share of the cases that each model is asked."""

    @property
    def coverage(self) -> float:
        """Return the share of the cases that nobody has to look at."""
        return self.accepted / self.cases

    def total(self, review_money: float) -> float | None:
        """Return what a case costs, people included; None: nobody knows."""
        return None if self.money is None else self.money + (1 - self.coverage) * review_money


def orders_of(found: SameCases, promise: Promise) -> tuple[OrderOutcome, ...]:
    """Return what every order of some or all of the models comes to; those with no threshold that holds accept nothing.

    Raises:
        InvalidLabels: there is no case with a confidence.
    """
    orders = [each for count in range(1, len(found.models) + 1) for each in permutations(found.models, count)]
    scores = [answer.confidence for model in found.models for answer in model.answers if answer.confidence is not None]
    if not found.size or not scores:
        raise InvalidLabels("no answer has a confidence, so that no threshold could accept any")
    ladder = Ladder.of(scores)
    shared = promise.split(len(orders))
    return tuple(_at_its_best(order, found, ladder, shared) for order in orders)


def ranked(outcomes: Sequence[OrderOutcome], *, review_money: float | None = None) -> tuple[OrderOutcome, ...]:
    """Return the outcomes, the best first: what costs least with people, or else what leaves least to them.

    Raises:
        InvalidSetting: ``review_money`` is no amount.
    """
    if review_money is not None and not (math.isfinite(review_money) and review_money >= 0):
        raise InvalidSetting(f"review_money is {review_money!r}; give what one decision of a person costs, 0 or more")

    def key(each: OrderOutcome) -> tuple[float, ...]:
        money = math.inf if each.money is None else each.money
        if review_money is None:
            return (-each.coverage, money, len(each.models), each.seconds)
        total = each.total(review_money)
        return (math.inf if total is None else total, -each.coverage, len(each.models), each.seconds)

    return tuple(sorted(outcomes, key=key))


def _at_its_best(order: Sequence[ModelAnswers], found: SameCases, ladder: Ladder, promise: Promise) -> OrderOutcome:
    counts = list(_counts(order, found, [rung.threshold for rung in ladder.rungs]))
    place = _start([each.accepted for each in counts], found, promise)
    best: tuple[float, AcceptedCounts] | None = None
    for rung, each in zip(ladder.rungs[place:], counts[place:], strict=True):
        if at_most(each.errors, each.accepted, promise.target) > promise.delta:
            break
        best = rung.threshold, each
    return _outcome(order, found, promise, best)


def _start(accepted: Sequence[int], found: SameCases, promise: Promise) -> int:
    """Return where the tests begin: by how many cases each threshold accepts, never by which of them are right."""
    labels = len({cluster or number for number, cluster in enumerate(found.clusters)})
    for errors in range(usual_first_errors(labels, promise), -1, -1):
        needed = labels_for(errors, promise.target, promise.delta)
        place = next((place for place, count in enumerate(accepted) if count >= needed), None)
        if place is not None:
            return place
    return len(accepted) - 1


def _settled(
    order: Sequence[ModelAnswers], case: int, threshold: float
) -> tuple[RoutedAnswer | None, Iterator[RoutedAnswer]]:
    """Return the answer that is accepted, and those that were asked for it."""
    asked: list[RoutedAnswer] = []
    for model in order:
        answer = model.answers[case]
        asked.append(answer)
        if answer.confidence is not None and answer.confidence >= threshold:
            return answer, iter(asked)
    return None, iter(asked)


def _counts(order: Sequence[ModelAnswers], found: SameCases, falling: Sequence[float]) -> Iterator[AcceptedCounts]:
    """Give what is accepted at each of some thresholds, from strict to loose.

    Labels of one cluster are one label, wrong with any of them. As the threshold falls a case is answered by a model
    that stands before the one that answered it until then, so that each answer is looked at once.
    """
    reached = sorted(
        (
            (answer.confidence, case, place)
            for place, model in enumerate(order)
            for case, answer in enumerate(model.answers)
            if answer.confidence is not None
        ),
        key=itemgetter(0),
        reverse=True,
    )
    answered_by = [len(order)] * found.size
    members: Counter[str | int] = Counter()
    wrong: Counter[str | int] = Counter()
    labels = errors = at = 0
    for threshold in falling:
        while at < len(reached) and reached[at][0] >= threshold:
            _, case, place = reached[at]
            at += 1
            before = answered_by[case]
            if place > before:
                continue
            answered_by[case] = place
            key = found.clusters[case] or case
            was_wrong = before < len(order) and not order[before].answers[case].right
            if before == len(order):
                members[key] += 1
                labels += members[key] == 1
            errors -= wrong[key] > 0
            wrong[key] += (not order[place].answers[case].right) - was_wrong
            errors += wrong[key] > 0
        yield AcceptedCounts(labels, errors)


def _outcome(
    order: Sequence[ModelAnswers], found: SameCases, promise: Promise, best: tuple[float, AcceptedCounts] | None
) -> OrderOutcome:
    threshold = math.inf if best is None else best[0]
    accepted, errors, seconds = 0, 0, 0.0
    money: float | None = 0.0
    asked = [0] * len(order)
    for case in range(found.size):
        answer, answers = _settled(order, case, threshold)
        accepted += answer is not None
        errors += answer is not None and not answer.right
        for place, each in enumerate(answers):
            asked[place] += 1
            seconds += each.seconds
            money = None if money is None or each.money is None else money + each.money
    size = found.size
    return OrderOutcome(
        models=tuple(each.name for each in order),
        threshold=None if best is None else best[0],
        accepted=accepted,
        errors=errors,
        cases=size,
        risk_at_most=1.0 if best is None else upper_bound(best[1].errors, best[1].accepted, promise.delta),
        money=None if money is None else money / size,
        seconds=seconds / size,
        asked=tuple(each / size for each in asked),
    )
