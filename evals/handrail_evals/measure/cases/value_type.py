"""The type of an input or an expected value: from JSON data to a value, or to the reason why not."""

import json
import math
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final, Generic, TypeVar

from pydantic import PydanticUserError, TypeAdapter, ValidationError
from pydantic_core import (
    ErrorDetails,
    PydanticSerializationError,
    SchemaValidator,
    to_json,
    to_jsonable_python,
)

from handrail_evals.errors import InvalidSetting
from handrail_evals.measure.cases.form import unknown_key
from handrail_evals.measure.cases.record import FieldPath, Unusable
from handrail_ground.errors import is_order, told
from handrail_orchestrator.storable import CoreSchema, with_parts
from handrail_orchestrator.type_words import type_name

T = TypeVar("T")

UNKNOWN_KEY: Final = frozenset({"extra_forbidden", "unexpected_keyword_argument"})
"""What pydantic calls a key that a type does not know."""


class ValueType(Generic[T]):
    """A type, read strictly: in a file of labelled examples ``"5"`` where a number belongs is a mistake.

    A key that an object does not know is one too, unless its class says what it wants (``extra="ignore"``).

    Raises:
        InvalidSetting: pydantic cannot read the type.
    """

    def __init__(self, annotation: Any, part: str, *, ignores_unknown_keys: bool = False) -> None:
        self.annotation = annotation
        self.part = part
        """What it is the type of: ``input`` or ``expected``."""
        try:
            self.adapter: TypeAdapter[T] = TypeAdapter(annotation)
            core: Any = self.adapter.core_schema
            self.schema: CoreSchema = core if ignores_unknown_keys else refusing_unknown_keys(core)
            self._validator = SchemaValidator(self.schema, _use_prebuilt=False)
        except BaseException as error:  # a type's own schema hook may raise anything
            if is_order(error):
                raise
            reason = told(error) if not isinstance(error, PydanticUserError) else str(error).splitlines()[0]
            raise InvalidSetting(
                f"{part}={type_name(annotation)} cannot be read from a file: {reason}; give a pydantic model, a"
                " dataclass or a type of JSON values"
            ) from error

    def read(self, data: object, path: FieldPath, *, as_text: bool) -> T:
        """Return the value that JSON data stand for; with ``as_text`` numbers and truth values may be texts.

        Raises:
            Unusable: they do not fit the type; the field is named.
        """
        try:
            # As JSON and not as Python data, so that strict means what JSON can say: a date or an enum is a text in it.
            value: T = self._validator.validate_json(to_json(data), strict=None if as_text else True)
        except ValidationError as error:
            raise self._misfit(error.errors(include_url=False), path) from error
        except (PydanticSerializationError, UnicodeEncodeError) as error:
            problem = "a text in it holds half a character (a lone surrogate); write the character whole"
            raise Unusable(problem, path) from error
        except BaseException as error:  # a validator of the user's own type may raise anything
            if is_order(error):
                raise
            raise self._failed(error, path) from error
        if as_text and not all(map(math.isfinite, _floats(value))):  # "nan" is a number to pydantic
            raise Unusable("it holds a number that is not finite; leave the cell empty for none", path)
        return value

    def check(self, value: object, path: FieldPath) -> None:
        """Check a value that was made in Python.

        Raises:
            Unusable: it is not of the type.
        """
        try:
            self.adapter.validator.validate_python(value, strict=True)
        except ValidationError as error:
            raise self._misfit(error.errors(include_url=False), path) from error
        except BaseException as error:
            if is_order(error):
                raise
            raise self._failed(error, path) from error

    def _failed(self, error: BaseException, path: FieldPath) -> Unusable:
        return Unusable(f"{type_name(self.annotation)} failed to check it with {told(error)}", path)

    def _misfit(self, errors: list[ErrorDetails], path: FieldPath) -> Unusable:
        first, *others = errors
        problem = self._in_words(first)
        if first["type"] not in {*UNKNOWN_KEY, "missing"}:
            problem += f", found {_shown(first['input'])}"
        problem += f"; {self.part} is {type_name(self.annotation)}"
        if others:
            also = [f"{'.'.join(map(str, each['loc']))}: {self._in_words(each)}" for each in others[:2]]
            problem += f" (also {'; '.join(also)}{'; and more' if len(others) > 2 else ''})"
        return Unusable(problem, (*path, *first["loc"]))

    def _in_words(self, details: ErrorDetails) -> str:
        if details["type"] in UNKNOWN_KEY:
            return unknown_key(str(details["loc"][-1]), self._keys)
        if details["type"] == "missing":
            return "it is missing"
        return f"it {details['msg'].removeprefix('Input ')}" if details["msg"].startswith("Input ") else details["msg"]

    @cached_property
    def _keys(self) -> frozenset[str]:
        """Every key that an object somewhere in the type has."""
        return frozenset(_properties(self.adapter.json_schema()))


def refusing_unknown_keys(schema: CoreSchema) -> CoreSchema:
    """Return the schema of a type with its objects closed, but for classes that say what they want."""
    copy = with_parts(schema, refusing_unknown_keys)
    kind = copy["type"]
    if kind in {"model", "dataclass"}:
        copy["config"] = {"extra_fields_behavior": "forbid", **copy.get("config", {})}
    elif kind == "typed-dict" and "extra" not in getattr(copy.get("cls"), "__pydantic_config__", {}):
        copy["extra_behavior"] = "forbid"
    return copy


def _properties(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from schema.get("properties", ())
        for inner in schema.values():
            yield from _properties(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _properties(inner)


def _floats(value: object) -> Iterator[float]:
    left = [to_jsonable_python(value, inf_nan_mode="constants", fallback=repr)]
    while left:
        each = left.pop()
        if isinstance(each, float):
            yield each
        elif isinstance(each, dict):
            left.extend(each.values())
        elif isinstance(each, list):
            left.extend(each)


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= 60 else f"{text[:57]}..."
