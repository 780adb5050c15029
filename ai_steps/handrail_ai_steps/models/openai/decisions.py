"""The decisions endpoint: typed questions (predicate, choice, score) answered with a probability for every option."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import replace

from handrail_ai_steps.closed_questions.answering import answer_of
from handrail_ai_steps.closed_questions.listed_wire import ListedWire
from handrail_ai_steps.closed_questions.question import OpenQuestion, Taken, TypedQuestion, closed_questions
from handrail_ai_steps.model import Answer, ModelRequest
from handrail_ai_steps.models.openai.failure import Failure, Halted, failure_of, told_failure
from handrail_ai_steps.models.openai.ledger import TryLedger
from handrail_ai_steps.models.openai.reply import ending_of, read_usage
from handrail_ai_steps.models.openai.server import Server
from handrail_ai_steps.output import Output
from handrail_ai_steps.strict_json import JsonObject

PATH = "/decisions"
TAKEN = Taken(options=200, levels=20)
"""Servers take 208 to 255 options of a choice."""
_DONE = frozenset({"ok", "done", "success", "succeeded", "200"})
PROBE_SECONDS = 5.0
"""The longest time to find out whether there is the endpoint."""
_ABSENT = frozenset({400, 403, 404, 405, 410, 415, 422, 501})
"""What servers without the endpoint, or without it for this model, answer."""

_UNKNOWN_KEY = 401
"""Of a wrong key, and of gateways for any route they do not know: the chat will tell."""


def questions(request: ModelRequest) -> tuple[TypedQuestion, ...]:
    """Return a request as typed questions; none when it is not a closed one, or when an answer was sent back."""
    if request.rejections or not request.text.strip():
        return ()
    asked = closed_questions(request.labels, request.json_schema, TAKEN, request.meanings)
    return () if isinstance(asked, OpenQuestion) else asked


async def decide(
    server: Server, ledger: TryLedger, request: ModelRequest, asked: tuple[TypedQuestion, ...], output: Output
) -> Answer | None:
    """Ask the decisions endpoint; None when the server has none, or when it gave nothing to use.

    The first question is the probe: others wait for it, and what it shows is remembered.

    Raises:
        Halted: the budget does not reach, or the model declined to answer.
    """
    can = server.can
    if can.decisions is None:
        async with server.connection.probing:
            if can.asks_decisions and not can.decisions:
                return await _decide(server, ledger, request, asked, output)
    return await _decide(server, ledger, request, asked, output) if server.can.decisions else None


async def _decide(
    server: Server, ledger: TryLedger, request: ModelRequest, asked: tuple[TypedQuestion, ...], output: Output
) -> Answer | None:
    started = time.monotonic()
    body = await _post(server, ledger, request, asked)
    seconds = time.monotonic() - started
    if isinstance(body, Failure):
        if body.status in _ABSENT:
            server.can.decisions = False
        else:  # an outage says nothing about the endpoint: the chat decides, and owns the retries
            server.can.lost_decisions(at_once=body.status == _UNKNOWN_KEY)
            ledger.add(body.result, seconds=seconds, notes=(f"decisions endpoint: {body.reason}",))
        return None
    try:
        spreads = ListedWire(request.task).read(body, asked).spreads
    except ValueError:
        server.can.decisions = False
        ledger.add("invalid", seconds=seconds, notes=("the decisions endpoint answered in another shape",))
        return None
    server.can.saw_decisions()
    model = str(body.get("model") or server.settings.model)
    index = ledger.add(
        "answered", seconds=seconds, model=model, usage=read_usage(body.get("usage")), notes=("decisions endpoint",)
    )
    model = ledger.told(model)
    if any(not spread for spread in spreads):
        ledger.mark(index, "refused")
        declined = [each.path or request.task for each, spread in zip(asked, spreads, strict=True) if not spread]
        raise Halted("refused", f"the model declined to decide: {', '.join(declined)}")
    try:
        return replace(answer_of(asked, spreads, output, model), attempts=ledger.attempts)
    except ValueError as error:
        ledger.mark(index, "invalid", f"decisions endpoint: {error}")
        return None


async def _post(
    server: Server, ledger: TryLedger, request: ModelRequest, asked: tuple[TypedQuestion, ...]
) -> JsonObject | Failure:
    sent = ListedWire(request.task).body(server.settings.model, request.text, request.system, asked)
    async with server.admission(ledger):
        ledger.room(len(json.dumps(sent)))
        limit = _seconds(server, ledger)
        started = time.monotonic()
        try:
            async with asyncio.timeout(limit):
                content = await server.connection.post(PATH, sent)
            body = json.loads(content)
        except TimeoutError:
            return Failure("timed_out", f"no answer within {limit:.3g} seconds", passing=True)
        except asyncio.CancelledError:
            ledger.add("timed_out", seconds=time.monotonic() - started, notes=("stopped while it was deciding",))
            raise
        except ValueError:
            return Failure("failed", "no JSON", status=404)
        except Exception as error:  # noqa: BLE001 -- whatever a server or the SDK does is a failure, never a crash
            return failure_of(error)
    if not isinstance(body, Mapping):
        return Failure("failed", "no JSON object", status=404)
    return unfinished(body) or body


def _seconds(server: Server, ledger: TryLedger) -> float:
    """Return how long to wait: never so long that the chat could not decide instead, and others wait for a probe."""
    left = ledger.seconds_left()
    return left / 2 if server.can.decisions else min(PROBE_SECONDS, left / 4)


def unfinished(body: JsonObject) -> Failure | None:
    """Return why a response with status 200 is no whole one: it says so itself, all over or beside an answer."""
    listed = body.get("answers")
    listed = list(listed.values()) if isinstance(listed, Mapping) else listed
    answers = [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
    for each in (body, *answers):
        if each.get("error"):
            return told_failure(each["error"])
        for said in (each.get("status"), each.get("finish_reason")):
            if said is not None and str(said).casefold() not in _DONE and ending_of(str(said)) != "whole":
                return Failure("failed", f"it ended with {str(said)!r}")
    return None
