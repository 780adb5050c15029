"""Telling OpenTelemetry how runs go: spans and metrics with the names of its conventions."""

import os
import threading
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from handrail_ground.optional import needs
from handrail_guards.model_call import stop_watching, watch_model_calls
from handrail_guards.outcome import Accepted, Doubtful
from handrail_orchestrator.context import StepContext
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.given_time import is_seconds
from handrail_orchestrator.step import AnyStep
from handrail_orchestrator.store.port import Store
from handrail_orchestrator.store.rows import ClaimedRun
from handrail_orchestrator.store.starts import StartRun
from handrail_orchestrator.telemetry import content as contents
from handrail_orchestrator.telemetry.convention import chosen
from handrail_orchestrator.telemetry.executions import ExecutionSpan, Instruments, of_workflow
from handrail_orchestrator.telemetry.meters import Meters
from handrail_orchestrator.telemetry.model_calls import ModelCalls
from handrail_orchestrator.telemetry.span_ends import Complaints
from handrail_orchestrator.telemetry.spans import PRODUCER, OpenSpan, Spans, Value, leave
from handrail_orchestrator.telemetry.trace_context import KeptTrace, caller

with needs("telemetry"):
    from opentelemetry import metrics, trace
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

T = TypeVar("T")

SCOPE = "handrail"
"""The name of the instrumentation, as every span and metric carries it."""
FLUSH_SECONDS = 5.0


class OpenTelemetry:
    """Tells OpenTelemetry how runs go: ``Orchestrator(..., telemetry=OpenTelemetry())``.

    A run is one trace, whichever processes execute it and however long it waits. An exporter that is down, slow or
    raises changes no run: spans are ended in a thread of their own, and what goes wrong is said in the log
    (``handrail.telemetry``), once a minute at most.

    Args:
        tracer_provider: where spans go; None: the process's own, as ``opentelemetry.trace.set_tracer_provider`` set it.
        meter_provider: where metrics go; None: the process's own.
        content: whether spans show what models were asked and answered, without the secrets and the personal data that
            the guards find in it; None: as ``OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`` says, or else not.
        flush_seconds: how long the end of an orchestrator's block waits, at most, for spans on their way.
    """

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        content: bool | None = None,
        flush_seconds: float = FLUSH_SECONDS,
    ) -> None:
        """Make the instruments.

        Raises:
            Misuse: ``flush_seconds`` is no time.
        """
        if not is_seconds(flush_seconds):
            raise Misuse(f"OpenTelemetry(flush_seconds={flush_seconds!r}): give seconds, 0 or more")
        self._tracer_provider = tracer_provider or trace.get_tracer_provider()
        self._meter_provider = meter_provider or metrics.get_meter_provider()
        self._flush_seconds = flush_seconds
        names = chosen(os.environ)
        complaints = Complaints()
        spans = Spans(self._tracer_provider.get_tracer(SCOPE), complaints)
        meters = Meters(self._meter_provider.get_meter(SCOPE), names, complaints)
        self._made = Instruments(spans, meters, names)
        self._complaints = complaints
        wants_content = contents.is_wanted(os.environ) if content is None else content
        self._calls = ModelCalls(spans, meters, names, wants_content=wants_content)

    def started(self, start: StartRun) -> str | None:
        """Show the start of a run as a span below the caller's; every execution of the run stands below it."""
        values: dict[str, Value] = {
            **of_workflow(self._made.names, start.workflow),
            "handrail.run.id": start.id,
            "handrail.workflow.version": start.version,
        }
        span = self._made.spans.begin(f"start {start.workflow}", values, kind=PRODUCER, parent=caller())
        span.end()
        return None if span.context is None else KeptTrace(span.context).text()

    def execution(self, claimed: ClaimedRun, store: Store, now: float) -> ExecutionSpan:
        """Begin the span of an execution."""
        return ExecutionSpan(self._made, claimed, store, now)

    async def attempt(self, step: AnyStep, context: StepContext, body: Callable[[], Awaitable[T]]) -> T:
        """Make an attempt in a span of its own, in which the models that are asked have theirs."""
        values: dict[str, Value] = {
            "handrail.run.id": context.run_id,
            "handrail.step.name": context.step,
            "handrail.step.kind": step.kind,
            "handrail.step.attempt": context.attempt,
        }
        if step.owner is not None:
            values["handrail.step.owner"] = step.owner
        labels: dict[str, str | bool | int] = {
            "handrail.step.name": self._made.meters.named(step.name),
            "handrail.step.kind": step.kind,
        }
        span = self._made.spans.begin(f"step {context.step}", values)
        entered, begun = span.enter(), time.perf_counter()
        watching = watch_model_calls(self._calls.of_run(context.run_id))
        try:
            value = await body()
        except GeneratorExit:  # its task was left behind: this is another context, which was never entered
            entered = None
            span.failed("abandoned")
            raise
        except BaseException as error:
            labels["error.type"] = type(error).__name__
            span.failed(type(error).__name__)
            raise
        else:
            if isinstance(value, Accepted | Doubtful):
                judged(span, value)
            return value
        finally:
            if entered is not None:
                stop_watching(watching)
                leave(entered)
            span.end()
            self._made.meters.step(time.perf_counter() - begun, labels)

    def flush(self) -> None:
        """Hand on what was told so far; whatever the exporters do, this returns within ``flush_seconds``."""
        over = time.monotonic() + self._flush_seconds
        done = threading.Event()

        def hand_on() -> None:
            if self._made.spans.ends.drained(self._flush_seconds):
                for provider in (self._tracer_provider, self._meter_provider):
                    self._flushed(provider, over)
            done.set()

        threading.Thread(target=hand_on, name="handrail-telemetry-flush", daemon=True).start()
        if not done.wait(self._flush_seconds):
            self._complaints.say(f"spans could not be handed on within {self._flush_seconds:g} s, and are left")

    def _flushed(self, provider: TracerProvider | MeterProvider, over: float) -> None:
        flush = getattr(provider, "force_flush", None)  # of the SDK's providers; the API has none
        if flush is None:
            return
        try:
            flush(max(1, int((over - time.monotonic()) * 1000)))
        except BaseException as error:  # noqa: BLE001 -- an exporter's code runs here, in a thread of ours
            self._complaints.say("spans could not be handed on", error)


def judged(span: OpenSpan, outcome: Accepted[object] | Doubtful[object]) -> None:
    """Say of an AI step's attempt what it came to, how sure it was, and what its guards said."""
    judgement = outcome.judgement
    code = "accepted" if isinstance(outcome, Accepted) else outcome.code
    values: dict[str, Value] = {
        "handrail.outcome": outcome.kind,
        "handrail.outcome.code": code,
        "handrail.confidence.source": judgement.confidence.source,
    }
    scored: dict[str, Value] = {"gen_ai.evaluation.name": "confidence", "gen_ai.evaluation.score.label": code}
    if judgement.confidence.value is not None:
        values["handrail.confidence"] = judgement.confidence.value
        scored["gen_ai.evaluation.score.value"] = judgement.confidence.value
    if judgement.model:
        values["gen_ai.response.model"] = judgement.model
    span.set(values)
    span.event("gen_ai.evaluation.result", scored)
    for verdict in judgement.verdicts:
        told: dict[str, Value] = {
            "gen_ai.evaluation.name": f"guard:{verdict.guard}",
            "gen_ai.evaluation.score.label": "passed" if verdict.passed else "failed",
            "gen_ai.evaluation.score.value": 1.0 if verdict.passed else 0.0,
        }
        span.event("gen_ai.evaluation.result", told)
