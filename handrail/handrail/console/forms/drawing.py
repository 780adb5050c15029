"""Drawing a form: the tree of fields for a schema, filled from a value or from what was sent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from handrail.console.forms.fields import (
    NULL,
    OMITTED,
    AnyField,
    ChoiceField,
    FieldMark,
    FieldOption,
    FormRow,
    GroupField,
    ListField,
    TextBox,
    VariantField,
)
from handrail.console.forms.labels import cut, help_of, label_of
from handrail.console.forms.leaves import Leaves
from handrail.console.forms.members import member_of
from handrail.console.forms.missing import MISSING
from handrail.console.forms.names import aside, below
from handrail.console.forms.numerals import is_numeral
from handrail.console.forms.options import kinds_of
from handrail.console.forms.place import FieldPlace
from handrail.console.forms.schemas import Offer, Scalar, Schema, Schemas, default_of, is_decimal, is_number, scalar
from handrail.console.words import say

DEEPEST: Final = 12
"""Levels that have fields of their own; what is deeper is JSON."""
MOST_DRAWN: Final = 2000
"""Parts of one list that are drawn as fields; a longer list is JSON."""

MOST_IN_ALL: Final = 4000
"""Parts of a whole form that are drawn as fields; a larger answer is JSON."""
MOST_SENT: Final = 20_000
"""Parts of a whole form that are made of what was sent; a page of ours never sends so many."""


class TooMuch(Exception):
    """There would be more fields than anybody can fill in."""


class Drawing:
    """Draws one form."""

    def __init__(self, schemas: Schemas, leaves: Leaves, *, fresh: frozenset[str], most: int) -> None:
        """Draw so many parts at most for a schema; ``fresh`` are the rows that were added just now."""
        self._schemas = schemas
        self._leaves = leaves
        self._fresh = fresh
        self._most = most
        self._parts = 0

    def _count(self) -> None:
        self._parts += 1
        if self._parts > self._most:
            raise TooMuch

    def field(self, place: FieldPlace, schema: object) -> AnyField:
        """Return the field for a schema."""
        resolved, offer = self._schemas.understood(schema)
        default = default_of(resolved)
        if not place.help and "description" in resolved:
            place = replace(place, help=help_of(resolved))
        self._count()
        omittable = not place.required and default is MISSING
        if len(place.path) >= DEEPEST or not (offer.kinds or offer.nullable):
            return self._leaves.text(place, resolved, "json", offer, default)
        closed = offer.closed
        if closed is not None or not offer.kinds:
            return self._leaves.choice(place, resolved, closed or (), offer, default)
        number = _number(offer, place.original)
        if number is not None:
            bounded = {**resolved, **offer.kinds[0]} if number == "decimal" else resolved
            return self._leaves.text(place, bounded, number, offer, default)
        kind, *others = offer.kinds
        if others or (self._is_composite(kind) and (offer.nullable or omittable)):
            return self._variant(place, resolved, offer, default, omittable=omittable)
        return self._single(place, resolved, kind, offer, default)

    def _single(self, place: FieldPlace, schema: Schema, kind: Schema, offer: Offer, default: Any) -> AnyField:
        """Return the field for a value of one kind."""
        if not self._is_composite(kind):
            return self._leaves.text(place, {**schema, **kind}, scalar(kind), offer, default)
        if isinstance(kind.get("properties"), Mapping):
            return self._object(place, kind, default)
        if isinstance(kind.get("prefixItems"), list) and kind["prefixItems"]:
            return self._tuple(place, kind, default)
        return self._list(place, kind, default)

    @staticmethod
    def _is_composite(kind: Schema) -> bool:
        match kind.get("type"):
            case "object":
                if _described(kind, "patternProperties"):
                    return False
                return isinstance(kind.get("properties", kind.get("additionalProperties")), Mapping)
            case "array":
                if isinstance(kind.get("prefixItems"), list) and kind["prefixItems"]:
                    return not isinstance(kind.get("items"), Mapping)
                return isinstance(kind.get("items"), Mapping)
            case _:
                return False

    def _object(self, place: FieldPlace, schema: Schema, default: Any) -> GroupField:
        basis = self._leaves.basis(place, schema, default)
        properties = schema["properties"]
        required = [key for key in schema.get("required", ()) if isinstance(key, str)]
        held = basis["shown"] if isinstance(basis["shown"], Mapping) else None
        fields = [
            self.field(
                FieldPlace(
                    path=(*place.path, key),
                    name=below(place.name, key),
                    label=self._label(part, key),
                    help=help_of(part) if isinstance(part, Mapping) else "",
                    required=key in required,
                    original=MISSING if held is None else held.get(key, MISSING),
                    origin=place.below(key),
                    was_absent=held is not None and key not in held,
                    posted=place.posted,
                    is_new=place.is_new,
                ),
                part,
            )
            for key, part in _in_order(properties, required, held)
        ]
        more = schema.get("additionalProperties")
        others = {} if held is None else {key: each for key, each in held.items() if key not in properties}
        rest = None
        if others or more is True or isinstance(more, Mapping):
            at = replace(
                place,
                name=aside(place.name, "more"),
                label=say("forms.rest"),
                help="",
                original=others,
                was_absent=False,
            )
            schema = {"type": "object", "additionalProperties": more if isinstance(more, Mapping) else {}}
            rest = self._list(at, schema, MISSING)
        return GroupField(**basis, fields=tuple(fields), rest=rest)

    def _tuple(self, place: FieldPlace, schema: Schema, default: Any) -> GroupField:
        basis = self._leaves.basis(place, schema, default)
        held = basis["shown"] if isinstance(basis["shown"], list) else []
        fields = [
            self.field(
                FieldPlace(
                    path=(*place.path, index),
                    name=below(place.name, index),
                    label=self._label(part, None, say("forms.row", label=place.label, number=index + 1)),
                    original=held[index] if index < len(held) else MISSING,
                    origin=place.below(index),
                    posted=place.posted,
                    is_new=place.is_new,
                ),
                part,
            )
            for index, part in enumerate(schema["prefixItems"])
        ]
        return GroupField(**basis, fields=tuple(fields), is_tuple=True)

    def _label(self, part: object, key: str | None, otherwise: str = "") -> str:
        """Return the label of a part: a title of its own goes before its key, its type's title does not."""
        own = part if isinstance(part, Mapping) else {}
        if key is None:
            return label_of(own, None) if own.get("title") else cut(otherwise)
        return label_of(own, key)

    def _list(self, place: FieldPlace, schema: Schema, default: Any) -> AnyField:
        """Return the field for a list or a mapping; one that is too long to be drawn is JSON."""
        is_mapping = schema.get("type") == "object"
        part = schema["additionalProperties"] if is_mapping else schema["items"]
        names = self._schemas.resolved(schema.get("propertyNames", {})) if is_mapping else None
        if not is_mapping and schema.get("uniqueItems"):
            _, offer = self._schemas.understood(part)
            if offer.closed is not None and not offer.nullable:
                return self._leaves.choices(place, schema, offer.closed, default)
        basis = self._leaves.basis(place, schema, default)
        entries = _entries(basis["shown"], is_mapping=is_mapping)
        before = self._parts
        rows: list[FormRow] = []
        as_json = replace(place, name=aside(place.name, "json"))
        if place.posted is not None and place.posted.one(as_json.name) is not None:
            return self._leaves.json(as_json, schema, default)
        for position, key in enumerate(self._keys(place, len(entries))):
            rows.append(self._row(place, part, entries, key, position, names))
            if self._parts - before > MOST_DRAWN and place.posted is None:
                self._parts = before + 1
                return self._leaves.json(as_json, schema, default)
        return ListField(**basis, rows=tuple(rows), is_mapping=is_mapping)

    @staticmethod
    def _keys(place: FieldPlace, count: int) -> Iterator[str]:
        """Yield the keys of a list's rows: those that were sent, or the places of what it holds."""
        sent = None if place.posted is None else dict.fromkeys(place.posted.all(aside(place.name, "row")))
        if sent is None or (place.is_new and not sent):
            yield from map(str, range(count))
            return
        yield from (each for each in sent if each.isascii() and each.isdecimal() and len(each) <= 10)

    def _row(
        self,
        place: FieldPlace,
        part: object,
        entries: Sequence[tuple[str, Any]],
        key: str,
        position: int,
        keys: Schema | None,
    ) -> FormRow:
        name = below(place.name, key)
        known = int(key) < len(entries)
        entry, original = entries[int(key)] if known else ("", MISSING)
        posted = None if name in self._fresh else place.posted
        origin = place.below(int(key) if keys is None else entry) if known else None
        self._count()
        label = say("forms.row", label=place.label, number=position + 1)
        box = None
        step: str | int = position
        if keys is not None:
            step = entry if posted is None else posted.one(aside(name, "key")) or ""
            at = FieldPlace(
                path=(*place.path, step),
                name=aside(name, "key"),
                label=say("forms.key"),
                original=entry if known else MISSING,
                origin=None,
                posted=posted,
                is_new=place.is_new,
            )
            box = self._leaves.key(at, keys)
            step = box.key_text(step) if isinstance(box, ChoiceField) else step
        at = FieldPlace(
            path=(*place.path, step),
            name=name,
            label=label,
            original=original,
            origin=origin,
            posted=posted,
            is_new=place.is_new,
        )
        return FormRow(key=key, name=name, label=label, field=self.field(at, part), entry=box)

    def _variant(self, place: FieldPlace, schema: Schema, offer: Offer, default: Any, *, omittable: bool) -> AnyField:
        """Return the field for a value of one of several kinds."""
        basis = self._leaves.basis(place, schema, default, nullable=offer.nullable)
        single = len(offer.kinds) == 1
        options = (FieldOption(token="0", label=say("forms.given")),) if single else kinds_of(offer.kinds)  # noqa: S106 -- what is sent for it
        if offer.nullable:
            options += (FieldOption(token=NULL, label=say("forms.none")),)
        if omittable:
            options += (FieldOption(token=OMITTED, label=say("forms.left_out")),)
        first = self._first_kind(basis["shown"], offer, omittable=omittable)
        chosen = first
        sent = None if place.posted is None else place.posted.one(aside(place.name, "is"))
        if place.posted is not None and not (place.is_new and sent is None):
            chosen = sent if any(each.token == sent for each in options) else None
        made = VariantField(**basis, options=options, chosen=chosen)
        if chosen in {None, NULL, OMITTED}:
            return made
        kind = offer.kinds[int(chosen or 0)]
        is_fresh = place.posted is not None and place.posted.one(aside(place.name, "of")) != chosen
        at = replace(
            place,
            label=place.label,
            help="",
            required=True,
            original=basis["shown"] if chosen == first else MISSING,
            was_absent=False,
            is_new=place.is_new or is_fresh,
        )
        alone = Offer((kind,), nullable=False)
        inside = self._inside(at, kind, alone)
        is_typed = isinstance(inside, TextBox) and place.posted is not None and inside.name in place.posted
        # what is known of the value is said of the field that holds it
        return replace(made, field=inside, is_fresh=is_fresh and not is_typed, mark=FieldMark())

    def _inside(self, at: FieldPlace, kind: Schema, alone: Offer) -> AnyField:
        if alone.closed is not None:
            return self._leaves.choice(at, kind, alone.closed, alone, MISSING)
        return self._single(at, kind, kind, alone, MISSING)

    def _first_kind(self, shown: object, offer: Offer, *, omittable: bool) -> str | None:
        if shown is MISSING:
            return OMITTED if omittable else None
        if shown is None and offer.nullable:
            return NULL
        if len(offer.kinds) == 1:
            return "0"
        found = member_of(shown, offer, self._schemas)
        return None if found is None else str(found)


def _in_order(
    properties: Mapping[str, Any], required: Sequence[str], held: Mapping[str, Any] | None
) -> Iterator[tuple[str, Any]]:
    """Yield properties as they were declared: schemas are stored sorted, but values and lists are not."""
    for key in dict.fromkeys((*(held or ()), *required, *properties)):
        if key in properties:
            yield key, properties[key]


def _described(kind: Schema, key: str) -> bool:
    return isinstance(kind.get(key), Mapping) and bool(kind[key])


def _number(offer: Offer, original: object) -> Scalar | None:
    """Return how several kinds that are all numbers are read; a text that is none shows that any text belongs there."""
    if is_decimal(offer):
        return None if isinstance(original, str) and not is_numeral(original) else "decimal"
    return "number" if is_number(offer) else None


def _entries(shown: object, *, is_mapping: bool) -> Sequence[tuple[str, Any]]:
    if is_mapping:
        return list(shown.items()) if isinstance(shown, Mapping) else []
    return [("", each) for each in shown] if isinstance(shown, list) else []
