"""Structured logs: every line written while a run or step is executed carries its ids."""

import json
import logging
from datetime import UTC, datetime

from handrail_orchestrator.context import current_step
from handrail_orchestrator.strands import current_run
from handrail_orchestrator.telemetry.log_ids import current_ids


class RunFilter(logging.Filter):
    """Adds ``run``, ``step``, ``attempt``, ``trace_id`` and ``span_id`` to every record; attach it to a handler."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the ids and keep the record."""
        context = current_step()
        known = vars(record)
        known.setdefault("run", context.run_id if context is not None else current_run())
        known.setdefault("step", context.step if context is not None else None)
        known.setdefault("attempt", context.attempt if context is not None else None)
        trace_id, span_id = current_ids() or (None, None)
        known.setdefault("trace_id", trace_id)
        known.setdefault("span_id", span_id)
        return True


class JsonFormatter(logging.Formatter):
    """Writes one JSON object a line: time, level, logger, message, run, step, attempt, trace, span, error."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name in ("run", "step", "attempt", "trace_id", "span_id"):
            value = getattr(record, name, None)
            if value is not None:
                line[name] = value
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line)


def json_handler() -> logging.Handler:
    """Return a handler that writes JSON lines with run and step ids to standard error."""
    handler = logging.StreamHandler()
    handler.addFilter(RunFilter())
    handler.setFormatter(JsonFormatter())
    return handler


def log_json(level: int = logging.INFO) -> None:
    """Write the logs of the whole process as JSON lines with run and step ids; for a command, not for a library."""
    root = logging.getLogger()
    root.addHandler(json_handler())
    root.setLevel(level)
