"""Random answers of a server around valid ones: nothing wrong is accepted, nothing hangs, requests stay bounded.

``HANDRAIL_FUZZ_EXAMPLES=20000 pytest tests/unit/ai_steps/openai/test_fuzz.py --timeout 0`` looks for longer.
"""

import asyncio
import json
import math
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from handrail import classify, draft, each_field, extract
from handrail.ai_steps import AIStep, Limits
from handrail_ai_steps.models.openai import OpenAIModel, tries
from handrail_ai_steps.prices import Price
from handrail_guards.acceptance import Always, Threshold
from handrail_guards.outcome import Accepted, Doubtful
from tests.stub_server import Json, Stub, chunks, completion, decision, reply
from tests.unit.ai_steps.openai.given import KEY

EXAMPLES = int(os.environ.get("HANDRAIL_FUZZ_EXAMPLES", "60"))
MOST_REQUESTS = 80
"""Four tries of three answers of at most five questions, and what is learned about the server on the way."""
LONGEST_SECONDS = 60.0
"""For a call that may take 10; only something that hangs takes longer, on any machine."""


class Line(BaseModel):
    name: str
    price: Decimal


class Bill(BaseModel):
    shop: str
    total: float
    lines: list[Line] = []
    note: str | None = None


Blood = Literal["O", "A", "B", "AB"]
Kind = Literal["blood", "bill", "list", "text"]
TYPES: dict[Kind, Any] = {"blood": Blood, "bill": Bill, "list": list[Line], "text": str}
ACCEPTS = [Always(), Threshold(0.0), Threshold(0.5)]
FIELD_BY_FIELD = [*ACCEPTS, each_field(at_least=0.0)]


@dataclass(frozen=True)
class Case:
    """What a server says, and what must not come of it."""

    kind: Kind
    text: str
    """The answer as it was before anything happened to it."""
    content: str
    finish: Any = "stop"
    logprobs: Any = None
    usage: Any = True
    choice: Json = field(default_factory=dict)
    """Beside the message."""
    more: tuple[str, ...] = ()
    """The contents of more choices."""
    refused: bool = False
    """Whether nothing may be accepted."""
    one_hot: bool = False
    raw: str | None = None
    """The body on the wire, spoilt; None: as it is."""

    def body(self) -> str:
        made = completion(self.content, *self.more, finish=self.finish, usage=self.usage)
        for each in made["choices"]:
            each.update(self.choice, logprobs=self.logprobs)
        return json.dumps(made) if self.raw is None else self.raw


# What servers may say ------------------------------------------------------------------------------------------------

NAMES = st.text('abcé😀 "\\{}[]<>', max_size=6)
FLOATS = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, -0.0, 1e308, 5e-324, 0.1])
PRICES = st.decimals(-(10**20), 10**20, allow_nan=False, allow_infinity=False, places=2)
LINES = st.lists(st.fixed_dictionaries({"name": NAMES, "price": PRICES.map(str)}), max_size=3)
BILLS = st.fixed_dictionaries({"shop": NAMES, "total": FLOATS}, optional={"lines": LINES, "note": st.none() | NAMES})
TEXTS = st.text("Dear An.!<>[] é😀\n", min_size=1, max_size=30)
BAD_FINISHES = [
    "length",
    "max_tokens",
    "error",
    "abort",
    "SAFETY",
    "content_filter",
    "whatever",
    0,
    False,
    {},
    ["stop"],
]
OPENINGS = ["<think>", "<reasoning>", "[THINK]", "<|channel|>analysis<|message|>"]


@st.composite
def plain_cases(draw: st.DrawFn) -> Case:
    """A valid answer."""
    kind: Kind = draw(st.sampled_from(["blood", "bill", "list", "text"]))
    text = ""
    match kind:
        case "blood":
            text = json.dumps({"label": draw(st.sampled_from(["O", "A", "B", "AB", "1", "2", "4"]))})
        case "bill":
            text = json.dumps(draw(BILLS), ensure_ascii=draw(st.booleans()))
        case "list":
            text = json.dumps({"answer": draw(LINES)})
        case "text":
            text = draw(TEXTS)
    return Case(kind, text, text)


def _twice(text: str) -> str:
    key = "label" if '"label"' in text else "answer" if '"answer"' in text else "shop"
    return text[:-1] + f', "{key}": "B"}}'


def _other(text: str) -> str:
    data = json.loads(text)
    if "label" in data:
        return '{"label":"B"}' if data["label"] not in {"B", "3"} else '{"label":"O"}'
    if "answer" in data:
        return json.dumps({"answer": [*data["answer"], {"name": "more", "price": "1"}]})
    return json.dumps({**data, "shop": f"{data['shop']}!"})


@st.composite
def poisoned(draw: st.DrawFn, case: Case) -> Case:
    """Something of which no value may be accepted."""
    text, told = case.content, draw(st.sampled_from(["lost", {"code": 502, "message": "x"}, {"code": None}, ["x"]]))
    number = draw(st.sampled_from(["NaN", "-Infinity", "1e999", "1e-999", "[NaN]"]))
    changes: list[Json] = [
        {"finish": draw(st.sampled_from(BAD_FINISHES))},
        {"choice": {"error": told}},
        {"choice": {"message": {"content": text, "refusal": "no"}}},
        {"content": draw(st.sampled_from(OPENINGS)) + text},
    ]
    if case.kind != "text":
        between = draw(st.sampled_from(["\n", " or ", "```\n```json\n"]))
        changes += [
            {"content": _twice(text)},
            {"content": f'{text[:-1]}, "extra": {number}}}'},
            {"content": between.join(draw(st.permutations([text, _other(text)])))},
            {"content": text[: draw(st.integers(1, len(text) - 1))]},
        ]
    return replace(case, **draw(st.sampled_from(changes)), refused=True)


@st.composite
def wrapped(draw: st.DrawFn, case: Case) -> Case:
    """The same answer with something around it that changes nothing."""
    around = ["", '<think>{} or {"label":"AB"}?</think>', "[THINK]<b>[/THINK]", "Hm, hm.</think>"]
    if case.kind != "text":
        around += ["Here you are:\n```json\n", "{not json} [1] "]
    return replace(case, content=draw(st.sampled_from(around)) + case.content)


@st.composite
def logprobs(draw: st.DrawFn, case: Case) -> Case:
    """Log-probabilities of the content, real, one-hot, partial or malformed."""
    data = case.content.encode()
    size = draw(st.integers(1, 9))
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    own = draw(st.lists(st.floats(-5, -1e-3), min_size=len(pieces), max_size=len(pieces)))
    entries: list[Any] = [
        {"token": piece.decode(errors="replace"), "bytes": list(piece), "logprob": each, "top_logprobs": []}
        for piece, each in zip(pieces, own, strict=True)
    ]
    match draw(st.sampled_from(["real", "one_hot", "partial", "odd", "none"])):
        case "one_hot":
            other = draw(st.sampled_from([-9999.0, -100.0, None]))
            for each in entries:
                each["logprob"] = 0.0
                each["top_logprobs"] = [] if other is None else [dict(each), {"token": "\x00", "logprob": other}]
                each["top_logprobs"] = [
                    {k: v for k, v in t.items() if k != "top_logprobs"} for t in each["top_logprobs"]
                ]
            return replace(case, logprobs={"content": entries}, one_hot=True)
        case "partial":
            return replace(case, logprobs={"content": entries[: draw(st.integers(0, len(entries)))]})
        case "odd":
            odd = draw(st.sampled_from([None, 3, "x", {}, {"token": 1, "logprob": None}, {"token": "a", "logprob": 7}]))
            place = draw(st.integers(0, len(entries)))
            return replace(case, logprobs={"content": [*entries[:place], odd, *entries[place:]]})
        case "none":
            return replace(case, logprobs=draw(st.sampled_from([None, {}, {"content": None}, {"content": {}}, []])))
        case _:
            return replace(case, logprobs={"content": entries})


@st.composite
def cases(draw: st.DrawFn) -> Case:
    case = draw(plain_cases())
    if draw(st.booleans()):
        case = draw(poisoned(case))
    elif draw(st.booleans()):
        case = draw(wrapped(case))
    case = draw(logprobs(case))
    usage = st.none() | st.dictionaries(st.sampled_from(["prompt_tokens", "completion_tokens"]), st.integers(-1, 10**6))
    case = replace(case, usage=draw(usage | st.sampled_from([True, "many", []])))
    if not case.refused and draw(st.integers(0, 3)) == 0:
        case = replace(
            case, more=tuple(draw(st.lists(st.sampled_from([case.content, "", "{", '{"label":"O"}']), max_size=3)))
        )
    if draw(st.integers(0, 4)) == 0:
        body = case.body()
        start = draw(st.integers(0, len(body) - 1))
        end = draw(st.integers(start, min(len(body), start + 20)))
        put = draw(st.sampled_from(["", "{", "}", '"', ",", "null", "\\", "0", "NaN", '"error":1,', "\\ud83d"]))
        case = replace(case, raw=body[:start] + put + body[end:])
    return case


# What must hold ------------------------------------------------------------------------------------------------------


def step_of(kind: Kind, model: Any, accept: Any) -> AIStep[Any]:
    limits = Limits(seconds=10.0, reasks=2)
    if kind == "text":
        return draft("write", str, "Write.", models=model, accept=accept, limits=limits)
    if kind == "blood":
        return classify("blood", Blood, "Which?", models=model, accept=accept, limits=limits)
    return extract("read", TYPES[kind], "Read.", models=model, accept=accept, limits=limits)


def strict_objects(text: str) -> Iterator[Any]:
    """The oracle: every object of a text, at any depth, that the standard's JSON has."""

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in found}) < len(found):
            raise ValueError("a key twice")
        return dict(found)

    def refused(constant: str) -> Any:
        raise ValueError(constant)

    decoder = json.JSONDecoder(object_pairs_hook=pairs, parse_constant=refused, parse_float=Decimal)
    for start, sign in enumerate(text):
        if sign == "{":
            try:
                yield decoder.raw_decode(text, start)[0]
            except (ValueError, RecursionError):
                continue


def could_be(kind: Kind, value: Any, content: str) -> bool:
    """Return whether a value is what an object of the content stands for."""
    codes = {"1": "O", "2": "A", "3": "B", "4": "AB"}
    for data in strict_objects(content):
        plain = data.get("answer") if kind == "list" else data
        if kind == "blood":
            if codes.get(data.get("label"), data.get("label")) == value:
                return True
            continue
        try:
            if TypeAdapter(TYPES[kind]).validate_python(plain) == value:
                return True
        except ValidationError:
            continue
    return False


def texts_in(body: str) -> list[str]:
    try:
        data = json.loads(body)
        return [str((each.get("message") or {}).get("content")) for each in data["choices"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def is_finite(value: Any) -> bool:
    if isinstance(value, BaseModel):
        return all(is_finite(each) for each in value.__dict__.values())
    if isinstance(value, list):
        return all(map(is_finite, value))
    return not isinstance(value, float | Decimal) or math.isfinite(value)


def check(case: Case, outcome: Accepted[Any] | Doubtful[Any], heard: str | None) -> None:
    record = json.dumps(asdict(outcome.judgement), allow_nan=False)  # records are always JSON
    assert record.encode()
    assert KEY not in record
    assert outcome.judgement.attempts
    suggestion = outcome.value if isinstance(outcome, Accepted) else outcome.suggestion
    assert is_finite(suggestion)
    if isinstance(outcome, Doubtful):
        assert outcome.reason
        return
    if case.raw is None:
        assert not case.refused, outcome
    value = outcome.value
    if case.kind == "text":
        assert value.strip()
        value.encode()
        assert not any(each in value for each in (*OPENINGS, "</think>", "Hm, hm."))
        assert heard is None or heard == value
    else:
        assert any(could_be(case.kind, value, text) for text in texts_in(case.body())), (value, case.body())
    if case.one_hot and case.raw is None:
        assert outcome.confidence.source != "logprob"


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as running:
        yield running


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tries, "FIRST_WAIT_SECONDS", 0.001)
    monkeypatch.setattr(tries, "LONGEST_WAIT_SECONDS", 0.001)


FUZZED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.slow
@FUZZED
@given(cases(), st.data(), st.sampled_from(["auto", "logprob", "vote", "stated"]))
def test_nothing_wrong_in_an_answer_is_accepted(
    stub: Stub, runner: asyncio.Runner, case: Case, data: st.DataObject, confidence: Any
) -> None:
    accept = data.draw(st.sampled_from(FIELD_BY_FIELD if case.kind in {"bill", "list"} else ACCEPTS))
    stub.reset()
    stub.play(reply(case.body(), headers={"retry-after-ms": "1"}))

    async def ask() -> Accepted[Any] | Doubtful[Any]:
        model = OpenAIModel("m", base_url=stub.url, api_key=KEY, confidence=confidence, prices={"m": Price(1, 1)})
        try:
            return await asyncio.wait_for(step_of(case.kind, model, accept)("Blood group: A"), LONGEST_SECONDS)
        finally:
            await model.aclose()

    check(case, runner.run(ask()), None)
    assert len(stub.requests()) <= MOST_REQUESTS


@st.composite
def streams(draw: st.DrawFn) -> tuple[Case, list[Json], str]:
    """A text in pieces, whole or broken."""
    text = draw(TEXTS)
    content = draw(st.sampled_from(["", "<think>No {x}</think>", "Hm, hm.</think>", "[THINK]a[/THINK]"])) + text
    case = Case("text", text, content)
    if draw(st.integers(0, 3)) == 0:
        case = replace(case, content=draw(st.sampled_from(OPENINGS)) + text, refused=True)
    finish = draw(st.sampled_from(["stop", "stop", "eos", None, "length", "error", "weird"]))
    case = replace(case, refused=case.refused or finish not in {"stop", "eos"})
    cuts = sorted(draw(st.sets(st.integers(0, len(case.content)), max_size=8)))
    pieces = [case.content[a:b] for a, b in zip([0, *cuts], [*cuts, len(case.content)], strict=True)]
    events = chunks(*pieces, finish=finish)
    odd: list[Any] = [None, 3, {}, {"choices": None}, {"choices": [None]}, {"choices": [{"delta": None}]}]
    odd += [{"choices": [{"index": 0, "delta": {"content": None}}], "usage": {"prompt_tokens": "x"}}]
    for each in draw(st.lists(st.sampled_from(odd), max_size=2)):
        events.insert(draw(st.integers(0, len(events))), each)
    trap = draw(st.sampled_from(["", "", "", "drop_midway"]))
    if trap:
        case = replace(case, refused=True)
    return case, events, trap


@pytest.mark.slow
@FUZZED
@given(streams(), st.sampled_from(["known", "new"]))
def test_nothing_wrong_in_a_stream_is_accepted(
    stub: Stub, runner: asyncio.Runner, streamed: tuple[Case, list[Json], str], server: str
) -> None:
    case, events, trap = streamed
    stub.reset()
    stub.play(reply(completion("Hello."), when={"stream": None}), reply(events, trap=trap))
    heard: list[str] = []

    async def ask() -> Accepted[Any] | Doubtful[Any]:
        model = OpenAIModel("m", base_url=stub.url, api_key=KEY)
        try:
            step = step_of("text", model, Always())
            if server == "known":
                await step("x")
            return await asyncio.wait_for(step.stream("x", on_text=heard.append), LONGEST_SECONDS)
        finally:
            await model.aclose()

    outcome = runner.run(ask())
    said = "".join(heard)
    check(case, outcome, said)
    assert not any(each in said for each in (*OPENINGS, "</think>", "No {x}"))
    assert server == "known" or "Hm, hm." not in said
    assert len(stub.requests()) <= MOST_REQUESTS


ODD_KEYS = ["type", "name", "value", "probability", "probabilities", "error", "status"]
ODD = st.recursive(
    st.sampled_from([None, True, -1, 2, 0.5, math.pi, "card", "choice", "refusal", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(ODD_KEYS), inner),
    max_leaves=8,
)
SPOILT = ["type", "name", "choice", "probabilities", "error", "status", ""]


@pytest.mark.slow
@FUZZED
@given(st.lists(st.floats(0, 1), min_size=3, max_size=3), st.sampled_from(SPOILT), ODD)
def test_nothing_wrong_in_a_decision_is_accepted(
    stub: Stub, runner: asyncio.Runner, shares: list[float], spoilt: str, odd: Any
) -> None:
    labels = ["billing", "card", "other"]
    listed = [{"value": label, "probability": each} for label, each in zip(labels, shares, strict=True)]
    answer = {"type": "choice", "name": "route", "choice": labels[shares.index(max(shares))], "probabilities": listed}
    stub.reset()
    made = {**answer, spoilt: odd} if spoilt else answer
    stub.play(reply(decision(made), when={"path": "/decisions"}), reply(completion(None, refusal="no")))

    async def ask() -> Accepted[Any] | Doubtful[Any]:
        model = OpenAIModel("m", base_url=stub.url, api_key=KEY)
        try:
            kind = Literal["billing", "card", "other"]
            step = classify("route", kind, "Which?", models=model, accept=Threshold(0.0), limits=Limits(seconds=10.0))
            return await asyncio.wait_for(step("x"), LONGEST_SECONDS)
        finally:
            await model.aclose()

    outcome = runner.run(ask())
    json.dumps(asdict(outcome.judgement), allow_nan=False)
    if isinstance(outcome, Accepted):
        assert outcome.value in labels
        assert outcome.confidence.source == "decision"
        if not spoilt:
            assert outcome.confidence.value == max(shares)
            assert sum(shares) <= 1.01
    assert len(stub.requests()) <= MOST_REQUESTS
