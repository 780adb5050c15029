"""What a run has done, as its page shows it: each step with what it took, came to, cost, and who decided."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from handrail.console.values import ShownValue, shown
from handrail.console.veil import Kept
from handrail_guards.outcome import Accepted, Doubtful
from handrail_guards.rollout import percent
from handrail_guards.verdict import Verdict
from handrail_orchestrator.records.failure import RecordedError
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.records.rollout import ChallengeRecord
from handrail_orchestrator.records.run import WaitRecord
from handrail_orchestrator.records.step import StepRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a step used, as far as it is known."""

    input_tokens: int | None
    output_tokens: int | None
    money: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDoubt:
    """Why the value of an AI step may not be used as it is."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepChallenge:
    """What a challenger answered beside an AI step."""

    by: str
    output: ShownValue | None
    note: str
    """Why it gave no answer, or why its answer is in doubt; empty: it is sure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineStep:
    """One step as the page shows it."""

    name: str
    seq: int
    kind: str
    status: str
    attempt: int
    is_copied: bool
    """Whether another run executed it: this one is its fork."""
    began: float | None
    took: float | None
    """Seconds from its start to its end."""
    waited: float | None
    """Seconds from when it was asked for to its start."""
    decided_by: str | None
    confidence: float | None
    source: str | None
    doubt: StepDoubt | None
    rule: str
    """By what an AI step's value was accepted."""
    rolled_out: str
    """How far the step was let loose when it judged; empty: it is in every run."""
    challenge: StepChallenge | None
    kept: Kept | None
    """Why its values are not shown; None: they are."""
    cost: Cost | None
    verdicts: tuple[Verdict, ...]
    despite: tuple[str, ...]
    input: ShownValue | None
    output: ShownValue | None
    error: RecordedError | None
    due: float | None
    item: int | None
    """The number of its review item."""
    item_state: str | None
    child: str | None
    """The id of its child run."""


def timeline(
    steps: Iterable[StepRecord],
    *,
    items: Iterable[ReviewItem],
    kept: Mapping[str, Kept],
    waits: Sequence[WaitRecord] = (),
    challenges: Iterable[ChallengeRecord] = (),
    copied_seq: int = 0,
) -> list[TimelineStep]:
    """Return steps as the page shows them, with the review items that they led to, and what was asked beside them.

    ``kept`` says of which the values are left out, and why (`Veil.kept`).
    """
    asked: Mapping[str, ReviewItem] = {item.step: item for item in items}
    due = {wait.step: wait.due for wait in waits}
    beside = {each.step: each for each in challenges}
    found = []
    for step in steps:
        shown_step = _step(step, asked.get(step.name), due.get(step.name), copied_seq)
        challenge = beside.get(step.name)
        if challenge is not None:
            shown_step = replace(shown_step, challenge=_challenge(challenge))
        found.append(_veiled(shown_step, kept[step.name]) if step.name in kept else shown_step)
    return found


def _veiled(step: TimelineStep, why: Kept) -> TimelineStep:
    return replace(
        step, confidence=None, source=None, doubt=None, rule="", verdicts=(), output=None, challenge=None,
        input=None if why == "after" else step.input, error=None if why == "after" else step.error, kept=why,
    )  # fmt: skip


def _challenge(found: ChallengeRecord) -> StepChallenge:
    value, is_there = found.value
    note = found.error or ""
    if isinstance(found.outcome, Doubtful):
        note = found.outcome.reason
    return StepChallenge(by=found.challenger, output=shown(value) if is_there else None, note=note)


def _step(step: StepRecord, item: ReviewItem | None, due: float | None, copied_seq: int) -> TimelineStep:
    outcome = step.outcome
    return TimelineStep(
        name=step.name,
        seq=step.seq,
        kind=step.kind,
        status=step.status,
        attempt=step.attempt,
        is_copied=step.seq <= copied_seq,
        began=step.started if step.started is not None else step.queued,
        took=_between(step.started, step.ended),
        waited=_between(step.queued, step.started),
        decided_by=step.decided_by,
        confidence=step.confidence,
        source=step.source,
        doubt=StepDoubt(code=outcome.code, reason=outcome.reason) if isinstance(outcome, Doubtful) else None,
        rule=_rule(outcome),
        rolled_out=_rolled_out(outcome),
        challenge=None,
        kept=None,
        cost=_cost(step),
        verdicts=step.verdicts,
        despite=step.despite or (),
        input=None if step.input is None else shown(_given(step)),
        output=_output(step),
        error=step.error,
        due=step.due if due is None else due,
        item=None if item is None else item.id,
        item_state=None if item is None else item.state,
        child=step.owner if step.kind == "child" else None,
    )


def _between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else max(0.0, end - start)


def _rule(outcome: Accepted[Any] | Doubtful[Any] | None) -> str:
    accepted_by = outcome.judgement.accepted_by if isinstance(outcome, Accepted) else None
    return "" if accepted_by is None else accepted_by.rule


def _rolled_out(outcome: Accepted[Any] | Doubtful[Any] | None) -> str:
    found = None if outcome is None else outcome.judgement.rolled_out
    if found is None:
        return ""
    return f"{percent(found.share)}, {found.slice}" if found.slice else percent(found.share)


def _cost(step: StepRecord) -> Cost | None:
    if step.input_tokens is None and step.output_tokens is None and step.money is None:
        return None
    return Cost(input_tokens=step.input_tokens, output_tokens=step.output_tokens, money=step.money)


def _given(step: StepRecord) -> Any:
    """Return what a step was called with; of an AI step with one input that alone."""
    match step.kind, step.input:
        case "ai", {"values": [only], "named": {**named}} if not named:
            return only
        case _:
            return step.input


def _output(step: StepRecord) -> ShownValue | None:
    """Return what a step came to: of an AI step the value or the suggestion, whose doubt is shown beside it."""
    match step.outcome:
        case Accepted(value):
            return shown(value)
        case Doubtful(suggestion):
            return None if suggestion is None else shown(suggestion)
        case None:
            return shown(step.output) if step.status == "done" else None
