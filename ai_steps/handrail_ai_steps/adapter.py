"""An output type as pydantic reads and writes it."""

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any

from pydantic import PydanticUserError, TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema, to_json

from handrail_ai_steps.misread import counted_from_1970, has_times, odd_decimal, of_another_type, written_as_text
from handrail_ai_steps.mistaken_choices import has_truths_and_numbers, mistaken_choice
from handrail_ai_steps.strict_json import JsonObject, read_json

MOST_DIGITS = 20
"""Before the point; without a bound a model that has begun to write digits may never end."""
MOST_PLACES = 10


class NoSchema(Exception):
    """A type that cannot be a JSON Schema; the message says why, in a line."""


class Adapter:
    """Reads values of a type and writes them.

    Raises:
        NoSchema: the type has none.
    """

    def __init__(self, output_type: Any) -> None:
        if isinstance(output_type, dict):  # pydantic would take it for a schema of its own kind
            raise NoSchema("a dict is no type")
        try:
            self._adapter: TypeAdapter[Any] = TypeAdapter(output_type)
            self.schema: JsonObject = self._adapter.json_schema()
            """The JSON Schema of the type."""
        except (PydanticUserError, TypeError, NameError, AssertionError) as error:  # the last one: a Literal of nothing
            raise NoSchema(str(error).splitlines()[0]) from error

    @property
    def has_plain_bytes(self) -> bool:
        """Whether bytes would be read from an answer as its text in UTF-8, while records have them in base64."""
        return _has(self.schema, "format", ("binary",))

    def wire_schema(self) -> JsonObject:
        """Return the JSON Schema with the shape of numbers that are written as texts."""
        return self._adapter.json_schema(schema_generator=_WithNumberPatterns)

    def validate_python(self, value: object) -> object:
        """Return a value as the type has it.

        Raises:
            ValueError: it does not fit.
        """
        try:
            return self._adapter.validate_python(value)
        except ValidationError as error:
            raise ValueError(_explained(error)) from error

    def validate_json(self, text: str) -> object:
        """Return the value of a JSON text as the type has it.

        Raises:
            ValueError: it does not fit.
        """
        try:
            return self._adapter.validate_json(text)
        except ValidationError as error:
            raise ValueError(_explained(error)) from error

    def misread(self, text: str, value: object) -> str:
        """Return what of a JSON text was read as something that it does not say; empty: nothing.

        ``value`` is what ``validate_json`` has made of the text.
        """
        is_quoted = bool(_QUOTED.search(text)) and self._has_scalars
        is_delicate = self._has_times or self._has_mixed_choices or is_quoted
        if not (is_delicate or self._has_truths or "true" in text or "false" in text):
            return ""
        if (error := self._strictly(self._adapter.validate_json, text)) and (wrong := of_another_type(error)):
            return wrong
        if self._has_mixed_choices and (wrong := mistaken_choice(self.schema, read_json(text))):
            return wrong
        if is_quoted and (wrong := odd_decimal(lambda: read_json(text), value)):
            return wrong
        return counted_from_1970(text, value) if self._has_times else ""

    def misread_value(self, given: object, value: object) -> str:
        """Return what ``validate_python``, which made ``value`` of it, took for something that it is not, or ""."""
        if (error := self._strictly(self._adapter.validate_python, given)) and (wrong := of_another_type(error)):
            return wrong
        if self._has_mixed_choices and (wrong := mistaken_choice(self.schema, given)):
            return wrong
        return odd_decimal(lambda: given, value) if self._has_scalars else ""

    def written_as_text(self, text: str) -> list[str]:
        """Return the places of a JSON text at which a number or a truth value is written as a text."""
        if not (_QUOTED.search(text) and self._has_scalars):
            return []
        error = self._strictly(self._adapter.validate_json, text)
        return [] if error is None else written_as_text(error)

    def given_as_text(self, given: object) -> list[str]:
        """Return the places of Python data at which a number or a truth value is written as a text."""
        if not self._has_scalars:
            return []
        try:
            text = to_json(given).decode()
        except ValueError:  # data that JSON has no words for
            return []
        return self.written_as_text(text)

    @staticmethod
    def _strictly(read: Callable[..., object], given: object) -> ValidationError | None:
        """Return what a strict look finds."""
        try:
            read(given, strict=True)
        except ValidationError as error:
            return error
        return None

    @cached_property
    def _has_times(self) -> bool:
        return has_times(self.schema)

    @cached_property
    def _has_mixed_choices(self) -> bool:
        return has_truths_and_numbers(self.schema)

    @cached_property
    def _has_truths(self) -> bool:
        return _has(self.schema, "type", ("boolean",))

    @cached_property
    def _has_scalars(self) -> bool:
        return _has(self.schema, "type", ("boolean", "integer", "number"))

    def read_dumped(self, text: str) -> object:
        """Read JSON with field names, as it is dumped, or with their aliases.

        Raises:
            ValueError: it does not fit.
        """
        try:
            return self._adapter.validate_json(text, by_alias=True, by_name=True)
        except ValidationError as error:
            raise ValueError(_explained(error)) from error

    def dump(self, value: object) -> str:
        """Return a value as JSON with the names of its fields."""
        return self._adapter.dump_json(value).decode()

    def show(self, value: object) -> str:
        """Return a value as JSON with the names that the schema has."""
        return self._adapter.dump_json(value, by_alias=True).decode()


_QUOTED = re.compile(r'"(?:\s*[-+]?(?:[.]?\d|\\u)|(?i:true|false)")')
"""What a JSON text looks like that may have a number or a truth value in quotes."""


def _has(schema: object, key: str, wanted: tuple[str, ...]) -> bool:
    """Return whether a JSON Schema says one of some words under a key, anywhere."""
    if isinstance(schema, list):
        return any(_has(each, key, wanted) for each in schema)
    if not isinstance(schema, dict):
        return False
    return schema.get(key) in wanted or any(_has(each, key, wanted) for each in schema.values())


def _explained(error: ValidationError) -> str:
    """Return what an error says, one short line per field, without the rejected input."""
    lines = []
    for each in error.errors(include_url=False, include_input=False, include_context=False):
        where = ".".join(map(str, each["loc"]))
        lines.append(f"{where}: {each['msg']}" if where else str(each["msg"]))
    return "; ".join(lines)


class _WithNumberPatterns(GenerateJsonSchema):
    """Generates the usual JSON Schema, with a plain pattern for the decimal numbers that are written as texts.

    Without one a server that enforces the schema may write any text; the pattern that pydantic can make looks ahead,
    which servers do not take.
    """

    def get_decimal_pattern(self, schema: core_schema.DecimalSchema) -> str | None:
        """Return a pattern without looking ahead, as narrow as the number of decimal places and the sign allow."""
        places: object = schema.get("decimal_places")
        digits = f"[0-9]{{1,{MOST_PLACES if places is None else places}}}"
        fraction = "" if places == 0 else rf"(\.{digits})?"
        least: Any = schema.get("ge", schema.get("gt"))
        sign = "" if least is not None and least >= 0 else "-?"
        return f"^{sign}[0-9]{{1,{MOST_DIGITS}}}{fraction}$"
