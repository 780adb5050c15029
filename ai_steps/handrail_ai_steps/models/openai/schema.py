"""JSON Schema as strict structured output takes it: everything required, nothing extra, no unknown keywords."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handrail_ai_steps.strict_json import JsonObject

FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"})
_KEPT = frozenset(
    {"type", "title", "description", "enum", "const", "properties", "required", "items", "anyOf", "$ref", "$defs"}
    | {"additionalProperties", "pattern", "format", "multipleOf", "minItems", "maxItems"}
    | {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
)
_ANNOTATIONS = frozenset(
    {"default", "examples", "deprecated", "readOnly", "writeOnly", "discriminator", "$schema", "$id", "$comment"}
)
_CLASSES = {r"\d": "0-9", r"\w": "A-Za-z0-9_"}
CHECKED_AFTERWARDS = frozenset(
    {"uniqueItems", "contains", "minContains", "maxContains", "not", "if", "dependentRequired", "dependentSchemas"}
    | {"propertyNames", "patternProperties", "minProperties", "maxProperties", "unevaluatedProperties", "oneOf"}
    | {"unevaluatedItems", "minLength", "maxLength", "pattern", "format", "allOf", "prefixItems"}
)
"""Keywords that are taken off the wire; the answer is held against them when it arrives."""


@dataclass(frozen=True, slots=True)
class WireSchema:
    """A schema ready to be sent."""

    schema: JsonObject
    strict: bool
    """Whether the server may be asked to enforce it; an open map or an untyped part makes that impossible."""
    removed: frozenset[str]
    """Keywords taken off that say something about validity."""


def wire_schema(schema: JsonObject) -> WireSchema:
    """Make a schema strict; the one given is left as it is."""
    walk = _Walk()
    made = walk.node(schema)
    return WireSchema(made, walk.strict, frozenset(walk.removed))


def _spelled_out(pattern: str) -> str:
    """Return a pattern with its classes for digits and words spelled out: not every grammar knows those."""
    made, inside, position = "", False, 0
    while position < len(pattern):
        sign = pattern[position : position + 2] if pattern[position] == "\\" else pattern[position]
        position += len(sign)
        if sign in {"[", "]"}:
            inside = sign == "["
        known = _CLASSES.get(sign)
        made += sign if known is None else known if inside else f"[{known}]"
    return made


class _Walk:
    def __init__(self) -> None:
        self.strict = True
        self.removed: set[str] = set()

    def node(self, schema: object) -> dict[str, object]:
        if not isinstance(schema, Mapping) or not schema:  # true, false or {}: anything goes
            self.strict = False
            return {}
        made: dict[str, Any] = {
            key: _spelled_out(value) if key == "pattern" else value
            for key, value in schema.items()
            if key in _KEPT and self._keeps(key, value)
        }
        self.removed |= {key for key in schema if key not in made} & CHECKED_AFTERWARDS
        for several in ("anyOf", "oneOf"):
            if several in schema:
                made["anyOf"] = [self.node(each) for each in schema[several]]
        if "allOf" in schema:
            made = self._joined(made, schema["allOf"])
        if "prefixItems" in schema:
            self._tuple(made, schema["prefixItems"])
        elif "items" in made:
            made["items"] = self.node(made["items"])
        if "$defs" in made:
            made["$defs"] = {name: self.node(each) for name, each in made["$defs"].items()}
        if made.get("type") == "object" or "properties" in made:
            self._close(made, schema)
        if "$ref" in made and len(made) > 1:  # a reference stands alone; what is beside it moves around it
            made["anyOf"] = [{"$ref": made.pop("$ref")}]
        self._note_untyped(made)
        return made

    def _tuple(self, made: dict[str, object], items: Any) -> None:
        """Keep the order of a tuple; strict output has no word for it, so that such a schema is not sent as strict."""
        nodes = [self.node(each) for each in items]
        made.pop("items", None)
        if nodes and all(node == nodes[0] for node in nodes) and made.get("maxItems") == len(nodes):
            made["items"] = nodes[0]
            return
        self.strict = False
        made["prefixItems"] = nodes

    def _keeps(self, key: str, value: Any) -> bool:
        if key == "format":
            return value in FORMATS
        return not (key == "pattern" and "(?" in value)

    def _close(self, made: dict[str, Any], schema: JsonObject) -> None:
        open_to = schema.get("additionalProperties", False)
        if open_to is not False and (open_to is not True or "properties" not in made):
            self.strict = False
            made["additionalProperties"] = open_to if isinstance(open_to, bool) else self.node(open_to)
            made["properties"] = {name: self.node(each) for name, each in made.get("properties", {}).items()}
            return
        made["properties"] = {name: self.node(each) for name, each in made.get("properties", {}).items()}
        made["required"] = list(made["properties"])
        made["additionalProperties"] = False

    def _joined(self, made: dict[str, object], parts: Any) -> dict[str, object]:
        if len(parts) == 1:
            return {**self.node(parts[0]), **made}
        self.strict = False
        return {**made, "allOf": [self.node(each) for each in parts]}

    def _note_untyped(self, made: JsonObject) -> None:
        if not {"type", "enum", "const", "anyOf", "$ref", "allOf"} & set(made):
            self.strict = False
        if made.get("type") == "array" and not {"items", "prefixItems"} & set(made):
            self.strict = False
