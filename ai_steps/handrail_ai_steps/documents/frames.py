"""Messages between two processes as frames: JSON, and bytes beside it; nothing that could run."""

import json
import re
from collections.abc import Callable
from struct import Struct
from typing import Any

HEAD = Struct(">II")
"""The lengths of a frame's JSON, and of the bytes after it."""
LONGEST = 1 << 30
"""No frame of ours is longer; a process that says so has gone wrong."""

_LONE = re.compile("[\ud800-\udfff]")
"""Halves of characters, which no text has; a broken font can name them."""


def frame(said: Any, data: bytes = b"") -> bytes:
    """Return one message."""
    return beginning(said, len(data)) + data


def beginning(said: Any, size: int) -> bytes:
    """Return how a message begins that has so many bytes after its JSON."""
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    try:
        data = text.encode()
    except UnicodeEncodeError:
        data = _LONE.sub("\ufffd", text).encode()
    return HEAD.pack(len(data), size) + data


def take(read: Callable[[int], bytes]) -> tuple[Any, bytes]:
    """Return the next message of what ``read`` returns exactly so many bytes of."""
    size, more = HEAD.unpack(read(HEAD.size))
    if size > LONGEST or more > LONGEST:
        raise ValueError("a message longer than any")
    return json.loads(read(size)), read(more) if more else b""
