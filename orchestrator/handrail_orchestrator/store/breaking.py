"""What a breaker comes to: the states of a system, and what failures, answers and those who come make of them."""

from typing import Literal, NamedTuple

SystemState = Literal["up", "down", "probed"]
"""``up`` also while it fails, but not often enough; ``probed`` is down, and one run tries whether it still is."""

Way = Literal["go", "probe", "wait"]
"""What a run may do that needs a system; ``probe``: go, for all others."""


class SystemRow(NamedTuple):
    """A system that has failed lately; the columns of table ``systems`` in order. One that is not there is up."""

    system: str
    state: SystemState = "up"
    failures: int = 0
    """In a row."""
    since: float | None = None
    """Since when it is down."""
    look_at: float = 0.0
    """When somebody is to try again; of one that is probed, until when whoever tries has time to begin, or to end."""
    probe: int | None = None
    """The key of the run that tries."""
    worker: int | None = None
    """The worker that executes it; None: it has not begun."""
    error: str | None = None
    """The type of the last failure."""


class Rule(NamedTuple):
    """What a breaker says, as a change carries it."""

    failures: int
    probe_after_seconds: float
    release_per_second: float


def failed(row: SystemRow, rule: Rule, now: float, error: str, *, is_probe: bool) -> SystemRow:
    """Return what a system is after one more failure; of one that is down only the probe's counts."""
    if row.state == "up":
        row = row._replace(failures=row.failures + 1, error=error)
        if row.failures < rule.failures:
            return row
        return row._replace(state="down", since=now, look_at=now + rule.probe_after_seconds, probe=None, worker=None)
    if not is_probe:
        return row
    return row._replace(
        state="down", failures=row.failures + 1, look_at=now + rule.probe_after_seconds, probe=None, worker=None,
        error=error,
    )  # fmt: skip


def answered(row: SystemRow, *, is_probe: bool) -> SystemRow:
    """Return what a system is after it has answered; of one that is down only the probe can say so."""
    return SystemRow(row.system) if row.state == "up" or is_probe else row


def entered(
    row: SystemRow, run: int, worker: int | None, now: float, patience: float, *, is_tried: bool
) -> tuple[Way, SystemRow]:
    """Return what a run may do that needs the system.

    ``is_tried``: whether the run that probes is executed by the worker that said so. A call that never comes back holds
    the others up for as long as it has time (``patience``), and no longer; what it says after that does not count.
    """
    if row.state == "up":
        return "go", row
    if row.state == "probed":
        is_chosen = row.probe == run
        is_free = now >= row.look_at or (row.worker is not None and not is_tried)
        if not is_chosen and not is_free:
            return "wait", row
    elif now < row.look_at:
        return "wait", row
    return "probe", row._replace(state="probed", probe=run, worker=worker, look_at=now + patience)


def chosen(row: SystemRow, run: int, now: float, patience: float) -> SystemRow:
    """Return the system with the run that is to try, which is woken for it."""
    return row._replace(state="probed", probe=run, worker=None, look_at=now + patience)
