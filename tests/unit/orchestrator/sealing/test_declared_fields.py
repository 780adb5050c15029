"""Every field of a change or a row that can hold text is declared: sealed, or plain."""

import typing
from collections.abc import Iterator
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from handrail_orchestrator.sealing.fields import SEALED
from handrail_orchestrator.sealing.plain import PLAIN
from handrail_orchestrator.sealing.store import SealedStore
from handrail_orchestrator.store.changes import Change
from handrail_orchestrator.store.evidence import StoredEvidence
from handrail_orchestrator.store.figures import StoredFigures
from handrail_orchestrator.store.port import Claimed, Store
from handrail_orchestrator.store.rows import ReviewRow

TEXT = (str, bytes, object, Any)


def leaves(hint: Any) -> Iterator[Any]:
    """Yield what an annotation is made of; the words of a Literal are of our own choice."""
    if get_origin(hint) is typing.Literal:
        return
    parts = [part for part in get_args(hint) if part is not ... and not isinstance(part, list)]
    if not parts:
        yield hint
    for part in parts:
        yield from leaves(part)


def is_row(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields")


def holders() -> dict[type, list[str]]:
    """Return the named tuples that go into a store and come out of it, with their fields that can hold text."""
    found: dict[type, list[str]] = {}
    looking: list[Any] = [Claimed, ReviewRow]  # what changes are answered with
    looking += [leaf for change in get_args(Change) for leaf in leaves(change)]
    for port in (Store, StoredEvidence, StoredFigures):
        for name in dir(port):
            method = getattr(port, name)
            if not name.startswith("_") and callable(method):
                looking += leaves(get_type_hints(method).get("return", int))
    while looking:
        kind = looking.pop()
        if not is_row(kind) or kind in found:
            continue
        hints = get_type_hints(kind)
        found[kind] = []
        for field in kind._fields:
            parts = list(leaves(hints[field]))
            looking += parts
            if any(part in TEXT or (isinstance(part, type) and typing.is_typeddict(part)) for part in parts):
                found[kind].append(field)
    return found


HOLDERS = holders()


def test_changes_and_rows_are_found() -> None:
    assert len(HOLDERS) > 100


@pytest.mark.parametrize("kind", sorted(HOLDERS, key=str), ids=str)
def test_every_field_that_holds_text_is_declared_sealed_or_plain(kind: type) -> None:
    plain, sealed = set(PLAIN.get(kind, "").split()), set(SEALED.get(kind, {}))

    undeclared = set(HOLDERS[kind]) - plain - sealed

    assert not undeclared, f"{kind.__name__}: declare in sealing/fields.py or sealing/plain.py: {sorted(undeclared)}"
    assert not plain & sealed
    assert plain | sealed <= set(HOLDERS[kind]), "a field that is declared is not there any more"


def test_nothing_is_declared_of_types_that_no_store_knows() -> None:
    assert set(SEALED) | set(PLAIN) <= set(HOLDERS)


def test_the_sealed_store_has_what_the_port_has() -> None:
    own = {name for name in vars(SealedStore) if not name.startswith("_")}

    assert own <= {name for name in dir(Store) if not name.startswith("_")}
