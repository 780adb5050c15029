"""Frozen dataclasses as JSON texts and back, strictly: what does not fit the types is refused, never guessed at."""

from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

from handrail_ground.errors import HandrailError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")


class Misfit(HandrailError, ValueError):
    """A text that does not fit a record."""

    def __init__(self, *, place: str, problem: str) -> None:
        """Say where, and what is wrong there."""
        super().__init__(f"{place}: {problem}")
        self.place = place
        """Where it is, as ``metrics.0.name``; "the text" where it is no place in it."""
        self.problem = problem


class Records(Generic[T]):
    """Reads and writes records of one dataclass, and of those within it; pydantic is loaded with the first of them."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind

    @cached_property
    def _adapter(self) -> "TypeAdapter[tuple[T]]":
        from pydantic import ConfigDict, TypeAdapter  # noqa: PLC0415 -- keeps the import light

        # A dataclass takes no settings from outside; what holds one hands them on, to those within it too.
        return TypeAdapter(tuple[self._kind], config=ConfigDict(allow_inf_nan=False))  # type: ignore[name-defined]

    def to_json(self, record: T) -> str:
        """Return a record as JSON, in one line."""
        return self._adapter.dump_json((record,)).decode()[1:-1]

    def from_json(self, text: str) -> T:
        """Return the record in a JSON text.

        Raises:
            Misfit: it is no JSON, or a field is missing, unknown, or of another type; a whole number fits a float.
        """
        from pydantic import ValidationError  # noqa: PLC0415 -- keeps the import light

        try:
            return self._adapter.validate_json(f"[{text}]", strict=True, extra="forbid")[0]
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"][1:])) or "the text"
            found = "" if first["type"] in {"missing", "json_invalid"} else f", found {first['input']!r:.60}"
            raise Misfit(place=place, problem=f"{first['msg']}{found}") from error
