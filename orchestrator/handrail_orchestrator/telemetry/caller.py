"""The trace that a caller named: what is kept with a run that is started on its behalf."""

from contextvars import ContextVar

_kept: ContextVar[str | None] = ContextVar("handrail_caller", default=None)

kept_of_caller = _kept.get
keep_for_runs = _kept.set
keep_no_more = _kept.reset
