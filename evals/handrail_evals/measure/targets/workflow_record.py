"""What a store remembers of a run and its child runs, as an observation; one truth for simulated and for past runs."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any, Final, TypeVar, get_args

from handrail_evals.measure.target import Decider, Ending, Flow, Observation, StepTrace
from handrail_evals.measure.targets.function import total
from handrail_guards.outcome import Accepted, Attempt, Doubtful, Judgement
from handrail_orchestrator.engine import EngineClient
from handrail_orchestrator.errors import UnknownRun
from handrail_orchestrator.records.failure import RecordedError
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.records.run import RunRecord
from handrail_orchestrator.records.step import StepRecord
from handrail_orchestrator.step_kind import OF_THE_ENGINE
from handrail_orchestrator.store import ReviewQuery
from handrail_orchestrator.store.rows import AUDIT, ReviewState

_ALL_STATES: Final = get_args(ReviewState)
_REVIEW: Final = "/review"

MOST_QUESTIONS: Final = 10_000
"""Of one run: a bound that queries must have, not one that anybody meets."""


Spent = TypeVar("Spent", int, float)


@dataclass(frozen=True, slots=True)
class TracedStep:
    """One step of a run or of a run that it started."""

    name: str
    """Its name in its run; a child run's steps are ``<name of the child>/<name>``."""
    run_id: str
    record: StepRecord

    @property
    def judgement(self) -> Judgement | None:
        """Return what is known about how an AI step's value came to be; None for another step, and without one."""
        return None if self.record.outcome is None else self.record.outcome.judgement

    @property
    def is_accepted(self) -> bool:
        """Whether an AI step's value was used without asking a person."""
        return isinstance(self.record.outcome, Accepted)

    @property
    def seconds(self) -> float | None:
        """Return how long it took; on a simulated clock, what an AI step's models took by their own account."""
        record, judgement = self.record, self.judgement
        begun = record.queued if record.started is None else record.started
        if begun is None or record.ended is None:
            return None
        asked = 0.0 if judgement is None else sum(attempt.seconds for attempt in judgement.attempts)
        return max(record.ended - begun, asked)

    @property
    def trace(self) -> StepTrace:
        """Return it as a trace."""
        record = self.record
        return StepTrace(
            name=self.name,
            kind=record.kind,
            output=self._output(),
            decided_by=_decider(record.decided_by),
            accepted=self.is_accepted if record.kind == "ai" else None,
            confidence=record.confidence,
            seconds=self.seconds,
            error=_error(record.error) if record.status == "failed" else "",
        )

    def _output(self) -> Any:
        match self.record.outcome:
            case Accepted(value=value) | Doubtful(suggestion=value):
                return value
            case None:
                return self.record.output


@dataclass(frozen=True)
class TracedRun:
    """A run as it is remembered, the runs it started included."""

    run: RunRecord
    _: KW_ONLY
    steps: tuple[TracedStep, ...]
    """In the order they were recorded, a child run's after the step that waits for it."""
    items: tuple[ReviewItem, ...]
    """The questions that were put to people, audits left out."""
    until: float | None = None
    """When it is looked at, in seconds since the epoch: open questions have waited till then. None: nobody answers."""

    @property
    def ending(self) -> Ending:
        """Return how the run ended: a cancelled one, or one set aside, has failed."""
        match self.run.status:
            case "completed":
                return "completed"
            case "pending" | "running" | "waiting":
                return "waiting"
            case "failed" | "cancelled" | "set_aside":
                return "failed"

    @cached_property
    def asked(self) -> tuple[TracedStep, ...]:
        """Return the questions to people among the steps."""
        return tuple(each for each in self.steps if each.record.kind == "human")

    @cached_property
    def judged(self) -> tuple[TracedStep, ...]:
        """Return the AI steps that came to an outcome."""
        return tuple(each for each in self.steps if each.record.outcome is not None)

    @property
    def flow(self) -> Flow:
        """Return how the run went."""
        answered = [item for item in self.items if item.state == "decided" and item.decided is not None]
        ended = self.run.ended if self.ending != "waiting" else self._stopped
        return Flow(
            ending=self.ending,
            cycle_seconds=max(0.0, (ended or self.run.created) - self.run.created),
            approval_seconds=tuple(max(0.0, (item.decided or 0.0) - item.created) for item in answered),
            unanswered_seconds=tuple(age for item in self.items if (age := self._age(item)) is not None),
            steps=tuple(each.trace for each in self.steps),
        )

    def _age(self, item: ReviewItem) -> float | None:
        """Return how long a question has waited for nothing so far; None for one that was answered or taken back."""
        match item.state:
            case "open" | "leased" | "pending":
                return None if self.until is None else max(0.0, self.until - item.created)
            case "expired":
                return None if item.due is None else max(0.0, item.due - item.created)
            case "decided" | "cancelled":
                return None

    @property
    def _waiting(self) -> list[StepRecord]:
        return [each.record for each in self.steps if each.record.status == "waiting"]

    @property
    def _stopped(self) -> float | None:
        """Return when a run that waits came to its first open question, or else to what it waits for."""
        people = [each.queued for each in self._waiting if each.kind == "human" and each.queued is not None]
        others = [each.queued for each in self._waiting if each.queued is not None]
        return min(people or others, default=None)

    def observation(self, output: object, *, human_minutes: float | None) -> Observation[Any]:
        """Return the observation of the run; ``output`` is its result, as the scorers want it.

        Its confidence is that of its least sure AI step, and None when a person was asked.
        """
        completed = self.ending == "completed"
        doubt, reason = self._doubt()
        # a person's answer is not the one that a model was sure or unsure of; the step's trace keeps its confidence
        weakest = None if self.asked else min(self.judged, key=_certainty, default=None)
        judgements = [each.judgement for each in self.judged if each.judgement is not None]
        attempts = [attempt for judgement in judgements for attempt in judgement.attempts]
        sure = None if weakest is None else weakest.judgement
        return Observation(
            output if completed else None,
            answered=completed,
            accepted=completed and not self.asked,
            doubt=doubt,
            reason=reason,
            confidence=None if weakest is None else weakest.record.confidence,
            source=None if sure is None else sure.confidence.source,
            model="" if sure is None else sure.model,
            input_tokens=self._known(total([attempt.input_tokens for attempt in attempts] or [0])),
            output_tokens=self._known(total([attempt.output_tokens for attempt in attempts] or [0])),
            money=self._known(_money(attempts)),
            human_minutes=human_minutes,
            verdicts=tuple(verdict for judgement in judgements for verdict in judgement.verdicts),
            flow=self.flow,
        )

    def _known(self, spent: Spent | None) -> Spent | None:
        """Return what was spent on models, unless an AI step failed: nobody knows what that one spent."""
        judged = (each.record.outcome for each in self.steps if each.record.kind == "ai")
        return None if None in judged else spent

    def _doubt(self) -> tuple[str, str]:
        """Return why nobody could use the result as it came: as a code, and in words."""
        if self.ending == "failed":
            return self.run.status, _error(self.run.error)
        if self.asked:
            return self._first_question()
        if self.ending == "waiting":
            waits = ", ".join(each.name for each in self._waiting)
            return "waiting", f"waits for {waits}" if waits else "it is still at work"
        return "", ""

    def _first_question(self) -> tuple[str, str]:
        asked = self.asked[0]
        for each in self.judged:  # its word counts: the question may be blind
            outcome = each.record.outcome
            if asked.name == each.name + _REVIEW and isinstance(outcome, Doubtful):
                return outcome.code, outcome.reason
        place = (asked.run_id, asked.record.name)
        item = next((item for item in self.items if (item.run_id, item.step) == place), None)
        return ("asked", "a person was asked") if item is None else (item.code, item.reason)


def traced_run(client: EngineClient, run_id: str, *, until: float | None) -> TracedRun:
    """Return what the store of a client remembers of a run, its open questions having waited until a time.

    Raises:
        UnknownRun: there is none with this id.
    """
    run = client.run(run_id)
    steps, items = _gathered(client, run_id, prefix="")
    return TracedRun(run, steps=tuple(steps), items=tuple(sorted(items, key=lambda item: item.id)), until=until)


def _gathered(client: EngineClient, run_id: str, *, prefix: str) -> tuple[list[TracedStep], list[ReviewItem]]:
    steps: list[TracedStep] = []
    items: list[ReviewItem] = []
    records = client.steps(run_id)
    if any(record.kind == "human" for record in records):
        query = ReviewQuery(states=_ALL_STATES, run_id=run_id, limit=MOST_QUESTIONS)
        items += (item for item in client.reviews(query) if item.kind != AUDIT)
    for record in records:
        if record.kind in OF_THE_ENGINE:
            continue
        steps.append(TracedStep(prefix + record.name, run_id, record))
        if record.kind == "child" and record.owner is not None:
            try:
                inner, asked = _gathered(client, record.owner, prefix=f"{prefix}{record.name}/")
            except UnknownRun:  # it was pruned
                continue
            steps += inner
            items += asked
    return steps, items


def _decider(decided_by: str | None) -> Decider | None:
    kind = (decided_by or "").partition(":")[0]
    return next((known for known in get_args(Decider) if known == kind), None)


def _error(error: RecordedError | None) -> str:
    return "Error" if error is None else str(error)


def _certainty(judged: TracedStep) -> float:
    return -1.0 if judged.record.confidence is None else judged.record.confidence


def _money(attempts: Sequence[Attempt]) -> float | None:
    """Return what the attempts cost, 0 when there were none; one unknown price makes the sum unknown."""
    prices = [attempt.money for attempt in attempts if attempt.money is not None]
    return sum(prices, 0.0) if len(prices) == len(attempts) else None
