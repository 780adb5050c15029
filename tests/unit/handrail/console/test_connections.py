"""Connections of callers: slow ones end, and there are never too many."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from handrail.console.connections import CallerConnection, most_connections

PATIENCE = 60
"""Seconds that nothing here takes."""
LONG = 3_600.0


async def _echo(_scope: Scope, receive: Receive, send: Send) -> None:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def _served(*, seconds: float = LONG, most: int = 100) -> AsyncIterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    connection = partial(CallerConnection, seconds=seconds, most=most)
    config = uvicorn.Config(_echo, lifespan="off", http=connection, ws="none", log_config=None)  # type: ignore[arg-type]  # it is called as a class is
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        server.force_exit = True
        await serving
        listener.close()


async def _sent(port: int, data: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    await writer.drain()
    return reader, writer


HEAD = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\n\r\n"


@pytest.mark.dear
@pytest.mark.parametrize(
    "begun", [b"", b"POST / HT", HEAD, HEAD + b"ab", HEAD + b"abcd" + b"POST", HEAD + b"abcd" + HEAD]
)
async def test_a_request_that_is_never_whole_ends_with_its_time(begun: bytes) -> None:
    async with _served(seconds=0.2) as port:
        reader, writer = await _sent(port, begun)
        try:
            got = await asyncio.wait_for(reader.read(), PATIENCE)
        except ConnectionError:
            got = b""
        assert got.count(b"200 OK") == begun.count(b"abcd")
        writer.close()


@pytest.mark.dear
async def test_a_request_that_comes_in_parts_is_answered_and_the_next_one_on_its_connection_too() -> None:
    async with _served() as port:
        reader, writer = await _sent(port, HEAD[:10])
        for part in (HEAD[10:], b"ab", b"cd", HEAD + b"efgh"):
            writer.write(part)
            await writer.drain()
        for body in (b"abcd", b"efgh"):
            assert b"200 OK" in await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
            assert await asyncio.wait_for(reader.readexactly(4), PATIENCE) == body
        writer.close()


async def test_over_the_most_a_connection_is_not_kept_and_the_others_are() -> None:
    async with _served(most=3) as port:
        kept = [await _sent(port, HEAD) for _ in range(3)]
        reader, extra = await _sent(port, b"")
        with suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
        extra.close()
        for each, writer in kept:
            writer.write(b"abcd")
            assert b"200 OK" in await asyncio.wait_for(each.readuntil(b"\r\n\r\n"), PATIENCE)
            writer.close()


def test_connections_leave_half_of_the_files_to_the_store_and_its_workflows() -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        assert most_connections() == 128
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
