"""What an AI step costs beside the libraries it stands on, in one run against a stub server in another process.

    python benchmarks/ai_steps.py [--calls 200] [--rounds 7]

CPU time of this process is measured, not waiting; the contenders take turns, and the median of all slices counts.
Exits with 1 when a bar is missed.
"""

import argparse
import asyncio
import gc
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import instructor
from openai import AsyncOpenAI
from pydantic import BaseModel

from bench.figure import TIMES, Figure, at_most, median_figure, ratios
from bench.table import report
from handrail_ai_steps.kinds import extract
from handrail_ai_steps.logprobs import token_trace
from handrail_ai_steps.models.openai import OpenAIModel
from handrail_ai_steps.models.openai.evidence import field_confidences
from handrail_ai_steps.models.scripted import ScriptedModel
from handrail_guards.acceptance import confidence
from handrail_guards.chain import run_guards
from handrail_guards.guard import CostClass, Guard, GuardContext
from handrail_guards.outcome import Accepted
from handrail_guards.verdict import OnFail, Verdict

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from ai_steps_bench import batches, many, providers  # noqa: E402 -- likewise, for the stub that it uses
from tests.stub_server import Stub, completion, cut, reply, tokens  # noqa: E402 -- found through the path above

MOST_TIMES_PARSE = 1.3
MOST_TIMES_LOADS_CHAIN = 2.5
MOST_TIMES_LOADS_FIELDS = 0.5
SLICE = 10
"""Calls of one contender after the other."""
LONG_ANSWER_TOKENS = 1445
BATCH_ROUNDS = 3
INSTRUCTIONS = "Read the receipt."


class Line(BaseModel):
    """One line of a receipt."""

    name: str
    quantity: int
    total: float


class Receipt(BaseModel):
    """What is extracted."""

    company: str
    date: str
    total: float
    lines: list[Line]


@dataclass(frozen=True)
class Passing:
    """A guard that looks at one field and passes: what is measured is the chain around it."""

    name: str
    cost: CostClass = "free"
    on_fail: OnFail = "review"

    def check(self, value: Any, context: GuardContext) -> Verdict:
        """Pass when the field is there."""
        return Verdict(self.name, getattr(value, self.name) is not None and bool(context.source), field=self.name)


GUARDS: tuple[Guard, ...] = (Passing("company"), Passing("date"), Passing("total"))
RECEIPT = Receipt(
    company="Café Zürich",
    date="2026-01-02",
    total=42.5,
    lines=[Line(name=f"item {index}", quantity=index, total=index * 1.5) for index in range(8)],
)
SOURCE = "Café Zürich, 2026-01-02\n" + "\n".join(f"item {index}  {index * 1.5}" for index in range(8)) + "\n42.5\n"
Call = Callable[[], Awaitable[Any]]


async def calls(stub: Stub, count: int, rounds: int) -> list[Figure]:
    """Measure one call of each contender; the same answer, with log-probabilities for those that ask for them."""
    text = RECEIPT.model_dump_json()
    entries = tokens(*((piece, {"a": 0.01}) for piece in cut(text)))
    stub.play(reply(completion(text, logprobs=entries), when={"logprobs": True}), reply(completion(text)))
    client = AsyncOpenAI(api_key="none", base_url=stub.url, max_retries=0)
    structured = instructor.from_openai(client, mode=instructor.Mode.JSON_SCHEMA)
    model = OpenAIModel("stub-1", base_url=stub.url, api_key="none", confidence="logprob")
    step = extract(
        "receipt", Receipt, INSTRUCTIONS, models=[model], guards=GUARDS, accept=confidence(at_least=0.5)
    )  # fmt: skip
    outcome = await step(SOURCE)
    if not isinstance(outcome, Accepted) or outcome.value != RECEIPT or len(outcome.judgement.verdicts) < len(GUARDS):
        raise SystemExit(f"the AI step does not do its work, so its time says nothing: {outcome}")
    # Everybody sends the prompt that the step sends.
    messages: list[Any] = stub.bodies()[-1]["messages"]
    parse = client.chat.completions.parse
    contenders: dict[str, Call] = {
        "openai .parse": lambda: parse(model="stub-1", messages=messages, response_format=Receipt),
        "openai .parse with logprobs": lambda: parse(
            model="stub-1", messages=messages, response_format=Receipt, logprobs=True, top_logprobs=1
        ),
        "instructor": lambda: structured.chat.completions.create(
            model="stub-1", messages=messages, response_model=Receipt, max_retries=0
        ),
        "instructor with logprobs": lambda: structured.chat.completions.create(
            model="stub-1", messages=messages, response_model=Receipt, max_retries=0, logprobs=True, top_logprobs=1
        ),
        "AI step, 3 guards, logprob confidence": lambda: step(SOURCE),
    }
    times = await measure(contenders, count, rounds)
    await model.aclose()
    await client.close()
    bars = {"AI step, 3 guards, logprob confidence": at_most(MOST_TIMES_PARSE)}
    return [
        median_figure(
            "a call",
            f"{name} ÷ openai .parse",
            ratios(each, times["openai .parse"]),
            TIMES,
            bar=bars.get(name),
            note=f"{statistics.median(each) * 1e3:.3f} ms CPU",
        )
        for name, each in times.items()
    ]


async def any_provider(stub: Stub, count: int, rounds: int) -> list[Figure]:
    """Measure the adapter to any provider."""
    stub.play(reply(completion(RECEIPT.model_dump_json())))
    model = ScriptedModel(lambda _: None)
    step = extract("receipt", Receipt, INSTRUCTIONS, models=[model], accept=confidence(at_least=0.5))
    question = await providers.asked(step, SOURCE)
    return await providers.figures(stub.url, stub.bodies, question, Receipt, count, rounds)


async def measure(contenders: dict[str, Call], count: int, rounds: int) -> dict[str, list[float]]:
    """Return each contender's CPU seconds a call, slice by slice; they take turns: a noisy machine is noisy for all.

    Each pays for its own garbage: what the one before it left is collected before its slice begins, and what all were
    built of is frozen, as looking through that takes as long as a hundred calls, in the slice of whoever comes then.
    """
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(1 + max(1, count * rounds // SLICE)):
        if turn == 1:  # the first warms up
            gc.collect()
            gc.freeze()
        for name, call in contenders.items():
            gc.collect()
            started = time.process_time()
            for _ in range(SLICE):
                await call()
            if turn:
                taken[name].append((time.process_time() - started) / SLICE)
    gc.unfreeze()
    return taken


def chain(count: int, rounds: int) -> Figure:
    """Measure what running three passing guards as a chain adds to the checks themselves."""
    context = GuardContext(source=SOURCE)

    def chained() -> None:
        run_guards(GUARDS, RECEIPT, context)

    def bare() -> None:
        for guard in GUARDS:
            guard.check(RECEIPT, context)

    text = RECEIPT.model_dump_json()
    added, loads = [], []
    for _ in range(rounds):
        added.append(timed(chained, count * 20) - timed(bare, count * 20))
        loads.append(timed(lambda: json.loads(text), count * 20))
    return median_figure(
        "parts",
        "what a chain of 3 passing guards adds ÷ json.loads of the answer",
        ratios(added, loads),
        TIMES,
        bar=at_most(MOST_TIMES_LOADS_CHAIN),
        note=f"{statistics.median(added) * 1e6:.1f} µs CPU",
    )


def long_answer(rounds: int) -> Figure:
    """Measure the field confidences of a long answer, from the server's entries to the numbers."""
    lines = [{"name": f"item {index} é", "quantity": index, "total": index * 1.25} for index in range(120)]
    text = json.dumps({"lines": lines}, ensure_ascii=False)
    data = text.encode()
    cuts = [round(index * len(data) / LONG_ANSWER_TOKENS) for index in range(LONG_ANSWER_TOKENS + 1)]
    entries = tokens(*((data[start:end], {"a": 0.1}) for start, end in pairwise(cuts)))

    def once() -> None:
        trace = token_trace(entries, text)
        if trace is None or len(field_confidences(trace)) != 3 * len(lines) + 1:  # and the end of the list
            raise SystemExit("the fields were not found, so their time says nothing")

    once()
    answer = json.dumps(completion(text, logprobs=entries))
    taken, loads = [], []
    for _ in range(rounds):
        taken.append(timed(once, 20))
        loads.append(timed(lambda: json.loads(answer), 20))
    return median_figure(
        "parts",
        f"confidences of {3 * len(lines)} fields, {len(entries)} tokens ÷ json.loads of the answer",
        ratios(taken, loads),
        TIMES,
        bar=at_most(MOST_TIMES_LOADS_FIELDS),
        note=f"{statistics.median(taken) * 1e3:.2f} ms CPU",
    )


def timed(call: Callable[[], None], count: int) -> float:
    """Return the CPU seconds of one call."""
    started = time.process_time()
    for _ in range(count):
        call()
    return (time.process_time() - started) / count


def main() -> int:
    """Measure, print the table, and return 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--calls", type=int, default=100, help="calls a round")
    parser.add_argument("--rounds", type=int, default=7, help="rounds; the median counts")
    options = parser.parse_args()
    with Stub() as stub:
        rows = asyncio.run(calls(stub, options.calls, options.rounds))
        rows += asyncio.run(any_provider(stub, options.calls, options.rounds))
        stub.play(reply(completion('{"label":"billing"}')))
        rows += many.figures(stub.url)
    rows += batches.figures(BATCH_ROUNDS)
    rows += [chain(options.calls, options.rounds), long_answer(options.rounds)]
    return report("An AI step", rows)
