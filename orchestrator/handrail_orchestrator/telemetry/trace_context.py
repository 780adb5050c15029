"""The trace that a run belongs to: read from a caller, kept with the run, and found again in another process.

The format is that of the W3C: ``00-<32 hexadecimal digits>-<16>-<2>``. Nothing here needs a library, so that a process
without telemetry keeps the trace of a run for one that has it.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.telemetry.caller import keep_for_runs, keep_no_more, kept_of_caller

LONGEST_STATE = 512
"""Characters of a ``tracestate`` that are kept; the W3C asks for so many at least."""

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


@dataclass(frozen=True, slots=True)
class TraceContext:
    """A span of some process, as others name it."""

    trace_id: str
    """32 hexadecimal digits, not all 0."""
    span_id: str
    """16 hexadecimal digits, not all 0."""
    sampled: bool = True
    """Whether it is recorded; what belongs to it is recorded, or left out, with it."""
    state: str = ""
    """What vendors add, as the header ``tracestate`` carries it."""

    @property
    def traceparent(self) -> str:
        """Return it as the header ``traceparent`` carries it."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"


def read_traceparent(text: str | None, state: str | None = None) -> TraceContext | None:
    """Return what the headers of a caller name; None: nothing that is valid, so that a new trace begins."""
    found = _TRACEPARENT.fullmatch((text or "").strip())
    if found is None:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    if version == "ff" or (version == "00" and more) or not int(trace_id, 16) or not int(span_id, 16):
        return None
    kept = (state or "").strip()
    return TraceContext(trace_id, span_id, bool(int(flags, 16) & 1), kept if len(kept) <= LONGEST_STATE else "")


@dataclass(frozen=True, slots=True)
class KeptTrace:
    """What is kept of a run's trace in the store."""

    parent: TraceContext
    """What each execution of the run stands below."""
    last: TraceContext | None = None
    """The last execution that ended in a wait; the next one links to it."""
    since: float | None = None
    """When that one began: waits that ended later were not told of."""

    def text(self) -> str:
        """Return it as JSON text."""
        data: dict[str, str | float] = {"parent": self.parent.traceparent}
        if self.parent.state:
            data["state"] = self.parent.state
        if self.last is not None:
            data["last"] = self.last.traceparent
        if self.since is not None:
            data["since"] = self.since
        return json.dumps(data)


def read_kept(text: str | None) -> KeptTrace | None:
    """Return what a store kept of a run's trace; None: nothing, or nothing that is a trace."""
    if text is None:
        return None
    try:
        data = json.loads(text)
        parent = read_traceparent(data["parent"], data.get("state"))
        last = read_traceparent(data.get("last"))
        since = data.get("since")
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    if parent is None:
        return None
    return KeptTrace(parent, last, float(since) if isinstance(since, int | float) else None)


@contextmanager
def called_from(context: TraceContext | None) -> Iterator[None]:
    """Let runs that are started inside belong to a caller's trace; None: to whichever they would belong anyway."""
    token = keep_for_runs(kept_of_caller() if context is None else KeptTrace(context).text())
    try:
        yield
    finally:
        keep_no_more(token)


@contextmanager
def in_trace(traceparent: str, tracestate: str = "") -> Iterator[None]:
    """Let runs that are started inside belong to a trace that is named as in the W3C's headers.

    Raises:
        Misuse: the text is no ``traceparent``.
    """
    context = read_traceparent(traceparent, tracestate)
    if context is None:
        raise Misuse(
            f"in_trace({traceparent!r}): no traceparent; write it as in the header of that name, such as"
            " '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'"
        )
    with called_from(context):
        yield


def caller() -> TraceContext | None:
    """Return the trace that a run which is started here belongs to, if a caller named one."""
    kept = read_kept(kept_of_caller())
    return None if kept is None else kept.parent
