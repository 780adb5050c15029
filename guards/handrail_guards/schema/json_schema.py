"""The guard that asks for a JSON Schema.

Schemas are compiled once, when the guard is built. Nothing is ever fetched: a ``$ref`` to another document must
be given in ``documents``, or the guard is refused.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from handrail_guards.check import Check, Fields, Finding, as_paths
from handrail_guards.errors import InvalidGuard
from handrail_guards.guard import GuardContext
from handrail_guards.schema.dialect import Draft, JsonSchema, validator_class
from handrail_guards.schema.findings import findings
from handrail_guards.verdict import OnFail

if TYPE_CHECKING:
    from jsonschema.protocols import Validator
    from referencing import Registry, Resource, Specification
    from referencing._core import Resolver


def json_schema(
    schema: JsonSchema,
    *,
    draft: Draft | None = None,
    documents: Mapping[str, JsonSchema] | None = None,
    formats: bool = False,
    fields: Fields = (),
    on_fail: OnFail = "reask",
) -> Check:
    """Ask that a value be valid against a JSON Schema, draft 2020-12 or 7; the first 5 errors are told by field.

    ``draft`` is taken from ``$schema`` when not given, else 2020-12. ``documents`` are the schemas that ``$ref`` and
    ``$schema`` may name, by URI. ``formats`` also asserts ``format`` where a checker is installed. Models and
    dataclasses are checked as the JSON they turn into.

    Raises:
        InvalidGuard: the schema is not valid, of another draft, or refers to a document that was not given.
    """
    validator = _compiled(schema, draft, documents or {}, formats=formats)

    def test(value: Any, _: GuardContext) -> tuple[Finding, ...] | None:
        data = _as_json(value)
        if validator.is_valid(data):
            return None
        errors = sorted(validator.iter_errors(data), key=lambda error: len(error.absolute_path))
        return findings((".".join(map(str, error.absolute_path)), error.message) for error in errors)

    return Check(name="json_schema", test=test, on_fail=on_fail, fields=as_paths(fields), cost="cheap")


def _as_json(value: Any) -> Any:
    """Return a value as the JSON it turns into; what is JSON already stays as it is."""
    if value is None or isinstance(value, str | int | float | dict | list):
        return value
    from pydantic_core import to_jsonable_python  # noqa: PLC0415 -- loaded on first use

    return to_jsonable_python(value, by_alias=True)


def _compiled(
    schema: JsonSchema, draft: Draft | None, documents: Mapping[str, JsonSchema], *, formats: bool
) -> "Validator":
    from jsonschema import FormatChecker  # noqa: PLC0415 -- loaded on first use
    from jsonschema.exceptions import SchemaError  # noqa: PLC0415
    from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]  # noqa: PLC0415 -- no stubs
    from referencing import Registry, Resource  # noqa: PLC0415

    kind, specification = validator_class(schema, draft, documents)
    registry: Registry[Any] = REGISTRY.with_resources(
        (uri, Resource.from_contents(each, default_specification=specification)) for uri, each in documents.items()
    )
    try:
        # No formats: "regex" would be judged as a Python pattern here, and patterns are ECMAScript.
        checked: Any = kind  # the stubs do not know format_checker
        checked.check_schema(schema, format_checker=FormatChecker(formats=()))
    except SchemaError as error:
        where = ".".join(map(str, error.absolute_path)) or "its top"
        raise InvalidGuard(f"this is not a JSON Schema, at {where}: {error.message}") from error
    _require_resolvable(schema, specification, registry)
    return kind(schema, registry=registry, format_checker=FormatChecker() if formats else None)


def _require_resolvable(schema: JsonSchema, specification: "Specification[Any]", registry: "Registry[Any]") -> None:
    """Follow every ``$ref`` and compile every pattern now, so that what is wrong is found when the guard is built."""
    from referencing.exceptions import Unresolvable  # noqa: PLC0415 -- loaded on first use

    from handrail_guards.schema.patterns import compiled  # noqa: PLC0415

    resource = specification.create_resource(schema)
    base = resource.id() or ""
    resolver = registry.with_resource(base, resource).resolver(base)

    def follow(each: "Resource[Any]", within: "Resolver[Any]") -> None:
        if not isinstance(each.contents, Mapping):
            return
        if isinstance(ref := each.contents.get("$ref"), str):
            within.lookup(ref)
        for pattern in (each.contents.get("pattern"), *each.contents.get("patternProperties", ())):
            if isinstance(pattern, str):
                compiled(pattern)
        for below in each.subresources():
            follow(below, within.in_subresource(below))

    try:
        follow(resource, resolver)
    except Unresolvable as error:
        raise InvalidGuard(
            f"$ref {error.ref!r} leads nowhere; give the document it names in documents={{uri: schema}}: "
            "nothing is fetched from the network"
        ) from error
