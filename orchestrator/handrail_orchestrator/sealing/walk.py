"""Going through changes and rows, whatever they hold, and sealing or opening the fields that are declared so."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar, assert_never, cast, get_args, get_type_hints

from handrail_orchestrator.sealing.fields import SEALED, SealedField
from handrail_orchestrator.sealing.sealer import Place, Sealer
from handrail_orchestrator.store.sealed_text import About
from handrail_orchestrator.store.sealing import KnownIds

R = TypeVar("R")

_NEVER = frozenset({"inside", "undoing"})
"""What the store's own changes have sealed."""
_PLAIN_OF_ERROR = frozenset({"type", "steps", "failed"})
"""What of an error stays plain: SQL and people count by it, and a retry goes by it."""


class Opener(Protocol):
    """Opens one text, or refuses to."""

    def json(self, text: str, places: Sequence[Place], /) -> str:
        """Return JSON text with all that is sealed in it opened."""
        ...

    def text(self, text: str, places: Sequence[Place], /) -> str:
        """Return words with all that is sealed in them opened."""
        ...

    def open_part(self, data: bytes, places: Sequence[Place], /) -> bytes:
        """Return bytes of a file opened."""
        ...


class _Plan(NamedTuple):
    """What of a type is sealed, and which of its fields hold what may have something sealed."""

    sealed: tuple[tuple[str, SealedField], ...]
    nested: tuple[str, ...]
    places: tuple[int, ...] = ()
    """Where the sealed fields stand."""


_PLANS: dict[type, _Plan] = {}


def plan_of(kind: type) -> _Plan:
    """Return what there is to do with the fields of a type."""
    found = _PLANS.get(kind)
    if found is None:
        _PLANS[kind] = _Plan((), ())  # a change may hold changes
        found = _PLANS[kind] = _planned(kind)
    return found


def _planned(kind: type) -> _Plan:
    hints = get_type_hints(kind)
    nested = tuple(name for name in getattr(kind, "_fields", ()) if any(map(_has_anything, tuples_in(hints[name]))))
    fields = SEALED.get(kind, {})
    return _Plan(tuple(fields.items()), nested, tuple(cast("Any", kind)._fields.index(name) for name in fields))


def tuples_in(hint: Any) -> Iterator[type]:
    """Yield the named tuples that an annotation speaks of."""
    if isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields"):
        yield hint
    for each in get_args(hint):
        yield from tuples_in(each)


def _has_anything(kind: type) -> bool:
    plan = plan_of(kind)
    return bool(plan.sealed or plan.nested)


def sealed(change: R, sealer: Sealer, ids: KnownIds) -> R:
    """Return a change, or a part of one, with its values sealed."""
    plan = plan_of(change.__class__)
    if not plan.sealed and not plan.nested:
        return change
    new: dict[str, Any] = {}
    for name, field in plan.sealed:
        value = getattr(change, name)
        if value is None or field.how in _NEVER or (field.how == "asked" and cast("Any", change).kind == "event"):
            continue  # what was asked for with an event is looked for by SQL
        new[name] = _seal(value, field, sealer, cast("About", field.places(change, ids)[0]))
    for name in plan.nested:
        new[name] = _each(getattr(change, name), lambda part: sealed(part, sealer, ids))
    return cast("R", cast("Any", change)._replace(**new))


def opened(row: R, opener: Opener, ids: KnownIds) -> R:
    """Return a row with its values opened; one that holds nothing sealed is returned as it is."""
    plan = plan_of(row.__class__)
    new: dict[str, Any] = {}
    for name, field in plan.sealed:
        value = getattr(row, name)
        if value is not None and _may_be_sealed(value):
            new[name] = _open(value, field, opener, field.places(row, ids))
    for name in plan.nested:
        before = getattr(row, name)
        after = _each(before, lambda part: opened(part, opener, ids))
        if after is not before:
            new[name] = after
    return cast("R", cast("Any", row)._replace(**new)) if new else row


def all_plain(rows: Sequence[Any]) -> bool:
    """Return whether nothing in rows of one kind is sealed, quickly: lists are long, and most stores are not sealed."""
    kind = rows[0].__class__
    plan = plan_of(kind)
    return not plan.nested and not any(
        row.__class__ is not kind or _may_be_sealed(row[place]) for place in plan.places for row in rows
    )


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    if value is None or not isinstance(value, list | tuple):
        return value
    if hasattr(value, "_fields"):
        return change(value)
    return [change(each) for each in value] if value else value


def _may_be_sealed(value: object) -> bool:
    return ("hsealed1." in value) if isinstance(value, str) else isinstance(value, bytes)


def _seal(value: Any, field: SealedField, sealer: Sealer, about: About) -> Any:
    match field.how:
        case "json" | "asked" | "verdicts":
            is_plain = value == "[]" or (field.how == "verdicts" and value.startswith("{"))
            return value if is_plain else sealer.value(value, about)
        case "words":
            return sealer.words(value, about)
        case "error":
            return seal_error(value, sealer, about)
        case "answers":
            return _with_answers(value, sealer, about)
        case "bytes":
            return sealer.part(value, about) if value else value
        case "undoing" | "inside":
            return value
        case _:
            assert_never(field.how)


def seal_error(text: str, sealer: Sealer, about: About) -> str:
    """Return an error with its message and trace sealed; of which type it is, and of which steps, stays plain."""
    data = json.loads(text)
    return json.dumps(
        {
            name: part if name in _PLAIN_OF_ERROR or not isinstance(part, str) else sealer.words(part, about)
            for name, part in data.items()
        }
    )


def seal_answers(text: str, sealer: Sealer, about: About) -> str:
    """Return answers with what they say sealed; whose they are and when they were given stays plain."""
    said, noted = (*about[:-1], "output"), (*about[:-1], "note")
    return json.dumps(
        [
            [by, at, sealer.words(answer, said), note and sealer.words(note, noted), *more]
            for by, at, answer, note, *more in json.loads(text)
        ]
    )


def _with_answers(sets: Mapping[str, Any], sealer: Sealer, about: About) -> Mapping[str, Any]:
    given = sets.get("answers")
    return sets if given is None else {**sets, "answers": seal_answers(given, sealer, about)}


def _open(value: Any, field: SealedField, opener: Opener, places: Sequence[Place]) -> Any:
    match field.how:
        case "json" | "asked" | "error" | "verdicts" | "inside" | "answers":
            return opener.json(value, places)
        case "words":
            return opener.text(value, places)
        case "undoing":
            data = json.loads(value)
            error = data.get("error")
            return json.dumps({**data, "error": error and opener.json(error, places)})
        case "bytes":
            return opener.open_part(value, places)
        case _:
            assert_never(field.how)
