"""A training that failed: it is written down with its reason, told once, and tried again ever later."""

import json
from typing import Final

from handrail_evals.decide.keeping.keeping import KeepsPromises
from handrail_orchestrator.promising.rules import name_of
from handrail_orchestrator.store.outbox import Notice
from handrail_orchestrator.store.promises import MovePromise, PromiseNote, PromiseRow, PromiseStore

FAILED: Final = "training_failed"
FIRST_WAIT_SECONDS: Final = 600.0
"""After a first failure; twice as long after each that follows, so that what fails costs ever less."""
LONGEST_WAIT_SECONDS: Final = 86_400.0
MOST_TRIES: Final = 5
"""To write it down, while the keeper moves the same promise on."""


def failures(store: PromiseStore, promise: int, version: int) -> list[float]:
    """Return when the training of a version failed, oldest first."""
    rows = [row for row in store.promise_log(promise) if row.action == FAILED]
    return [row.at for row in rows if json.loads(row.data or "{}").get("version") == version]


def wait_seconds(count: int) -> float:
    """Return how long to wait after so many failures, 1 or more."""
    return min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(count - 1, 30))


def is_to_wait(failed: list[float], now: float) -> bool:
    """Return whether it is too early to try again; a clock that was set back does not make it wait for ever."""
    return bool(failed) and 0 <= now - failed[-1] < wait_seconds(len(failed))


async def say_failed(client: KeepsPromises, promise: int, version: int, why: str, *, by: str) -> str:
    """Write down that the training of a version failed, with a notice the first time; returns what is said."""
    store, now = client.promise_store, client.now()
    count = len(failures(store, promise, version)) + 1
    said = f"training version {version} failed: {why}; it is tried again in {_told(wait_seconds(count))}"
    note = PromiseNote(FAILED, said, json.dumps({"version": version}))
    for _ in range(MOST_TRIES):
        row = next(each for each in store.promises() if each.id == promise)
        key = f"training:{promise}:{version}"
        title = f"{name_of(row)}: version {version} of its model cannot be trained"
        notice = Notice("promise", key, title, now, body=said) if count == 1 else None
        if await client.change_promises(noted(row, note, now, by, notice)):
            break
    return said


def noted(row: PromiseRow, note: PromiseNote, now: float, by: str, notice: Notice | None) -> MovePromise:
    """Return a change that leaves a promise where it stands, and says something of it."""
    stands = (row.read_to, row.checkpoint, None, row.state, row.why)
    return MovePromise(row.id, row.version, now, by, *stands, notes=[note], notice=notice)


def _told(seconds: float) -> str:
    return f"{seconds / 3600:.3g} hours" if seconds >= 5400 else f"{seconds / 60:.0f} minutes"
