"""Spans of OpenTelemetry: begun in a trace that was kept, ended beside the runs, and never in the way of one."""

import time
from collections.abc import Mapping, Sequence
from contextvars import Token

from handrail_ground.optional import needs
from handrail_orchestrator.telemetry.span_ends import Complaints, SpanEnds
from handrail_orchestrator.telemetry.trace_context import TraceContext

with needs("telemetry"):
    from opentelemetry import context as otel_context
    from opentelemetry import trace
    from opentelemetry.context import Context
    from opentelemetry.trace import (
        INVALID_SPAN,
        Link,
        NonRecordingSpan,
        Span,
        SpanContext,
        SpanKind,
        StatusCode,
        TraceFlags,
        Tracer,
        TraceState,
    )

Value = str | bool | int | float | Sequence[str]
Values = Mapping[str, Value]
Entered = Token[Context] | None
"""What leaves a span again."""

CLIENT, INTERNAL, PRODUCER = SpanKind.CLIENT, SpanKind.INTERNAL, SpanKind.PRODUCER


def context_of(span: Span) -> TraceContext | None:
    """Return how others name a span; None: it is none."""
    context = span.get_span_context()
    if not context.is_valid:
        return None
    names = trace.format_trace_id(context.trace_id), trace.format_span_id(context.span_id)
    return TraceContext(*names, context.trace_flags.sampled, context.trace_state.to_header())


def below(parent: TraceContext | None) -> Context | None:
    """Return the context of what stands below a span of another process; None: below the current one."""
    if parent is None:
        return None
    return trace.set_span_in_context(NonRecordingSpan(_span_context(parent)), Context())


def _span_context(context: TraceContext) -> SpanContext:
    return SpanContext(
        int(context.trace_id, 16),
        int(context.span_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED if context.sampled else TraceFlags.DEFAULT),
        trace_state=TraceState.from_header([context.state]) if context.state else TraceState(),
    )


def nanoseconds(seconds: float | None) -> int | None:
    """Return a time of the store as OpenTelemetry takes it."""
    return None if seconds is None else int(seconds * 1_000_000_000)


class OpenSpan:
    """A span that has begun; whatever its provider does is told in the log, and stays here."""

    __slots__ = ("_complaints", "_ends", "span")

    def __init__(self, span: Span, ends: SpanEnds, complaints: Complaints) -> None:
        self.span = span
        self._ends = ends
        self._complaints = complaints

    @property
    def context(self) -> TraceContext | None:
        """Return how others name it."""
        return context_of(self.span)

    def set(self, values: Values) -> None:
        """Say more of it."""
        try:
            self.span.set_attributes(values)
        except BaseException as error:  # noqa: BLE001 -- a provider's code runs here
            self._complaints.foreign("a span takes no attributes", error)

    def event(self, name: str, values: Values) -> None:
        """Note what happened in it."""
        try:
            self.span.add_event(name, values)
        except BaseException as error:  # noqa: BLE001 -- as above
            self._complaints.foreign("a span takes no event", error)

    def failed(self, error_type: str) -> None:
        """Say that it failed, by the name of the error: its message may hold what nobody else may read."""
        self.set({"error.type": error_type})
        try:
            self.span.set_status(StatusCode.ERROR)
        except BaseException as error:  # noqa: BLE001 -- as above
            self._complaints.foreign("a span takes no status", error)

    def end(self, at: float | None = None) -> None:
        """End it now, or at a time of the store."""
        moment = nanoseconds(at) or time.time_ns()
        self._ends.add(lambda: self.span.end(moment))

    def enter(self) -> Entered:
        """Make it the current one."""
        try:
            return otel_context.attach(trace.set_span_in_context(self.span))
        except BaseException as error:  # noqa: BLE001 -- as above
            self._complaints.foreign("a span cannot be entered", error)
            return None


def leave(token: Entered) -> None:
    """Make the one before the current one again."""
    if token is not None:
        otel_context.detach(token)


class Spans:
    """Begins spans."""

    def __init__(self, tracer: Tracer, complaints: Complaints) -> None:
        self._tracer = tracer
        self._complaints = complaints
        self.ends = SpanEnds(complaints)

    def begin(
        self,
        name: str,
        values: Values,
        *,
        kind: SpanKind = INTERNAL,
        parent: TraceContext | None = None,
        links: Sequence[TraceContext] = (),
        at: float | None = None,
    ) -> OpenSpan:
        """Begin a span below another, or below the current one, and let it be seen when it is ended."""
        try:
            span = self._tracer.start_span(
                name,
                context=below(parent),
                kind=kind,
                attributes=values,
                links=[Link(_span_context(each)) for each in links],
                start_time=nanoseconds(at),
            )
        except BaseException as error:  # noqa: BLE001 -- a sampler's or a processor's code runs here
            self._complaints.foreign("a span cannot begin", error)
            span = INVALID_SPAN
        return OpenSpan(span, self.ends, self._complaints)
