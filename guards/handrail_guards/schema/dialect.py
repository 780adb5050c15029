"""Which keywords a JSON Schema uses: its draft, less the vocabularies its own metaschema leaves out."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from handrail_guards.errors import InvalidGuard

if TYPE_CHECKING:
    from jsonschema.protocols import Validator
    from referencing import Specification

JsonSchema: TypeAlias = Mapping[str, Any] | bool
Draft: TypeAlias = Literal["2020-12", "7"]

_VOCABULARY = "https://json-schema.org/draft/2020-12/vocab/"
# Keywords by vocabulary, JSON Schema 2020-12; those without keywords that decide anything are left empty.
_KEYWORDS = {
    "core": "",
    "applicator": "prefixItems items contains additionalProperties properties patternProperties dependentSchemas "
    "propertyNames if allOf anyOf oneOf not",
    "unevaluated": "unevaluatedItems unevaluatedProperties",
    "validation": "type const enum multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength "
    "pattern maxItems minItems uniqueItems maxContains minContains maxProperties minProperties required "
    "dependentRequired",
    "meta-data": "",
    "format-annotation": "",
    "format-assertion": "format",
    "content": "",
}


def validator_class(
    schema: JsonSchema, draft: Draft | None, documents: Mapping[str, JsonSchema]
) -> tuple[type["Validator"], "Specification[Any]"]:
    """Return the validator class for a schema, and how references work in its draft.

    Raises:
        InvalidGuard: another draft than 2020-12 or 7, or a metaschema that requires an unknown vocabulary.
    """
    from jsonschema import Draft7Validator, Draft202012Validator, validators  # noqa: PLC0415 -- loaded on first use
    from referencing.jsonschema import DRAFT7, DRAFT202012  # noqa: PLC0415

    named = draft or _draft_of(schema, documents)
    base, specification = (Draft7Validator, DRAFT7) if named == "7" else (Draft202012Validator, DRAFT202012)
    left_out = frozenset(_left_out(_metaschema(schema, documents)))
    keywords: dict[str, Any] = {name: check for name, check in base.VALIDATORS.items() if name not in left_out}
    keywords |= {name: check for name, check in _pattern_keywords().items() if name in keywords}
    made = validators.create(
        meta_schema=base.META_SCHEMA,
        validators=keywords,
        type_checker=base.TYPE_CHECKER,
        id_of=_id_of,
        applicable_validators=_applicable(named),
    )
    return made, specification


def _id_of(schema: JsonSchema) -> str:
    return str(schema.get("$id", "")) if isinstance(schema, Mapping) else ""


def _applicable(draft: Draft) -> Any:
    """Return how keywords are picked from a schema: in draft 7 a ``$ref`` hides the keywords beside it."""

    def beside_ref(schema: Mapping[str, Any]) -> list[tuple[str, Any]]:
        return [("$ref", schema["$ref"])] if "$ref" in schema else list(schema.items())

    return beside_ref if draft == "7" else lambda schema: schema.items()


def _draft_of(schema: JsonSchema, documents: Mapping[str, JsonSchema]) -> Draft:
    uri = schema.get("$schema", "") if isinstance(schema, Mapping) else ""
    if not uri or "json-schema.org/draft/2020-12/" in uri:
        return "2020-12"
    if "json-schema.org/draft-07/" in uri:
        return "7"
    if uri in documents and documents[uri] is not schema:
        return _draft_of(documents[uri], {})
    raise InvalidGuard(f"$schema is {uri!r}; drafts 2020-12 and 7 are supported: give draft='2020-12' or draft='7'")


def _metaschema(schema: JsonSchema, documents: Mapping[str, JsonSchema]) -> Mapping[str, Any]:
    """Return the user's own metaschema, or nothing for a standard one."""
    found = documents.get(schema.get("$schema", "")) if isinstance(schema, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _left_out(metaschema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keywords of the vocabularies that a metaschema does not list."""
    listed = metaschema.get("$vocabulary")
    if not isinstance(listed, Mapping):
        return
    known = {_VOCABULARY + name: keywords.split() for name, keywords in _KEYWORDS.items()}
    for uri, required in listed.items():
        if required and uri not in known:
            raise InvalidGuard(f"the metaschema requires the vocabulary {uri!r}, which is not known here")
    for uri, keywords in known.items():
        if uri not in listed:
            yield from keywords


def _pattern_keywords() -> dict[str, Any]:
    """Return the keywords with patterns, which JSON Schema takes from ECMAScript and not from Python."""
    from jsonschema.exceptions import ValidationError  # noqa: PLC0415 -- loaded on first use

    from handrail_guards.schema.patterns import compiled  # noqa: PLC0415

    def pattern(validator: Any, wanted: str, instance: Any, _: Any) -> Iterator[ValidationError]:
        if validator.is_type(instance, "string") and not compiled(wanted).search(instance):
            yield ValidationError(f"{instance!r} does not match {wanted!r}")

    def pattern_properties(validator: Any, wanted: Mapping[str, Any], instance: Any, _: Any) -> Iterator[Any]:
        if not validator.is_type(instance, "object"):
            return
        for each, below in wanted.items():
            for name, value in instance.items():
                if compiled(each).search(name):
                    yield from validator.descend(value, below, path=name, schema_path=each)

    return {"pattern": pattern, "patternProperties": pattern_properties}
