"""An OpenAI-compatible server on the loopback interface, in a process of its own, that plays whatever it is told.

``Stub`` starts it; ``stub.play(...)`` queues replies, the last of which repeats; a reply with ``when`` is a rule for
every request it fits, asked before the queue. ``stub.requests()`` returns what arrived. The server speaks plain
HTTP/1.1 with keep-alive on asyncio streams, because it must cost little beside the client under measurement.
"""

import asyncio
import contextlib
import gzip
import json
import math
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

CONTROL = "/_control"
Json = dict[str, Any]


# What replies are made of ------------------------------------------------------------------------------------------


def reply(
    body: Any = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    delay: float = 0.0,
    when: Mapping[str, Any] | None = None,
    trap: str = "",
) -> Json:
    """Return one reply: a JSON body, or text as it is.

    Args:
        body: JSON, or a string sent as it is; a list is a stream of events.
        status: the HTTP status.
        headers: more headers.
        delay: seconds before the reply, or between the events of a stream.
        when: request fields (dotted) and the value each must have; ``True`` and ``None``: present and absent;
            ``path`` is the end of the URL.
        trap: ``"drop"`` closes the connection instead; ``"drop_midway"`` closes it in the middle of a stream;
            ``"dribble"`` sends a byte every ``delay`` seconds; ``"packed"`` sends the body gzipped, asked or not.
    """
    return {
        "body": body,
        "status": status,
        "headers": dict(headers or {}),
        "delay": delay,
        "when": dict(when or {}),
        "trap": trap,
    }


def completion(
    *contents: str | None,
    model: str = "stub-1",
    finish: str = "stop",
    logprobs: Any = None,
    usage: Json | bool | None = True,
    **message: Any,
) -> Json:
    """Return the body of a chat completion with a choice for each content; ``message`` adds message fields."""
    body: Json = {
        "id": "chatcmpl-stub",
        "object": "chat.completion",
        "created": 1700000000,
        "model": model,
        "choices": [
            {
                "index": index,
                "finish_reason": finish,
                "message": {"role": "assistant", "content": content, **message},
                "logprobs": None if logprobs is None else {"content": logprobs},
            }
            for index, content in enumerate(contents)
        ],
    }
    if usage is True:
        usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    if usage:
        body["usage"] = usage
    return body


def error(message: str, *, code: Any = None, param: str | None = None, kind: str = "invalid_request_error") -> Json:
    """Return the body of an error."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def tokens(*pieces: str | bytes | tuple[str | bytes, Mapping[str, float]], probability: float = 0.99) -> list[Json]:
    """Return ``logprobs.content`` for pieces; a pair gives the probabilities at that token, its own included."""
    entries = []
    for piece in pieces:
        written, spread = piece if isinstance(piece, tuple) else (piece, {})
        text = written.decode(errors="replace") if isinstance(written, bytes) else written
        own = spread.get(text, probability)
        entries.append({**_token(written, own), "top_logprobs": [_token(*each) for each in spread.items()]})
    return entries


def cut(text: str, size: int = 3) -> list[bytes]:
    """Cut a text into tokens of ``size`` bytes, characters or not."""
    data = text.encode()
    return [data[start : start + size] for start in range(0, len(data), size)]


def chunks(*pieces: str, model: str = "stub-1", finish: str | None = "stop", usage: Json | None = None) -> list[Json]:
    """Return the events of a streamed completion."""
    base = {"id": "chatcmpl-stub", "object": "chat.completion.chunk", "created": 1700000000, "model": model}
    events = [{**base, "choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
    if finish:
        events.append({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    if usage:
        events.append({**base, "choices": [], "usage": usage})
    return events


def decision(*answers: Json, model: str = "stub-decider") -> Json:
    """Return the body of the decisions endpoint."""
    return {
        "model": model,
        "answers": list(answers),
        "usage": {"input_tokens": 50, "output_tokens": 0, "total_tokens": 50},
    }


def _token(text: str | bytes, probability: float) -> Json:
    data = text if isinstance(text, bytes) else text.encode()
    shown = data.decode(errors="replace")
    return {"token": shown, "bytes": list(data), "logprob": math.log(probability) if probability > 0 else -9999.0}


# The client's side -------------------------------------------------------------------------------------------------


class Stub:
    """A running server; use it as a context manager."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen([sys.executable, str(Path(__file__))], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}/v1"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(10)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def play(self, *replies: Json) -> None:
        """Queue replies; the last one repeats."""
        self._control({"play": replies})

    def requests(self, path: str = "") -> list[Json]:
        """Return the requests since the last ``reset`` (path, headers, body, at), or those to one path's end."""
        found: list[Json] = self._control({})["requests"]
        return [each for each in found if each["path"].endswith(path)]

    def bodies(self, path: str = "/chat/completions") -> list[Json]:
        """Return the JSON bodies sent to a path."""
        return [each["body"] for each in self.requests(path)]

    def most_at_once(self) -> int:
        """Return how many requests were open at the same time, at most."""
        return int(self._control({})["most_at_once"])

    def open_connections(self) -> int:
        """Return how many connections are open, the one that asks included."""
        return int(self._control({})["open_connections"])

    def reset(self) -> None:
        """Forget replies and requests."""
        self._control({"reset": True})

    def _control(self, order: Json) -> Json:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{CONTROL}", json.dumps(order).encode(), {"Connection": "close"}
        )
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            found: Json = json.loads(response.read())
        return found


# The server's side -------------------------------------------------------------------------------------------------


class Server:
    """Plays replies and remembers requests."""

    def __init__(self) -> None:
        self.connections = 0
        self.tests = 0
        self.reset()

    def reset(self) -> None:
        """Forget everything but who is connected."""
        self.rules: list[Json] = []
        self.queue: list[Json] = []
        self.requests: list[Json] = []
        self.tests += 1
        self.open = 0
        self.most_at_once = 0
        self.encoded: dict[int, bytes] = {}

    def control(self, order: Json) -> Json:
        """Follow an order and tell what arrived."""
        if order.get("reset"):
            self.reset()
        for each in order.get("play", ()):
            (self.rules if each["when"] else self.queue).append(each)
        return {"requests": self.requests, "most_at_once": self.most_at_once, "open_connections": self.connections}

    def choose(self, path: str, body: Any) -> Json:
        """Return the reply to a request: the first rule that fits, or the next in the queue."""
        for rule in self.rules:
            if all(_fits(path, body, name, wanted) for name, wanted in rule["when"].items()):
                return rule
        if path.endswith("/decisions"):
            return reply(error("unknown path", code="not_found"), status=404)
        if not self.queue:
            return reply(error("the stub has nothing to play"), status=599)
        return self.queue[0] if len(self.queue) == 1 else self.queue.pop(0)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection until it closes."""
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._exchange(reader, writer):
                pass
        self.connections -= 1
        writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        path = head.split(" ", 2)[1]
        headers = dict(re.findall(r"(?m)^([\w-]+): *(.*?)\r?$", head))
        lengths = [value for name, value in headers.items() if name.lower() == "content-length"]
        raw = await reader.readexactly(int(lengths[0]) if lengths else 0)
        body = json.loads(raw or b"null")
        if path == CONTROL:
            writer.write(_response(200, {}, json.dumps(self.control(body)).encode()))
            await writer.drain()
            return False
        self.requests.append({"path": path, "headers": headers, "body": body, "at": time.monotonic()})
        test = self.tests
        self.open += 1
        self.most_at_once = max(self.most_at_once, self.open)
        try:
            return await self._play(self.choose(path, body), writer)
        finally:
            if test == self.tests:  # one that an earlier test left behind was never counted by this one
                self.open -= 1

    async def _play(self, chosen: Json, writer: asyncio.StreamWriter) -> bool:
        if chosen["trap"] == "drop":
            return False
        if isinstance(chosen["body"], list):
            return await self._stream(chosen, writer)
        packed = {"Content-Encoding": "gzip"} if chosen["trap"] == "packed" else {}
        data = _response(chosen["status"], {**chosen["headers"], **packed}, self._encoded(chosen))
        if chosen["trap"] == "dribble":
            for byte in data:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(chosen["delay"])
            return False
        await asyncio.sleep(chosen["delay"])
        writer.write(data)
        await writer.drain()
        return True

    async def _stream(self, chosen: Json, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        events = [f"data: {json.dumps(event)}\n\n".encode() for event in chosen["body"]]
        if chosen["trap"] == "drop_midway":
            events = events[: len(events) // 2]
        else:
            events.append(b"data: [DONE]\n\n")
        for event in events:
            writer.write(b"%x\r\n%b\r\n" % (len(event), event))
            await writer.drain()
            await asyncio.sleep(chosen["delay"])
        if chosen["trap"] == "drop_midway":
            return False
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    def _encoded(self, chosen: Json) -> bytes:
        """Encode a body once: the stub must not be what a benchmark waits for."""
        if id(chosen) not in self.encoded:
            body = chosen["body"]
            data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.encoded[id(chosen)] = gzip.compress(data) if chosen["trap"] == "packed" else data
        return self.encoded[id(chosen)]


def _fits(path: str, body: Any, name: str, wanted: Any) -> bool:
    if name == "path":
        return path.endswith(wanted)
    for part in name.split("."):
        body = body.get(part) if isinstance(body, dict) else None
    return (body is not None) if wanted is True else bool(body == wanted)


def _response(status: int, headers: Mapping[str, str], body: bytes) -> bytes:
    sent = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    return f"HTTP/1.1 {status} Stub\r\n{lines}\r\n".encode() + body


async def _main() -> None:
    server = await asyncio.start_server(Server().serve, "127.0.0.1", 0, limit=2**24)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main())
