"""The stores that the contract is held to, and what its tests write to them."""

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from handrail_orchestrator.sealing.aes_gcm import AesGcm
from handrail_orchestrator.sealing.store import sealing
from handrail_orchestrator.step_kind import StepKind
from handrail_orchestrator.store import Claimed, ReviewQuery, Store
from handrail_orchestrator.store.changes import AskedItem, Change, MoveReview, OpenWait, RecordStep, Suspend
from handrail_orchestrator.store.claiming import Claim, Register, TakeOver
from handrail_orchestrator.store.rows import ReviewRow, StepRow, StepStatus
from handrail_orchestrator.store.sqlite.machines_schema import FORMAT_10
from handrail_orchestrator.store.sqlite.operations_schema import OPERATIONS
from handrail_orchestrator.store.sqlite.store import SqliteStore
from handrail_orchestrator.store.starts import StartRun

STORES: dict[str, Callable[[Path], Store]] = {
    "file": lambda folder: SqliteStore(str(folder / "runs.db")),
    "memory": lambda _folder: SqliteStore(":memory:"),
    "sealed": lambda folder: sealing(SqliteStore(str(folder / "runs.db")), AesGcm({"spring": b"k" * 32})),
}

CRASH_LIMIT = 3
NOW = 1_000.0
"""The time of what happens in a test when no other matters, in seconds."""


def wrote(store: Store, *changes: Change, worker: int | None = None) -> list[Any]:
    """Write changes none of which may be refused and return their replies."""
    replies = store.apply(changes, worker=worker)
    assert not [reply for reply in replies if isinstance(reply, Exception)]
    return replies


def refusal(store: Store, change: Change, worker: int | None = None) -> Exception:
    """Write one change that must be refused and return why."""
    (reply,) = store.apply([change], worker=worker)
    assert isinstance(reply, Exception)
    return reply


def signed_on(store: Store, pid: int = 1) -> int:
    return int(wrote(store, Register(pid, "here", f"bell-{pid}", f"lock-{pid}", NOW))[0])


def starting(
    run_id: str, value: str = "1", *, workflow: str = "add", created: float = NOW, version: int = 1
) -> StartRun:
    return StartRun(run_id, workflow, version, value, "code", created)


def executing(store: Store, worker: int, run_id: str = "a", *, started_by: str | None = None) -> int:
    """Start a run that the worker owns and return its key."""
    (started,) = wrote(store, starting(run_id)._replace(execute=True, started_by=started_by), worker=worker)
    return int(started.key)


def step(
    key: int,
    name: str = "bump",
    *,
    seq: int = 1,
    kind: StepKind = "action",
    status: StepStatus = "done",
    output: str = "2",
) -> StepRow:
    ended = NOW if status in {"done", "failed"} else None
    return StepRow(key, name, seq, kind, status, queued=NOW, ended=ended, output=output if status == "done" else None)


def question(key: int, name: str = "ask", *, queue: str = "triage", priority: int = 0) -> AskedItem:
    return AskedItem(
        run=key, step=name, queue=queue, kind="ask", title="Approve?", created=NOW, code="asked",
        reason="the workflow asks", priority=priority, due=None, when_late="keep_waiting", schema='{"type": "boolean"}',
    )  # fmt: skip


def asked(store: Store, worker: int, run_id: str = "a", **more: Any) -> ReviewRow:
    """Start a run that asks one question and waits for its answer; return the question."""
    key = executing(store, worker, run_id)
    wait = step(key, "ask", kind="human", status="waiting")
    wrote(store, OpenWait(wait, review=question(key, **more)), Suspend(key, None, 0), worker=worker)
    (item,) = store.reviews(ReviewQuery(run_id=run_id))
    return item


def decided(item: ReviewRow, answer: str = "true", by: str = "person:ann") -> MoveReview:
    return MoveReview(item.id, item.version, "decided", "decide", by, NOW, decision=answer)


def status(store: Store, run_id: str) -> str:
    row = store.run(run_id)
    assert row is not None
    return row.status


def steps(store: Store, key: int) -> list[tuple[str, str, str | None]]:
    return [(row.name, row.status, row.output) for row in store.history(key).steps]


def claim(
    store: Store, worker: int, *, now: float = NOW, most: int = 10, suspects: bool = True, busy: bool = False
) -> Claimed:
    claimed: Claimed = wrote(store, Claim([("add", 1)], now, most, suspects, busy), worker=worker)[0]
    return claimed


def claimed_ids(claimed: Claimed) -> list[str]:
    return [run.id for run in claimed.runs]


def waiting_for_child(store: Store, worker: int, child: StartRun, *, started_by: str | None = None) -> int:
    """Let run ``a`` wait for a child run and return the key of ``a``."""
    key = executing(store, worker, started_by=started_by)
    child = child._replace(parent=key, parent_step="child")
    wait = OpenWait(step(key, "child", kind="child", status="waiting"), child=child)
    wrote(store, wait, Suspend(key, None, 0), worker=worker)
    return key


def crash(store: Store, worker: int, *, progress: bool = False) -> int:
    """Let the worker die with all its runs and return a new one."""
    if progress:
        for row in store.runs(status="running"):
            recorded = len(store.history(row.key).steps)
            wrote(store, RecordStep(step(row.key, f"s{recorded}", seq=recorded + 1)), worker=worker)
    new = signed_on(store, worker + 1)
    (dead,) = [each for each in store.workers() if each.id == worker]
    assert wrote(store, TakeOver(worker, dead.beat, NOW, CRASH_LIMIT), worker=new) != [None]
    return new


ADDED_TABLES = {
    "people", "passes", "views", "links", "audit_gaps", "settings", "waiting", "known_cases", "known_items", "sowing",
    "files", "file_parts", "run_files", "fired", "promises", "promise_rules",
}  # fmt: skip
OLD_INDEXES = {"review_log_review"}


def before_people(old: sqlite3.Connection) -> None:
    """Take from a store what formats before the seventh did not have."""
    for kind, name in old.execute("SELECT type, name FROM sqlite_master").fetchall():
        if kind == "trigger" or name in ADDED_TABLES:
            old.execute(f"DROP {kind} IF EXISTS {name}")
        elif kind == "index" and name.startswith(("reviews_", "review_log_")) and name not in OLD_INDEXES:
            old.execute(f"DROP INDEX {name}")
    added = "tier assignee snoozed_until commit_at timer late_step late rules answers digest first_taken hands_on"
    for column in added.split():
        old.execute(f"ALTER TABLE reviews DROP COLUMN {column}")
    old.execute("CREATE INDEX reviews_waiting ON reviews (state, priority DESC, id)")
    old.execute("DROP INDEX runs_due")
    old.execute("CREATE INDEX runs_wake ON runs (workflow, wake) WHERE wake IS NOT NULL")
    for column in ("started_by", *re.findall(r"ALTER TABLE runs ADD COLUMN (\w+)", OPERATIONS + FORMAT_10)):
        old.execute(f"ALTER TABLE runs DROP COLUMN {column}")
    old.execute("ALTER TABLE review_log DROP COLUMN hash")
