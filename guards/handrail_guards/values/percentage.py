"""A percentage: exact, and also as a share of one."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Self

from handrail_guards.values.written import Written, exactly, plainly, quoted
from handrail_guards.values.written_number import read_number


class Percentage(Written[Decimal]):
    """A percentage: ``Percentage(19)``, or read from a document with ``Percentage.read("19,00 %")``.

    A number of at most one without a sign may be a share: ``0.19`` is read as 0.19% and as 19%.
    """

    __slots__ = ()

    def __init__(self, percent: Decimal | int | str) -> None:
        """Make a clear one; a text is a number as Python writes it.

        Raises:
            ValueError: it is no finite number.
        """
        number = exactly(Decimal(percent), "percentage")
        assert number is not None  # noqa: S101 -- a Decimal is one
        super().__init__((number,), _text(number))

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the percentage that a text is, with every way to read it.

        Raises:
            ValueError: it is more or less than one percentage.
        """
        number = read_number(text)
        if number is None or number.currencies is not None:
            raise ValueError(f"{quoted(text)} is no percentage; write one as it stands in the document, such as 19 %")
        sign = -1 if number.negative else 1
        plain = {sign * each for each in number.plain()}
        return cls._made(plain if number.percent else _perhaps_shares(plain), text.strip())

    @property
    def percent(self) -> Decimal:
        """Return the number before the sign: 19 for 19%.

        Raises:
            UnclearValue: it may be read in two ways.
        """
        return self.value

    @property
    def share(self) -> Decimal:
        """Return it as a share of one: 0.19 for 19%.

        Raises:
            UnclearValue: it may be read in two ways.
        """
        return self.value / 100

    @classmethod
    def _made(cls, readings: set[Decimal], written: str) -> Self:
        listed = tuple(sorted(readings))
        made = cls(listed[0])
        Written.__init__(made, listed, written)
        return made

    def _with(self, readings: tuple[Any, ...]) -> Self:
        return self._made(set(readings), self.written)

    def _shown(self, reading: Any) -> str:
        return _text(reading)

    def _same(self) -> tuple[object, ...]:
        return (frozenset(self.readings),)

    @classmethod
    def _accepting(cls, source: Any) -> Callable[[Any], Any]:
        del source
        return cls._accepted

    @classmethod
    def _accepted(cls, given: object) -> Self:
        if isinstance(given, cls):
            return given
        if isinstance(given, str):
            return cls.read(given)
        number = exactly(given, "percentage")
        if number is None:
            raise ValueError(f"a {type(given).__name__} is no percentage; write a text such as 19 %")
        return cls._made(_perhaps_shares({number}), plainly(number))

    @classmethod
    def _described(cls, source: Any) -> str:
        del source
        return "A percentage exactly as it is written, with its sign, such as 19 % or 7,7%"


def _perhaps_shares(numbers: set[Decimal]) -> set[Decimal]:
    return numbers | {each * 100 for each in numbers if 0 < abs(each) <= 1}


def _text(number: Decimal) -> str:
    return f"{plainly(number)} %"
