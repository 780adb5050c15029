"""The trace and the span that a log line, or a request to another system, belongs to."""

import sys
from typing import TYPE_CHECKING

from handrail_ground.optional import needs

if TYPE_CHECKING:
    from opentelemetry.trace import Span


def current_ids() -> tuple[str, str] | None:
    """Return the ids of the current trace and span as hexadecimal digits; None: there is none.

    Nothing is loaded for it: where OpenTelemetry was not imported, there can be no span.
    """
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return None
    span: Span = trace.get_current_span()
    context = span.get_span_context()
    if not context.is_valid:
        return None
    return f"{context.trace_id:032x}", f"{context.span_id:016x}"


def trace_headers() -> dict[str, str]:
    """Return the headers that let another system go on in the current trace; empty: there is none."""
    if current_ids() is None:
        return {}
    with needs("telemetry"):
        from opentelemetry import propagate  # noqa: PLC0415 -- it is there, as there is a span

    headers: dict[str, str] = {}
    propagate.inject(headers)
    return headers
