"""The decisions endpoint: typed questions (predicate, choice, score) answered with a probability for every option."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from handrail_ai_steps.model import Answer, ModelRequest
from handrail_ai_steps.models.openai.evidence import share_alternatives
from handrail_ai_steps.models.openai.failure import Failure, Halted, failure_of, told_failure
from handrail_ai_steps.models.openai.ledger import TryLedger
from handrail_ai_steps.models.openai.reply import ending_of, read_usage
from handrail_ai_steps.models.openai.server import Server
from handrail_ai_steps.output import Output
from handrail_ai_steps.strict_json import JsonObject
from handrail_guards.confidence import Confidence

PATH = "/decisions"
MOST_OPTIONS = 200
"""Servers take 208 to 255 options of a choice."""
MOST_LEVELS = 20
_DONE = frozenset({"ok", "done", "success", "succeeded", "200"})
MOST_PROBABILITY = 1.01
"""Servers round; options that have more together are no distribution."""
PROBE_SECONDS = 5.0
"""The longest time to find out whether there is the endpoint."""
YES_NO = ("true", "false")
_ABSENT = frozenset({400, 403, 404, 405, 410, 415, 422, 501})
"""What servers without the endpoint, or without it for this model, answer."""

_UNKNOWN_KEY = 401
"""Of a wrong key, and of gateways for any route they do not know: the chat will tell."""


@dataclass(frozen=True, slots=True)
class TypedQuestion:
    """One typed question, and the field it fills."""

    path: str
    """The field; empty for the whole value."""
    kind: Literal["predicate", "choice", "score"]
    options: tuple[str, ...]
    """The options as the endpoint names them."""
    about: str = ""
    """What the field means."""

    def on_wire(self, name: str, instructions: str) -> dict[str, object]:
        """Return it as the endpoint takes it."""
        told = f"{instructions}\n\nThe question: {self.about or self.path}" if self.path else instructions
        made: dict[str, object] = {"type": self.kind, "name": name, "instructions": told}
        if self.kind == "choice":
            made["choices"] = [{"value": option} for option in self.options]
        if self.kind == "score":
            made["levels"] = [{"label": option} for option in self.options]
        return made


def questions(request: ModelRequest) -> tuple[TypedQuestion, ...]:
    """Return a request as typed questions; none when it is not a closed one, or when an answer was sent back."""
    if request.rejections or not request.text.strip():
        return ()
    if request.labels:
        if set(request.labels) == set(YES_NO):
            return (TypedQuestion("", "predicate", YES_NO),)
        return (TypedQuestion("", "choice", request.labels),) if 2 <= len(request.labels) <= MOST_OPTIONS else ()
    schema = request.json_schema or {}
    properties = schema.get("properties") if schema.get("type") == "object" else None
    asked = [_field_question(path, each, schema) for path, each in (properties or {}).items()]
    return tuple(each for each in asked if each is not None) if all(asked) else ()


def _field_question(path: str, schema: JsonObject, root: JsonObject) -> TypedQuestion | None:
    about = str(schema.get("description") or schema.get("title") or path)
    reference = str(schema.get("$ref") or "")
    if reference.startswith("#/$defs/"):
        schema = root.get("$defs", {}).get(reference.removeprefix("#/$defs/"), {})
    if schema.get("type") == "boolean":
        return TypedQuestion(path, "predicate", YES_NO, about)
    options = schema.get("enum")
    if isinstance(options, list) and all(isinstance(each, str) for each in options):
        return TypedQuestion(path, "choice", tuple(options), about) if 2 <= len(options) <= MOST_OPTIONS else None
    low, high = schema.get("minimum"), schema.get("maximum")
    if not (schema.get("type") == "integer" and isinstance(low, int) and isinstance(high, int)):
        return None
    if 0 < high - low < MOST_LEVELS:
        return TypedQuestion(path, "score", tuple(str(level) for level in range(low, high + 1)), about)
    return None


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
    spreads = _spreads(body, asked, request.task)
    if spreads is None:
        server.can.decisions = False
        ledger.add("invalid", seconds=seconds, notes=("the decisions endpoint answered in another shape",))
        return None
    server.can.saw_decisions()
    model = str(body.get("model") or server.settings.model)
    index = ledger.add(
        "answered", seconds=seconds, model=model, usage=read_usage(body.get("usage")), notes=("decisions endpoint",)
    )
    if any(not spread for spread in spreads):
        ledger.mark(index, "refused")
        declined = [each.path or request.task for each, spread in zip(asked, spreads, strict=True) if not spread]
        raise Halted("refused", f"the model declined to decide: {', '.join(declined)}")
    try:
        return _answer(asked, spreads, output, model, ledger)
    except ValueError as error:
        ledger.mark(index, "invalid", f"decisions endpoint: {error}")
        return None


async def _post(
    server: Server, ledger: TryLedger, request: ModelRequest, asked: tuple[TypedQuestion, ...]
) -> JsonObject | Failure:
    sent = {
        "model": server.settings.model,
        "input": request.text,
        "questions": [each.on_wire(each.path or request.task, request.system) for each in asked],
    }
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
    return _unfinished(body) or body


def _seconds(server: Server, ledger: TryLedger) -> float:
    """Return how long to wait: never so long that the chat could not decide instead, and others wait for a probe."""
    left = ledger.seconds_left()
    return left / 2 if server.can.decisions else min(PROBE_SECONDS, left / 4)


def _unfinished(body: JsonObject) -> Failure | None:
    """Return why a response with status 200 is no whole one: it says so itself, all over or beside an answer."""
    listed = body.get("answers")
    answers = [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
    for each in (body, *answers):
        if each.get("error"):
            return told_failure(each["error"])
        for said in (each.get("status"), each.get("finish_reason")):
            if said is not None and str(said).casefold() not in _DONE and ending_of(str(said)) != "whole":
                return Failure("failed", f"it ended with {str(said)!r}")
    return None


def _spreads(body: JsonObject, asked: tuple[TypedQuestion, ...], task: str) -> list[dict[str, float]] | None:
    """Return each question's probability by option, empty where it was declined; None for another shape."""
    answers = body.get("answers")
    if not isinstance(answers, list) or len(answers) != len(asked):
        return None
    try:
        return [_spread(answer, each, each.path or task) for answer, each in zip(answers, asked, strict=True)]
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _spread(answer: JsonObject, asked: TypedQuestion, name: str) -> dict[str, float]:
    if answer["type"] == "refusal":
        return {}
    if answer["type"] != asked.kind or answer.get("name", name) != name:
        raise ValueError(f"asked for the {asked.kind} {name}, got the {answer['type']} {answer.get('name')}")
    if asked.kind == "predicate":
        yes = _probability(answer["probability"])
        return {YES_NO[0]: yes, YES_NO[1]: 1.0 - yes}
    named = "value" if asked.kind == "choice" else "label"
    listed = [(str(each[named]), _probability(each["probability"])) for each in answer["probabilities"]]
    spread = dict(listed)
    if not spread or not set(spread) <= set(asked.options):
        raise ValueError("options that were not asked for")
    if len(spread) < len(listed) or sum(spread.values()) > MOST_PROBABILITY:
        raise ValueError("an option twice, or more probability than there is")
    if spread.get(str(answer.get("choice")), max(spread.values())) < max(spread.values()):
        raise ValueError("another choice than the likeliest")
    return spread


def _probability(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
        raise ValueError(f"{value!r} is no probability")
    return float(value)


def _answer(
    asked: tuple[TypedQuestion, ...], spreads: list[dict[str, float]], output: Output, model: str, ledger: TryLedger
) -> Answer:
    best = [max(spread, key=lambda option: spread[option]) for spread in spreads]
    sure = [
        Confidence(spread[option], "decision", f"probability among {len(each.options)} options")
        for each, spread, option in zip(asked, spreads, best, strict=True)
    ]
    if not asked[0].path:
        alternatives = share_alternatives(spreads[0], best[0])
        return Answer(
            value=output.value_of(best[0]),
            raw=best[0],
            confidence=sure[0],
            model=model,
            alternatives=alternatives,
            other_mass=max(0.0, 1.0 - sum(spreads[0].values())),
            attempts=ledger.attempts,
        )
    raw = json.dumps({each.path: _plain(each, option) for each, option in zip(asked, best, strict=True)})
    fields = {each.path: confidence for each, confidence in zip(asked, sure, strict=True)}
    weakest = min(fields, key=lambda path: fields[path].value or 0.0)
    return Answer(
        value=output.parse(raw),
        raw=raw,
        confidence=Confidence(fields[weakest].value, "decision", f"lowest of {len(fields)} fields: {weakest}"),
        model=model,
        fields=fields,
        attempts=ledger.attempts,
    )


def _plain(asked: TypedQuestion, option: str) -> object:
    match asked.kind:
        case "predicate":
            return option == YES_NO[0]
        case "score":
            return int(option)
        case "choice":
            return option
