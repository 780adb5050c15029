"""Ten thousand cases in one batch: what it costs this process to submit them and to collect the answers."""

import asyncio
import json
import statistics
import time
from typing import Any, Literal

from openai import AsyncOpenAI

from bench.figure import Figure, at_most, median_figure
from bench.pairs import Pairs
from handrail_ai_steps.kinds import classify
from handrail_ai_steps.models.openai import OpenAIModel
from handrail_ai_steps.models.scripted import ScriptedModel
from handrail_guards.acceptance import confidence
from handrail_guards.batching import Batching, BatchQuestion
from handrail_guards.outcome import Accepted
from tests.servers.batch_stub import BatchStub

ITEMS = 10_000
MOST_TIMES_BY_HAND = 0.5
Team = Literal["alpha", "beta", "gamma"]


def figures(rounds: int) -> list[Figure]:
    """Measure CPU an item, beside the same batch by hand with the ``openai`` library, in turn."""
    with BatchStub() as stub:
        asyncio.run(_wired(stub)), asyncio.run(_by_hand(stub))  # what is loaded and touched once
        wired = [(asyncio.run(_wired(stub)), asyncio.run(_by_hand(stub))) for _ in range(rounds)]
        taken = [asyncio.run(_batch(stub)) for _ in range(rounds)]
    line = json.dumps(
        {"custom_id": "1", "response": {"status_code": 200, "body": {"choices": [{"message": "x" * 400}]}}}
    )
    began = time.process_time()
    for _ in range(ITEMS):
        json.loads(line)
    loads = (time.process_time() - began) * 1e3 / ITEMS
    return [
        Pairs(*zip(*wired, strict=True)).figure(
            "many", f"a batch of {ITEMS:,} submitted and collected ÷ by hand: CPU an item", at_most(MOST_TIMES_BY_HAND)
        ),
        median_figure(
            "many",
            "the same by step.batch: each question written, each answer read, guarded and judged",
            taken,
            "ms",
            note=f"{statistics.median(taken) / loads:.0f} times json.loads of an answer's line",
        ),
    ]


async def _wired(stub: BatchStub) -> float:
    """Return the CPU of sending the questions, and of having the replies by their ids."""
    stub.reset()
    model = OpenAIModel("stub-1", base_url=stub.url, api_key="none", decisions=False)
    seen = ScriptedModel(lambda _: "alpha")
    await classify("route", Team, "Route it.", models=seen, accept=confidence(at_least=0.5))("case 7")
    question = await model.batch_question(seen.requests[0])
    if not isinstance(question, BatchQuestion):
        raise SystemExit(f"the question cannot be asked, so its time says nothing: {question}")
    server = await model.batch_server()
    questions = [(str(number), question.body.replace("case 7", f"case {number}")) for number in range(ITEMS)]
    began = time.process_time()
    batch = await server.submit("bench", questions)
    while (standing := await server.look(batch)).state == "working":  # noqa: ASYNC110 -- nobody tells when it is over
        await asyncio.sleep(0.01)
    replies = {number: reply async for number, reply in server.replies(standing)}
    spent = time.process_time() - began
    if len(replies) != ITEMS or not all(reply.body for reply in replies.values()):
        raise SystemExit(f"{len(replies)} of {ITEMS} replies came, so their time says nothing")
    await model.aclose()
    return spent * 1e3 / ITEMS


async def _by_hand(stub: BatchStub) -> float:
    """Return the CPU of the same with the library alone: a line of JSON for each question, and one for each reply."""
    stub.reset()
    client = AsyncOpenAI(api_key="none", base_url=stub.url, max_retries=0)
    seen = ScriptedModel(lambda _: "alpha")
    await classify("route", Team, "Route it.", models=seen, accept=confidence(at_least=0.5))("case 7")
    question = await OpenAIModel("stub-1", base_url=stub.url, api_key="none", decisions=False).batch_question(
        seen.requests[0]
    )
    assert isinstance(question, BatchQuestion)
    body = json.loads(question.body)
    began = time.process_time()
    lines = [json.dumps(_asked(number, body)) for number in range(ITEMS)]
    file = await client.files.create(file=("questions.jsonl", "\n".join(lines).encode()), purpose="batch")
    batch = await client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
    )  # fmt: skip
    while batch.status != "completed":
        await asyncio.sleep(0.01)
        batch = await client.batches.retrieve(batch.id)
    content = await client.files.content(batch.output_file_id or "")
    replies = {each["custom_id"]: each["response"]["body"] for each in map(json.loads, content.text.splitlines())}
    spent = time.process_time() - began
    if len(replies) != ITEMS:
        raise SystemExit(f"by hand {len(replies)} of {ITEMS} replies came, so their time says nothing")
    await client.close()
    return spent * 1e3 / ITEMS


def _asked(number: int, body: dict[str, Any]) -> dict[str, Any]:
    messages = [
        {**each, "content": each["content"].replace("case 7", f"case {number}")} if each["role"] == "user" else each
        for each in body["messages"]
    ]
    return {
        "custom_id": str(number),
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {**body, "messages": messages},
    }


async def _batch(stub: BatchStub) -> float:
    stub.reset()
    model = OpenAIModel("stub-1", base_url=stub.url, api_key="none", decisions=False)
    quick = Batching(look_seconds=0.01, last_look_seconds=0.05, gather_seconds=0.0)
    step = classify(
        "route", Team, "Route it.", models=model, accept=confidence(at_least=0.5), batching=quick
    )  # fmt: skip
    items = [f"case {number}" for number in range(ITEMS)]
    began = time.process_time()
    outcomes = await step.batch(items)
    spent = time.process_time() - began
    right = [("alpha", "beta", "gamma")[number % 3] for number in range(ITEMS)]
    if [each.value if isinstance(each, Accepted) else None for each in outcomes] != right:
        raise SystemExit(f"the batch does not do its work, so its time says nothing: {outcomes[0]}")
    await model.aclose()
    return spent * 1e3 / ITEMS
