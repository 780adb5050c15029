"""A store with a million step records of two weeks, as a busy desk would have filled it."""

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handrail_orchestrator.store.sqlite.store import SqliteStore

STEPS = 1_000_000
STEPS_PER_RUN = 5
DAYS = 14
PLAIN = ("check", "classify", "look_up", "draft", "send")
KINDS = ("rule", "ai", "action", "ai", "action")
SECONDS = (0.002, 0.9, 0.2, 2.8, 0.4)
"""What the steps take, more or less."""
ASKED, FAILED, OPEN = 0.06, 0.01, 0.005
"""Shares of the runs that ask a person, that fail, and of those that ask, that are still open."""


@dataclass
class _Rows:
    """What is inserted, by table."""

    runs: list[tuple[Any, ...]]
    steps: list[tuple[Any, ...]]
    reviews: list[tuple[Any, ...]]
    log: list[tuple[Any, ...]]


def made(path: Path, now: float, *, steps: int = STEPS) -> Path:
    """Make the store, its last run started at ``now``; the same numbers every time."""
    SqliteStore(str(path)).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO workflows VALUES (?, ?, ?)", [(1, "triage", 3), (2, "triage", 4)])
        connection.execute("INSERT INTO schemas VALUES (1, ?)", (json.dumps({"type": "string"}),))
        for rows in _rows(steps // STEPS_PER_RUN, now):
            connection.executemany(
                "INSERT INTO runs (key, id, workflow, status, created, started, ended, code, input, output, error)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, 'code', '\"ticket\"', '\"x\"', ?)",
                rows.runs,
            )
            connection.executemany(
                "INSERT INTO steps (run, name, seq, kind, status, attempt, queued, started, ended, input, output,"
                " decided_by, error, confidence, money) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '\"in\"', ?, ?, ?, ?, ?)",
                rows.steps,
            )
            connection.executemany(
                "INSERT INTO reviews (id, run, step, queue, kind, title, created, code, reason, priority, due,"
                " when_late, state, version, suggestion, confidence, alternatives, schema, context, decided,"
                " decided_by, decision, first_taken, hands_on)"
                " VALUES (?, ?, 'draft/review', ?, 'decide', 'Release?', ?, 'low_confidence', 'below', 50, ?,"
                " 'keep_waiting', ?,"
                " 3, '\"yes\"', ?, '[]', 1, '\"ticket\"', ?, ?, ?, ?, ?)",
                rows.reviews,
            )
            connection.executemany(
                "INSERT INTO review_log (review, at, actor, action, state, version, data, hash)"
                " VALUES (?, ?, ?, ?, ?, ?, NULL, '')",
                rows.log,
            )
        connection.execute("COMMIT")
    return path


def _rows(runs: int, now: float) -> Iterator[_Rows]:
    chance = random.Random(7)
    rows = _Rows([], [], [], [])
    for key in range(1, runs + 1):
        _run(rows, chance, key, now - DAYS * 86_400 * (1 - key / runs))
        if len(rows.runs) >= 10_000 or key == runs:
            yield rows
            rows = _Rows([], [], [], [])


def _run(rows: _Rows, chance: random.Random, key: int, created: float) -> None:
    asks = chance.random() < ASKED
    fails = chance.random() < FAILED
    at = created
    for place, (name, kind, seconds) in enumerate(zip(PLAIN, KINDS, SECONDS, strict=True), 1):
        started, at = at, at + chance.lognormvariate(0.0, 0.6) * seconds
        is_failure = fails and name == "send"
        rows.steps.append((
            key, name, place, kind, "failed" if is_failure else "done", 1, started, started, at,
            None if is_failure else '"out"', "rule" if kind == "rule" else None,
            '{"type": "Timeout", "message": "after 30 s"}' if is_failure else None,
            chance.random() if kind == "ai" else None, 0.003 if kind == "ai" else None,
        ))  # fmt: skip
    is_open = False
    if asks:
        is_open = chance.random() < OPEN / ASKED
        at = _asked(rows, chance, key, at, is_open=is_open)
    status = "waiting" if is_open else "failed" if fails else "completed"
    error = (
        '{"type": "StepFailed", "message": "send: after 30 s", "steps": ["send"]}' if fails and not is_open else None
    )
    rows.runs.append((
        key, f"T-{key}", 1 + key % 2, status, created, created, None if is_open else at, error
    ))  # fmt: skip


def _asked(rows: _Rows, chance: random.Random, key: int, asked: float, *, is_open: bool) -> float:
    queue = ("billing", "technical")[key % 2]
    if is_open:
        rows.steps.append(
            (key, "draft/review", 6, "human", "waiting", 1, asked, None, None, None, None, None, None, None)
        )
        rows.reviews.append((key, key, queue, asked, asked + 14_400, "open", 0.4, None, None, None, None, 0.0))
        rows.log.append((key, asked, f"run:{key}", "ask", "open", 1))
        return asked
    taken = asked + chance.lognormvariate(9.0, 1.0)
    work = chance.lognormvariate(3.6, 0.5)
    by, said = f"person:p{key % 9}", '"no"' if chance.random() < 0.3 else '"yes"'
    decided = taken + work
    rows.steps.append((key, "draft/review", 6, "human", "done", 1, asked, None, decided, said, by, None, None, None))
    rows.reviews.append((key, key, queue, asked, asked + 14_400, "decided", 0.4, decided, by, said, taken, work))
    moves = (("ask", f"run:{key}", asked, "open"), ("take", by, taken, "leased"), ("decide", by, decided, "decided"))
    rows.log += [(key, at, actor, action, state, place) for place, (action, actor, at, state) in enumerate(moves, 1)]
    return decided
