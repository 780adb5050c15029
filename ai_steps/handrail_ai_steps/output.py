"""What an answer must be: an output type, its labels, its JSON Schema, and the validation against it."""

import enum
import types
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, Union, get_args, get_origin

from handrail_ai_steps.errors import InvalidTask
from handrail_ai_steps.strict_json import JsonObject, parts, read_json, with_exact_numbers, wrong_number
from handrail_ground.errors import is_order, told
from handrail_guards.field_names import FieldNames

_CLOSED: Mapping[object, tuple[object, ...]] = {None: (None,), type(None): (None,), bool: (True, False)}

SHOWN = 5
"""Places that a note names."""
NONE_LABEL = "none"
"""The label that stands for None in ``Literal["a", "b"] | None``."""


class Output:
    """An output type, understood once: cheap to validate against, and with a schema for the wire.

    Raises:
        InvalidTask: the type has no JSON Schema, holds bytes that are not said to be base64, or two of its labels read
            the same.
    """

    def __init__(self, output_type: Any) -> None:
        from handrail_ai_steps.adapter import Adapter, NoSchema  # noqa: PLC0415 -- pydantic takes longest of all to load

        self.output_type = output_type
        self.is_text = output_type is str
        self._by_label = _labelled(output_type)
        self._concrete = output_type if isinstance(output_type, type) else None
        self._labels = tuple(self._by_label)
        try:
            self._adapter = Adapter(output_type)
        except NoSchema as error:
            raise InvalidTask(
                f"output type {_shown(output_type)} cannot be a JSON Schema ({error}); "
                "use a Literal, an Enum or a pydantic model with annotated fields"
            ) from error
        if self._adapter.has_plain_bytes:
            raise InvalidTask(
                f"output type {_shown(output_type)} holds bytes, which a model would write as text, and records and "
                "people as base64; write base64 everywhere, with "
                "model_config = ConfigDict(ser_json_bytes='base64', val_json_bytes='base64'), or use str"
            )

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the labels as text, in the order of the type; empty when the type is not a closed set."""
        return self._labels

    @property
    def is_record(self) -> bool:
        """Whether the type is a pydantic model, a dataclass or a typed dictionary: fields with names."""
        return self._adapter.schema.get("type") == "object" or "$ref" in self._adapter.schema

    @cached_property
    def names(self) -> FieldNames:
        """The fields of the type."""
        return FieldNames(self.output_type)

    @property
    def json_schema(self) -> JsonObject | None:
        """The JSON Schema of the answer; None for free text."""
        return None if self.is_text else self._adapter.schema

    @property
    def wire_schema(self) -> JsonObject | None:
        """The JSON Schema as a server is held to it: as ``json_schema``, and with the shape of numbers in texts."""
        return None if self.is_text else self._adapter.wire_schema()

    def value_of(self, label: str) -> object:
        """Return the value that a label stands for.

        Raises:
            ValueError: it is none of the labels.
        """
        try:
            return self._by_label[label]
        except KeyError:
            raise ValueError(f"{label!r} is none of the labels {', '.join(map(repr, self._by_label))}") from None

    def label_of(self, value: object) -> str:
        """Return the label of a value of a closed set.

        Raises:
            ValueError: it is none of the values.
        """
        for label, known in self._by_label.items():
            if known is value or (type(known) is type(value) and known == value):
                return label
        raise ValueError(f"{value!r} is none of the values of {_shown(self.output_type)}")

    def validate(self, value: object) -> object:
        """Return the value as the output type: an instance, a label, or the plain JSON data of one.

        Raises:
            ValueError: it does not fit; the message says where and why, in words a model can act on.
        """
        if self.is_text:
            if isinstance(value, str):
                return value
            raise ValueError(f"the answer is a {type(value).__name__}, not text")
        if self._by_label:
            return self._validate_label(value)
        if self._concrete is not None and type(value) is self._concrete:
            return _written(value)
        return self._read(value)

    def parse(self, text: str) -> object:
        """Return the value that an answer's text stands for: a label, JSON, or the text itself.

        Raises:
            ValueError: it does not fit; the message says where and why, in words a model can act on.
        """
        if self.is_text or text in self._by_label:
            return self.validate(text)
        read_json(text)
        return self.parse_strict(text)

    def parse_strict(self, text: str) -> object:
        """Return the value of a JSON text that ``read_json`` has already taken.

        Raises:
            ValueError: as ``parse``.
        """
        return self.validate(text) if self.is_text else self._exactly(text)

    def oddities(self, text: str) -> tuple[str, ...]:
        """Return what of a JSON text that fits was read as it is meant and not as it is written, for the record."""
        return () if self.is_text else _about(self._adapter.written_as_text(text))

    def oddities_of(self, given: object) -> tuple[str, ...]:
        """Return the same of the plain data of an answer that fits; nothing for a value that has the type already."""
        if self.is_text or self._by_label or (self._concrete is not None and type(given) is self._concrete):
            return ()
        return _about(self._adapter.given_as_text(given))

    def dump(self, value: object) -> str:
        """Return a value as the JSON that ``load`` reads back."""
        return self._adapter.dump(value)

    def load(self, text: str) -> object:
        """Return the value that ``dump`` wrote.

        Raises:
            ValueError: it does not fit.
        """
        self._refuse_contradiction(text)
        return _written(self._through(self._adapter.read_dumped, text))

    def show(self, value: object) -> str:
        """Return a value as people and models read it: the text or label itself, or JSON with the schema's names."""
        if self.is_text:
            return str(value)
        return self.label_of(value) if self._by_label else self._adapter.show(value)

    def _exactly(self, text: str) -> object:
        """Return the value of a JSON text with every digit of it: a JSON number would reach a Decimal as a float."""
        value = _written(self._through(self._adapter.validate_json, text))
        self._refuse_contradiction(text)
        if wrong := self._through(lambda read: self._adapter.misread(text, read), value):
            raise ValueError(wrong)
        exact = with_exact_numbers(text)
        if exact == text:
            return value
        try:
            whole = self._through(self._adapter.validate_json, exact)
        except ValueError:
            whole = None
        if _alike(value, whole):
            return whole
        if _has_decimal(value):
            raise ValueError("a number has more digits than a JSON number keeps; write it as a text, with fewer digits")
        return value

    def _validate_label(self, value: object) -> object:
        if isinstance(value, str) and value in self._by_label:
            return self._by_label[value]
        try:
            return self._by_label[self.label_of(value)]
        except ValueError:
            return self._read(value)

    def _read(self, given: object) -> object:
        """Return what Python data stands for."""
        value = _written(self._through(self._adapter.validate_python, given))
        misread = self._through(lambda read: self._adapter.misread_value(given, read), value)
        if wrong := misread or self.names.contradiction(given):
            raise ValueError(wrong)
        return value

    def _refuse_contradiction(self, text: str) -> None:
        """Refuse a JSON text that gives a field under two of its names, and not the same."""
        if self.names.is_renamed and (wrong := self.names.contradiction(read_json(text))):
            raise ValueError(wrong)

    def _through(self, read: Any, value: object) -> object:
        try:
            return read(value)
        except BaseException as error:  # of a validator, a default, a text that an error of theirs cannot say
            if is_order(error) or type(error) is ValueError:
                raise
            raise ValueError(f"a validator of {_shown(self.output_type)} raised {told(error)}") from error


def _about(places: list[str]) -> tuple[str, ...]:
    return (f"written as a text: {', '.join(places[:SHOWN])}",) if places else ()


def _written(value: object) -> object:
    if wrong := wrong_number(value):
        raise ValueError(wrong)
    return value


def _alike(one: object, other: object) -> bool:
    """Return whether two values are of the same types all through."""
    if type(one) is not type(other):
        return False
    mine, others = list(parts(one)), list(parts(other))
    return len(mine) == len(others) and all(map(_alike, mine, others))


def _has_decimal(value: object) -> bool:
    return isinstance(value, Decimal) or any(map(_has_decimal, parts(value)))


def _labelled(output_type: object) -> dict[str, object]:
    """Return the values of a closed set by their label; empty for an open type."""
    labelled: dict[str, object] = {}
    seen: set[str] = set()
    for value in _members(output_type) or ():
        label = _label(value)
        if (read := label_as_read(label)) in seen:
            raise InvalidTask(f"output type {_shown(output_type)} has two values that read {read!r}; rename one")
        seen.add(read)
        labelled[label] = value
    return labelled


def label_as_read(label: str) -> str:
    """Return what people and models see of a label: not how it is composed, and no characters without a width."""
    if label.isascii():
        return " ".join(label.split())
    visible = "".join(each for each in label if unicodedata.category(each) != "Cf")
    return " ".join(unicodedata.normalize("NFC", visible).split())


def _members(output_type: Any) -> tuple[object, ...] | None:
    """Return the values of a closed set in order, or None for an open type."""
    if not isinstance(output_type, type):  # ``type Team = Literal[...]`` of Python 3.12 stands for its value
        output_type = getattr(output_type, "__value__", output_type)
    try:
        if output_type in _CLOSED:
            return _CLOSED[output_type]
    except TypeError:  # a list of labels, or a Literal of lists, cannot be looked up, and is no type either
        return None
    if isinstance(output_type, type) and issubclass(output_type, enum.Enum):
        return tuple(output_type)
    if get_origin(output_type) is Literal:
        return get_args(output_type)
    if get_origin(output_type) in {Union, types.UnionType}:
        parts = [_members(part) for part in get_args(output_type)]
        return None if any(part is None for part in parts) else tuple(value for part in parts for value in part or ())
    return None


def _label(value: object) -> str:
    if value is None:
        return NONE_LABEL
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, enum.Enum):
        return value.value if isinstance(value.value, str) else value.name
    return str(value)


def _shown(output_type: object) -> str:
    return getattr(output_type, "__name__", None) or str(output_type)
