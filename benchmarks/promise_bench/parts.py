"""A stream decided under a promise with several parts, by the rules and the keepers of the parts as they are.

What a rule asks for, when the next one is due and how its cases are read is the product's own code: shares graded
towards the threshold, a band of which everything is asked blind, a watch. Only the store is left out.
"""

import json
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from handrail_evals.decide.keeping.due import next_rule
from handrail_evals.decide.keeping.keeper import KeeperSettings
from handrail_evals.decide.keeping.keeping import LADDER_SCORES
from handrail_evals.decide.keeping.ladder import KeeperLadder, ladder_of
from handrail_evals.decide.keeping.ledger import drawn_cases
from handrail_evals.decide.keeping.state import KeeperState
from handrail_guards.confidence import Confidence
from handrail_guards.outcome import Judgement
from handrail_guards.promise import PromiseTerms
from handrail_guards.promise_call import NO_GROUPS, PromiseGroup, PromiseInCall
from handrail_guards.promise_grades import grades_of_text
from handrail_guards.promise_part import PromisePart
from handrail_guards.promise_rule import PromiseRule, PromiseSubject
from handrail_orchestrator.store.promises import CaseVerdict, PromiseCaseRow, PromiseRow
from promise_bench.stream import LOOK_EVERY


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
    """A part of a promise in one group: its row as a store would have it, its rule, and where its keeper stands."""

    part: PromisePart
    row: PromiseRow
    rule: PromiseRule
    state: KeeperState
    group: str
    waiting: list[PromiseCaseRow] = field(default_factory=list)
    """Cases that were not read yet."""

    @classmethod
    def begun(cls, part: PromisePart, group: str, ladder: KeeperLadder) -> "KeptPart":
        """Return one at its beginning."""
        settings = KeeperSettings(
            target=part.at_most, delta=part.delta, stops_at=part.stops_at, is_missed=part.about == "missed",
            answers=part.answers,
        )  # fmt: skip
        subject = PromiseSubject(
            step="step", prompt_version="1", model="model", confidence_source="stated", group=group,
            about=part.about, of=part.of,
        )  # fmt: skip
        row = PromiseRow(
            id=1, stream=1, workflow="stream", step="step", subject=subject.mark, told=json.dumps(asdict(subject)),
            secret="", ladder=None, ladder_to=0, terms=part.told, target=part.at_most, delta=part.delta,
            state="keeping", why="", rule=0, threshold=None, accepted_share=1.0, below_share=1.0, band_from=None,
            labels=0, set_at=None, read_to=0, checkpoint=None, version=0, begun=0.0, second_looks=False,
            stops_at=part.stops_at, believed=None, grades=None, answers=part.answers,
        )  # fmt: skip
        state = KeeperState.of_text(None, ladder, settings)
        return cls(part, row, PromiseRule(promise=0, number=0), state, group)

    def decided(self, case: PartCase, score: float, number: int, *, share: float, drawn: bool) -> None:
        """Write a case into the ledger, with the rule that it was judged by."""
        verdict: CaseVerdict | None = None
        if drawn:
            verdict = "wrong" if case.counts(self.part) else "right"
        row = self.row
        by_rule = row.threshold, row.accepted_share, row.below_share, row.band_from, row.grades
        self.waiting.append(PromiseCaseRow(number, number, score, share, int(drawn), verdict, float(number), *by_rule))

    def looked_at(self, number: int) -> bool:
        """Read what was decided, and set the rule that is due; return whether that has another threshold."""
        cases = drawn_cases(self.waiting, self.state.keeper.ladder)
        del self.waiting[: self.state.read(zip(cases, [each.at for each in self.waiting], strict=True))]
        due, before = next_rule(self.row, self.state), self.row.threshold
        self.state.stopped = ""  # said once, with its rule
        if due is None:
            return False
        self.row = self.row._replace(
            rule=number, threshold=due.threshold, accepted_share=due.accepted_share, below_share=due.below_share,
            band_from=due.band_from, grades=due.grades,
        )  # fmt: skip
        self.rule = PromiseRule(
            promise=1, number=number, threshold=due.threshold, accepted_share=due.accepted_share,
            below_share=due.below_share, band_from=due.band_from, believed=self.state.keeper.believed,
            grades=grades_of_text(due.grades),
        )  # fmt: skip
        return due.threshold != before


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
            rules.kept[part.about, part.of, group] = KeptPart.begun(part, group, ladder)
    broken: set[str] = set()
    accepted = np.zeros(len(cases), dtype=bool)
    for number in range(1, count + 1):
        case = chance.choice(cases)
        call, judgement = _call(terms, rules, parts, case)
        promised = call.told(judgement).promised
        if promised is not None:
            drawn = chance.random() < promised.share
            scores = [promised.score, *(each.score for each in promised.beside)]
            about = [rules.kept[each.about, each.of, case.group] for each in parts if each.is_about(case.answer)]
            for kept, score in zip(about, scores, strict=True):
                kept.decided(case, score, number, share=promised.share, drawn=drawn)
        moved = [number % LOOK_EVERY == 0 and each.looked_at(number) for each in rules.kept.values()]
        if any(moved):
            accepted = _accepted(terms, rules, parts, cases)
            broken |= {f"{each.part.of or each.part.about} {each.group}".strip() for each in rules.kept.values()
                       if _is_broken(each, cases, accepted)}  # fmt: skip
    return PartsPlayed(tuple(sorted(broken)), float(accepted.mean()))


def _ladder(cases: Sequence[PartCase]) -> KeeperLadder:
    """Return thresholds from the scores alone: of cases that come again, whose labels have chosen nothing."""
    scores = [each.score for each in cases]
    return ladder_of(scores[:LADDER_SCORES], fewest=min(len(scores), LADDER_SCORES))


def _call(
    terms: PromiseTerms, rules: PartRules, parts: tuple[PromisePart, ...], case: PartCase
) -> tuple[PromiseInCall, Judgement]:
    group = NO_GROUPS if terms.by is None else PromiseGroup(terms.by, case.group)
    call = PromiseInCall(terms, rules, (), parts, group, label=case.answer)
    return call, Judgement(confidence=Confidence(case.score, "stated"))


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
