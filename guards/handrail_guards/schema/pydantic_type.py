"""The guard that asks for a type that pydantic understands."""

from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from pydantic_core import ErrorDetails

from handrail_guards.check import Check, Fields, Finding, as_paths
from handrail_guards.errors import InvalidGuard
from handrail_guards.guard import GuardContext
from handrail_guards.schema.findings import findings
from handrail_guards.verdict import OnFail


def pydantic_type(expected: Any, *, fields: Fields = (), on_fail: OnFail = "reask") -> Check:
    """Ask that a value be valid as a type, a pydantic model or another, from its fields on.

    Raises:
        InvalidGuard: pydantic cannot make a schema for the type.
    """
    if isinstance(expected, dict):  # pydantic would take it for a schema of its own kind
        raise InvalidGuard(f"{expected!r} is a dict and no type; for a JSON Schema write json_schema(...)")
    try:
        adapter: TypeAdapter[object] = TypeAdapter(expected)
    except PydanticUserError as error:
        raise InvalidGuard(f"{expected!r} is no type that pydantic can validate: {error.message}") from error

    def test(value: object, _: GuardContext) -> tuple[Finding, ...] | None:
        try:
            adapter.validate_python(_fields_of(value))
        except ValidationError as error:
            return findings(_told(detail) for detail in error.errors(include_url=False, include_context=False))
        return None

    return Check(name="pydantic_type", test=test, on_fail=on_fail, fields=as_paths(fields), cost="cheap")


def _told(detail: ErrorDetails) -> tuple[str, str]:
    return ".".join(map(str, detail["loc"])), detail["msg"]


def _fields_of(value: object) -> object:
    """Return a model as its fields, so that it is validated again and not taken at its word."""
    return value.model_dump(by_alias=True, warnings=False) if hasattr(value, "model_dump") else value
