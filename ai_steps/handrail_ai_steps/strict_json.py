"""JSON as the standard has it: no NaN, no key twice, no number that a float cannot hold.

What libraries read beyond that (``NaN``, the last of two equal keys, ``1e999`` as infinity) is never what was meant.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NoReturn

_DELICATE = re.compile(r"[0-9](?:[eE]|[0-9.]{15})")
"""What a number looks like that a float may not hold, or not with all its digits; others need no look one by one."""
_LEXEME = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?', re.DOTALL)


def read_json(text: str) -> Any:
    """Return the value of a JSON text.

    Raises:
        ValueError: it is none; the message says why, in words a model can act on.
    """
    try:
        return strict_decoder(text).decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"Invalid JSON: {error}") from None
    except RecursionError:
        raise ValueError("Invalid JSON: it is nested too deeply") from None


def strict_decoder(text: str) -> json.JSONDecoder:
    """Return a decoder for the JSON values in a text.

    Beside what ``json`` raises, it raises a plain ``ValueError`` for what ``read_json`` does not take.
    """
    return _CAREFUL if _DELICATE.search(text) else _QUICK


def member(text: str, key: str) -> str | None:
    """Return the text of one member of the JSON object that a text is, digits and all, or None where it has none.

    The text must be one that ``read_json`` takes.
    """
    decode = strict_decoder(text).raw_decode
    position = _next(text, text.index("{") + 1)
    while text[position] == '"':
        name, end = decode(text, position)
        start = _next(text, _next(text, end) + 1)  # behind the colon
        _, end = decode(text, start)
        if name == key:
            return text[start:end]
        position = _next(text, end)
        if text[position] == ",":
            position = _next(text, position + 1)
    return None


def with_exact_numbers(text: str) -> str:
    """Return a JSON text with every number that loses digits as a float put between quotes."""
    return _LEXEME.sub(_exact, text) if _DELICATE.search(text) else text


def is_finite(value: Any) -> bool:
    """Return whether no number inside a value is NaN or infinite: JSON has no word for those."""
    left = [value]
    while left:
        each = left.pop()
        kind = type(each)
        if kind in _HARMLESS:
            continue
        if isinstance(each, float | Decimal):
            if not math.isfinite(each):
                return False
        else:
            left.extend(parts(each))
    return True


_HARMLESS = frozenset({str, int, bool, type(None), bytes})


def parts(value: Any) -> Iterable[Any]:
    """Return what a mapping, sequence, set, model or dataclass is made of; of anything else, nothing."""
    kind = type(value)
    if kind is list or isinstance(value, list | tuple | set | frozenset):
        return value  # type: ignore[no-any-return]
    if isinstance(value, Mapping):
        return (*value.keys(), *value.values())
    declared = getattr(kind, "__dataclass_fields__", None)
    if declared is not None:
        return [getattr(value, name, None) for name in declared]
    if hasattr(kind, "__pydantic_fields__"):
        extra = getattr(value, "__pydantic_extra__", None)
        return [*value.__dict__.values(), *extra.values()] if extra else value.__dict__.values()
    return ()


def _next(text: str, position: int) -> int:
    """Return where the white space at a place ends."""
    while text[position].isspace():
        position += 1
    return position


def _exact(lexeme: re.Match[str]) -> str:
    found = lexeme[0]
    if found[0] == '"' or not {".", "e", "E"} & set(found):  # whole numbers keep every digit
        return found
    return found if Decimal(found) == Decimal(repr(float(found))) else f'"{found}"'


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"Invalid JSON: the key {json.dumps(twice)[:80]} is there twice; give it once")
    return made


def _number(digits: str) -> float:
    found = float(digits)
    if not math.isfinite(found):
        raise ValueError("Invalid JSON: a number is too large")
    if found == 0.0 and re.search(r"[1-9]", digits.lower().partition("e")[0]):
        raise ValueError("Invalid JSON: a number is too close to zero")
    return found


def _whole(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:
        raise ValueError("Invalid JSON: a number has too many digits") from None


def _constant(name: str) -> NoReturn:
    raise ValueError(f"Invalid JSON: {name} is no JSON number")


_QUICK = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant)
_CAREFUL = json.JSONDecoder(object_pairs_hook=_pairs, parse_float=_number, parse_int=_whole, parse_constant=_constant)
