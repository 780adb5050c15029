"""Blanking the values of runs, and what stays of them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from handrail_orchestrator.unmarking import KEY, is_marked, unmarked

FORGOTTEN: Final = '"(forgotten)"'
"""What stands, as JSON text, where a value was."""
ANOTHER: Final = '"(forgotten, another one)"'
"""The same, for an answer that was another one than was suggested: figures still tell them apart."""

_EMPTIED: Final[Mapping[str, Any]] = {
    "alternatives": [], "field_alternatives": {}, "evidence": {}, "attempts": [], "reason": "",
}  # fmt: skip
"""What a judgement says of the case beside its value."""
_VALUES: Final = frozenset({"value", "suggestion"})


class ForgetRuns(NamedTuple):
    """Blank the values of runs that have ended. Reply: how many were not blank before."""

    keys: Sequence[int]
    now: float
    actor: str
    why: str | None = None


class FamilyRow(NamedTuple):
    """A run that is to be forgotten: one that was named, or a descendant of one."""

    key: int
    id: str
    has_ended: bool


class BlankedRow(NamedTuple):
    """A row of the audit log whose data was blanked, signed for; the columns of table ``audit_blanks`` in order."""

    row: int
    before: str
    """The hash of the row before it."""
    after: str
    """Its own hash, of when its data was there: the row behind it covers that."""
    content: str
    """The hash of what it says now."""
    at: float
    signature: str

    @property
    def signed_parts(self) -> tuple[str, ...]:
        """Return what its signature covers."""
        return tuple(map(repr, self[:-1]))


def blank(recorded: str | None) -> str | None:
    """Return what stands in the place of a recorded value."""
    return None if recorded is None else FORGOTTEN


def blank_error(recorded: str | None) -> str | None:
    """Return an error without its message and its trace: of which type it was stays, and which steps it was of."""
    if recorded is None:
        return None
    data = _read(recorded)
    kept = {name: data[name] for name in ("type", "steps", "failed") if name in data}
    return json.dumps({**kept, "message": ""})


def blank_outcome(recorded: str | None) -> str | None:
    """Return a judgement's outcome without the value, and what is said of it; how sure it was and why stays."""
    if recorded is None:
        return None
    try:
        data = json.loads(recorded)
        data = data[KEY][1] if is_marked(recorded, data) else data
        if "escalation" in data:  # what happens when nobody answers is of several types
            data = {**data, "escalation": unmarked(data["escalation"])}
    except (KeyError, IndexError, TypeError, ValueError):
        return FORGOTTEN
    return json.dumps(_without_values(data)) if isinstance(data, dict) and "judgement" in data else FORGOTTEN


def _without_values(data: Any) -> Any:
    match data:
        case {"confidence": _, "attempts": _, "source": str()}:
            return {**_without_values({**data, "source": None}), "source": "", "documents": []}
        case dict():
            return {
                name: json.loads(FORGOTTEN)
                if name in _VALUES and (isinstance(part, dict | list | str) or "judgement" in data) and part is not None
                else _EMPTIED.get(name, _without_values(part))
                for name, part in data.items()
            }
        case list():
            return [_without_values(part) for part in data]
        case _:
            return data


def blank_verdicts(recorded: str | None) -> str | None:
    """Return verdicts without their reasons."""
    data = None if recorded is None else _read(recorded, list)
    if not isinstance(data, list):
        return recorded  # the guards that an answer was confirmed against
    return json.dumps([[guard, passed, field, "", on_fail] for guard, passed, field, _, on_fail in data])


def blank_answers(recorded: str | None) -> str | None:
    """Return the answers so far without what they say: who gave them, and when."""
    if recorded is None:
        return None
    data = json.loads(recorded)
    return json.dumps([[by, at, json.loads(FORGOTTEN), None, *more] for by, at, _, _, *more in data])


def blank_log(recorded: str | None, decision: str | None) -> str | None:
    """Return what the audit log says of a change without the values; ``decision`` is what its item says now."""
    if recorded is None:
        return None
    data = _read(recorded)
    kept = {name: data[name] for name in ("decided_by", "despite", "via", "code", "queue") if name in data}
    if "decision" in data:
        kept["decision"] = json.loads(decision or FORGOTTEN)
    return json.dumps({**kept, "forgotten": True})


def is_blank_log(recorded: str) -> bool:
    """Return whether what the log says of a change was blanked."""
    return bool(_read(recorded).get("forgotten"))


def _read(recorded: str, kind: type = dict) -> Any:
    try:
        data = json.loads(recorded)
    except ValueError:
        data = None
    return data if isinstance(data, kind) else {}
