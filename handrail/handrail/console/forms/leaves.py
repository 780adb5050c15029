"""Drawing the fields that are filled in: boxes and choices, from a value or from what was sent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from handrail.console.forms.fields import (
    NULL,
    OMITTED,
    ChoiceField,
    FieldMark,
    FieldOption,
    FixedField,
    Marks,
    TextBox,
)
from handrail.console.forms.habits import TypingHabits
from handrail.console.forms.labels import cut, text_of, unseen_in
from handrail.console.forms.missing import MISSING
from handrail.console.forms.names import aside, dotted
from handrail.console.forms.options import options_of
from handrail.console.forms.place import FieldPlace
from handrail.console.forms.schemas import Offer, Scalar, Schema, key_of, scalar
from handrail.console.forms.texts import NUMBERS, drawn, is_ambiguous, meant, sent_text
from handrail.console.words import say

_LONG = 100
"""Characters of a text that has more than one line to be seen in."""
_LONG_NAMES: Final = frozenset(
    {"answer", "body", "comment", "content", "description", "draft", "message", "note", "notes", "reason", "reply"}
    | {"summary", "text"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaves:
    """Draws the leaves of one form."""

    marks: Marks
    habits: TypingHabits

    def basis(self, place: FieldPlace, schema: Schema, default: Any, *, nullable: bool = False) -> dict[str, Any]:
        """Return what every field has."""
        omittable = not place.required and default is MISSING
        original = place.original
        shown = original if original is not MISSING and (nullable or original is not None) else default
        return {
            "path": place.path,
            "name": place.name,
            "label": place.label,
            "help": place.help,
            "required": place.required and not nullable,
            "nullable": nullable,
            "omittable": omittable,
            "schema": schema,
            "original": original,
            "shown": shown,
            "was_absent": place.was_absent,
            "mark": FieldMark() if place.origin is None else self.marks.get(dotted(place.origin), FieldMark()),
        }

    def text(self, place: FieldPlace, schema: Schema, reads: Scalar, offer: Offer, default: Any) -> TextBox:
        """Return the box for a value that is typed."""
        basis = self.basis(place, schema, default, nullable=offer.nullable)
        shown = basis["shown"]
        first = drawn(shown, reads, self.habits)
        text: str | None = first
        as_drawn = first if is_ambiguous(first, reads, self.habits) else None
        sent = None if place.posted is None else place.posted.one(place.name)
        if place.posted is not None and not (place.is_new and sent is None):
            text = sent
            as_drawn = place.posted.one(aside(place.name, "as"))
        text = None if text is None else sent_text(text)
        if reads == "json":
            basis["help"] = basis["help"] or say("forms.as_json")
        if reads in NUMBERS:
            others = tuple((meant(each, self.habits), *more) for each, *more in basis["mark"].alternatives)
            basis["mark"] = replace(basis["mark"], alternatives=others)
        return TextBox(
            **basis,
            reads=reads,
            text=text,
            drawn=first,
            is_long=reads == "json" or (reads == "text" and _is_long(place, schema, (first, text or ""))),
            as_drawn=as_drawn,
            is_twice=place.posted is not None and len(place.posted.all(place.name)) > 1,
            unseen=unseen_in(text or ""),
        )

    def json(self, place: FieldPlace, schema: Schema, default: Any = MISSING) -> TextBox:
        """Return the box for a value that has no fields of its own."""
        return self.text(place, schema, "json", Offer((schema,), nullable=False), default)

    def key(self, place: FieldPlace, schema: Schema) -> TextBox | ChoiceField | FixedField:
        """Return the field for the key of an entry: in the answer it is a text, whatever it is read as."""
        listed = schema.get("enum")
        if isinstance(listed, list) and listed:
            return self.choice(place, schema, listed, Offer((schema,), nullable=False), MISSING)
        reads: Scalar
        match schema.get("format"):
            case "integer":
                kind, reads = {**schema, "type": "integer"}, "integer"
            case "number":
                kind, reads = {**schema, "type": "number"}, "decimal"
            case _:
                kind = {**schema, "type": "string"}
                reads = scalar(kind)
        return self.text(place, kind, reads, Offer((kind,), nullable=False), MISSING)

    def choice(
        self, place: FieldPlace, schema: Schema, values: Sequence[Any], offer: Offer, default: Any
    ) -> ChoiceField | FixedField:
        """Return the field for a value that there is a list of."""
        basis = self.basis(place, schema, default, nullable=offer.nullable)
        if len(values) + offer.nullable == 1 and not basis["omittable"]:
            only = values[0] if values else None
            return FixedField(**basis, value=only, text=cut(text_of(only)))
        options = options_of(values, map(str, range(len(values))))
        if offer.nullable:
            options += (FieldOption(token=NULL, label=say("forms.none"), value=None),)
        if basis["omittable"]:
            options += (FieldOption(token=OMITTED, label=say("forms.left_out"), value=MISSING),)
        chosen = _tokens(options, (basis["shown"],))
        if not chosen and basis["omittable"] and (place.was_absent or place.original is MISSING):
            chosen = (OMITTED,)
        return self._chosen(ChoiceField(**basis, options=options, chosen=chosen), place)

    def choices(self, place: FieldPlace, schema: Schema, values: Sequence[Any], default: Any) -> ChoiceField:
        """Return the field for a set of values that there is a list of."""
        basis = self.basis(place, schema, default)
        options = options_of(values, map(str, range(len(values))))
        shown = basis["shown"] if isinstance(basis["shown"], list) else []
        made = ChoiceField(**basis, options=options, chosen=_tokens(options, shown), is_many=True)
        return self._chosen(made, place)

    @staticmethod
    def _chosen(made: ChoiceField, place: FieldPlace) -> ChoiceField:
        posted = place.posted
        if posted is None:
            return made
        tokens = {each.token for each in made.options}
        sent = posted.all(made.name)
        if place.is_new and not sent:
            return made
        chosen = tuple(dict.fromkeys(each for each in sent if each in tokens))
        is_sent = bool(posted.all(aside(made.name, "sent"))) if made.is_many else bool(sent)
        return replace(made, chosen=chosen if made.is_many else chosen[:1], is_sent=is_sent or bool(chosen))


def _is_long(place: FieldPlace, schema: Schema, texts: tuple[str, ...]) -> bool:
    if any(len(each) > _LONG or "\n" in each for each in texts):
        return True
    most = schema.get("maxLength")
    if (isinstance(most, int) and most <= 2 * _LONG) or "format" in schema:
        return False
    is_in_row = any(isinstance(step, int) for step in place.path)
    return not place.path or (str(place.path[-1]).lower() in _LONG_NAMES and not is_in_row)


def _tokens(options: Sequence[FieldOption], values: Sequence[Any]) -> tuple[str, ...]:
    """Return the tokens of the options that are these values, in the order of the options."""
    wanted = {key_of(each) for each in values if each is not MISSING}
    return tuple(each.token for each in options if each.value is not MISSING and key_of(each.value) in wanted)
