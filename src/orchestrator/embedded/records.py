"""Step records as the engine writes them: begun, done, failed, judged."""

import json
import traceback
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from guards.outcome import Accepted
from guards.verdict import Verdict
from orchestrator.errors import StepFailed, WaitExpired
from orchestrator.step import Step
from orchestrator.store.rows import StepRow

_NO_JUDGEMENT = (None,) * (len(StepRow._fields) - StepRow._fields.index("confidence"))


class Begun:
    """A step in flight; becomes a row only when it is long enough to be noted, or over."""

    __slots__ = ("attempt", "input", "key", "name", "noted", "seq", "started", "step")

    def __init__(
        self, key: int, name: str, seq: int, step: Step[..., Any], attempt: int, started: float, encoded: str
    ) -> None:
        self.key = key
        self.name = name
        self.seq = seq
        self.step = step
        self.attempt = attempt
        self.started = started
        self.input = encoded
        self.noted = False

    @property
    def row(self) -> StepRow:
        """Return the record of a step that has begun."""
        return self._row("started", self.attempt, None, None, None, None)

    def done(self, attempt: int, ended: float, output: str, decided_by: str | None) -> StepRow:
        """Return the record of a step with a result."""
        return self._row("done", attempt, ended, output, None, decided_by)

    def failed(self, attempt: int, ended: float, error: str) -> StepRow:
        """Return the record of a step without one."""
        return self._row("failed", attempt, ended, None, error, None)

    def _row(self, status: str, attempt: int, ended: float | None, *result: str | None) -> StepRow:
        step = self.step
        output, error, decided_by = result
        # the plain tuple: with 21 named fields a call costs as much as writing the row
        return StepRow._make(
            (
                self.key, self.name, self.seq, step.kind, status, attempt, self.started, self.started, ended,
                self.input, output, step.owner, decided_by, None, error, *_NO_JUDGEMENT,
            )
        )  # fmt: skip


def as_drawn(outcome: Any) -> Any:
    """Return an outcome whose record says that its case was drawn for a blind audit."""
    return replace(outcome, judgement=replace(outcome.judgement, drawn=True))


def judged(begun: Begun, outcome: Any, output: str, ended: float) -> StepRow:
    """Return the record of a judgement."""
    judgement = outcome.judgement
    tokens_in = [attempt.input_tokens for attempt in judgement.attempts if attempt.input_tokens is not None]
    tokens_out = [attempt.output_tokens for attempt in judgement.attempts if attempt.output_tokens is not None]
    money = [attempt.money for attempt in judgement.attempts]
    decided_by = f"model:{judgement.model}" if isinstance(outcome, Accepted) else None
    return begun.done(begun.attempt, ended, output, decided_by)._replace(
        confidence=judgement.confidence.value,
        source=judgement.confidence.source,
        verdicts=verdicts_json(judgement.verdicts) if judgement.verdicts else None,
        input_tokens=sum(tokens_in) if tokens_in else None,
        output_tokens=sum(tokens_out) if tokens_out else None,
        # one unknown price makes the sum unknown
        money=sum(m for m in money if m is not None) if money and None not in money else None,
    )


def verdicts_json(verdicts: Iterable[Verdict]) -> str:
    """Return verdicts as a step's record keeps them: ``[guard, passed, field, reason, on_fail]`` each."""
    return json.dumps([[v.guard, v.passed, v.field, v.reason, v.on_fail] for v in verdicts])


def failure(row: StepRow) -> StepFailed:
    """Return the error that a failed step raises, live and on every replay alike."""
    error = json.loads(row.error or "{}")
    return StepFailed(step=row.name, error_type=error.get("type", "Error"), message=error.get("message", ""))


def error_json(error: BaseException) -> str:
    """Return an error as it is recorded, with the steps whose failures led to it: a retry executes those again."""
    trace = "".join(traceback.format_exception(error, limit=-12))
    recorded = {"type": type(error).__name__, "message": str(error), "trace": trace[-4000:]}
    steps = _failed_steps(error)
    return json.dumps({**recorded, "steps": steps} if steps else recorded)


def _failed_steps(error: BaseException | None) -> list[str]:
    steps: list[str] = []
    while error is not None:
        if isinstance(error, StepFailed | WaitExpired):
            steps.append(error.step)
        error = error.__cause__ or error.__context__
    return steps
