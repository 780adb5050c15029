"""How many more blind answers it takes until the next threshold of a promise is believed, as its bets stand now."""

import math
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal, TypeAlias

from handrail_evals.decide.keeping.bets import np, weights_of
from handrail_evals.decide.keeping.draws import PlacedGrades
from handrail_evals.decide.keeping.keeper import PromiseKeeper, Rule
from handrail_evals.decide.keeping.ledger import loosest_place, placed_grades
from handrail_evals.decide.keeping.state import KeeperState, state_of
from handrail_ground.shares import decimal, in_percent, percent
from handrail_orchestrator.promising.rules import subject_told
from handrail_orchestrator.store.promises import PromiseRow

MOST_CASES = 20_000
"""Cases at or above a threshold that are looked ahead; whatever takes more is not told."""

NoReckoning: TypeAlias = Literal["ladder", "state", "missed", "second_looks", "stops", "all"]
"""Why it is not reckoned: there are no thresholds yet, nothing is accepted whatever the labels say, only answers of one
label count, what reviewers miss is taken out, it stops where costs say so, or the loosest threshold is in force."""

TOLD: dict[NoReckoning, str] = {
    "ladder": "cannot be reckoned yet: the first 100 cases give the thresholds to try, and their labels do not count",
    "state": "is not reckoned: its labels alone do not let it accept",
    "missed": "cannot be reckoned: only answers of the label itself count, and nobody knows how many will come",
    "second_looks": "cannot be reckoned: with second looks it depends on what they come to",
    "stops": "there is none: it stops where one more case costs as much as its review",
    "all": "there is none: it accepts from the loosest threshold that is tried",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NextThreshold:
    """The threshold that is believed next, and the blind answers at or above it that this takes, drawn as now."""

    threshold: float
    share_of_cases: float | None
    """The share of the cases so far that lie at or above it, 0 to 1; None: none was read."""
    wrong: float | None
    """The share of them that is wrong, as the weighted answers have it; None: there is no answer."""
    at_present: int | None
    """How many, if as many are wrong as up to now; None: more than can be looked ahead, or it is not known."""
    at_least: int | None
    """How many, if none of them is wrong; None: more than can be looked ahead."""

    @property
    def told(self) -> str:
        """Return it in one sentence."""
        least = f"at least {self.at_least:,}, if none of them is wrong" if self.at_least is not None else "very many"
        if self.wrong is None:
            needed = least
        elif self.at_present is None:
            needed = f"{least}; at the present {percent(self.wrong)}% wrong it is not believed in the foreseeable time"
        else:
            needed = f"some {self.at_present:,} at the present {percent(self.wrong)}% wrong, {least}"
        where = "" if self.share_of_cases is None else f" ({in_percent(self.share_of_cases)} of the cases are)"
        return f"blind answers at or above {decimal(self.threshold)}{where} until that is believed: {needed}"

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesInForce:
    """The rule that the next cases are drawn by."""

    in_force: int = -1
    """The threshold that is accepted at, by its place on the ladder; -1: none."""
    band: int = -1
    """The loosest one down to which everything below that is asked blind; -1: none."""
    accepted: float = 1.0
    below: float = 1.0
    grades: PlacedGrades = ()
    """The shares of what is accepted by confidence, where they differ."""

    @property
    def rule(self) -> Rule:
        """Return it as a keeper takes it."""
        return self.in_force, self.band, self.accepted, self.below, self.grades


def next_threshold_of(row: PromiseRow) -> NextThreshold | NoReckoning:
    """Return what the next threshold of a promise takes, or why that is not reckoned.

    Raises:
        InvalidLabels: its thresholds, or its checkpoint, are none of this release.
        UnreadableWatch: its watch is none of this release.
    """
    if row.state in {"shadow", "stopped"}:
        return "state"
    if subject_told(row.told).about == "missed":
        return "missed"
    if row.second_looks:
        return "second_looks"
    if row.ladder is None:
        return "ladder"
    state: KeeperState = state_of(row)
    ladder = state.keeper.ladder
    in_force, band = (loosest_place(each, ladder) for each in (row.threshold, row.band_from))
    grades = placed_grades(row.grades, ladder)
    rule = SharesInForce(
        in_force=in_force, band=band, accepted=row.accepted_share, below=row.below_share, grades=grades
    )
    return next_threshold(state.keeper, rule)


def next_threshold(keeper: PromiseKeeper, rule: SharesInForce) -> NextThreshold | NoReckoning:
    """Return the looser threshold that takes the fewest cases, counted as the keeper's bets go on under a rule.

    Wrong answers are spread evenly over the cases: each way of betting makes with every case what it makes on average.
    That many are needed in the middle, not for sure.
    """
    if keeper.has_stopped:
        return "stops"
    found = [_reckoned(keeper, rule, place, level) for place, level in keeper.doubtful if place > keeper.in_force]
    if not found:
        return "all"
    if not keeper.cases:  # which share of the cases each covers is not known: the strictest one comes first
        return found[0][1]
    return min(found, key=lambda pair: pair[0])[1]


def _reckoned(
    keeper: PromiseKeeper, rule: SharesInForce, place: int, level: float
) -> tuple[tuple[float, float], NextThreshold]:
    """Return what one threshold takes, with how many cases of all kinds that is, at present and at least."""
    seen = float(keeper.seen[place])
    wrong = float(keeper.loss[place]) / seen if keeper.answered[place] else None
    parts = _parts(keeper, rule, place)
    asked = sum(each.of_all * each.share for each in parts)
    least = _cases(keeper, rule, place, level, [])
    usual = None if wrong is None else _cases(keeper, rule, place, level, parts) if wrong else least
    covered = seen / keeper.cases if keeper.cases else None

    def answers(cases: int | None) -> int | None:
        return None if cases is None else math.ceil(cases * asked - 1e-9)

    told = NextThreshold(
        threshold=keeper.ladder.thresholds[place],
        share_of_cases=covered,
        wrong=wrong,
        at_present=answers(usual),
        at_least=answers(least),
    )
    of_all = tuple(math.inf if each is None or not covered else each / covered for each in (usual, least))
    return (of_all[0], of_all[1]), told


@dataclass(frozen=True, slots=True)
class _Part:
    """Neighbouring cases at or above a threshold that are drawn with the same share."""

    share: float
    of_all: float
    """How many of the cases at or above the threshold they are, 0 to 1."""
    wrong: float
    """How many of the cases at or above the threshold are wrong, and of this part."""


def _parts(keeper: PromiseKeeper, rule: SharesInForce, place: int) -> list[_Part]:
    """Return the cases at or above a threshold by the share that they are drawn with."""
    seen = float(keeper.seen[place])
    if rule.in_force < 0 or not seen:
        return [_Part(1.0, 1.0, float(keeper.loss[place]) / seen if seen else 0.0)]
    graded = rule.grades or ((rule.in_force, rule.accepted),)
    ends = [-1, *(min(end, place) for end, _ in graded), min(max(rule.band, rule.in_force), place), place]
    shares = (*(share for _, share in graded), 1.0, rule.below)
    found = []
    for (begin, end), share in zip(pairwise(ends), shares, strict=True):
        within = [float(each[end] - (each[begin] if begin >= 0 else 0.0)) / seen for each in (keeper.seen, keeper.loss)]
        found.append(_Part(share, *within))
    return found


def _cases(keeper: PromiseKeeper, rule: SharesInForce, place: int, level: float, parts: list[_Part]) -> int | None:
    """Return after how many cases at or above a threshold its bets have made 1 / level; None: not within the bound."""
    won, laid = keeper.settings.tested, keeper.stakes_under(*rule.rule)
    wrong = sum(each.wrong for each in parts)
    ahead = np.arange(MOST_CASES)
    learned = laid.on([place]).learned(keeper.loss[place] + wrong * ahead, keeper.seen[place] + ahead)

    def made(bets: Any) -> Any:
        """Return what each case adds: a wrong value costs one over its share where it is drawn; all others win."""
        mean = (1 - sum(each.wrong * each.share for each in parts)) * np.log1p(bets * won)
        for each in parts:
            mean = mean + each.wrong * each.share * np.log1p(bets * (won - 1 / each.share))
        return mean

    steady = made(laid.fixed[:, place])[:, None] * (ahead + 1)
    wealth = keeper.wealth[:, place][:, None] + np.concatenate([steady, np.cumsum(made(learned))[None]])
    top = wealth.max(axis=0)
    begun = weights_of(keeper.ladder)[:, place][:, None]
    mean = top + np.log((begun * np.exp(wealth - top)).sum(axis=0))
    enough = np.flatnonzero(mean >= -math.log(level))
    return int(enough[0]) + 1 if len(enough) else None
