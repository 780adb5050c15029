"""How a sealed value stands in a store: as a token in its text, which says what it is and by which key it is sealed.

A token has letters, digits and ``._-`` alone, so it stands in JSON, and in JSON within JSON, as it is. Whoever has no
key can tell that a value is sealed, by which key, and what its place is; not what it says.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

MARK: Final = "hsealed1."
"""What every token begins with."""
KEY_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)
"""How keys may be called."""

_TOKEN = r"hsealed1\.([vt])\.([A-Za-z0-9_-]{1,40})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)"  # noqa: S105 -- a pattern
_ONE = re.compile(_TOKEN, re.ASCII)
_IN_JSON = re.compile(rf'\{{"sealed":\s*"{_TOKEN}",\s*"files":\s*\[[^\]]*\]\}}|"{_TOKEN}"|{_TOKEN}', re.ASCII)
_PARTS = 5
"""Groups of one token."""
_BYTES_MARK = b"hsealed1\n"
_encode = json.JSONEncoder(separators=(",", ":")).encode  # made once, as it is for every value

About: TypeAlias = tuple[str, ...]
"""What a value is: the kind of thing that holds it, which one, and in which column."""
TokenKind: TypeAlias = Literal["v", "t"]
"""``v``: a value, as JSON text; ``t``: words."""


class Token(NamedTuple):
    """One sealed value, or words."""

    kind: str
    key: str
    """The name of the key that it is sealed by."""
    digest: str
    """A keyed digest of what it says and of what it is: it stays when another key takes over."""
    data: bytes
    about: bytes

    def __str__(self) -> str:
        """Return it as it stands in a text."""
        return f"{MARK}{self.kind}.{self.key}.{self.digest}.{_text(self.data)}.{_text(self.about)}"

    @property
    def place(self) -> About:
        """Return what it says that it is."""
        return tuple(json.loads(self.about))


def told(about: About) -> bytes:
    """Return what a value is, as the bytes that are sealed with it."""
    return _encode(about).encode()


def is_sealed(text: str | None) -> bool:
    """Return whether anything in a text is sealed."""
    return text is not None and MARK in text


def tokens(text: str) -> list[Token]:
    """Return the tokens in a text, in order."""
    return [_read(found) for found in _ONE.findall(text)] if MARK in text else []


def with_tokens(text: str, change: Callable[[Token], str]) -> str:
    """Return a text with something else in the place of each token."""
    return _ONE.sub(lambda found: change(_read(found.groups())), text) if MARK in text else text


def in_json(text: str, opened: Callable[[Token], str]) -> str:
    """Return JSON with what each of its tokens says in the token's place."""
    if MARK not in text:
        return text
    whole = text[1:-1].split(".") if text.startswith('"hsealed1.') else []
    if len(whole) == 1 + _PARTS and '"' not in text[1:-1]:  # as most are; what follows is for all others
        token = _read(whole[1:])
        said = opened(token)
        return said if token.kind == "v" else json.dumps(said)

    def plain(found: re.Match[str]) -> str:
        groups = found.groups()
        place = next(each for each in range(0, len(groups), _PARTS) if groups[each] is not None)
        token = _read(groups[place : place + _PARTS])
        said = opened(token)
        if place == 2 * _PARTS:  # within a longer text
            return json.dumps(said)[1:-1]
        return said if token.kind == "v" else json.dumps(said)

    return _IN_JSON.sub(plain, text)


def stable(text: str | None) -> str | None:
    """Return a text as hashes cover it: tokens by what they say and are, whichever key seals them."""
    if text is None or MARK not in text:
        return text
    return with_tokens(text, lambda token: f"{MARK}{token.kind}.{token.digest}.{_text(token.about)}")


class SealedBytes(NamedTuple):
    """Bytes of a file that are sealed."""

    key: str
    size: int
    """How many there are when they are opened."""
    about: bytes
    data: bytes

    def __bytes__(self) -> bytes:
        """Return them as they stand in a store."""
        key = self.key.encode()
        head = len(key).to_bytes(1) + key + self.size.to_bytes(8) + len(self.about).to_bytes(2) + self.about
        return _BYTES_MARK + head + self.data


HEAD_BYTES: Final = len(_BYTES_MARK) + 1 + 40 + 8
"""Bytes from which the size of sealed ones can be told."""


def sealed_bytes(found: bytes) -> SealedBytes | None:
    """Return sealed bytes taken apart; None: they are not sealed."""
    if not found.startswith(_BYTES_MARK):
        return None
    start = len(_BYTES_MARK)
    end = start + 1 + found[start]
    key, size = found[start + 1 : end].decode("ascii", "replace"), int.from_bytes(found[end : end + 8])
    begin = end + 10
    middle = begin + int.from_bytes(found[end + 8 : begin])
    return SealedBytes(key, size, found[begin:middle], found[middle:])


def plain_size(head: bytes, length: int) -> int:
    """Return how many bytes a part of a file has when it is opened; ``head``: its first ones, ``length``: as it is."""
    sealed = sealed_bytes(head)
    return length if sealed is None else sealed.size


def _read(groups: Sequence[str]) -> Token:
    kind, key, digest, data, about = groups
    return Token(kind, key, digest, _bytes(data), _bytes(about))


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
