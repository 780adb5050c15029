"""The way to a server of decision models: a client of one event loop, and what came of one request."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx2

from handrail_ai_steps.closed_questions.wire import read_object
from handrail_ai_steps.models.decisions.settings import DecisionSettings
from handrail_ai_steps.models.openai.decisions import unfinished
from handrail_ai_steps.models.openai.failure import Failure, status_failure
from handrail_ai_steps.models.openai.response_limit import ResponseTooLong, limit_response


class DecisionConnection:
    """A client of one event loop."""

    def __init__(self, settings: DecisionSettings) -> None:
        self.slots = asyncio.Semaphore(settings.max_concurrent)
        self.door = asyncio.Lock()
        self._url = settings.provider.endpoint(settings.where)
        self._key = f"{settings.provider.key_variables[0]} or api_key="
        hooks = {"response": [limit_response]}
        self._client = httpx2.AsyncClient(timeout=None, headers=settings.headers, event_hooks=hooks)  # our deadline

    async def close(self) -> None:
        """Close the client's connections."""
        await self._client.aclose()

    async def post(self, body: dict[str, object]) -> Mapping[str, Any] | Failure:
        """Send a body and return that of the response, or what went wrong."""
        content = json.dumps(body, ensure_ascii=False).encode()
        try:
            response = await self._client.post(self._url, content=content, headers={"Content-Type": "application/json"})
        except httpx2.TransportError as error:
            detail = " ".join(f"{type(error).__name__}: {error}".split())
            return Failure("failed", f"the server could not be reached ({detail})", passing=True)
        except ResponseTooLong as error:
            return Failure("failed", str(error))
        except httpx2.HTTPError as error:
            return Failure("failed", f"the request failed ({type(error).__name__}: {error})")
        if response.status_code != 200:
            return self._failure(response)
        try:
            said = read_object(response.content)
        except ValueError as error:
            # a page that asks to sign in, or a gateway's word: nobody who decides is there
            return Failure("failed", f"{self._url} answered with no JSON object of its own: {error}", passing=True)
        return unfinished(said) or _blocked(said) or said

    def _failure(self, response: httpx2.Response) -> Failure:
        try:
            body: object = response.json()
        except (ValueError, RecursionError):
            body = None
        status = response.status_code
        told = status_failure(status, response.headers, _plain(body), response.text, key=self._key)
        if status in {404, 405} or response.is_redirect:
            return Failure(told.result, f"{told.reason} (at {self._url})", status=status)
        return told


def _plain(body: object) -> object:
    """Return the body of an error as most servers have it: these say ``detail``, as an object or as a list."""
    detail = body.get("detail") if isinstance(body, Mapping) else None
    if isinstance(detail, Mapping):
        return {"message": detail.get("message") or str(detail), "code": detail.get("error_type")}
    if isinstance(detail, list):
        return {"message": "; ".join(map(_objection, detail))}
    return body


def _objection(given: object) -> str:
    if not isinstance(given, Mapping):
        return str(given)
    place = given.get("loc")
    where = ".".join(map(str, place[1:])) if isinstance(place, list) else ""
    return f"{where}: {given.get('msg')}" if where else str(given.get("msg"))


def _blocked(body: Mapping[str, Any]) -> Failure | None:
    """Return that a filter stopped the input, which Gemini says beside no answers."""
    feedback = body.get("prompt_feedback")
    if not isinstance(feedback, Mapping) or not feedback.get("block_reason"):
        return None
    said = feedback.get("block_reason_message") or feedback["block_reason"]
    return Failure("refused", f"the server's content filter stopped it: {said}")
