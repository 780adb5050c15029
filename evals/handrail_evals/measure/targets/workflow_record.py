"""What a store remembers of a run and its child runs, as an observation; one truth for simulated and for past runs."""

import json
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any, Final, TypeVar, get_args

from handrail_evals.measure.observation import Decider, Ending, Flow, Observation, StepTrace
from handrail_evals.measure.targets.outcomes import total
from handrail_guards.verdict import Span, Verdict
from handrail_orchestrator.client import Client
from handrail_orchestrator.store import ReviewQuery
from handrail_orchestrator.store.rows import AUDIT, ReviewRow, ReviewState, RunRow, StepRow

_OF_THE_ENGINE: Final = frozenset({"clock", "chance"})
"""Kinds of records that are no steps of the workflow: what it was told of time and chance."""

_ALL_STATES: Final = get_args(ReviewState)
_REVIEW: Final = "/review"

MOST_QUESTIONS: Final = 10_000
"""Of one run: a bound that queries must have, not one that anybody meets."""


Spent = TypeVar("Spent", int, float)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One step's record, with what it holds as JSON."""

    name: str
    """Its name in its run; a child run's steps are ``<name of the child>/<name>``."""
    row: StepRow
    outcome: dict[str, Any] | None
    """For an AI step that came to one: what was accepted or suggested, and its judgement."""

    @classmethod
    def of(cls, name: str, row: StepRow) -> "Recorded":
        """Return a record, read."""
        return cls(name, row, _outcome(row.output) if row.kind == "ai" and row.output is not None else None)

    @property
    def judgement(self) -> dict[str, Any]:
        """Return what is known about how an AI step's value came to be, as JSON."""
        return {} if self.outcome is None else dict(self.outcome["judgement"])

    @property
    def is_accepted(self) -> bool:
        """Whether an AI step's value was used without asking a person."""
        return self.outcome is not None and self.outcome["kind"] == "accepted"

    @property
    def seconds(self) -> float | None:
        """Return how long it took; on a simulated clock, what an AI step's models took by their own account."""
        row = self.row
        begun = row.queued if row.started is None else row.started
        if begun is None or row.ended is None:
            return None
        asked = sum(attempt["seconds"] for attempt in self.judgement.get("attempts", ()))
        return float(max(row.ended - begun, asked))

    @property
    def trace(self) -> StepTrace:
        """Return it as a trace."""
        row = self.row
        return StepTrace(
            name=self.name,
            kind=row.kind,
            output=self._output(),
            decided_by=_decider(row.decided_by),
            accepted=self.is_accepted if row.kind == "ai" else None,
            confidence=row.confidence,
            seconds=self.seconds,
            error=_error(row.error) if row.status == "failed" else "",
        )

    def _output(self) -> Any:
        if self.outcome is not None:
            return self.outcome["value" if self.is_accepted else "suggestion"]
        return None if self.row.output is None else json.loads(self.row.output)


@dataclass(frozen=True)
class RunRecord:
    """A run as it is remembered, the runs it started included."""

    run: RunRow
    _: KW_ONLY
    steps: tuple[Recorded, ...]
    """In the order they were recorded, a child run's after the step that waits for it."""
    items: tuple[ReviewRow, ...]
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
    def asked(self) -> tuple[Recorded, ...]:
        """Return the questions to people among the steps."""
        return tuple(each for each in self.steps if each.row.kind == "human")

    @cached_property
    def judged(self) -> tuple[Recorded, ...]:
        """Return the AI steps that came to an outcome."""
        return tuple(each for each in self.steps if each.outcome is not None)

    @property
    def flow(self) -> Flow:
        """Return how the run went."""
        answered = [item for item in self.items if item.state == "decided" and item.decided is not None]
        ended = self.run.ended if self.ending != "waiting" else self._stopped
        return Flow(
            ending=self.ending,
            cycle_seconds=max(0.0, (ended or self.run.created) - self.run.created),
            approval_seconds=tuple((item.decided or 0.0) - item.created for item in answered),
            unanswered_seconds=tuple(age for item in self.items if (age := self._age(item)) is not None),
            steps=tuple(each.trace for each in self.steps),
        )

    def _age(self, item: ReviewRow) -> float | None:
        """Return how long a question has waited for nothing so far; None for one that was answered or taken back."""
        match item.state:
            case "open" | "leased":
                return None if self.until is None else max(0.0, self.until - item.created)
            case "expired":
                return None if item.due is None else max(0.0, item.due - item.created)
            case "decided" | "cancelled":
                return None

    @property
    def _waiting(self) -> list[StepRow]:
        return [each.row for each in self.steps if each.row.status == "waiting"]

    @property
    def _stopped(self) -> float | None:
        """Return when a run that waits came to its first open question, or else to what it waits for."""
        people = [row.queued for row in self._waiting if row.kind == "human" and row.queued is not None]
        others = [row.queued for row in self._waiting if row.queued is not None]
        return min(people or others, default=None)

    def observation(self, output: Any, *, human_minutes: float | None) -> Observation[Any]:
        """Return the observation of the run; ``output`` is its result, as the scorers want it.

        Its confidence is that of its least sure AI step, and None when a person was asked.
        """
        completed = self.ending == "completed"
        doubt, reason = self._doubt()
        # a person's answer is not the one that a model was sure or unsure of; the step's trace keeps its confidence
        weakest = None if self.asked else min(self.judged, key=_certainty, default=None)
        judgements = [each.judgement for each in self.judged]
        attempts = [attempt for judgement in judgements for attempt in judgement["attempts"]]
        return Observation(
            output if completed else None,
            answered=completed,
            accepted=completed and not self.asked,
            doubt=doubt,
            reason=reason,
            confidence=None if weakest is None else weakest.row.confidence,
            source=None if weakest is None else weakest.judgement["confidence"]["source"],
            model="" if weakest is None else weakest.judgement["model"],
            input_tokens=self._known(total([attempt["input_tokens"] for attempt in attempts] or [0])),
            output_tokens=self._known(total([attempt["output_tokens"] for attempt in attempts] or [0])),
            money=self._known(_money(attempts)),
            human_minutes=human_minutes,
            verdicts=tuple(_verdict(each) for judgement in judgements for each in judgement["verdicts"]),
            flow=self.flow,
        )

    def _known(self, spent: Spent | None) -> Spent | None:
        """Return what was spent on models, unless an AI step failed: nobody knows what that one spent."""
        return spent if all(each.outcome is not None for each in self.steps if each.row.kind == "ai") else None

    def _doubt(self) -> tuple[str, str]:
        """Return why nobody could use the result as it came: as a code, and in words."""
        if self.ending == "failed":
            return self.run.status, _error(self.run.error)
        if self.asked:
            return self._first_question()
        if self.ending == "waiting":
            waits = ", ".join(row.name for row in self._waiting)
            return "waiting", f"waits for {waits}" if waits else "it is still at work"
        return "", ""

    def _first_question(self) -> tuple[str, str]:
        asked = self.asked[0]
        for each in self.judged:  # its word counts: the question may be blind
            if asked.name == each.name + _REVIEW and each.outcome is not None and not each.is_accepted:
                return each.outcome["code"], each.outcome["reason"]
        item = next((item for item in self.items if (item.run, item.step) == (asked.row.run, asked.row.name)), None)
        return ("asked", "a person was asked") if item is None else (item.code, item.reason)


def run_record(client: Client, run_id: str, *, until: float | None) -> RunRecord:
    """Return what the store of a client remembers of a run, its open questions having waited until a time.

    Raises:
        UnknownRun: there is none with this id.
    """
    run = client.run(run_id)
    steps, items = _gathered(client, run_id, client.store.history(run.key).steps, prefix="")
    return RunRecord(run, steps=tuple(steps), items=tuple(sorted(items, key=lambda item: item.id)), until=until)


def _gathered(
    client: Client, run_id: str, rows: Sequence[StepRow], *, prefix: str
) -> tuple[list[Recorded], list[ReviewRow]]:
    steps: list[Recorded] = []
    items: list[ReviewRow] = []
    if any(row.kind == "human" for row in rows):
        query = ReviewQuery(states=_ALL_STATES, run_id=run_id, limit=MOST_QUESTIONS)
        items += (item for item in client.reviews(query) if item.kind != AUDIT)
    for row in rows:
        if row.kind in _OF_THE_ENGINE:
            continue
        steps.append(Recorded.of(prefix + row.name, row))
        child = client.store.run(row.owner) if row.kind == "child" and row.owner is not None else None
        if child is not None:  # it may have been pruned
            children = client.store.history(child.key).steps
            inner, asked = _gathered(client, child.id, children, prefix=f"{prefix}{row.name}/")
            steps += inner
            items += asked
    return steps, items


def _outcome(output: str) -> dict[str, Any]:
    """Return a recorded outcome; in the marked form it stands beside its type's name."""
    data = json.loads(output)
    found = data["$exact"][1] if "$exact" in data else data
    return dict(found)


def _decider(decided_by: str | None) -> Decider | None:
    kind = (decided_by or "").partition(":")[0]
    return next((known for known in get_args(Decider) if known == kind), None)


def _error(recorded: str | None) -> str:
    error = json.loads(recorded or "{}")
    return f"{error.get('type', 'Error')}: {error.get('message', '')}".removesuffix(": ")


def _certainty(judged: Recorded) -> float:
    return -1.0 if judged.row.confidence is None else judged.row.confidence


def _money(attempts: Sequence[dict[str, Any]]) -> float | None:
    """Return what the attempts cost, 0 when there were none; one unknown price makes the sum unknown."""
    prices = [attempt["money"] for attempt in attempts]
    return None if None in prices else float(sum(prices))


def _verdict(data: dict[str, Any]) -> Verdict:
    return Verdict(**{**data, "spans": tuple(Span(**span) for span in data["spans"])})
