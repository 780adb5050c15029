"""How the changes are applied by which runs say something of themselves, wait, go on anew, and are undone."""

from collections.abc import Callable
from typing import Any

from handrail_orchestrator.store import running as r
from handrail_orchestrator.store.sql import (
    detached,
    firsts,
    inputs,
    keyed,
    lifecycle,
    results,
    rounds,
    running,
    undoing,
)

APPLY: dict[type, Callable[[Any, Any], Any]] = {
    r.PutTags: running.put_tags,
    r.PutProgress: running.put_progress,
    r.JoinBranches: firsts.join,
    r.DecideFirst: firsts.decide,
    r.RegisterUndo: undoing.register,
    r.FinishUndo: lifecycle.finish_undo,
    r.PutAside: undoing.cannot,
    r.GoOn: rounds.go_on,
    r.StartDetached: detached.start,
    r.OpenKeyedWait: keyed.open_wait,
    r.SendTo: keyed.send,
    r.SetResult: results.put,
    r.DeclareInput: inputs.declare,
}

FENCED: frozenset[type] = frozenset(APPLY) - {r.SendTo, r.SetResult, r.DeclareInput}
"""Only the owner of a run may make them."""
