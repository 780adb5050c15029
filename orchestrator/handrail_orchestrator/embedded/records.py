"""Step records as the engine writes them: begun, done, failed, judged."""

import json
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from handrail_guards.outcome import Accepted
from handrail_guards.verdict import Verdict
from handrail_orchestrator.embedded.escapes import error_type
from handrail_orchestrator.errors import StepFailed, WaitExpired
from handrail_orchestrator.interrupts import stop_signalled
from handrail_orchestrator.records.failure import RecordedError
from handrail_orchestrator.step import AnyStep
from handrail_orchestrator.store.recorded import RecordResult
from handrail_orchestrator.store.rows import StepRow

LONGEST_MESSAGE = 8_000
"""Characters of an error's message that are recorded; the rest is cut."""
_WORDS_AROUND = 1_000
"""Characters that may be put around a message that was cut already, before it is cut again."""


class Begun:
    """A step in flight; becomes a row only when it is long enough to be noted, or over."""

    __slots__ = ("attempt", "decided_by", "input", "key", "name", "noted", "queued", "seq", "started", "step")

    def __init__(
        self, key: int, name: str, seq: int, step: AnyStep, attempt: int, started: float, encoded: str
    ) -> None:
        self.key = key
        self.name = name
        self.seq = seq
        self.step = step
        self.attempt = attempt
        self.queued = started
        """When its first try began, maybe in another process."""
        self.started = started
        self.input = encoded
        self.decided_by: str | None = None
        """What its policy gave the result by, if it did."""
        self.noted = False

    @property
    def row(self) -> StepRow:
        """Return the record of a step that has begun."""
        return self.done(self.attempt, None, None, None)._replace(status="started")

    def done(self, attempt: int, ended: float | None, output: str | None, decided_by: str | None) -> StepRow:
        """Return the record of a step with a result."""
        step = self.step
        # the plain tuple: with 21 named fields a call costs as much as writing the row
        return tuple.__new__(
            StepRow,
            (
                self.key, self.name, self.seq, step.kind, "done", attempt, self.queued, self.started, ended,
                self.input, output, step.owner, decided_by, None, None, None, None, None, None, None, None,
            ),
        )  # fmt: skip

    def result(self, ended: float, output: str, decided_by: str | None, claim: int | None) -> RecordResult:
        """Return what records a result that is a value alone, by the latest try."""
        step = self.step
        return tuple.__new__(  # as below: a call with 14 named fields costs twice as much
            RecordResult,
            (
                self.key, self.name, self.seq, step.kind, "done", self.attempt, self.queued, self.started, ended,
                self.input, output, step.owner, decided_by, claim,
            ),
        )  # fmt: skip

    def failed(self, attempt: int, ended: float, error: str) -> StepRow:
        """Return the record of a step without one."""
        return self.done(attempt, ended, None, None)._replace(status="failed", error=error)


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
    error = RecordedError.read(row.error or "{}")
    return StepFailed(step=row.name, error_type=error.type, message=error.message)


def error_json(error: BaseException, beside: Mapping[int, Sequence[BaseException]] = MappingProxyType({})) -> str:
    """Return an error as JSON text; see ``recorded_error``."""
    return recorded_error(error, beside).text()


def recorded_error(
    error: BaseException, beside: Mapping[int, Sequence[BaseException]] = MappingProxyType({})
) -> RecordedError:
    """Return an error as it is recorded, with the steps whose failures led to it: a retry executes those again.

    ``beside`` holds, by the ``id`` of a failure, those of the branches that failed side by side with it.
    """
    lines = traceback.format_exception(error, limit=-12)
    trace = "".join(_cut(line, LONGEST_MESSAGE // 4) for line in lines)[-4000:]
    return RecordedError(error_type(error), message_of(error), trace, tuple(_failed_steps(error, beside)))


def message_of(error: BaseException) -> str:
    """Return an error's message, as much of it as is recorded."""
    try:
        return _cut(str(error), LONGEST_MESSAGE)
    except BaseException as other:  # an error's own code runs here
        if isinstance(other, KeyboardInterrupt) and stop_signalled():
            raise
        return f"(its message cannot be read: {type(other).__name__})"


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest + _WORDS_AROUND:
        return text
    return f"{text[:longest]}... (cut: it has {len(text):,} characters)"


def _failed_steps(error: BaseException, beside: Mapping[int, Sequence[BaseException]]) -> list[str]:
    steps: list[str] = []
    seen: set[int] = set()
    look: list[BaseException] = [error]
    while look:
        each = look.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, StepFailed | WaitExpired):
            steps.append(each.step)
        more = each.exceptions if isinstance(each, BaseExceptionGroup) else ()
        before = each.__context__ if each.__cause__ is None else each.__cause__
        look += [*more, *beside.get(id(each), ()), *([before] if before is not None else [])]
    return steps
