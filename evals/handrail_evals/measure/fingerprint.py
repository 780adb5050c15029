"""Short hashes of values, by which cases, answers and suites are recognised again."""

import hashlib
import json
from typing import Any

from handrail_evals.errors import DataError
from handrail_ground.errors import told
from handrail_ground.hashing import canonical
from handrail_ground.values import NotJson, as_json

DIGITS = 16
"""Hexadecimal digits of a hash: 64 bits, for thousands of cases and not for secrets."""


def jsonable(value: Any, *, where: str) -> Any:
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


def hash_of(data: Any) -> str:
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


def as_text(data: Any) -> str:
    """Return JSON data as people read it: a text as it is."""
    return data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
