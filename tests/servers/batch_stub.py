"""A provider with batches on the loopback interface, in a process of its own, that loses, repeats, delays and rejects.

``BatchStub`` starts it. It answers by rule: of a question with labels the one that the number in the input picks, of
any other the text itself. ``stub.misbehave(...)`` says what goes wrong; ``stub.seen()`` returns what arrived.
"""

import asyncio
import contextlib
import json
import math
import random
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

CONTROL = "/_control"
Json = dict[str, Any]

FAULTS: Json = {
    "looks": 1,  # how often a batch is looked at before it is over
    "shuffle": True,
    "lose": [],  # by the number in the input, each of these
    "fail": [],
    "differ": [],
    "repeat": [],
    "refuse": [],
    "misfit": [],
    "strangers": 0,
    "garbage": 0,
    "expire_half": False,
    "reject": "",
    "full": 0,  # how many batches are not taken because there are too many
    "bad_looks": 0,  # how many looks end in an error
    "bad_status": 500,  # and which
    "forgets": False,  # batches are made, and not found again
    "drops_files": False,  # replies are promised, and not there
    "bad_files": 0,  # how many fetches of a file do
    "lose_create": 0,  # how many requests for a batch are lost on their way
    "drop_create": 0,  # how many batches are made without an answer
    "hold_create": 0.0,  # seconds between making a batch and saying so
    "hold_upload": 0.0,
    "uploads_together": 0,  # how many have to arrive before any is taken
    "hold_fetch": 0.0,
    "hold_single": 0.0,
    "list_late": 0,  # how many lists do not show a batch yet
    "one_second": False,  # all batches say that they were made in the same second
    "model": "stub-1",
    "single_model": "stub-1",
}


class BatchStub:
    """A running provider; use it as a context manager."""

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

    def misbehave(self, **faults: Any) -> None:
        """Say what goes wrong from now on."""
        assert not faults.keys() - FAULTS.keys(), faults
        self._control({"faults": faults})

    def end_all(self) -> None:
        """Let every batch be over."""
        self._control({"end": True})

    def seen(self) -> Json:
        """Return what arrived: ``batches`` with their ``questions``, ``single`` questions, ``fetched`` files, ..."""
        return self._control({})

    def reset(self) -> None:
        """Forget everything."""
        self._control({"reset": True})

    def _control(self, order: Json) -> Json:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{CONTROL}", json.dumps(order).encode())
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            found: Json = json.loads(response.read())
        return found


class BatchProvider:
    """What the provider knows."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.faults: Json = dict(FAULTS)
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, Json] = {}
        self.single: list[str] = []
        self.fetched: list[str] = []
        self.deleted: list[str] = []
        self.looks = 0
        self.uploads = 0

    def control(self, order: Json) -> Json:
        """Follow an order and tell what arrived."""
        if order.get("reset"):
            self.reset()
        if order.get("end"):
            for each in self.batches.values():
                each["looks_left"] = 0
        self.faults.update(order.get("faults", {}))
        return {
            "batches": [{**each, "questions": each["questions"]} for each in self.batches.values()],
            "single": self.single,
            "fetched": self.fetched,
            "deleted": self.deleted,
            "files": sorted(self.files),
            "looks": self.looks,
            "uploads": self.uploads,
        }

    def upload(self, raw: bytes) -> Json:
        """Keep a file."""
        start = raw.index(b"\r\n\r\n", raw.index(b'name="file"')) + 4
        name = f"file-{len(self.files) + len(self.deleted) + 1}"
        self.files[name] = raw[start : raw.rindex(b"\r\n--")]
        return {"id": name, "object": "file", "purpose": "batch"}

    def create(self, body: Json) -> Json:
        """Make a batch, and answer it."""
        name = f"batch_{len(self.batches) + 1}"
        lines = [json.loads(line) for line in self.files[body["input_file_id"]].splitlines()]
        made = {
            "id": name,
            "object": "batch",
            "status": "validating",
            "input_file_id": body["input_file_id"],
            "metadata": body.get("metadata"),
            "output_file_id": None,
            "error_file_id": "",  # some servers say so where there is none
            "errors": None,
            "questions": len(lines),
            "looks_left": self.faults["looks"],
            "created_at": 1 if self.faults["one_second"] else len(self.batches),
            "hidden": self.faults["list_late"],
        }
        self.batches[name] = made
        if self.faults["full"] or self.faults["reject"]:
            code = "invalid_json_line" if self.faults["reject"] else "token_limit_exceeded"
            self.faults["full"] = max(0, self.faults["full"] - 1)
            made["ending"] = "failed"
            made["errors"] = {"data": [{"code": code, "message": self.faults["reject"] or "too many enqueued tokens"}]}
            return made
        made["ending"] = "expired" if self.faults["expire_half"] else "completed"
        self._answer(made, lines)
        return made

    def _answer(self, made: Json, lines: list[Json]) -> None:
        faults = self.faults
        good: list[str] = []
        bad: list[str] = []
        if faults["shuffle"]:
            random.Random(7).shuffle(lines)
        for line in lines[: len(lines) // 2] if faults["expire_half"] else lines:
            number = _number(line["body"])
            if number in faults["lose"]:
                continue
            if number in faults["fail"]:
                error = {"error": {"message": "boom", "code": "server_error"}}
                bad.append(_line(line, {"status_code": 500, "body": error}))
                continue
            answer = {"status_code": 200, "body": answered(line["body"], faults, faults["model"])}
            good.append(_line(line, answer))
            if number in faults["repeat"]:
                good.append(good[-1])
            if number in faults["differ"]:
                other = answered(line["body"], faults, faults["model"], shift=1)
                good.append(_line(line, {"status_code": 200, "body": other}))
        if faults["expire_half"]:
            bad += [
                json.dumps({"custom_id": each["custom_id"], "error": {"code": "batch_expired", "message": "expired"}})
                for each in lines[len(lines) // 2 :]
            ]
        good += [
            _line({"custom_id": f"stranger-{n}"}, {"status_code": 200, "body": {}}) for n in range(faults["strangers"])
        ]
        good += ["{broken"] * faults["garbage"]
        for kind, found in (("output", good), ("error", bad)):
            if found:
                made[f"{kind}_file_id"] = f"{made['id']}-{kind}"
                self.files[f"{made['id']}-{kind}"] = "\n".join(found).encode()

    def listed(self) -> list[Json]:
        """Return the batches, newest first, as far as the list knows of them."""
        shown = [each for each in self.batches.values() if each["hidden"] <= 0]
        for each in self.batches.values():
            each["hidden"] -= 1
        return shown[::-1]

    def cancel(self, name: str) -> tuple[int, Json]:
        """Stop a batch that is under way."""
        found = self.batches[name]
        if found["status"] != "validating":
            return 409, {"error": {"message": f"Cannot cancel a batch with status {found['status']!r}"}}
        found["status"] = "cancelled"
        return 200, found

    def look(self, name: str) -> Json:
        """Tell how far a batch is."""
        self.looks += 1
        batch = self.batches[name]
        if batch["looks_left"] > 0 and batch["status"] != "cancelled":
            batch["looks_left"] -= 1
            return {**batch, "status": "in_progress", "output_file_id": None}
        if batch["status"] != "cancelled":
            batch["status"] = batch["ending"]
        return batch


def answered(body: Json, faults: Json, model: str, shift: int = 0) -> Json:
    """Return a chat completion that answers by rule."""
    number = _number(body)
    schema = (body.get("response_format") or {}).get("json_schema", {}).get("schema", {})
    labels = schema.get("properties", {}).get("label", {}).get("enum")
    text = (
        json.dumps({"label": labels[(number + shift) % len(labels)]}, separators=(",", ":")) if labels else str(number)
    )
    if number in faults["misfit"]:
        text = '{"label":"nothing of these"}'
    message: Json = {"role": "assistant", "content": text}
    if number in faults["refuse"]:
        message = {"role": "assistant", "content": "", "refusal": "I will not"}
    choice = {"index": 0, "finish_reason": "stop", "message": message, "logprobs": None}
    if body.get("logprobs"):
        pieces = re.findall(r'"|[^"]+', text)
        choice["logprobs"] = {"content": [_token(each) for each in pieces]}
    return {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "model": model,
        "choices": [{**choice, "index": index} for index in range(body.get("n") or 1)],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
    }


def _token(text: str) -> Json:
    own = {"token": text, "bytes": list(text.encode()), "logprob": math.log(0.97)}
    other = {"token": "~", "bytes": [126], "logprob": math.log(0.02)}
    return {**own, "top_logprobs": [own, other]}


def _line(question: Json, response: Json) -> str:
    return json.dumps({"id": "r", "custom_id": question["custom_id"], "response": response, "error": None})


def _number(body: Json) -> int:
    content = body["messages"][1]["content"]
    text = content if isinstance(content, str) else content[0]["text"]
    found = re.search(r"\d+", text)
    return int(found[0]) if found else 0


class BatchWire:
    """Speaks HTTP for the provider."""

    def __init__(self) -> None:
        self.provider = BatchProvider()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection until it closes."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._exchange(reader, writer):
                pass
        writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, path = head.split(" ", 2)[:2]
        length = re.search(r"(?im)^content-length: *(\d+)", head)
        raw = await reader.readexactly(int(length[1]) if length else 0)
        status, found = await self._answer(method, path.partition("?")[0].removeprefix("/v1"), raw)
        if status == 0:
            return False
        data = found if isinstance(found, bytes) else json.dumps(found).encode()
        writer.write(b"HTTP/1.1 %d Stub\r\nContent-Length: %d\r\n\r\n" % (status, len(data)) + data)
        await writer.drain()
        return True

    async def _answer(self, method: str, path: str, raw: bytes) -> tuple[int, Any]:
        provider = self.provider
        kind, _, name = path.strip("/").partition("/")
        match kind:
            case "_control":
                return 200, provider.control(json.loads(raw))
            case "chat":
                found = self._single(json.loads(raw))
                await asyncio.sleep(provider.faults["hold_single"])
                return 200, found
            case "files" if not name:
                provider.uploads += 1
                await asyncio.sleep(provider.faults["hold_upload"])
                while provider.uploads < provider.faults["uploads_together"]:  # noqa: ASYNC110 -- told by another request
                    await asyncio.sleep(0.01)
                return 200, provider.upload(raw)
            case "files":
                return await self._file(method, name.removesuffix("/content"))
            case _:
                return await self._batch(method, name, raw)

    def _single(self, body: Json) -> Json:
        """Answer one question; one that was sent back is answered well."""
        provider, faults = self.provider, self.provider.faults
        provider.single.append(str(_number(body)))
        good = {**faults, "misfit": []} if len(body["messages"]) > 2 else faults
        return answered(body, good, faults["single_model"])

    async def _batch(self, method: str, name: str, raw: bytes) -> tuple[int, Any]:
        provider, faults = self.provider, self.provider.faults
        if not name and method == "POST":
            dropped = faults["lose_create"] or faults["drop_create"]
            made = {} if faults["lose_create"] else provider.create(json.loads(raw))
            for each in ("lose_create", "drop_create"):
                faults[each] = max(0, faults[each] - 1)
            if dropped:
                return 0, None
            await asyncio.sleep(faults["hold_create"])
            return 200, made
        if not name:
            return 200, {"object": "list", "data": provider.listed(), "has_more": False}
        if method == "POST":
            return provider.cancel(name.removesuffix("/cancel"))
        if faults["forgets"] or faults["bad_looks"]:
            faults["bad_looks"] = max(0, faults["bad_looks"] - 1)
            return 404 if faults["forgets"] else faults["bad_status"], {"error": {"message": "not this time"}}
        return 200, provider.look(name)

    async def _file(self, method: str, name: str) -> tuple[int, Any]:
        provider = self.provider
        if name not in provider.files or (provider.faults["drops_files"] and method == "GET"):
            return 404, {"error": {"message": "there is no such file", "code": "not_found"}}
        if method == "DELETE":
            del provider.files[name]
            provider.deleted.append(name)
            return 200, {"id": name, "deleted": True}
        provider.fetched.append(name)
        await asyncio.sleep(provider.faults["hold_fetch"])
        if provider.faults["bad_files"]:
            provider.faults["bad_files"] -= 1
            return 500, {"error": {"message": "try again"}}
        return 200, provider.files[name]


async def _main() -> None:
    server = await asyncio.start_server(BatchWire().serve, "127.0.0.1", 0, limit=2**28)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main())
