"""Noting a step that is not over: once, and never in place of what is known of it."""

from handrail_orchestrator.store.rows import StepRow

_COLUMNS = ", ".join(StepRow._fields)
_MARKS = ", ".join("?" * len(StepRow._fields))
NOTE = f"INSERT INTO steps ({_COLUMNS}) VALUES ({_MARKS}) ON CONFLICT DO NOTHING"  # noqa: S608 -- as above
