"""An amount of money: exact, with its sign and its currency."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Self

from handrail_guards.values.currencies import meanings
from handrail_guards.values.written import Written, exactly, plainly, quoted
from handrail_guards.values.written_number import Number, read_number


class Money(Written[Decimal]):
    """An amount of money: ``Money("-12.50", "EUR")``, or read from a document with ``Money.read("1.234,56 €")``.

    ``1,234`` may be one and a bit, or more than a thousand: it has both readings. The sign is part of the amount,
    however it is written: ``-12.00``, ``(12.00)``, ``12,00-``, ``12.00 CR``.
    """

    __slots__ = ("_currency",)
    _currency: str | None

    def __init__(self, amount: Decimal | int | str, currency: str | None = None) -> None:
        """Make a clear one; a text is a number as Python writes it.

        Raises:
            ValueError: it is no finite number.
        """
        number = exactly(Decimal(amount), "amount of money")
        assert number is not None  # noqa: S101 -- a Decimal is one
        currency = _coded(currency)
        super().__init__((number,), _text(number, currency))
        object.__setattr__(self, "_currency", currency)

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the amount that a text is, with every way to read it.

        Raises:
            ValueError: it is more or less than one amount.
        """
        number = read_number(text)
        if number is None or number.percent:
            raise ValueError(
                f"{quoted(text)} is no amount of money; write one as it stands in the document, such as 1.234,56 €"
            )
        if number.currencies == frozenset():
            raise ValueError(f"{quoted(text)} names two currencies; write the one that the amount is in")
        return cls._made(tuple(sorted(_amounts(number))), _coded(number.sign_written or None), text.strip())

    @property
    def amount(self) -> Decimal:
        """Return the amount with its sign.

        Raises:
            UnclearValue: it may be read in two ways.
        """
        return self.value

    @property
    def currency(self) -> str | None:
        """Return its code, such as ``EUR``; the sign itself where that may mean several (``$``); None: it has none."""
        return self._currency

    @property
    def currencies(self) -> frozenset[str]:
        """Return the codes that its sign may mean; empty: it has none."""
        return meanings(self._currency) if self._currency else frozenset()

    def __neg__(self) -> Self:
        """Return it with the other sign, as what one side is credited the other side pays.

        Raises:
            UnclearValue: it may be read in two ways.
        """
        return type(self)(-self.amount, self._currency)

    @classmethod
    def _made(cls, readings: tuple[Decimal, ...], currency: str | None, written: str) -> Self:
        made = cls(readings[0], currency)
        Written.__init__(made, readings, written)
        return made

    def _with(self, readings: tuple[Any, ...]) -> Self:
        return self._made(readings, self._currency, self.written)

    def _shown(self, reading: Any) -> str:
        return _text(reading, self._currency)

    def _same(self) -> tuple[object, ...]:
        return frozenset(self.readings), self._currency

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
        number = exactly(given, "amount of money")
        if number is None:
            raise ValueError(f"a {type(given).__name__} is no amount of money; write a text such as 1.234,56 €")
        return cls(number)

    @classmethod
    def _described(cls, source: Any) -> str:
        del source
        return (
            "An amount of money exactly as it is written, with its sign and currency, such as 1.234,56 € or -12.00 USD"
        )


def _amounts(number: Number) -> set[Decimal]:
    scales = set(number.scales)
    if number.signs == {-1, 1} and len(scales) > 1:  # 1.5 Cr is a credit, or in India fifteen millions
        return {-each if scale == 1 else each for scale in scales for each in _times(number, scale)}
    if len(scales) > 1 and not any(_has_cents(each) for each in number.written):
        scales.discard(Decimal(1))  # 1.5M is no 1.5; in 8.20 K the letter may be anything
    sign = -1 if number.negative else 1
    return {sign * each for scale in scales for each in _times(number, scale)}


def _times(number: Number, scale: Decimal) -> set[Decimal]:
    return {Decimal(f"{Decimal(each) * scale:f}") for each in number.written}


def _has_cents(written: str) -> bool:
    return len(written.partition(".")[2]) == 2


def _coded(sign: str | None) -> str | None:
    """Return the code of a currency's sign, code or name, where there is one it must mean."""
    if sign is None:
        return None
    may_mean = meanings(sign)
    return next(iter(may_mean)) if len(may_mean) == 1 else sign


def _text(number: Decimal, currency: str | None) -> str:
    return f"{plainly(number)} {currency}" if currency else plainly(number)
