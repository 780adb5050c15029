"""Hashes that stay the same in every process and every release: of texts and JSON data, and numbers drawn by key."""

import hashlib
import json
import unicodedata
from typing import Any, Literal, TypeAlias

Purpose: TypeAlias = Literal["audit", "development", "promise", "rollout"]
"""What a number is drawn for: each purpose has numbers of its own, so that one choice says nothing about another."""

_BITS = 53
"""A float holds that many exactly, so that every number drawn for an audit or a rollout is below 1."""


def hash_of_text(text: str, *, digits: int) -> str:
    """Return the first hexadecimal digits of a text's SHA-256; half of a character (a lone surrogate) is hashed too."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:digits]


def hash_of_data(data: Any, *, digits: int) -> str:
    """Return the first hexadecimal digits of the SHA-256 of JSON data; the order of an object's keys does not count.

    Raises:
        TypeError: it is no JSON data; or ValueError, RecursionError.
    """
    return hash_of_text(canonical(data), digits=digits)


def likeness(data: Any) -> Any:
    """Return JSON data as it is in all its copies.

    Case, accents, signs, white space, invisible characters and ways to write a letter do not count: copies differ by
    them, and two different inputs taken for copies only count for less.
    """
    if isinstance(data, str):
        plain = unicodedata.normalize("NFKD", data).casefold()
        has_letters = any(map(str.isalpha, plain))  # of "-5" and "1.05" the signs are most of what they say
        return "".join(filter(str.isalnum, plain)) if has_letters else " ".join(plain.split())
    if isinstance(data, list | tuple):
        return [likeness(each) for each in data]
    if isinstance(data, dict):
        return {key: likeness(value) for key, value in data.items()}
    return data


def canonical(data: Any) -> str:
    """Return JSON data as the text that is hashed: keys in order, no white space, characters as they are.

    Raises:
        TypeError: it is no JSON data; or ValueError, RecursionError.
    """
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def drawn(key: str, purpose: Purpose) -> float:
    """Return the number that a key draws: from 0 to 1, evenly spread, the same on every machine.

    The recipes stay as they are for ever: with another one, cases that were drawn would be drawn no more.
    """
    told = key.encode("utf-8", "surrogatepass")
    if purpose != "development":
        digest = hashlib.blake2b(told, digest_size=8, person=f"handrail {purpose}".encode()).digest()
        return (int.from_bytes(digest, "big") >> (64 - _BITS)) / (1 << _BITS)
    digest = hashlib.sha256(b"development:" + told).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
