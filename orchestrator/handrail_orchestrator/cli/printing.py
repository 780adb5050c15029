"""Tables and lines for people; JSON is printed by the commands themselves."""

import json
import os
import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from handrail_ground.shares import decimal
from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_guards.picture_words import in_place, told_of
from handrail_orchestrator.records.failure import RecordedError
from handrail_orchestrator.records.item import ReviewDetail, ReviewItem
from handrail_orchestrator.records.run import RunRecord, WaitRecord
from handrail_orchestrator.records.step import StepRecord
from handrail_orchestrator.summary import RunSummary

PIPED_WIDTH = 160
"""Columns of a table that is not shown on a terminal."""
SHOWN_WAITS = 3
"""Of one run in a list."""


def command_name() -> str:
    """Return what to type for this command: its name if that is found, and the path it was called by if not."""
    called = sys.argv[0]
    if shutil.which("handrail") or Path(called).name != "handrail":
        return "handrail"
    return min(called, os.path.relpath(called), key=len)


def out() -> Console:
    """Return the console for results."""
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    return Console(highlight=False, soft_wrap=True, width=width)


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> Table:
    """Return a table."""
    made = Table(*columns, title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for row in rows:
        made.add_row(*(Text("" if cell is None else harmless(str(cell))) for cell in row))
    return made


def moment(seconds: float | None) -> str:
    """Return a time as people read it."""
    if seconds is None:
        return ""
    try:
        return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):  # a due time in a million years
        return "in the far future" if seconds > 0 else "in the far past"


def ago(seconds: float) -> str:
    """Return how long ago a time was."""
    passed = max(0.0, time.time() - seconds)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if passed >= size:
            return f"{passed / size:.0f} {unit}"
    return f"{passed:.0f} s"


def span(seconds: float) -> str:
    """Return a span of time in two significant digits."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"


def summary_lines(summary: RunSummary, seconds: float, store: str) -> list[str]:
    """Return a summary as lines."""
    counts = [
        ("decided by rule", summary.by_rule),
        ("decided by a model", summary.by_model),
        ("decided by a person", summary.by_person),
        ("answered by a policy", summary.by_policy),
        ("waiting for a person", summary.waiting_for_person),
        ("waiting for something else", summary.waiting),
        ("failed", summary.failed),
        ("cancelled", summary.cancelled),
        ("set aside", summary.set_aside),
    ]
    lines = [f"runs                        {summary.runs:>7,}"]
    lines += [
        f"  {name:<26}{count:>7,}"
        for name, count in counts
        if count or name.startswith(("decided by", "waiting for a p"))
    ]
    lines += [f"    {count} × {harmless(error)}" for error, count in summary.errors]
    return [*lines, f"time                        {seconds:>7.1f} s", f"store                       {harmless(store)}"]


def run_table(rows: Iterable[RunRecord], waits: Iterable[WaitRecord]) -> Table:
    """Return runs as a table, with the error of one that failed and what another waits for."""
    columns = ("run", "workflow", "status", "created", "ended", "waits for, or error")
    waiting: dict[int, list[str]] = {}
    for wait in waits:
        waiting.setdefault(wait.run_key, []).append(wait_text(wait))
    return table(
        "",
        columns,
        (
            (r.id, f"{r.workflow} v{r.version}", r.status, moment(r.created), moment(r.ended), _why(r, waiting))
            for r in rows
        ),
    )


def _why(run: RunRecord, waiting: dict[int, list[str]]) -> str:
    if run.error is not None:
        return error_of(run.error)
    said = [] if run.progress is None or run.has_ended else [run.progress]
    first, more = waiting.get(run.key, [])[:SHOWN_WAITS], waiting.get(run.key, [])[SHOWN_WAITS:]
    return "\n".join([*said, *first, *([f"and {len(more)} more"] if more else [])])


def wait_text(wait: WaitRecord) -> str:
    """Return what a run waits for, since when and until when."""
    since = "" if wait.since is None else f" since {moment(wait.since)}"
    if wait.system is not None:
        return f"{wait.step}: system {wait.system} is down{since}"
    match wait.kind:
        case "human":
            due = "" if wait.due is None else f", due {moment(wait.due)}"
            return f"item {wait.item} in {wait.queue}{since}{due}"
        case "timer":
            return f"{wait.step} until {moment(wait.due)}"
        case "child":
            return f"run {wait.child}{since}"
        case _:
            until = "" if wait.due is None else f", until {moment(wait.due)}"
            return f"{wait.step}{since}{until}"


def step_table(rows: Iterable[StepRecord], waits: Iterable[WaitRecord]) -> Table:
    """Return step records as a table, the waits with what is waited for."""
    columns = ("step", "kind", "status", "attempt", "decided by", "confidence", "ms", "output")
    waiting = {wait.step: wait_text(wait) for wait in waits}
    return table("", columns, (_step(row, waiting.get(row.name, "")) for row in rows))


def _step(row: StepRecord, waiting: str) -> tuple[Any, ...]:
    ms = None if row.ended is None or row.started is None else f"{(row.ended - row.started) * 1000:.1f}"
    confidence = None if row.confidence is None else f"{decimal(row.confidence, fewest=2)} ({row.source})"
    shown = waiting or error_of(row.error) or (short(plain_text(row.output)) if row.status == "done" else "")
    return row.name, row.kind, row.status, row.attempt, row.decided_by, confidence, ms, shown


def review_table(rows: Sequence[ReviewItem]) -> Table:
    """Return review items as a table, with their states where they do not all wait."""
    with_states = any(row.state not in {"open", "leased"} for row in rows)
    columns = ("item", *_if("state", wanted=with_states), "queue", "priority", "age", "why", "suggestion", "context")
    cells = (
        (
            r.id,
            *_if(r.state, wanted=with_states),
            r.queue,
            r.priority,
            ago(r.created),
            r.reason,
            suggested(r),
            _context_of(r),
        )
        for r in rows
    )
    return table("", columns, cells)


def _if(cell: str, *, wanted: bool) -> tuple[str, ...]:
    return (cell,) if wanted else ()


def suggested(item: ReviewItem) -> str:
    """Return what is suggested in one short line; nothing where nothing is."""
    return "" if item.suggestion is None else short(plain_text(item.suggestion), 40)


def _context_of(item: ReviewItem) -> str:
    return short(item.title if item.context is None else context_text(item), 60)


def error_of(error: RecordedError | None) -> str:
    """Return a recorded error in one line."""
    return "" if error is None else short(str(error), 120)


def json_text(data: object) -> str:
    """Return JSON data as text."""
    return json_line(data, ascii_only=False)


def plain_text(data: object) -> str:
    """Return JSON data as people read it: a text is itself, without the quotes of JSON."""
    return data if isinstance(data, str) else json_text(data)


def context_text(item: ReviewItem) -> str:
    """Return what is shown beside a question: the only text in it, or all of it as JSON; of a picture, what it is."""
    context = item.context
    judgement = item.judgement if isinstance(item, ReviewDetail) else None
    told = {} if judgement is None else told_of(judgement.pictures)
    while isinstance(context, dict | list) and len(context) == 1:
        context = next(iter(context.values())) if isinstance(context, dict) else context[0]
    text = context if isinstance(context, str) else json.dumps(context, ensure_ascii=False, indent=2)
    return harmless(in_place(text, told))


def short(text: str, length: int = 80) -> str:
    """Return the text in one line of at most that length."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"
