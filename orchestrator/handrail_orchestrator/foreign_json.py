"""JSON that somebody else wrote, where it would be read as what it does not say.

Pydantic reads true as 1, 1 and ``"yes"`` as true, and the alias where a field's name says something else.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError, SchemaValidator

from handrail_ground.values import from_json
from handrail_guards.field_names import FieldNames
from handrail_guards.numbers import is_taken_for_truth

_NUMBERS = frozenset({"int_type", "float_type"})


@dataclass(frozen=True, slots=True)
class ForeignJson:
    """Reads JSON that somebody else wrote, with aliases or field names."""

    validator: SchemaValidator
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
        if self.has_truths or "true" in text or "false" in text:
            _refuse_misread(read)
        if self.names.is_renamed and (said := self.names.contradiction(data := from_json(text, deepest=None))):
            error = PydanticCustomError("said_twice", "{said}", {"said": said})
            raise ValidationError.from_exception_data("input", [{"type": error, "input": data}])
        return value


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
