"""A stream decided under a promise with several parts, by the rules and the keepers of the parts as they are."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from handrail_evals.decide.keeping.draws import DrawnCase
from handrail_evals.decide.keeping.keeper import KeeperSettings, PromiseKeeper
from handrail_evals.decide.keeping.ladder import KeeperLadder, ladder_of
from handrail_evals.decide.keeping.missed import MissedKeeper
from handrail_evals.decide.keeping.state import SHARE_STEP
from handrail_guards.confidence import Confidence
from handrail_guards.outcome import Judgement
from handrail_guards.promise import PromiseTerms
from handrail_guards.promise_call import NO_GROUPS, PromiseGroup, PromiseInCall
from handrail_guards.promise_part import PromisePart
from handrail_guards.promise_rule import PromiseRule, PromiseSubject

LADDER_SCORES = 500


@dataclass(frozen=True, slots=True)
class PartCase:
    """One case of a population, with what is true of it."""

    score: float
    answer: str = ""
    truth: str = ""
    group: str = ""
    wrong_fields: tuple[str, ...] = ()

    def counts(self, part: PromisePart) -> bool:
        """Return whether it counts against a part, by its true label."""
        match part.about:
            case "missed":
                return self.truth == part.of
            case "field":
                return part.of in self.wrong_fields
            case _:
                return self.answer != self.truth or bool(self.wrong_fields)


Key = tuple[str, str, str]


@dataclass(slots=True)
class KeptPart:
    """A part of a promise in one group, with its keeper and its rule in force."""

    part: PromisePart
    group: str
    keeper: PromiseKeeper
    rule: PromiseRule

    def moved(self, number: int) -> bool:
        """Set the rule that is due; return whether another threshold is."""
        keeper, before = self.keeper, self.rule
        share = keeper.share()
        if keeper.threshold == before.threshold and share > SHARE_STEP * before.accepted_share:
            return False
        self.rule = PromiseRule(
            promise=1, number=number, threshold=keeper.threshold, accepted_share=share,
            below_share=share if keeper.settings.is_missed else 1.0, believed=keeper.believed,
        )  # fmt: skip
        return keeper.threshold != before.threshold


@dataclass(slots=True)
class PartRules:
    """The rules in force, as a store has them."""

    kept: dict[Key, KeptPart] = field(default_factory=dict)

    def rule(self, part: PromisePart, subject: PromiseSubject) -> PromiseRule:
        """Return the rule in force for a part."""
        return self.kept[part.about, part.of, subject.group].rule


@dataclass(frozen=True, slots=True)
class PartsPlayed:
    """What became of a stream."""

    broken: tuple[str, ...]
    """The parts that a rule ever truly broke, with their group."""
    coverage: float
    """Of the rules in force at the end, truly; 0 to 1."""


def play_parts(
    terms: PromiseTerms, cases: Sequence[PartCase], count: int, *, seed: int, by_field: bool = False
) -> PartsPlayed:
    """Decide a stream of cases drawn with replacement; what truly holds is counted on all of them."""
    chance = random.Random(seed)
    parts = terms.parts(by_field=by_field)
    rules = PartRules()
    for group in sorted({each.group for each in cases}):
        mine = [each for each in cases if each.group == group]
        whole = _ladder(mine)
        for part in parts:
            ladder = whole if part.about != "label" else _ladder([each for each in mine if each.answer == part.of])
            settings = KeeperSettings(
                target=part.at_most, delta=part.delta, stops_at=part.stops_at, is_missed=part.about == "missed"
            )
            keeper = (MissedKeeper if settings.is_missed else PromiseKeeper)(ladder, settings)
            beginning = PromiseRule(promise=0, number=0)
            rules.kept[part.about, part.of, group] = KeptPart(part, group, keeper, beginning)
    broken: set[str] = set()
    accepted = np.zeros(len(cases), dtype=bool)
    for number in range(1, count + 1):
        case = chance.choice(cases)
        call, judgement = _call(terms, rules, parts, case)
        promised = call.told(judgement).promised
        if promised is None:
            continue
        drawn = chance.random() < promised.share
        scores = [promised.score, *(each.score for each in promised.beside)]
        about = [rules.kept[each.about, each.of, case.group] for each in parts if each.is_about(case.answer)]
        for kept, score in zip(about, scores, strict=True):
            _read(kept, case, score, number, share=promised.share, drawn=drawn)
        moved = [each for each in about if each.moved(number)]
        if moved:
            accepted = _accepted(terms, rules, parts, cases)
            broken |= {f"{each.part.of or each.part.about} {each.group}".strip() for each in rules.kept.values()
                       if _is_broken(each, cases, accepted)}  # fmt: skip
    return PartsPlayed(tuple(sorted(broken)), float(accepted.mean()))


def _ladder(cases: Sequence[PartCase]) -> KeeperLadder:
    """Return thresholds from the scores alone: of cases that come again, whose labels have chosen nothing."""
    scores = [each.score for each in cases]
    return ladder_of(scores[:LADDER_SCORES], fewest=min(len(scores), 100))


def _call(
    terms: PromiseTerms, rules: PartRules, parts: tuple[PromisePart, ...], case: PartCase
) -> tuple[PromiseInCall, Judgement]:
    group = NO_GROUPS if terms.by is None else PromiseGroup(terms.by, case.group)
    call = PromiseInCall(terms, rules, (), parts, group, label=case.answer)
    return call, Judgement(confidence=Confidence(case.score, "stated"))


def _read(kept: KeptPart, case: PartCase, score: float, number: int, *, share: float, drawn: bool) -> None:
    keeper, rule = kept.keeper, kept.rule
    keeper.read([
        DrawnCase(
            number=number, score=score, share=share, drawn=drawn,
            in_force=-1 if rule.threshold is None else keeper.ladder.place_of(rule.threshold),
            accepted_share=rule.accepted_share, below_share=rule.below_share,
            verdict=("wrong" if case.counts(kept.part) else "right") if drawn else None,
        )
    ])  # fmt: skip


def _accepted(
    terms: PromiseTerms, rules: PartRules, parts: tuple[PromisePart, ...], cases: Sequence[PartCase]
) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Return which cases the rules accept: one question for each answer and group."""
    cuts: dict[tuple[str, str], float | None] = {}
    for each in cases:
        if (each.answer, each.group) not in cuts:
            call, _ = _call(terms, rules, parts, each)
            sure = Judgement(confidence=Confidence(1.0, "stated"))
            refused = call.doubt(sure)
            cuts[each.answer, each.group] = call.accepted_by(sure).threshold if refused is None else None
    found = []
    for each in cases:
        cut = cuts[each.answer, each.group]
        found.append(cut is not None and each.score >= cut)
    return np.asarray(found)


def _is_broken(
    kept: KeptPart, cases: Sequence[PartCase], accepted: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
) -> bool:
    """Return whether what is accepted now truly breaks a part, counted on all cases."""
    part, bad, of_all = kept.part, 0, 0
    for each, is_accepted in zip(cases, accepted, strict=True):
        if each.group != kept.group or (part.about == "label" and each.answer != part.of):
            continue
        if part.about == "missed":
            of_all += each.truth == part.of
            bad += each.truth == part.of and each.answer != part.of and bool(is_accepted)
        elif is_accepted:
            of_all += 1
            bad += each.counts(part)
    return bad > part.at_most * of_all
