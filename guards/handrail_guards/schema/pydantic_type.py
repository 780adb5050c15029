"""The guard that asks for a type that pydantic understands."""

from typing import TYPE_CHECKING, Any

from handrail_guards.check import Check, Fields, Finding, as_paths
from handrail_guards.errors import InvalidGuard
from handrail_guards.guard import GuardContext
from handrail_guards.schema.findings import findings
from handrail_guards.verdict import OnFail

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def pydantic_type(expected: Any, *, fields: Fields = (), on_fail: OnFail = "reask") -> Check:
    """Ask that a value be valid as a type, a pydantic model or another, from its fields on.

    Raises:
        InvalidGuard: pydantic cannot make a schema for the type.
    """
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 -- loaded on first use
    from pydantic.errors import PydanticUserError  # noqa: PLC0415

    try:
        adapter: TypeAdapter[Any] = TypeAdapter(expected)
    except PydanticUserError as error:
        raise InvalidGuard(f"{expected!r} is no type that pydantic can validate: {error.message}") from error

    def test(value: Any, _: GuardContext) -> tuple[Finding, ...] | None:
        try:
            adapter.validate_python(_fields_of(value))
        except ValidationError as error:
            return findings(_told(detail) for detail in error.errors(include_url=False, include_context=False))
        return None

    return Check(name="pydantic_type", test=test, on_fail=on_fail, fields=as_paths(fields), cost="cheap")


def _told(detail: "ErrorDetails") -> tuple[str, str]:
    return ".".join(map(str, detail["loc"])), detail["msg"]


def _fields_of(value: Any) -> Any:
    """Return a model as its fields, so that it is validated again and not taken at its word."""
    return value.model_dump(by_alias=True, warnings=False) if hasattr(value, "model_dump") else value
