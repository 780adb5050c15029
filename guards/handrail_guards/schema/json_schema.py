"""The guard that asks for a JSON Schema.

Schemas are compiled once, when the guard is built. Nothing is ever fetched: a ``$ref`` to another document must
be given in ``documents``, or the guard is refused.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from jsonschema_rs import ValidationError, ValidationErrorKind, Validator, validator_for
from pydantic_core import PydanticSerializationError, from_json, to_json, to_jsonable_python

from handrail_guards.check import Check, Fields, Finding, as_paths, failed
from handrail_guards.errors import InvalidGuard
from handrail_guards.guard import GuardContext
from handrail_guards.schema.circles import circle
from handrail_guards.schema.findings import findings
from handrail_guards.verdict import OnFail

JsonSchema: TypeAlias = Mapping[str, object] | bool
Draft: TypeAlias = Literal["2020-12", "7"]

_METASCHEMAS: Mapping[Draft, str] = {
    "2020-12": "https://json-schema.org/draft/2020-12/schema",
    "7": "http://json-schema.org/draft-07/schema#",
}


def json_schema(
    schema: JsonSchema,
    *,
    draft: Draft | None = None,
    documents: Mapping[str, JsonSchema] | None = None,
    formats: bool = False,
    fields: Fields = (),
    on_fail: OnFail = "reask",
) -> Check:
    """Ask that a value be valid against a JSON Schema; the first 5 errors are told by field.

    ``draft`` is taken from ``$schema`` when not given, else 2020-12. ``documents`` are the schemas that ``$ref`` and
    ``$schema`` may name, by URI. ``formats`` also asserts ``format``. Patterns are ECMAScript's, and one that would try
    for ever gives up, which fails. Models and dataclasses are checked as the JSON they turn into.

    Raises:
        InvalidGuard: the schema is not valid, of an unknown draft, refers to a document that was not given, or to
            itself for the same part of a value.
    """
    validator = _compiled(schema, draft, documents or {}, formats=formats)

    def test(value: object, _: GuardContext) -> tuple[Finding, ...] | None:
        try:
            data = from_json(to_json(value, by_alias=True, inf_nan_mode="constants"), allow_inf_nan=False)
        except ValueError as error:
            return (failed(f"it cannot be written as JSON: {_why(error)}"),)
        if validator.is_valid(data):
            return None
        errors = sorted(validator.iter_errors(data), key=lambda error: len(error.instance_path))
        told = findings((".".join(map(str, error.instance_path)), error.message) for error in errors)
        return told or (failed("it does not fit the schema"),)

    return Check(name="json_schema", test=test, on_fail=on_fail, fields=as_paths(fields), cost="cheap")


_UNWRITABLE = (
    ("Circular reference", "it holds itself"),
    ("depth exceeded", "it is nested too deep"),
    ("recursion limit", "it is nested too deep"),
    ("surrogates not allowed", "a text holds half of a character (a lone surrogate)"),
    ("number out of range", "a number has too many digits"),
)
"""What is said where a value cannot be written or read back, and what it means."""


def _why(error: ValueError) -> str:
    """Return why a value has no JSON that can be read back."""
    said = str(error)
    for sign, meaning in _UNWRITABLE:
        if sign in said:
            return meaning
    # What has been written and cannot be read is NaN or an infinity: JSON has no word for these.
    return said if isinstance(error, PydanticSerializationError) else "it has no NaN and no infinity"


def _compiled(
    schema: JsonSchema, draft: Draft | None, documents: Mapping[str, JsonSchema], *, formats: bool
) -> Validator:
    if draft is not None and draft not in tuple(_METASCHEMAS):
        raise InvalidGuard(f"draft is {draft!r}; give {' or '.join(map(repr, _METASCHEMAS))}, or write it as $schema")
    listed: object = documents  # whatever somebody without a type checker gave
    if not isinstance(listed, Mapping) or not all(isinstance(uri, str) for uri in listed):
        raise InvalidGuard(f"documents is {documents!r}; give the schemas by their URI, {{uri: schema}}")
    given = {uri.removesuffix("#"): each for uri, each in documents.items()}

    def document(uri: str) -> dict[str, object] | bool:
        if uri not in given:
            raise LookupError("nothing is fetched from the network: give the document in documents={uri: schema}")
        plain: dict[str, object] | bool = to_jsonable_python(given[uri])
        return plain

    try:
        plain = to_jsonable_python(schema)
        if draft is not None and isinstance(plain, dict) and plain.get("$schema") not in given:
            plain["$schema"] = _METASCHEMAS[draft]
        validator = validator_for(plain, retriever=document, validate_formats=formats)
    except ValidationError as error:
        if isinstance(error.kind, ValidationErrorKind.Referencing):
            raise InvalidGuard(f"a $ref or the $schema leads nowhere: {error.message}") from error
        where = ".".join(map(str, error.instance_path)) or "its top"
        raise InvalidGuard(f"this is not a JSON Schema, at {where}: {error.message}") from error
    except ValueError as error:
        raise InvalidGuard(f"this schema cannot be compiled: {error}") from error
    if (reference := circle(plain, document)) is not None:
        raise InvalidGuard(
            f"the $ref {reference!r} leads back to itself without looking deeper into the value, so that it says"
            " nothing about it; let it pass through properties or items, or take it out"
        )
    return validator
