"""What a function's code says, as a hash that is the same in every process."""

import hashlib
import inspect
from collections.abc import Callable
from contextlib import suppress
from types import CodeType
from typing import Any

_PLAIN = (str, bytes, bool, int, float, complex, type(None))
"""Settings of these types have a text that is the same tomorrow."""


def hash_of_code(code: CodeType) -> str:
    """Return a hash of a function's code and of those within it, 16 hexadecimal digits."""
    digest = hashlib.blake2s(digest_size=8)
    _feed(digest, code)
    return digest.hexdigest()


def hash_of_function(function: Callable[..., Any], *, closure: bool = False) -> str:
    """Return a hash of a function's code and defaults, 16 hexadecimal digits; of an object, of its ``__call__``.

    With ``closure`` plain values from around the function count too: a scorer's tolerance is there, and so is a
    target's counter, which changes from run to run.
    """
    plain = inspect.unwrap(function)
    plain = plain if inspect.isroutine(plain) else type(plain).__call__
    digest = hashlib.blake2s(digest_size=8)
    code = getattr(plain, "__code__", None)
    if code is None:
        digest.update(getattr(plain, "__qualname__", repr(plain)).encode())
        return digest.hexdigest()
    _feed(digest, code)
    settings = [*(getattr(plain, "__defaults__", None) or ()), *(getattr(plain, "__kwdefaults__", None) or {}).values()]
    for cell in (getattr(plain, "__closure__", None) or ()) if closure else ():
        with suppress(ValueError):  # a name that has no value yet
            settings.append(cell.cell_contents)
    for value in settings:
        # Of other values there is no text that is the same tomorrow.
        digest.update(repr(value).encode() if isinstance(value, _PLAIN) else type(value).__qualname__.encode())
    return digest.hexdigest()


def constant_text(constant: Any) -> str:
    """Return a constant as text, the same in every process: that of a set depends on how Python hashes texts today."""
    if isinstance(constant, frozenset):
        return f"frozenset({sorted(map(constant_text, constant))})"
    if isinstance(constant, tuple) and any(isinstance(each, frozenset | tuple) for each in constant):
        return f"({', '.join(map(constant_text, constant))})"
    return repr(constant)


def _feed(digest: "hashlib.blake2s", code: CodeType) -> None:
    """Add what code does, what it names and its constants to a hash; line numbers do not count."""
    digest.update(code.co_code)
    digest.update(repr(code.co_names).encode())
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            _feed(digest, constant)
        else:
            digest.update(constant_text(constant).encode())
