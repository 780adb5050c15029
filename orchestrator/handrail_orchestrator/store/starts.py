"""The start of a run, by itself or by a trigger, as what is written to a store."""

from collections.abc import Sequence
from typing import NamedTuple

from handrail_orchestrator.store.files import KeepFile

FIRST_CLAIM = 1
"""The number of a run's claim by the worker that starts it, to execute it at once."""


class StartRun(NamedTuple):
    """Make a run, unless its id exists with the same workflow and input. Reply: ``Started``."""

    id: str
    workflow: str
    version: int
    input: str
    code: str
    created: float
    deadline: float | None = None
    execute: bool = False
    """The writing worker owns it from the start; otherwise it is pending for any worker."""
    parent: int | None = None
    parent_step: str | None = None
    started_by: str | None = None
    """Who started it, such as ``person:ann``; None: code did."""
    priority: int = 0
    """Of runs that are due, those of a higher one are executed first; a child has its parent's."""
    trace: str | None = None
    """What is kept of the trace it belongs to; see ``KeepTrace``."""
    at: float | None = None
    """When it is due; None: at once."""


class Started(NamedTuple):
    """Where a start led: the run's key, and whether it is new."""

    key: int
    new: bool
    rests: bool = False
    """Whether its workflow is paused, so that nobody executes it now, not even who started it."""


class Fire(NamedTuple):
    """Start the run of a trigger's key, once, and keep its files, all or nothing. Reply: ``fired.Fired``.

    A trigger that is paused starts nothing.
    """

    trigger: str
    key: str
    start: StartRun
    files: Sequence[KeepFile] = ()
    state: str = "fired"
    """What is noted of the key at first."""
    alone: bool = False
    """Only if no run of an earlier key goes on."""
    actor: str | None = None
    """Who asked for it; None: the trigger fires by itself."""
    reason: str | None = None
    """What its history says beside it."""
