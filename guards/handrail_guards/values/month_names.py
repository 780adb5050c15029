"""Which month a name, its abbreviation or its beginning means."""

from collections import defaultdict
from collections.abc import Iterator

from handrail_guards.values.calendar_names import MONTH_NAMES, MORE_MONTH_NAMES

_SHORTEST = 3
"""Letters of a beginning that counts as the name."""

_ODD = {"mrt": 3, "sept": 9, "mac": 3, "ogos": 8, "dis": 12}


def _listed(names: dict[int, str]) -> Iterator[tuple[str, int]]:
    yield from ((name, month) for month, each in names.items() for name in each.split())


def _by_name(pairs: Iterator[tuple[str, int]]) -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for name, month in pairs:
        found[name].add(month)
    return {name: frozenset(months) for name, months in found.items()}


def _begun() -> Iterator[tuple[str, int]]:
    for name, month in _listed(MONTH_NAMES):
        yield from ((name[:length], month) for length in range(_SHORTEST, len(name)))


# A beginning of two months' names means neither, and what is a name itself is no beginning of another.
_BEGUN = {name: months for name, months in _by_name(_begun()).items() if len(months) == 1}
_COMMON = _BEGUN | _by_name(iter(_ODD.items())) | _by_name(_listed(MONTH_NAMES))
_ALL = _COMMON | _by_name(iter([*_listed(MONTH_NAMES), *_listed(MORE_MONTH_NAMES)]))


def months_of(name: str, *, everywhere: bool = True) -> frozenset[int]:
    """Return the months, 1 to 12, that a name or its beginning may mean (``Mar``, ``settembre``); empty: it is none.

    Two languages may disagree: ``listopad`` is October in Croatian and November in Polish and Czech. Without
    ``everywhere`` only the ten commonest languages count, and only their names have beginnings that count at all.
    """
    return (_ALL if everywhere else _COMMON).get(name.casefold().replace(".", ""), frozenset())
