"""How much of a response is read: a few kilobytes that unpack to gigabytes must not take the process along."""

import importlib
from collections.abc import AsyncIterator
from contextlib import aclosing
from functools import cache
from typing import Any

MOST_BYTES = 128_000_000
"""Unpacked: several times what 32,768 tokens with their alternatives take."""
MOST_FILE_BYTES = 2_000_000_000
"""Of the replies of a batch, which are tens of thousands."""


class ResponseTooLong(Exception):
    """A response has more bytes than anybody answers with."""


def too_long(most: int) -> ResponseTooLong:
    """Return the error of a response that has more bytes than ``most``."""
    return ResponseTooLong(f"the server sent more than {most // 1_000_000:,} MB, which no answer takes")


async def limit_response(response: Any) -> None:
    """Let a response end with an error where it is too long; a hook of a client of httpx, whichever of the two.

    Raises:
        ResponseTooLong: while the response is read, and not here.
    """
    most = MOST_FILE_BYTES if response.request.url.path.endswith("/content") else MOST_BYTES
    library = type(response).__module__.partition(".")[0]
    packed = type(response)(response.status_code, headers=response.headers, stream=response.stream)
    response.headers.pop("content-encoding", None)  # what is handed on is unpacked
    response.stream = _counted_by(library)(packed, most)


@cache
def _counted_by(library: str) -> type["_Counted"]:
    """Return the stream that a library takes for one of its own."""
    stream: type = importlib.import_module(library).AsyncByteStream
    return type("Counted", (_Counted, stream), {})


class _Counted:
    """The bytes of a response, unpacked piece by piece."""

    def __init__(self, packed: Any, most: int) -> None:
        self._packed = packed
        self._most = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        count = 0
        async with aclosing(self._packed.aiter_bytes()) as pieces:
            async for piece in pieces:
                count += len(piece)
                if count > self._most:
                    raise too_long(self._most)
                yield piece

    async def aclose(self) -> None:
        await self._packed.aclose()
