"""A suggestion with some of it changed: what plain JSON does not say of the suggestion, it says of the answer too.

``{"amount": 2}`` for a suggested ``Charge(amount=1)`` is a charge, although a ``Refund`` has the same fields. Who
decides has JSON data and its schema, not the types; so the marks of the suggestion (see
``handrail_orchestrator.marking``) are put on the answer along the schema, wherever the changed value fits what is
marked. Where any of that is in doubt, the answer stays plain data, of the first type that it fits.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from handrail_orchestrator.records.sameness import same
from handrail_orchestrator.unmarking import KEY, unmarked

Schema = Mapping[str, Any]

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_BUILT_IN: Final[Mapping[str, tuple[Schema, Callable[[str], object]]]] = {
    "str": ({"type": "string"}, lambda _: True),
    "int": ({"type": "integer"}, lambda _: True),
    "float": ({"type": "number"}, lambda _: True),
    "bool": ({"type": "boolean"}, lambda _: True),
    "date": ({"type": "string", "format": "date"}, _DAY.fullmatch),
    "uuid": ({"type": "string", "format": "uuid"}, _ID.fullmatch),
}
"""By the name of a built-in type: how its schema begins, and whether a text is of it."""

_TOLD = {"type", "format", "properties", "items", "prefixItems", "additionalProperties", "allOf"}
"""What a schema says of values that may hold something marked; without any of it, they are free JSON or a choice."""


def corrected(exact: Any, answer: object, schema: Schema) -> Any:
    """Return a changed suggestion in the marked form of the suggestion; None where plain data must do."""
    try:
        found = {KEY: _Walk(schema).of(exact[KEY], answer, schema)}
    except _InDoubt:
        return None
    return found if same(unmarked(found[KEY]), answer) else None


class _InDoubt(Exception):
    """Nobody can say by the schema alone how this part is marked."""


class _Walk:
    """Goes through a suggestion as it is stored, an answer and their schema side by side."""

    def __init__(self, whole: Schema) -> None:
        self._named: Mapping[str, Any] = whole.get("$defs", {})

    def of(self, exact: Any, answer: Any, schema: Any) -> Any:
        """Return an answer's part as the suggestion's is marked; one that shows what was suggested stays as it is."""
        return exact if same(unmarked(exact), answer) else self._changed(exact, answer, schema)

    def _changed(self, exact: Any, answer: Any, schema: Any) -> Any:
        schema = self._resolved(schema)
        options = _options(schema)
        if len(options) > 1 and not (answer is None and _may_be_null(schema)):
            return self._member(exact, answer, options, schema)
        if options:
            schema = self._resolved(options[0])
        if answer is None or not schema.keys() & _TOLD:  # what may be null is not marked for it, and free JSON never is
            return answer
        if exact is None:
            return self._new(answer, schema)
        return self._part(exact, answer, schema)

    def _part(self, exact: Any, answer: Any, schema: Schema) -> Any:
        if schema.get("format") in {"date-time", "time"} and isinstance(exact, list):
            return exact if answer == exact[0] else [answer, None, 0]
        if isinstance(exact, dict) and isinstance(answer, dict):
            return {key: self._field(exact, key, each, schema) for key, each in answer.items()}
        if isinstance(exact, list) and isinstance(answer, list) and schema.get("type") == "array":
            return self._items(exact, answer, schema)
        if isinstance(exact, dict | list) or isinstance(answer, dict | list):
            raise _InDoubt
        return answer

    def _member(self, exact: Any, answer: Any, options: list[Any], schema: Schema) -> Any:
        if isinstance(exact, dict) and "discriminator" in schema:
            key, mapping = schema["discriminator"]["propertyName"], schema["discriminator"].get("mapping", {})
            if not isinstance(answer, dict) or answer.get(key) != exact.get(key) or exact.get(key) not in mapping:
                raise _InDoubt
            return self.of(exact, answer, {"$ref": mapping[exact[key]]})
        if exact is not None and not isinstance(exact, dict | list) and not isinstance(answer, dict | list):
            return answer  # one type that may be written in several ways, such as an amount
        if not (isinstance(exact, list) and len(exact) == 2 and isinstance(exact[0], str)):
            raise _InDoubt
        name, inner = exact
        fitting = [option for option in options if self._is_named(name, option)]
        if len(fitting) != 1 or not self._fits(name, answer, fitting[0]):
            raise _InDoubt
        return [name, self.of(inner, answer, fitting[0])]

    def _is_named(self, name: str, option: Any) -> bool:
        if "$ref" in option:
            return _ref(option) == re.sub(r"[^\w.-]", "_", name)
        begins = _BUILT_IN.get(name, ({}, None))[0]
        told = {key: option[key] for key in ("type", "format") if key in option}
        return bool(begins) and told == begins

    def _fits(self, name: str, answer: Any, option: Any) -> bool:
        from jsonschema import Draft202012Validator  # noqa: PLC0415 -- 60 ms that only a decision needs

        is_of_type = _BUILT_IN[name][1] if name in _BUILT_IN and isinstance(answer, str) else lambda _: True
        return Draft202012Validator({**option, "$defs": self._named}).is_valid(answer) and bool(is_of_type(answer))

    def _field(self, exact: dict[str, Any], key: str, answer: Any, schema: Schema) -> Any:
        below = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
        if not isinstance(below, Mapping):
            return answer
        return self.of(exact[key], answer, below) if key in exact else self._new(answer, below)

    def _items(self, exact: list[Any], answer: list[Any], schema: Schema) -> list[Any]:
        first = schema.get("prefixItems", [])
        # a list or a tuple: two types with one schema, of which only the mark tells
        may_be_mark = len(exact) == 2 and isinstance(exact[0], str) and isinstance(exact[1], list)
        if may_be_mark or (first and len(exact) != len(answer)):
            raise _InDoubt
        below = [*first, *[schema.get("items", {})] * (len(answer) - len(first))]
        if len(exact) == len(answer):
            return [self.of(*each) for each in zip(exact, answer, below, strict=False)]
        left = list(exact)  # items were taken out or put in: those that are as they were keep what they are
        return [self._moved(left, each, part) for each, part in zip(answer, below, strict=False)]

    def _moved(self, left: list[Any], answer: Any, schema: Any) -> Any:
        for index, each in enumerate(left):
            if same(unmarked(each), answer):
                return self.of(left.pop(index), answer, schema)
        return self._new(answer, schema)

    def _new(self, answer: Any, schema: Any) -> Any:
        """Return what the suggestion had nothing of, if no value of its schema is ever marked."""
        if self._may_be_marked(schema, ()):
            raise _InDoubt
        return answer

    def _may_be_marked(self, schema: Any, inside: tuple[str, ...]) -> bool:
        if not isinstance(schema, Mapping):
            return False
        if "$ref" in schema:
            name = _ref(schema)
            return name not in inside and self._may_be_marked(self._named.get(name, {}), (*inside, name))
        options = _options(schema)
        if len(options) > 1 or schema.get("format") in {"date-time", "time"}:
            return True
        if isinstance(schema.get("additionalProperties"), Mapping) or schema.get("type") == "array":
            return True  # its keys may be other than text, and it may be a list or a tuple
        parts = [*options, *schema.get("properties", {}).values()]
        return any(self._may_be_marked(part, inside) for part in parts)

    def _resolved(self, schema: Any) -> Any:
        while isinstance(schema, Mapping) and "$ref" in schema:
            schema = self._named.get(_ref(schema), {})
        return schema if isinstance(schema, Mapping) else {}


def _may_be_null(schema: Schema) -> bool:
    return {"type": "null"} in schema.get("anyOf", [])


def _ref(schema: Schema) -> str:
    return str(schema["$ref"]).rsplit("/", 1)[-1]


def _options(schema: Schema) -> list[Any]:
    """Return the schemas that a value may fit, without that of null."""
    found = schema.get("anyOf") or schema.get("oneOf") or []
    return [each for each in found if each.get("type") != "null"]
