"""Short hashes of values, by which cases, answers and suites are recognised again, and cases that are one case."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from handrail_evals.errors import DataError
from handrail_evals.measure.case import AnyCase
from handrail_ground.errors import told
from handrail_ground.hashing import canonical, likeness
from handrail_ground.values import NotJson, as_json

DIGITS = 16
"""Hexadecimal digits of a hash: 64 bits, for thousands of cases and not for secrets."""

C = TypeVar("C", bound=AnyCase)


def jsonable(value: object, *, where: str) -> Any:
    """Return a value as JSON data: pydantic models and dataclasses become objects, enums their values.

    Raises:
        DataError: it has no JSON form; ``where`` says what it is.
    """
    try:
        return as_json(value)
    except NotJson as error:
        raise DataError(
            f"{where} is a {error.kind} that has no JSON form ({error.reason}); use a pydantic model, a dataclass or"
            " plain JSON values"
        ) from error


def hash_of(data: object) -> str:
    """Return the hash of JSON data; the order of an object's keys does not count.

    Raises:
        DataError: it is nested too deep, or has a number of too many digits.
    """
    try:
        text = data if type(data) is str else canonical(data)
    except (ValueError, RecursionError) as error:
        raise DataError(f"a value cannot be written as JSON ({told(error)}); use plain JSON values") from error
    kind = b"t" if type(data) is str else b"j"
    return hashlib.blake2s(kind + text.encode("utf-8", "surrogatepass"), digest_size=DIGITS // 2).hexdigest()


def as_text(data: object) -> str:
    """Return JSON data as people read it: a text as it is."""
    return data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)


def input_key(data: object) -> str:
    """Return what an input as JSON data is recognised by: of a text with letters only its letters and digits count."""
    return hash_of(likeness(data))


def clusters_of(cases: Iterable[Sequence[str]]) -> list[str]:
    """Return the cluster of each case, which is given by all that it may share with others, at least one thing.

    Cases that share anything are of one cluster, directly or by way of a third: it has the name of the first thing that
    one of them gave. A case that shares nothing stands alone, and its cluster is empty.
    """
    above: dict[str, str] = {}
    order: dict[str, int] = {}
    shared = [tuple(each) for each in cases]
    for keys in shared:
        for key in keys:
            order.setdefault(key, len(order))
        first, *others = sorted({_root(above, key) for key in keys}, key=order.__getitem__)
        above.update(dict.fromkeys(others, first))
    roots = [_root(above, keys[0]) for keys in shared]
    members = Counter(roots)
    return [root if members[root] > 1 else "" for root in roots]


def _root(above: dict[str, str], key: str) -> str:
    while (next_one := above.setdefault(key, key)) != key:
        key = above[key] = above.setdefault(next_one, next_one)
    return key


def duplicates(cases: Iterable[C]) -> tuple[tuple[C, ...], ...]:
    """Return the cases whose inputs are equal, in groups of two and more, in the order of the first of each.

    Raises:
        DataError: an input has no JSON form.
    """
    groups: dict[str, list[C]] = {}
    for case in cases:
        groups.setdefault(hash_of(jsonable(case.input, where=f"{case.place}, input")), []).append(case)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)
