"""Schemas that refer to themselves without looking deeper into the value: no validator can say what they allow."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema_rs import ReferencingError, Registry, Resolver

_ROOT = "json-schema:///"
_DRAFT_7 = "draft-07"

_IN_PLACE = ("not", "if", "then", "else")
_IN_PLACE_LISTS = ("allOf", "anyOf", "oneOf")
_IN_PLACE_MAPS = ("dependentSchemas", "dependencies")
"""Keywords whose schemas look at the same part of the value."""
_DEEPER = (
    "items",
    "additionalItems",
    "additionalProperties",
    "contains",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
)
_DEEPER_LISTS = ("items", "prefixItems")
_DEEPER_MAPS = ("properties", "patternProperties", "$defs", "definitions")
"""Keywords whose schemas look at other parts of the value, or at none."""

Document = Callable[[str], "dict[str, object] | bool"]
"""Gives a document by its address, or raises."""


def circle(schema: Any, document: Document) -> str | None:
    """Return a ``$ref`` that leads back to itself while it looks at the same part of the value, or None.

    The schema must be one that compiles; references that only a value can settle (``$dynamicRef`` to a name) are left.
    """
    if not isinstance(schema, dict):
        return None
    return _Search(Registry([(_ROOT, schema)], retriever=document), schema).circle()


class _Search:
    """Follows all references of a schema, each place once."""

    def __init__(self, registry: Registry, schema: Mapping[str, Any]) -> None:
        self._ref_alone = _DRAFT_7 in str(schema.get("$schema", ""))
        """In draft 7 nothing beside a ``$ref`` counts."""
        self._left: list[tuple[Any, Resolver]] = [(schema, registry.resolver(_ROOT))]
        self._open: set[tuple[str, str]] = set()
        self._done: set[tuple[str, str]] = set()

    def circle(self) -> str | None:
        """Return the first reference that leads back to itself, or None."""
        while self._left:
            schema, resolver = self._left.pop()
            if found := self._from(schema, resolver):
                return found
        return None

    def _from(self, schema: Any, resolver: Resolver) -> str | None:
        """Follow what looks at the same part of the value, and note the rest for later."""
        if not isinstance(schema, dict):
            return None
        resolver = _inside(schema, resolver)
        for reference in _references(schema):
            if found := self._through(reference, resolver):
                return found
        if self._ref_alone and "$ref" in schema:
            return None
        self._left.extend((each, resolver) for each in _schemas(schema, _DEEPER, _DEEPER_LISTS, _DEEPER_MAPS))
        for each in _schemas(schema, _IN_PLACE, _IN_PLACE_LISTS, _IN_PLACE_MAPS):
            if found := self._from(each, resolver):
                return found
        return None

    def _through(self, reference: str, resolver: Resolver) -> str | None:
        try:
            target = resolver.lookup(reference)
        except (ReferencingError, ValueError, LookupError):
            return None  # whatever could not be resolved has been refused by the compiler, where it counts
        # The same schema under the same address means the same, wherever it stands.
        place = (target.resolver.base_uri, json.dumps(target.contents, sort_keys=True))
        if place in self._open:
            return reference
        if place in self._done:
            return None
        self._open.add(place)
        found = self._from(target.contents, target.resolver)
        self._open.discard(place)
        self._done.add(place)
        return found


def _references(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the references that mean the same for every value."""
    if isinstance(schema.get("$ref"), str):
        yield schema["$ref"]
    dynamic = schema.get("$dynamicRef")
    if isinstance(dynamic, str) and (dynamic.endswith("#") or "#/" in dynamic):
        yield dynamic


def _inside(schema: Mapping[str, Any], resolver: Resolver) -> Resolver:
    """Return what resolves the references in a schema: one with an address of its own is another document."""
    own = schema.get("$id")
    if not isinstance(own, str) or own.startswith("#"):
        return resolver
    try:
        return resolver.lookup(own).resolver
    except (ReferencingError, ValueError, LookupError):
        return resolver


def _schemas(
    schema: Mapping[str, Any], single: tuple[str, ...], lists: tuple[str, ...], maps: tuple[str, ...]
) -> Iterator[Any]:
    """Yield the schemas below some keywords."""
    yield from (schema[name] for name in single if name in schema)
    yield from (each for name in lists if isinstance(schema.get(name), list) for each in schema[name])
    yield from (each for name in maps if isinstance(schema.get(name), dict) for each in schema[name].values())
