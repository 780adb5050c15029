"""A value as a document writes it, with every way to read it: what the typed values have in common."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypeVar

from handrail_guards.errors import GuardsError

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

T_co = TypeVar("T_co", covariant=True)

_SHOWN = 60
_LIKE_THOUSANDS = re.compile(r"-?[1-9]\d{0,2}\.\d{3}")


class UnclearValue(GuardsError, ValueError):
    """A value was used that may be read in more than one way, or whose check digits are wrong."""


class Written(ABC, Generic[T_co]):
    """A value as a document writes it: frozen, equal where its readings are, and a text in JSON.

    As a field of an output type it is read from what a model copies from the document. One reading is a clear value;
    with several, ``value`` refuses to guess, and a step that extracts it is in doubt.
    """

    __slots__ = ("_readings", "_written")
    _readings: tuple[T_co, ...]
    _written: str

    def __init__(self, readings: Iterable[T_co], written: str) -> None:
        object.__setattr__(self, "_readings", tuple(readings))
        object.__setattr__(self, "_written", written)

    @property
    def readings(self) -> tuple[T_co, ...]:
        """Return everything that it may mean; more than one: nobody has decided."""
        return self._readings

    @property
    def written(self) -> str:
        """Return it as it was written."""
        return self._written

    @property
    def shown(self) -> tuple[str, ...]:
        """Return its readings as texts, each of which means nothing else."""
        return tuple(map(self._shown, self._readings))

    @property
    def problem(self) -> str:
        """Return why it may not be used as it is, in words; empty where it may."""
        if len(self._readings) == 1:
            return ""
        return f"{self._written!r} may be {' or '.join(self.shown)}"

    @property
    def is_clear(self) -> bool:
        """Return whether it may be used."""
        return not self.problem

    @property
    def value(self) -> T_co:
        """Return what it means.

        Raises:
            UnclearValue: it may mean several things, or cannot be right.
        """
        if problem := self.problem:
            raise UnclearValue(f"{problem}; its readings are all in .readings")
        return self._readings[0]

    @property
    def normal(self) -> str:
        """Return its readings as a text that is the same for equal values, however many zeros they are written with."""
        plain = (each.normalize() if isinstance(each, Decimal) else each for each in self._readings)
        return " or ".join(map(self._shown, plain))

    def meaning(self, reading: object) -> Self:
        """Return it with this one of its readings.

        Raises:
            ValueError: it is none of them.
        """
        if reading not in self._readings:
            raise ValueError(f"{reading!r} is no reading of {self._written!r}")
        return self._with((next(each for each in self._readings if each == reading),))

    def read_as(self, readings: Iterable[object], written: str) -> Self:
        """Return it as a document writes it, with everything that this may mean."""
        kept = tuple(readings)
        made = self._with(kept)
        Written.__init__(made, kept, written)
        return made

    def means(self, other: object) -> bool:
        """Return whether another value is the same: one of its type, or a text, number or day that reads the same."""
        try:
            return bool(self._accepting(self._annotated())(other) == self)
        except ValueError:
            return False

    @abstractmethod
    def _with(self, readings: tuple[Any, ...]) -> Self:
        """Return it with these readings."""

    @abstractmethod
    def _shown(self, reading: Any) -> str:
        """Return a reading as a text that means nothing else."""

    @abstractmethod
    def _same(self) -> tuple[object, ...]:
        """Return what makes it equal to another one."""

    @classmethod
    @abstractmethod
    def _accepting(cls, source: Any) -> Callable[[Any], Any]:
        """Return the function that makes one of what stands in an answer, given the type as it is annotated."""

    @classmethod
    @abstractmethod
    def _described(cls, source: Any) -> str:
        """Return what a model is told to write."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> "CoreSchema":
        """Return how pydantic reads it and writes it."""
        del handler
        from pydantic_core import core_schema  # noqa: PLC0415 -- pydantic takes longest of all to load

        return core_schema.no_info_plain_validator_function(
            cls._accepting(source),
            serialization=core_schema.plain_serializer_function_ser_schema(
                str, return_schema=core_schema.str_schema(), when_used="json"
            ),
            metadata={"handrail_described": cls._described(source)},
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        """Return its JSON Schema: a text."""
        del handler
        return {"type": "string", "description": schema["metadata"]["handrail_described"]}

    @property
    def __pydantic_serializer__(self) -> Any:
        """Return what writes it where pydantic meets it outside of a model."""
        from pydantic import TypeAdapter  # noqa: PLC0415 -- pydantic takes longest of all to load

        return TypeAdapter(self._annotated()).serializer

    def _annotated(self) -> Any:
        """Return its type as one annotates it."""
        return type(self)

    def __str__(self) -> str:
        """Return it so that it reads the same again: a clear value plainly, another one as it was written."""
        return self._shown(self._readings[0]) if len(self._readings) == 1 else self._written

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {str(self) if self.is_clear else self.problem}>"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._same() == other._same()

    def __hash__(self) -> int:
        return hash((type(self), self._same()))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} does not change; make another one")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} does not change; make another one")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


def plain_value(value: object) -> Any:
    """Return what a typed value means, and any other value as it is.

    Raises:
        UnclearValue: it may mean several things, or cannot be right.
    """
    return value.value if isinstance(value, Written) else value


def plainly(number: Decimal) -> str:
    """Return a number with a decimal point that nobody takes for a thousands separator: 1.234 is ``1.2340``."""
    text = f"{number:f}"
    return f"{text}0" if _LIKE_THOUSANDS.fullmatch(text) else text


def exactly(given: object, what: str) -> Decimal | None:
    """Return a number from JSON or Python as a decimal; None: it is no number.

    Raises:
        ValueError: it is NaN or infinite.
    """
    if isinstance(given, bool) or not isinstance(given, int | float | Decimal):
        return None
    number = Decimal(str(given))
    if not number.is_finite():
        raise ValueError(f"{given!r} is no {what}; give a finite number")
    return number


def quoted(text: str) -> str:
    """Return a text as a message shows it."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
