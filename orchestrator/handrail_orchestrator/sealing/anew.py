"""What is to stand in place of a value, wherever it stands: sealed, if it was plain, and by the key that seals now."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from handrail_orchestrator.asked import keyed_name
from handrail_orchestrator.sealing.fields import How
from handrail_orchestrator.sealing.places import stem
from handrail_orchestrator.sealing.sealer import Sealer
from handrail_orchestrator.sealing.walk import seal_answers, seal_error
from handrail_orchestrator.store.forgetting import ANOTHER, FORGOTTEN
from handrail_orchestrator.store.resealing import Raw, RawRow, ResealedValue
from handrail_orchestrator.store.sealed_text import About, is_sealed, sealed_bytes, tokens

NOT_SEALED: Final = ""
"""Stands for a key where values are plain."""

_KEPT: Final = frozenset({FORGOTTEN, ANOTHER, "(forgotten)", "", "[]", "null"})
"""What says nothing of anybody."""
_ORPHANED: Final = "the run that started it has ended"
"""The message of an error that SQL looks for."""
_HOW: Final[Mapping[str, How]] = {
    "error": "error", "verdicts": "verdicts", "answers": "answers", "title": "words", "reason": "words",
    "note": "words", "body": "words", "progress": "words", "undoing": "undoing", "data": "inside", "bytes": "bytes",
}  # fmt: skip
"""By column; all others hold a value as JSON."""


def resealed(row: RawRow, sealer: Sealer) -> Iterator[ResealedValue]:
    """Yield what of a row is to be written anew."""
    for column, value in row.values.items():
        after = anew(row, column, value, sealer)
        if after != value:
            yield ResealedValue(row.table, row.at, column, value, after)


def anew(row: RawRow, column: str, value: Raw, sealer: Sealer) -> Raw:
    """Return what is to stand in place of a value."""
    if isinstance(value, bytes):
        found = sealed_bytes(value)
        return sealer.part(value, about_of(row, column)) if found is None else sealer.part_again(value)
    again = sealer.again(value) if is_sealed(value) else value
    return again if _is_done(row, column, again) else _sealed(row, column, again, sealer)


def _how(row: RawRow, column: str) -> How:
    # what kept a challenger from an answer is said in words
    return "words" if row.table == "challenges" and column == "error" else _HOW.get(column, "json")


def _is_done(row: RawRow, column: str, value: str) -> bool:
    """Return whether nothing of a value is left to be sealed."""
    how = _how(row, column)
    if value in _KEPT or (is_sealed(value) and how in {"json", "words", "verdicts", "undoing"}):
        return True
    if column == "verdicts":
        return value.startswith("{")
    return column == "input" and row.about.get("kind") == "event"


def _sealed(row: RawRow, column: str, value: str, sealer: Sealer) -> str:
    about = about_of(row, column)
    match _how(row, column):
        case "words":
            return sealer.words(value, about)
        case "error":
            return _error(value, sealer, about)
        case "answers":
            return _changed(value, seal_answers(value, sealer, about))
        case "undoing":
            data = json.loads(value)
            return json.dumps({**data, "error": data.get("error") and _error(data["error"], sealer, about)})
        case "inside":
            return _log(value, sealer, about)
        case _:
            return sealer.value(value, about)


def _changed(before: str, after: str) -> str:
    """Return answers of which some are plain with those sealed; what is sealed is not sealed twice."""
    rows = zip(json.loads(before), json.loads(after), strict=True)
    kept = [
        [
            old if isinstance(old, str) and (is_sealed(old) or old in _KEPT) else new
            for old, new in zip(was, now, strict=True)
        ]
        for was, now in rows
    ]
    return before if kept == json.loads(before) else json.dumps(kept)


def _kept(old: object, new: object) -> object:
    return old if isinstance(old, str) and (is_sealed(old) or old in _KEPT) else new


def _error(text: str, sealer: Sealer, about: About) -> str:
    data = json.loads(text)
    said = [data.get(name) for name in ("message", "trace")]
    if data.get("message") == _ORPHANED or all(not part or is_sealed(part) for part in said):
        return text
    return seal_error(text, sealer, about)


def _log(text: str, sealer: Sealer, about: About) -> str:
    """Return what the log says of a change with the answer and the words in it sealed."""
    data = json.loads(text)
    told = dict(data)
    run, step = about[1], about[2] if len(about) > 3 else ""
    if "decision" in data and not _says_nothing(data["decision"]):
        told["decision"] = json.loads(sealer.value(json.dumps(data["decision"]), ("step", run, step, "output")))
    if isinstance(data.get("note"), str) and not _says_nothing(data["note"]):
        told["note"] = sealer.words(data["note"], ("step", run, step, "note"))
    if isinstance(data.get("why"), str) and not _says_nothing(data["why"]):
        told["why"] = sealer.words(data["why"], ("log", "why"))
    return text if told == data else json.dumps(told)


def _says_nothing(part: object) -> bool:
    text = json.dumps(part)
    return text in _KEPT or part in ("", "(forgotten)") or is_sealed(text)


def _step(row: RawRow) -> str:
    return stem(row.about.get("step") or "")


def _run(row: RawRow) -> str:
    return row.about.get("run") or "?"


def _name(row: RawRow) -> str:
    return row.about.get("name") or ""


def _of_step(row: RawRow, column: str) -> About:
    return "step", _run(row), _step(row), "output" if column == "decision" else column


def _known(row: RawRow, column: str) -> About:
    return "known", _name(row), column


_ABOUT: Final[Mapping[str, Callable[[RawRow, str], About]]] = {
    "runs": lambda row, column: ("run", _run(row), {"first_input": "input", "undoing": "error"}.get(column, column)),
    "steps": _of_step,
    "archived_steps": _of_step,
    "events": lambda row, _: ("event", _run(row), stem(_name(row))),
    "keyed_events": lambda row, _: ("keyed", keyed_name(_name(row), row.about.get("key") or "")),
    "reviews": _of_step,
    "review_log": _of_step,
    "known_cases": _known,
    "known_items": _known,
    "file_parts": lambda row, _: ("part", *map(str, row.at)),
    "challenges": lambda row, column: (
        "step", _run(row), _step(row), "challenge" if column == "outcome" else "challenge_error",
    ),
    "outcomes": lambda row, _: ("outcome", _run(row), _name(row)),
    "notices": lambda row, column: ("notice", _name(row), column),
    "trigger_asks": lambda row, column: ("ask", _name(row), column),
}  # fmt: skip
"""By table: what a value is, by where it stands."""


def about_of(row: RawRow, column: str) -> About:
    """Return what a value is, by where it stands."""
    return _ABOUT[row.table](row, column)


def keys_of(row: RawRow, column: str, value: Raw) -> Iterator[str]:
    """Yield the name of the key that each thing in a value is sealed by; ``NOT_SEALED`` for a plain one."""
    if isinstance(value, bytes):
        found = sealed_bytes(value)
        yield NOT_SEALED if found is None else found.key
        return
    names = [token.key for token in tokens(value)]
    yield from names
    if (
        not names
        and not _is_done(row, column, value)
        and (column not in {"data", "error"} or _says_something(column, value))
    ):
        yield NOT_SEALED


def _says_something(column: str, value: str) -> bool:
    if column not in {"data", "error"}:
        return True
    try:
        data = json.loads(value)
    except ValueError:
        return True
    if not isinstance(data, dict):
        return True
    if column == "error":
        return bool(data.get("message")) and data.get("message") != _ORPHANED
    return any(name in data and not _says_nothing(data[name]) for name in ("decision", "note", "why"))
