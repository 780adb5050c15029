"""Another system on loopback: an HTTP server that answers as it is told, connection by connection."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Came:
    """A request that came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Told:
    """What to answer; ``breaks`` closes the connection in its place, ``hangs`` says nothing."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    breaks: bool = False
    hangs: bool = False


@dataclass
class Served:
    """The server."""

    answers: Callable[[Came], Told]
    came: list[Came] = field(default_factory=list)
    address: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            method, target, _ = head[0].split(" ")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)
            }
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            came = Came(method, target, headers, body)
            self.came.append(came)
            told = self.answers(came)
            if told.hangs:
                await reader.read()  # until the other side has had enough
            elif not told.breaks:
                writer.write(_written(told))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def _written(told: Told) -> bytes:
    body = told.body if isinstance(told.body, bytes) else json.dumps(told.body).encode()
    headers = {
        "content-type": "application/json",
        **told.headers,
        "content-length": str(len(body)),
        "connection": "close",
    }
    lines = [f"HTTP/1.1 {told.status} told", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + body


@asynccontextmanager
async def served(answers: Callable[[Came], Told]) -> AsyncIterator[Served]:
    system = Served(answers)
    server = await asyncio.start_server(system.serve, "127.0.0.1", 0)
    system.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api"
    try:
        yield system
    finally:
        server.close()


def in_turn(*told: Told) -> Callable[[Came], Told]:
    """Return what answers one after the other; the last one again and again."""
    left = list(told)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]
