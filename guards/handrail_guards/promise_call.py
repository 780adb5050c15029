"""One call that is judged under a promise: by the rules in force when they were first asked for, and by no others.

A promise may have several parts, each with a rule of its own. A value is accepted where every part that is about it
allows that. The parts that bound what is wrong among *all* accepted values must be kept for the very set that is
accepted, so all of it is accepted from one threshold on, the loosest that the labels of each of them allow; a threshold
stricter than an allowed one need not be allowed, because the surest answers may be the worst. A bar of one label is
about what is accepted as that label alone, and has its own threshold. The share of a label's cases that are accepted as
another only falls when less is accepted: any threshold that is not looser than the allowed one keeps it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from handrail_ground.hashing import hash_of_text
from handrail_ground.shares import decimal, decimals
from handrail_guards.acceptance import Doubt
from handrail_guards.outcome import AcceptedBy, Judgement, PromisedBy, PromisedPart
from handrail_guards.promise import PromiseTerms
from handrail_guards.promise_part import NEVER, PromisePart
from handrail_guards.promise_rule import PromiseRule, PromiseRules, PromiseSubject


@dataclass(frozen=True, slots=True)
class PromiseGroup:
    """Which group a case is of."""

    by: str
    """What says so."""
    name: str = ""
    """Empty: it is of none."""
    problem: str = ""
    """Why it is of none."""


NO_GROUPS = PromiseGroup("")
KIND_DIGITS = 16
"""Of the mark of what is counted once: records need not say which sender or order it was."""


@dataclass(frozen=True, slots=True)
class PromiseInCall:
    """What one call of a step accepts by: the rules in force when they were first asked for, and no others in it."""

    terms: PromiseTerms
    rules: PromiseRules
    servers: tuple[str, ...] = ()
    """Where the step's models are asked."""
    parts: tuple[PromisePart, ...] = ()
    """What is promised, one by one."""
    group: PromiseGroup = NO_GROUPS
    kind: PromiseGroup = NO_GROUPS
    """Of which only the first case counts."""
    label: str | None = None
    """What the answer says, where it is one of several labels."""
    _read: dict[PromiseSubject, PromiseRule] = field(default_factory=dict, compare=False, repr=False)

    def answered(self, label: str | None) -> "PromiseInCall":
        """Return the same call, which has this answer."""
        return replace(self, label=label)

    def doubt(self, judgement: Judgement, *, final: bool = True) -> Doubt | None:
        """Return why the value is in doubt, or None to accept it.

        Guards that cost money are asked whatever the rule says: a promise speaks of what they let pass.
        """
        score = judgement.confidence.value
        if score is None:
            return Doubt("no_confidence", f"no confidence: {judgement.confidence.detail or 'the model gave none'}")
        if outside := self._outside():
            return Doubt("rule", outside)
        if not final:
            return None
        return self._closed(judgement) or self._below(judgement, score)

    def _below(self, judgement: Judgement, score: float) -> Doubt | None:
        """Return why a score is not enough; None: it is."""
        threshold = self._threshold(judgement)
        if threshold is None:
            why = "its parts allow no threshold in common"
            return Doubt("rule", f"the promise ({self.terms.told}) accepts nothing: {why}")
        if score < threshold:
            told = f"{self._told_parts}{self._told_group}"
            reached, needed = decimals(score, threshold)
            return Doubt("low_confidence", f"confidence {reached} < {needed}, set for {told}")
        return None

    def _closed(self, judgement: Judgement) -> Doubt | None:
        """Return why a part of the promise accepts nothing at all; None: each accepts something."""
        for part, rule in self._rules(judgement):
            if not part_restricts(part, self.parts, self.label):
                continue
            if rule.stale:
                return Doubt(
                    "stale_acceptance",
                    f"the promise ({part.told}) was kept for {rule.stale}, and this answer is of {judgement.model}:"
                    " it begins anew, and people decide until there are labels",
                )
            if rule.threshold is None:
                why = rule.why or f"{rule.labels:,} labels allow no threshold yet"
                return Doubt("rule", f"the promise ({part.told}{self._told_group}) accepts nothing: {why}")
        return None

    def accepted_by(self, judgement: Judgement) -> AcceptedBy:
        """Return the rules that a judgement met, and what they promise."""
        found, threshold = self._rules(judgement), self._threshold(judgement)
        met = "no threshold" if threshold is None else f"confidence at least {decimal(threshold)}"
        labels, date = min(rule.labels for _, rule in found), max(rule.date for _, rule in found)
        first = found[0][0]
        return AcceptedBy(
            rule=f"{met}, set for {self._told_parts}{self._told_group} on {labels:,} labels of {date}",
            score="confidence",
            threshold=threshold,
            target=first.at_most,
            delta=self.terms.delta,
            risk=first.at_most,
            labels=labels,
            mark=", ".join(f"promise {rule.promise} rule {rule.number}" for _, rule in found),
        )

    def told(self, judgement: Judgement) -> Judgement:
        """Return a judgement that says by which rule it was judged, where its value could have been accepted."""
        score = judgement.confidence.value
        if score is None or self.group.problem or self.kind.problem:
            return judgement
        found = self._rules(judgement)
        if not found or not all(rule.counts for _, rule in found):
            return judgement
        parts = tuple(
            PromisedPart(
                promise=rule.promise,
                rule=rule.number,
                subject=self._subject(judgement, part).mark,
                score=self._score(part, score),
            )
            for part, rule in found
        )
        share = max(rule.share(self._score(part, score)) for part, rule in found)
        promised = PromisedBy(
            promise=parts[0].promise,
            rule=parts[0].rule,
            subject=parts[0].subject,
            score=parts[0].score,
            share=share,
            weight=max(rule.even_share(self._score(part, score)) for part, rule in found) / share,
            group=self.group.name,
            kind=hash_of_text(self.kind.name, digits=KIND_DIGITS) if self.kind.name else "",
            beside=parts[1:],
        )
        return replace(judgement, promised=promised)

    @property
    def _told_group(self) -> str:
        return f", {self.group.by} {self.group.name}" if self.group.name else ""

    @property
    def _told_parts(self) -> str:
        return " and ".join(part.told for part in self._about())

    def _about(self) -> list[PromisePart]:
        """Return the parts that are about this answer."""
        return [part for part in self.parts if part.is_about(self.label)]

    @property
    def _has_bar(self) -> bool:
        """Whether the answer can be accepted at all: where labels have bars, one without is not."""
        return not self.terms.bars or any(part.about != "missed" for part in self._about())

    def _score(self, part: PromisePart, confidence: float) -> float:
        return part.score(confidence, self.label) if self._has_bar else NEVER

    def _outside(self) -> str:
        """Return why the case can never be accepted; empty: it can."""
        if problem := self.group.problem or self.kind.problem:
            return f"the promise ({self.terms.told}) does not speak of this case: {problem}"
        if not self._has_bar:
            return f"the promise ({self.terms.told}) has no bar for {self.label!r}: people decide"
        return ""

    def _threshold(self, judgement: Judgement) -> float | None:
        """Return the loosest threshold that every part allows; None: there is none."""
        found = [each for each in self._rules(judgement) if part_restricts(each[0], self.parts, self.label)]
        exact = [rule for part, rule in found if part.about != "missed"]
        least = [rule.threshold for part, rule in found if part.about == "missed"]
        if any(rule.threshold is None for _, rule in found):
            return None
        floor = max((each for each in least if each is not None), default=0.0)
        if not exact:
            return floor if least else None
        first = exact[0]
        tried = {*first.believed, first.threshold}
        allowed = [
            each
            for each in tried
            if each is not None
            and each >= max([floor, *(rule.threshold or 0.0 for rule in exact)])
            and all(rule.allows(each) for rule in exact)
        ]
        return min(allowed, default=None)

    def _rules(self, judgement: Judgement) -> list[tuple[PromisePart, PromiseRule]]:
        return [(part, self._rule(judgement, part)) for part in self._about()]

    def _subject(self, judgement: Judgement, part: PromisePart) -> PromiseSubject:
        subject = subject_of_judgement(judgement, self.servers)
        return replace(
            subject, by=self.group.by, group=self.group.name, about=part.about, of=part.of, counted=part.counted
        )

    def _rule(self, judgement: Judgement, part: PromisePart) -> PromiseRule:
        subject = self._subject(judgement, part)
        if subject not in self._read:
            self._read[subject] = self.rules.rule(part, subject)
        return self._read[subject]


def part_restricts(part: PromisePart, parts: Sequence[PromisePart], label: str | None) -> bool:
    """Return whether an answer with this label is accepted only where the part allows it.

    What is accepted as the label itself is not missed, so that bars of labels alone decide about it. Where all that is
    accepted has one bar, or none, one threshold is for all of it.
    """
    return not (part.about == "missed" and part.of == label and any(each.about == "label" for each in parts))


def subject_of_judgement(judgement: Judgement, servers: Sequence[str] = ()) -> PromiseSubject:
    """Return what a judgement was made by."""
    return PromiseSubject(
        step=judgement.task,
        prompt_version=judgement.prompt_version,
        model=judgement.model,
        confidence_source=judgement.confidence.source,
        servers=tuple(servers),
    )
