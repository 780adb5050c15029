"""The port to whoever compares one value with the right one: ``exact()`` and its kind, or a function of two values."""

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

from handrail_evals.errors import InvalidScore, InvalidSetting
from handrail_ground.code_hash import hash_of_function

MOST = 5
"""How many values a reason names."""

LONGEST = 60
"""How many characters of a value it shows."""


def shown(value: object) -> str:
    """Return a value in a few characters."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def listed(values: Sequence[Any]) -> str:
    """Return the first values, and how many more there are."""
    return joined([shown(value) for value in values[:MOST]], len(values))


def joined(parts: Sequence[str], total: int) -> str:
    """Return the first parts in one line, and how many more of ``total`` there are."""
    more = total - len(parts[:MOST])
    return ", ".join(parts[:MOST]) + (f" and {more} more" if more > 0 else "")


@runtime_checkable
class Comparator(Protocol):
    """Says how much a value is like the right one; None is like None and nothing else."""

    @property
    def version(self) -> str:
        """Return what changes whenever a comparison could come out differently."""
        ...

    def compare(self, value: Any, expected: Any, /) -> float:
        """Return how right the value is, 0 to 1."""
        ...


ComparatorLike: TypeAlias = Comparator | Callable[[Any, Any], float]
"""A comparator, or a function of the value and the right one that returns 0 to 1, or True or False."""


@dataclass(frozen=True, slots=True)
class FunctionComparator:
    """A user's function as a comparator."""

    function: Callable[[Any, Any], float]

    @property
    def version(self) -> str:
        """Return the function's name and a hash of its code."""
        return f"{getattr(self.function, '__name__', 'function')} {hash_of_function(self.function, closure=True)}"

    def compare(self, value: object, expected: object, /) -> float:
        """Call the function; None is left to it.

        Raises:
            InvalidScore: it returned anything but a number from 0 to 1.
        """
        found: Any = self.function(value, expected)
        if not isinstance(found, int | float) or not math.isfinite(found) or not 0.0 <= found <= 1.0:
            raise InvalidScore(where=f"comparator {self.version}, which must return 0 to 1", score=found)
        return float(found)


def as_comparator(comparator: ComparatorLike, *, where: str) -> Comparator:
    """Return a function as a comparator, and a comparator as it is; ``where`` names what it is for.

    Raises:
        InvalidSetting: it is neither, or a function that does not take two values.
    """
    if not isinstance(comparator, type) and isinstance(comparator, Comparator):
        return comparator
    given: Any = comparator  # whatever a caller without a type checker gave
    if not inspect.isroutine(given) or not takes_two(given):  # another callable has settings that no hash of code knows
        name = getattr(given, "__name__", None)
        hint = f" (did you mean {name}()?)" if name else ""
        raise InvalidSetting(
            f"{where}: {given!r} compares nothing{hint}; give exact(), within(...) or another comparator, a function"
            " of the value and the expected one, or an object with compare and version"
        )
    return FunctionComparator(given)


def takes_two(function: Callable[..., Any]) -> bool:
    """Return whether a function can be called with two values."""
    try:
        inspect.signature(function).bind(None, None)
    except TypeError:
        return False
    except ValueError:  # a builtin without a signature
        return True
    return True
