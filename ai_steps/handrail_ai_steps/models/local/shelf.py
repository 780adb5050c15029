"""Arrays by name that were read from a file, none of them trusted before it was looked at."""

from typing import Any, TypeAlias

import numpy as np

from handrail_ai_steps.models.local.packed import Packed

Arrays: TypeAlias = dict[str, np.ndarray[Any, Any]]


class Shelf:
    """Hands out arrays, each checked for its type, shape and finite numbers."""

    def __init__(self, arrays: Arrays) -> None:
        self._arrays = arrays

    def __call__(self, name: str, kind: type[np.generic], *shape: int | None) -> np.ndarray[Any, Any]:
        """Return an array; None in a shape stands for any size.

        Raises:
            ValueError: there is none of that name, or it does not fit.
        """
        array = self._arrays.get(name)
        if array is None:
            raise ValueError(f"the array {name} is missing")
        same_rank = array.ndim == len(shape)
        if array.dtype != kind or not (same_rank and all(map(_fits, shape, array.shape))):
            raise ValueError(f"{name} is {array.dtype} {array.shape} where {kind.__name__} {shape} belongs")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds numbers that are not finite")
        return array

    def packed(self, name: str, rows: int, columns: int | None) -> Packed:
        """Return a packed matrix.

        Raises:
            ValueError: its arrays are missing or do not fit.
        """
        return Packed(self(f"{name}_codes", np.int8, rows, columns), self(f"{name}_scales", np.float32, rows))


def _fits(wanted: int | None, size: int) -> bool:
    return wanted is None or wanted == size
