"""Batches of an OpenAI-compatible server: a file of requests up, one or two files of replies down."""

import io
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Literal

from httpx2 import ConnectError, ConnectTimeout, PoolTimeout, Response
from openai import APIConnectionError, APIStatusError
from pydantic_core import from_json

from handrail_ai_steps.models.openai.connection import TO_NOBODY_ELSE, Connection
from handrail_ai_steps.models.openai.failure import failure_of, status_failure
from handrail_ai_steps.models.openai.settings import ModelSettings
from handrail_ai_steps.models.openai.tries import PATH
from handrail_ai_steps.per_loop import PerLoop
from handrail_guards.batching import BatchFailed, BatchReply, BatchStanding, StillOurs

ENDPOINT = f"/v1{PATH}"
KEY = "handrail_key"
"""Under which name a batch says by which key it was sent."""
MOST = 50_000
MOST_BYTES = 200_000_000
PAGE = 100
MOST_PAGES = 20
"""Of the listing, newest first: a batch that is looked for was sent a short while ago."""
CALL_SECONDS = 60.0
FILE_SECONDS = 600.0
_ENDED = frozenset({"failed", "completed", "expired", "cancelled"})
_FILES = ("input_file_id", "output_file_id", "error_file_id")
_FULL = frozenset({"token_limit_exceeded", "rate_limit_exceeded"})
"""Why a batch was not taken that may be taken later."""


class OpenAIBatches:
    """Takes batches to one server."""

    most = MOST
    most_bytes = MOST_BYTES

    def __init__(self, settings: ModelSettings, connections: PerLoop[Connection]) -> None:
        self._settings = settings
        self._connections = connections

    async def find(self, key: str) -> list[str]:
        """Return the batches that were sent under a key, the first one first, and those that were stopped last."""
        found = [each async for each in self._newest_first() if _key(each) == key and _is_alive(each)]
        return [str(each["id"]) for each in sorted(found, key=_when_sent)]

    async def _newest_first(self) -> AsyncIterator[Mapping[str, Any]]:
        after: dict[str, object] = {}
        for _ in range(MOST_PAGES):
            listed = await self._get("/batches", {"limit": PAGE, **after})
            batches = _listed(listed)
            for each in batches:
                yield each
            if not batches or not listed.get("has_more"):
                break
            after = {"after": batches[-1]["id"]}

    async def submit(self, key: str, questions: Sequence[tuple[str, str]], *, still: StillOurs | None = None) -> str:
        """Upload the questions and make a batch of them.

        A key that the server knows for the header of that name makes even the same request sent twice one batch.
        """
        file = await self._upload(key, questions)
        if still is not None:
            await still()
        body = {
            "input_file_id": file,
            "endpoint": ENDPOINT,
            "completion_window": "24h",
            "metadata": {KEY: key},
        }
        try:
            made = await self._sent("post", "/batches", body=body, headers={"Idempotency-Key": key})
        except BatchFailed as failed:
            if not failed.passing:
                await self._delete([file])
            raise
        return _id(_object(made), "a batch")

    async def look(self, batch: str) -> BatchStanding:
        """Return how far a batch is."""
        found = await self._get(f"/batches/{batch}", is_paid=True)
        status = str(found.get("status") or "")
        if status not in _ENDED:
            return BatchStanding(id=batch, state="working", told=status)
        # of one that expired or was cancelled, what was answered before is paid for
        files = tuple(str(found[each]) for each in _FILES[1:] if found.get(each))
        told = self._told(status, found)
        again = not files and status == "failed" and _is_full(found)
        charged = status != "failed" or bool(files)
        stopped = status == "cancelled"
        return BatchStanding(
            id=batch, state="ended", told=told, again=again, files=files, charged=charged, stopped=stopped
        )

    async def replies(self, standing: BatchStanding) -> AsyncIterator[tuple[str, BatchReply]]:
        """Fetch the files of replies, each once, and give their lines; one that cannot be read is no reply."""
        for file in standing.files:
            content = await self._sent("get", f"/files/{file}/content", seconds=FILE_SECONDS, is_paid=True)
            for line in content.splitlines():
                if (read := self._read(line, standing.id)) is not None:
                    yield read

    async def cancel(self, batch: str) -> None:
        """Stop a batch."""
        await self._sent("post", f"/batches/{batch}/cancel")

    async def tidy(self, standing: BatchStanding) -> None:
        """Delete the files: they hold what was asked and answered."""
        found = await self._get(f"/batches/{standing.id}")
        await self._delete([str(found["input_file_id"])] if found.get("input_file_id") else [])
        await self._delete(standing.files)

    async def delete(self, is_meant: Callable[[str], bool]) -> None:
        """Delete the files of all batches that are over and whose keys are meant."""
        meant = [each async for each in self._newest_first() if is_meant(str(_key(each))) and _is_over(each)]
        for file in (str(each[name]) for each in meant for name in _FILES if each.get(name)):
            try:
                await self._delete([file])
            except BatchFailed as failed:
                if failed.passing:  # otherwise it is not there any more
                    raise

    async def _delete(self, files: Sequence[str]) -> None:
        for file in files:
            await self._sent("delete", f"/files/{file}")

    async def _upload(self, key: str, questions: Sequence[tuple[str, str]]) -> str:
        content = io.BytesIO()
        for name, body in questions:
            line = f'{{"custom_id":{json.dumps(name)},"method":"POST","url":"{ENDPOINT}","body":{body}}}\n'
            content.write(line.encode())
        uploaded = await self._sent(
            "post",
            "/files",
            seconds=FILE_SECONDS,
            headers={"Content-Type": "multipart/form-data"},
            body={"purpose": "batch"},
            files=[("file", (f"{key}.jsonl", content.getvalue(), "application/jsonl"))],
        )
        return _id(_object(uploaded), "a file")

    async def _get(
        self, path: str, query: Mapping[str, object] | None = None, *, is_paid: bool = False
    ) -> dict[str, Any]:
        return _object(await self._sent("get", path, query=query or {}, is_paid=is_paid))

    async def _sent(
        self,
        method: Literal["get", "post", "delete"],
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float = CALL_SECONDS,
        is_paid: bool = False,
        **content: Any,
    ) -> bytes:
        """Send one request, once, and return the body of the response.

        What ``is_paid`` is not given up because a key ran out meanwhile: somebody will give another.
        """
        options = {"params": query or {}, "headers": headers or {}, "timeout": seconds, **TO_NOBODY_ELSE}
        try:
            send = getattr((await self._connections.here()).client, method)
            response: Response = await send(path, cast_to=Response, options=options, **content)
        except Exception as error:  # noqa: BLE001 -- whatever a server or the SDK does is a failure, never a crash
            failure = failure_of(error)
            passing = failure.passing or (is_paid and failure.status in _SHUT)
            raise BatchFailed(self._settings.scrub(failure.reason), passing=passing, is_open=_is_open(error)) from None
        return response.content

    def _told(self, status: str, batch: Mapping[str, Any]) -> str:
        said = [str(each.get("message") or "") for each in _errors(batch)]
        return self._settings.scrub(": ".join(filter(None, (status, "; ".join(filter(None, said[:3]))))))

    def _read(self, line: bytes, batch: str) -> tuple[str, BatchReply] | None:
        """Return the reply on a line with the id of its question; None: nobody can tell whose it is."""
        try:
            data = from_json(line)
        except ValueError:
            return None
        if not isinstance(data, Mapping) or not isinstance(data.get("custom_id"), str):
            return None
        response = data.get("response")
        response = response if isinstance(response, Mapping) else {}
        body, status = response.get("body"), response.get("status_code")
        if status == 200 and isinstance(body, Mapping) and not data.get("error"):
            return data["custom_id"], BatchReply(body=line.decode(errors="replace"), batch=batch)
        # a request that was refused is a 4xx with an error where the answer would be, and ``error`` is null then
        told: object = data.get("error") or body or {}
        failure = status_failure(status if isinstance(status, int) else 500, {}, told)
        return data["custom_id"], BatchReply(reason=self._settings.scrub(failure.reason), batch=batch)


def answered(reply: BatchReply) -> object:
    """Return what a reply holds: the JSON of a chat completion."""
    return from_json(reply.body)["response"]["body"]


def _is_full(batch: Mapping[str, Any]) -> bool:
    """Return whether a server did not take a batch because it has too many."""
    return any(each.get("code") in _FULL for each in _errors(batch))


def _errors(batch: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    errors = batch.get("errors")
    listed = errors.get("data") if isinstance(errors, Mapping) else None
    return [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []


def _is_open(error: Exception) -> bool:
    """Return whether a request may have been done, though its answer was lost or is another's."""
    if isinstance(error, APIStatusError):
        return error.status_code in _BETWEEN
    return isinstance(error, APIConnectionError) and not isinstance(error.__cause__, _NOT_SENT)


_SHUT = frozenset({401, 402, 403})
"""No key, no money, no right: by now."""
_BETWEEN = frozenset({408, 500, 502, 504})
"""What a gateway says that waited for its server in vain, or a server that broke on the way."""
_NOT_SENT = (ConnectError, ConnectTimeout, PoolTimeout)


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = from_json(content)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        shown = " ".join(content[:200].decode(errors="replace").split())
        raise BatchFailed(
            f"the server answered with something that is no JSON object: {shown}", passing=True, is_open=True
        )
    return found


def _id(made: Mapping[str, Any], what: str) -> str:
    if not isinstance(made.get("id"), str) or not made["id"]:
        raise BatchFailed(f"the server made {what} without an id", passing=True, is_open=True)
    return str(made["id"])


def _listed(listed: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    data = listed.get("data")
    return [each for each in data if isinstance(each, Mapping) and each.get("id")] if isinstance(data, list) else []


def _key(batch: Mapping[str, Any]) -> object:
    metadata = batch.get("metadata")
    return metadata.get(KEY) if isinstance(metadata, Mapping) else None


def _is_alive(batch: Mapping[str, Any]) -> bool:
    """Return whether a batch is worth waiting for: one that was refused or stopped at once brought nothing."""
    return batch.get("status") not in {"cancelling", "cancelled", "failed"} or bool(batch.get("output_file_id"))


def _is_over(batch: Mapping[str, Any]) -> bool:
    return batch.get("status") in _ENDED


def _when_sent(batch: Mapping[str, Any]) -> tuple[bool, float, str]:
    """Return the order of batches, the same for all who see them: a server tells seconds, and the id decides within."""
    made = batch.get("created_at")
    at = float(made) if isinstance(made, int | float) else 0.0
    return batch.get("status") == "cancelled", at, str(batch["id"])
