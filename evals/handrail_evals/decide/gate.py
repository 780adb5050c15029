"""Whether a candidate got worse than its baseline: worse, not worse, or too few cases to tell.

The mean difference of the scores, candidate minus baseline on the same cases, gets an interval [low, high] that is
held against a margin: how much worse is still fine. "Not significantly worse" is never taken for "not worse".
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from handrail_evals.decide.pairing import Paired
from handrail_evals.errors import DataError, InvalidSetting
from handrail_evals.numbers.statistics.difference import Difference, holm, mcnemar, paired_difference
from handrail_evals.numbers.statistics.intervals import STANDARD, critical_value
from handrail_evals.numbers.statistics.power import cases_needed

Needed = Callable[[float | None], float]
"""Cases that are needed with so many degrees of freedom; None for many."""

SMALLEST_MARGIN = 1e-9
"""Of the scale: what is smaller is a slip of the hand, and cannot be counted in cases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """What is missing until it can be told, by what has been seen."""

    cases: int
    """How many more cases it probably takes, at least 1."""
    words: str
    """The same for people, and what else must hold."""


def shortfall(
    difference: Difference, *, margin: float, level: float, power: float, scale: float, alarm: float | None = None
) -> Shortfall:
    """Return what is missing, with this power, until a difference can be told from 0 or from minus the margin.

    Where it was seen to be worse by more than the margin, that is what more cases would show; it takes far fewer than
    to show two equally good results, and they would not be shown so. The same holds of one that was seen to be better,
    where showing that takes fewer. ``alarm`` is the one-sided p-value that shows it worse, where several metrics are
    corrected for and it is worse alone.
    """
    shown = "worse" if difference.estimate < -margin or alarm is not None else ""
    if shown:
        total = _to_show_apart(difference, alarm or (1.0 - level) / 2.0, power)
    else:
        total = _to_show_equal(difference, margin, level, power, scale)
        better = _to_show_apart(difference, (1.0 - level) / 2.0, power) if difference.estimate > 0.0 else total
        shown, total = ("better", better) if better < total else ("", total)
    more = max(1, total - difference.cases)
    words = [f"about {more:,} more {'case' if more == 1 else 'cases'} needed"]
    if shown:
        words.append(f" to show it {shown}, if the difference stays as it is")
    if _is_clustered(difference):
        words.append(f", from other clusters than these {difference.clusters:,}")
    return Shortfall(cases=more, words="".join(words))


def _is_clustered(difference: Difference) -> bool:
    return difference.clusters < difference.cases


def _to_show_apart(difference: Difference, alarm: float, power: float) -> int:
    """Return how many cases show the difference as it was seen to lie on its side of 0 (Connor 1987)."""
    seen, discordance = abs(difference.estimate), difference.discordance
    success = STANDARD.inv_cdf(power) * math.sqrt(max(0.0, discordance - seen * seen))

    def needed(degrees: float | None) -> float:
        reach = critical_value(1.0 - 2.0 * alarm, degrees) * math.sqrt(discordance)
        return difference.design_effect * ((reach + success) / seen) ** 2

    return _with_clusters(difference, math.ceil(needed(None)), needed)


def _to_show_equal(difference: Difference, margin: float, level: float, power: float, scale: float) -> int:
    """Return how many cases show two equally good results not to differ by the margin.

    Where that many are there already the candidate is not as good: then enough for the difference as it was seen to
    leave 0 or the margin behind.
    """
    planned = cases_needed(
        margin,
        discordance=difference.discordance,
        design_effect=difference.design_effect,
        level=level,
        power=power,
        scale=scale,
        right_or_wrong=difference.method.startswith("paired score"),
    )
    if planned > difference.cases:
        normal = critical_value(level)
        return _with_clusters(
            difference, planned, lambda degrees: planned * (critical_value(level, degrees) / normal) ** 2
        )
    reach = (difference.high - difference.low) / 2.0
    distance = max(difference.estimate + margin, -difference.estimate)
    return math.ceil(difference.cases * (reach / distance) ** 2)


def _with_clusters(difference: Difference, least: int, needed: Needed) -> int:
    """Return the cases that are needed when each cluster brings as many as it did: few clusters are a wide interval."""
    if not _is_clustered(difference):
        return least
    size = difference.cases / difference.clusters
    clusters = max(2, math.ceil(least / size))
    while needed(clusters - 1.0) > clusters * size:
        clusters += 1
    return math.ceil(clusters * size)


class Standing(StrEnum):
    """How a candidate stands to its baseline."""

    WORSE = "worse"
    NOT_WORSE = "not worse"
    BETTER = "better"
    CANT_TELL = "can't tell"

    @property
    def exit_code(self) -> int:
        """What the command line ends with: 0, 1 for worse, 3 for can't tell; 2 is kept for usage and data errors."""
        match self:
            case Standing.WORSE:
                return 1
            case Standing.CANT_TELL:
                return 3
            case Standing.NOT_WORSE | Standing.BETTER:
                return 0
            case _:
                assert_never(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a candidate is held to; the margin is a decision and has no default."""

    margin: float
    """How much worse is still fine, above 0, in the unit of the score: 0.02 is two points of accuracy."""
    level: float = 0.95
    """Confidence of the interval, 0 to 1; a wrong WORSE and a wrong NOT WORSE each get half of what is missing."""
    power: float = 0.8
    """Chance, from 0.5 to 1, that the cases still needed settle it, when the two are equally good."""
    scale: float = 1.0
    """The largest difference two scores can have; 1 for scores from 0 to 1."""

    def __post_init__(self) -> None:
        if not 0.0 < self.margin < self.scale:
            raise InvalidSetting(
                f"margin is {self.margin!r}; give how much worse is still fine, above 0 and below {self.scale:g}"
            )
        if self.margin < SMALLEST_MARGIN * self.scale:
            raise InvalidSetting(f"margin is {self.margin!r}; no number of cases can show so small a difference")
        cases_needed(self.margin, discordance=0.0, level=self.level, power=self.power)  # refuses what cannot work


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """How a candidate stands by one metric, and why."""

    standing: Standing
    difference: Difference
    """Candidate minus baseline, with its interval."""
    margin: float
    """How much worse is still fine, in the unit of the score."""
    mcnemar: float | None
    """Exact two-sided p-value, 0 to 1, for right-or-wrong scores; it takes cases for independent. None for others."""
    further_cases: int | None
    """How many more cases it probably takes to tell; None when it can be told, or when what lacks is scores."""
    lacks: str = ""
    """What it takes to tell, in words; empty when it can be told."""
    reason: str
    """One sentence for people."""

    @property
    def worse_within_margin(self) -> bool:
        """Whether it is shown to be worse, and shown to be so by less than the margin."""
        return -self.margin < self.difference.low and self.difference.high < 0.0


def judge(pairs: Sequence[Paired], terms: Terms) -> Assessment:
    """Return how the candidate stands to the baseline on these pairs.

    Raises:
        TooFewCases: fewer than two pairs, or all of one cluster.
        InvalidSetting: the terms cannot work.
    """
    difference = paired_difference(
        [item.difference for item in pairs],
        [item.cluster for item in pairs],
        level=terms.level,
        scale=terms.scale,
    )
    judgement = held_against(difference, terms, is_worse=difference.high < 0.0)
    if all(item.same_output and item.difference == 0.0 for item in pairs):
        reason = f"not worse: all {len(pairs)} outputs are identical, and so are their scores"
        judgement = replace(judgement, standing=Standing.NOT_WORSE, further_cases=None, lacks="", reason=reason)
    return replace(judgement, mcnemar=exact(pairs))


def exact(pairs: Sequence[Paired]) -> float | None:
    """Return McNemar's exact p-value when every score is right or wrong."""
    if any(score not in {0.0, 1.0} for item in pairs for score in (item.baseline, item.candidate)):
        return None
    gains = sum(item.difference > 0 for item in pairs)
    return mcnemar(gains, sum(item.difference < 0 for item in pairs))


def judge_all(metrics: Mapping[str, Sequence[Paired]], terms: Mapping[str, Terms]) -> dict[str, Assessment]:
    """Return how the candidate stands by each gated metric, by name.

    Many metrics mean many chances of a false alarm: WORSE takes a p-value that holds after Holm's correction, so that
    all metrics together cry wolf as seldom as one. NOT WORSE needs no correction, as every metric must reach it.

    Raises:
        DataError: there are no metrics, or not the same ones in both arguments, or the levels differ.
        TooFewCases: a metric has fewer than two pairs, or all of one cluster.
    """
    if not metrics or metrics.keys() != terms.keys():
        raise DataError(
            f"metrics {sorted(metrics)} and terms {sorted(terms)}: give terms for each metric, and only those"
        )
    levels = {held.level for held in terms.values()}
    if len(levels) > 1:
        raise DataError(f"levels {sorted(levels)} differ: metrics that are gated together share one")
    alarm = (1.0 - levels.pop()) / 2.0
    judged = {name: judge(pairs, terms[name]) for name, pairs in metrics.items()}
    adjusted = holm({name: judgement.difference.p_worse for name, judgement in judged.items()})
    for name, judgement in judged.items():
        if judgement.standing is Standing.WORSE and adjusted[name] >= alarm:
            again = held_against(
                judgement.difference,
                terms[name],
                is_worse=False,
                alarm=alarm * judgement.difference.p_worse / adjusted[name],
            )
            reason = f"{again.reason}; worse alone, but not after correcting for {len(judged)} metrics"
            judged[name] = replace(again, mcnemar=judgement.mcnemar, reason=reason)
    return judged


def overall(judgements: Mapping[str, Assessment]) -> Standing:
    """Return how a candidate stands by all its metrics: by the worst of them, BETTER when none is worse and one better.

    Raises:
        DataError: there are no judgements.
    """
    if not judgements:
        raise DataError("no metric was judged: gate at least one")
    standings = {judgement.standing for judgement in judgements.values()}
    for standing in (Standing.WORSE, Standing.CANT_TELL, Standing.BETTER):
        if standing in standings:
            return standing
    return Standing.NOT_WORSE


def held_against(difference: Difference, terms: Terms, *, is_worse: bool, alarm: float | None = None) -> Assessment:
    """Return where the interval lies against the margin, in a word and a sentence.

    ``alarm`` is the p-value that would make it worse, where it is worse alone and not after correcting.
    """
    margin = terms.margin
    span = f"{difference.estimate:+.4g} [{difference.low:+.4g}, {difference.high:+.4g}]"
    missing: Shortfall | None = None
    if is_worse:
        standing = Standing.WORSE
        within = f", but by less than {margin:g}" if difference.low > -margin else ""
        reason = f"worse{within}: {span}"
    elif difference.low > 0.0:
        standing, reason = Standing.BETTER, f"better: {span}"
    elif difference.low > -margin:
        standing, reason = Standing.NOT_WORSE, f"not worse by {margin:g} or more: {span}"
    else:
        standing = Standing.CANT_TELL
        missing = shortfall(
            difference, margin=margin, level=terms.level, power=terms.power, scale=terms.scale, alarm=alarm
        )
        held = "is not above" if difference.high < 0.0 else "is neither below 0 nor above"
        reason = f"can't tell: {span} {held} -{margin:g}; {missing.words}"
    return Assessment(
        standing=standing,
        difference=difference,
        margin=margin,
        mcnemar=None,
        further_cases=None if missing is None else missing.cases,
        lacks="" if missing is None else missing.words,
        reason=reason,
    )
