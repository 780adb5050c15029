"""What people said of an item: their notes, and why they handed it on."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from handrail_orchestrator.records.item import ReviewChange, ReviewDetail

NoteKind: TypeAlias = Literal["note", "skip", "snooze", "assign", "send_up", "decide", "reopen", "policy"]


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that was said or done."""

    at: float
    by: str
    """A name, without what kind of actor it is."""
    kind: NoteKind
    text: str
    code: str = ""
    """Of what was sent up: why."""
    to: str = ""
    """Whom it was given to."""


def notes_of(item: ReviewDetail) -> list[Note]:
    """Return what was said of an item, as somebody may see it, oldest first."""
    found = []
    for change in item.history:
        kind = _kind(change)
        if kind is None:
            continue
        data = change.data or {}
        by = change.actor.partition(":")[2] or change.actor
        found.append(
            Note(change.at, by, kind, change.note or "", str(data.get("code") or ""), str(data.get("to") or ""))
        )
    return [note for note in found if note.kind not in {"decide", "skip"} or note.text]


def _kind(change: ReviewChange) -> NoteKind | None:
    match change.action:
        case "note" | "skip" | "snooze" | "assign" | "send_up" | "decide" | "reopen":
            return change.action
        case _:
            return "policy" if change.actor.startswith("policy:") else None
