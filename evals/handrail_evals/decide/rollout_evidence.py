"""Whether a rollout may be promoted: what people decided blind against what it would have let through, case by case.

The rule is the gate's: the mean difference gets an interval, and only one that lies wholly above minus the margin says
"not worse". "Not significantly worse" never promotes anything, and neither does a handful of cases.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from handrail_evals.decide.comparison import compare
from handrail_evals.decide.corrections.record import Answers, Judgements, Recorded, read_records
from handrail_evals.decide.gate import Assessment, Terms, held_against
from handrail_evals.decide.pairing import Paired
from handrail_evals.errors import DataError, TooFewCases
from handrail_evals.measure.fingerprint import clusters_of, input_key
from handrail_evals.measure.result.result import Result
from handrail_evals.numbers.statistics.difference import paired_difference
from handrail_evals.numbers.statistics.power import cases_needed
from handrail_orchestrator.records.rollout import RolloutChange, RolloutRecord, RolloutVerdict

LEFT_OUT = "left out"
"""How the error of a challenger begins that was not asked, which says nothing of it."""


AS_JSON = Answers()
"""Answers of a step of which only the name is known."""


class RolloutReader(Judgements, Protocol):
    """Whoever can read judgements and what was said of rollouts, such as a client."""

    def rollout_history(self, target: str) -> Sequence[RolloutChange]:
        """Return what was said of a rollout, oldest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutEvidence:
    """The cases of a rolled out step that speak, counted, and what they say."""

    judged: int
    """Judgements of what is rolled out now, since it was held last."""
    let_through: int
    """Values that runs went on with by themselves."""
    held_back: int
    """Values that it would have let through in other runs."""
    undecided: int
    """Of those that were held back or drawn for audits: how many nobody has decided yet."""
    pairs: tuple[Paired, ...]
    """Those decided without the suggestion in view: people's answer is right, 1, and its own counts 1 where it is the
    same."""

    @property
    def agreed(self) -> int:
        """Return how many it has as people do."""
        return sum(each.candidate == 1.0 for each in self.pairs)


def rollout_evidence(store: RolloutReader, record: RolloutRecord, *, answers: Answers = AS_JSON) -> RolloutEvidence:
    """Return what a store knows of how well a rolled out step does: of what is rolled out now, since the latest hold.

    Raises:
        StoreError: the store cannot be read.
    """
    judged = let_through = held_back = undecided = 0
    found: list[tuple[Recorded, float]] = []
    for each in _of_subject(store, record):
        judged += 1
        let_through += each.accepted
        held_back += each.would_accept and not each.accepted
        if not each.would_accept or not each.drawn:
            continue
        if each.open_because is not None:
            undecided += each.open_because == "undecided"
            continue
        found.append((each, float(answers.agree(each.decision, each.value))))
    return RolloutEvidence(
        judged=judged,
        let_through=let_through,
        held_back=held_back,
        undecided=undecided,
        pairs=_pairs([(each, 1.0, right) for each, right in found]),
    )


def rollout_verdict(
    store: RolloutReader, record: RolloutRecord, terms: Terms, *, answers: Answers = AS_JSON
) -> RolloutVerdict:
    """Return what people's blind decisions say of letting more of a step loose.

    Raises:
        DataError: a version is rolled out, which takes results of a suite: ``results_verdict``.
        StoreError: the store cannot be read.
    """
    if not record.key.step:
        raise DataError(
            f"{record.target} is a version: its evidence is a suite run on both versions; give their results"
            " (--baseline OLD --candidate NEW)"
        )
    evidence = rollout_evidence(store, record, answers=answers)
    cases = len(evidence.pairs)
    seen = f"of {cases:,} values that it would let through, people have {cases - evidence.agreed:,} otherwise"
    return verdict_of(evidence.pairs, terms, about=record.subject, seen=seen, source="blind decisions of people")


def challenger_verdict(
    store: RolloutReader, record: RolloutRecord, terms: Terms, *, answers: Answers = AS_JSON
) -> RolloutVerdict:
    """Return how a challenger does beside the step, on the cases that people decided blind; it promotes nothing itself.

    Raises:
        StoreError: the store cannot be read.
    """
    found: list[tuple[Recorded, float, float]] = []
    for each in read_records(store, step=record.key.step, workflow=record.key.workflow):
        if each is None or each.copied or not each.drawn or each.open_because is not None or each.challenge is None:
            continue
        challenge = each.challenge
        if challenge.error is not None and challenge.error.startswith(LEFT_OUT):
            continue
        value, is_there = challenge.value
        ours = float(each.value is not None and answers.agree(each.decision, each.value))
        found.append((each, ours, float(is_there and answers.agree(each.decision, value))))
    right, theirs = sum(ours for _, ours, _ in found), sum(new for _, _, new in found)
    seen = f"of {len(found):,} cases the step has {right:,.0f} as people do, its challenger {theirs:,.0f}"
    about = record.challenger
    return verdict_of(_pairs(found), terms, about=about, seen=seen, source="blind decisions of people")


def results_verdict(
    baseline: Result, candidate: Result, record: RolloutRecord, terms: Mapping[str, Terms]
) -> RolloutVerdict:
    """Return what two results of one suite say of a version, or a step: the paired comparison of the gate.

    Raises:
        DataError: the results cannot be compared, or the candidate's is of something else.
    """
    name = record.key.step or record.key.workflow
    if candidate.header.target != name:
        raise DataError(
            f"{candidate.path or 'the candidate'} measures {candidate.header.target!r}, and {record.target} is to be"
            f" promoted: give the result of a suite on {name!r}"
        )
    if candidate.header.target_version == baseline.header.target_version:
        raise DataError(
            f"both results measure the same {name!r}: give one of what is there now, and one of what is rolled out"
        )
    found = compare(baseline, candidate, terms)
    held = {metric: each.judgement for metric, each in found.metrics.items()}
    allows = not found.broken and all(_is_not_worse(each) for each in held.values())
    reasons = [f"{metric}: {each.reason}" for metric, each in held.items()]
    if found.broken:
        reasons.insert(0, f"{len(found.broken):,} must-pass cases fail, first {found.broken[0]!r}")
    missing = [each.further_cases for each in held.values() if each.further_cases is not None]
    first = next(iter(terms.values()))
    return RolloutVerdict(
        allows=allows,
        reason="; ".join(reasons),
        cases=min(each.difference.cases for each in held.values()),
        missing=None if allows or not missing else max(missing),
        margin=first.margin,
        level=first.level,
        about=record.subject,
        source=f"results of suite {candidate.header.suite!r}",
    )


def _of_subject(store: RolloutReader, record: RolloutRecord) -> Iterator[Recorded]:
    held = [each.at for each in store.rollout_history(record.target) if each.action == "hold"]
    since = held[-1] if held else None
    for each in read_records(store, step=record.key.step, workflow=record.key.workflow, since=since):
        if each is None or each.copied or each.judgement.rolled_out is None:
            continue
        if each.judgement.rolled_out.subject == record.subject:
            yield each


def _pairs(found: Sequence[tuple[Recorded, float, float]]) -> tuple[Paired, ...]:
    """Return cases side by side; those of one run, and those with the same input, are of one cluster."""
    inputs = [input_key(each.input if each.text is None else each.text) for each, _, _ in found]
    shared = [(f"run {each.run_id}", f"input {key}") for (each, _, _), key in zip(found, inputs, strict=True)]
    return tuple(
        Paired(each.case, key, cluster or None, ours, theirs, same_output=ours == theirs)
        for (each, ours, theirs), key, cluster in zip(found, inputs, clusters_of(shared), strict=True)
    )


def verdict_of(pairs: Sequence[Paired], terms: Terms, *, about: str, seen: str, source: str) -> RolloutVerdict:
    """Return what cases say, side by side: their difference is shown not to reach the margin, or nothing is."""
    said = RolloutVerdict(
        allows=False, reason="", cases=len(pairs), missing=None, margin=terms.margin, level=terms.level, about=about,
        source=source,
    )  # fmt: skip
    try:
        difference = paired_difference(
            [each.difference for each in pairs], [each.cluster for each in pairs], level=terms.level, scale=terms.scale
        )
    except TooFewCases:
        needed = cases_needed(terms.margin, discordance=0.0, level=terms.level, power=terms.power)
        more = max(1, needed - len(pairs))
        return replace(said, missing=more, reason=f"can't tell: {seen}; about {more:,} more cases needed")
    held = held_against(difference, terms, is_worse=False)
    allows = _is_not_worse(held)
    return replace(said, allows=allows, missing=None if allows else held.further_cases, reason=f"{held.reason}; {seen}")


def _is_not_worse(held: Assessment) -> bool:
    """Return whether the whole interval lies above minus the margin, be it below 0 or not."""
    return held.difference.low > -held.margin
