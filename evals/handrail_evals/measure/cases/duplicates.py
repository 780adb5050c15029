"""Cases that ask the same: allowed, as people do ask twice, but worth knowing when cases are counted."""

from collections.abc import Iterable
from typing import Any, TypeVar

from handrail_evals.measure.case import Case
from handrail_evals.measure.fingerprint import hash_of, jsonable

C = TypeVar("C", bound=Case[Any, Any])


def duplicates(cases: Iterable[C]) -> tuple[tuple[C, ...], ...]:
    """Return the cases whose inputs are equal, in groups of two and more, in the order of the first of each.

    Raises:
        DataError: an input has no JSON form.
    """
    groups: dict[str, list[C]] = {}
    for case in cases:
        groups.setdefault(hash_of(jsonable(case.input, where=f"{case.place}, input")), []).append(case)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)
