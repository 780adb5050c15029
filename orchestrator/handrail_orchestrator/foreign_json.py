"""JSON that somebody else wrote, where it would be read as what it does not say.

Pydantic reads true as 1, 1 and ``"yes"`` as true, and the alias where a field's name says something else.
"""

import json
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError, SchemaSerializer, SchemaValidator

from handrail_ground.values import from_json
from handrail_guards.field_names import FieldNames
from handrail_guards.numbers import is_taken_for_truth

_NUMBERS = frozenset({"int_type", "float_type"})


@dataclass(frozen=True, slots=True)
class ForeignJson:
    """Reads JSON that somebody else wrote, with aliases or field names."""

    validator: SchemaValidator
    serializer: SchemaSerializer
    names: FieldNames
    has_truths: bool
    """Whether the type holds truth values."""

    def read(self, text: str) -> Any:
        """Return the value of a JSON text.

        Raises:
            pydantic.ValidationError: it does not fit, or would be read as what it does not say; each error says where.
            InvalidJson: a type with aliases, and a text that is no JSON as the standard has it.
        """
        read = partial(self.validator.validate_json, text, by_alias=True, by_name=True)
        value = read()
        self._refuse_misread(text, read, value)
        if self.names.is_renamed and (said := self.names.contradiction(data := from_json(text, deepest=None))):
            error = PydanticCustomError("said_twice", "{said}", {"said": said})
            raise ValidationError.from_exception_data("input", [{"type": error, "input": data}])
        return value

    def require_as_said(self, text: str) -> None:
        """Refuse JSON by field names that does not fit, or only as what it does not say.

        Raises:
            pydantic.ValidationError: as ``read`` does.
        """
        read = partial(self.validator.validate_json, text, by_alias=False, by_name=True)
        self._refuse_misread(text, read, read())

    def _refuse_misread(self, text: str, read: "partial[Any]", value: Any) -> None:
        has_truths = "true" in text or "false" in text
        if self.has_truths or has_truths:
            _refuse_misread(read)
        if has_truths:  # a choice of numbers takes true for its 1, and is content with it
            given = json.loads(text)
            for by_alias in (False, True):
                back = self.serializer.to_python(value, mode="json", by_alias=by_alias, warnings=False)
                if (found := _counted(given, back)) is not None:
                    error = PydanticCustomError("truth_as_number", "Input should be a number, and no truth value")
                    wrong = InitErrorDetails(type=error, loc=found[0], input=found[1])
                    raise ValidationError.from_exception_data("input", [wrong])


def _counted(given: Any, back: Any, *path: str | int) -> tuple[tuple[str | int, ...], bool] | None:
    """Return where which truth value was taken for a number."""
    if isinstance(given, bool):
        return (path, given) if isinstance(back, int | float) and not isinstance(back, bool) else None
    pairs: list[tuple[str | int, Any, Any]] = []
    if isinstance(given, dict) and isinstance(back, dict):
        pairs = [(key, given[key], back[key]) for key in given if key in back]
    elif isinstance(given, list) and isinstance(back, list) and len(given) == len(back):
        pairs = [(place, *each) for place, each in enumerate(zip(given, back, strict=True))]
    return next((found for key, mine, its in pairs if (found := _counted(mine, its, *path, key)) is not None), None)


def _refuse_misread(read: "partial[Any]") -> None:
    try:
        read(strict=True)
    except ValidationError as error:
        wrong: list[InitErrorDetails] = [
            {"type": each["type"], "loc": each["loc"], "input": each["input"]}
            for each in error.errors(include_url=False, include_context=False)
            if _is_misread(each["type"], each["input"])
        ]
        if wrong:
            raise ValidationError.from_exception_data(error.title, wrong) from None


def _is_misread(kind: str, given: Any) -> bool:
    return isinstance(given, bool) if kind in _NUMBERS else kind == "bool_type" and is_taken_for_truth(given)
