"""What a function's code says, as a hash that is the same in every process."""

import hashlib
from types import CodeType
from typing import Any


def hash_of_code(code: CodeType) -> str:
    """Return a hash of a function's code and of those within it, 16 hexadecimal digits."""
    digest = hashlib.blake2s(digest_size=8)
    feed_code(digest, code)
    return digest.hexdigest()


def feed_code(digest: "hashlib.blake2s", code: CodeType) -> None:
    """Add what code does, what it names and its constants to a hash; line numbers do not count."""
    digest.update(code.co_code)
    digest.update(repr(code.co_names).encode())
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            feed_code(digest, constant)
        else:
            digest.update(constant_text(constant).encode())


def constant_text(constant: Any) -> str:
    """Return a constant as text, the same in every process: that of a set depends on how Python hashes texts today."""
    if isinstance(constant, frozenset):
        return f"frozenset({sorted(map(constant_text, constant))})"
    if isinstance(constant, tuple) and any(isinstance(each, frozenset | tuple) for each in constant):
        return f"({', '.join(map(constant_text, constant))})"
    return repr(constant)
