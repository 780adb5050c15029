"""Right when a number is close enough."""

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from handrail_evals.errors import InvalidSetting, InvalidValue
from handrail_evals.measure.scorer import AnyAnswer, Score

_NUMBERS = frozenset({int, float, Decimal})


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """Compares numbers, give or take a tolerance; built by ``within``."""

    absolute: float | Decimal | None
    relative: float | None
    name: str = "within"
    needs_expected: Literal[True] = True
    _absolute: Decimal = field(init=False, repr=False, compare=False)
    _relative: Decimal = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.absolute is None and self.relative is None:
            raise InvalidSetting(
                f"{self.name}: no tolerance; say how far off is still right: within(absolute=0.01) or"
                " within(relative=0.05), or use exact()"
            )
        object.__setattr__(self, "_absolute", self._tolerance("absolute", self.absolute))
        object.__setattr__(self, "_relative", self._tolerance("relative", self.relative))

    def _tolerance(self, what: str, given: object) -> Decimal:
        found = Decimal(0) if given is None else number_of(given)
        if found is None or found < 0 or isinstance(given, str):
            raise InvalidSetting(f"{self.name}: {what} is {given!r}; give a number, 0 or more")
        return found

    @property
    def version(self) -> str:
        """Return the kind and the tolerances."""
        return f"within/1 absolute={self._absolute} relative={self._relative}"

    def compare(self, value: object, expected: object, /) -> float:
        """Return 1 when the value is close enough, else 0.

        Raises:
            InvalidValue: the expected value is no finite number.
        """
        if value is None or expected is None:
            return 1.0 if value is expected else 0.0
        right, found = self._expected(expected), number_of(value)
        if found is None:
            return 0.0
        try:
            return 1.0 if abs(found - right) <= self._allowed(right) else 0.0
        except ArithmeticError:  # a number with more digits in its exponent than arithmetic has is far off
            return 0.0

    def __call__(self, answer: AnyAnswer, /) -> Score | bool:
        """Score an answer; a wrong one says by how much.

        Raises:
            InvalidValue: the expected value is no finite number.
        """
        output, expected = answer.output, answer.expected
        if self.compare(output, expected):
            return True
        found = number_of(output)
        if found is None or expected is None:
            return Score(0.0, reason=f"{output!r} where {expected!r} is expected")
        right = self._expected(expected)
        try:
            return Score(0.0, reason=f"off by {found - right:g}, at most {self._allowed(right):g} is allowed")
        except ArithmeticError:
            return Score(0.0, reason=f"{found:g} is too far off to say by how much")

    def _allowed(self, expected: Decimal) -> Decimal:
        return max(self._absolute, self._relative * abs(expected))

    def _expected(self, expected: object) -> Decimal:
        found = number_of(expected)
        if found is None:
            raise InvalidValue(
                scorer=self.name,
                problem=f"the expected value {expected!r} is no finite number; give one, or compare with exact()",
            )
        return found


def within(*, absolute: float | Decimal | None = None, relative: float | None = None, name: str = "within") -> Within:
    """Score 1 when the output is at most ``absolute`` off, or at most ``relative`` of the expected number.

    Both are 0 or more, and one is enough to be right. Numbers are int, float, Decimal, and text that is one number and
    nothing else (``"8.20"``, as JSON stores a Decimal). They are compared as they are written: 8.21 is within 0.01 of
    8.20. NaN, infinities and bools are never right.

    Raises:
        InvalidSetting: no tolerance, or one that is negative or no number.
    """
    return Within(absolute=absolute, relative=relative, name=name)


def number_of(value: Any) -> Decimal | None:
    """Return a finite number as it is written, None for anything else."""
    if type(value) in _NUMBERS or (isinstance(value, int | float | Decimal) and not isinstance(value, bool)):
        found = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    elif isinstance(value, str):
        try:
            found = Decimal(value)
        except InvalidOperation:
            return None
    else:
        return None
    return found if found.is_finite() else None
