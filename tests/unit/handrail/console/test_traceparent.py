"""A request that names its trace starts runs in it: over the HTTP API, and by a webhook."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from handrail import Orchestrator, Run, workflow
from handrail.console.app import console
from handrail.orchestrator import Delivery, github, webhook
from tests.unit.handrail.console.served import BASE
from tests.unit.orchestrator.telemetry.seen import Seen, parent_of, trace_of

CALLER = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "tracestate": "vendor=kept"}
TRACE, SPAN = 0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7
SECRET = "a-secret-of-a-webhook"


@workflow(version=1)
async def take(_run: Run, delivery: Delivery) -> str:
    return str(delivery.data)


@workflow(version=1)
async def plain(_run: Run, text: str) -> str:
    return text


@asynccontextmanager
async def served(seen: Seen) -> AsyncIterator[tuple[Orchestrator, httpx2.AsyncClient]]:
    hook = webhook("/hooks/in", workflow=take, scheme=github(SECRET))
    async with Orchestrator(
        "sqlite:///:memory:", workflows=[take, plain], triggers=[hook], telemetry=seen.telemetry
    ) as orchestrator:
        transport = httpx2.ASGITransport(console(orchestrator))
        async with httpx2.AsyncClient(transport=transport, base_url=BASE) as http:
            yield orchestrator, http


def delivered() -> tuple[bytes, dict[str, str]]:
    body = json.dumps({"action": "opened"}).encode()
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "content-type": "application/json",
        "x-hub-signature-256": f"sha256={signature}",
        "x-github-delivery": "d-1",
        "x-github-event": "issues",
    }
    return body, headers


async def test_a_run_that_the_http_api_starts_belongs_to_the_callers_trace() -> None:
    seen = Seen()
    async with served(seen) as (orchestrator, http):
        answer = await http.post("/api/v1/workflows/plain/runs", json={"input": "hello"}, headers=CALLER)
        assert answer.is_success, answer.text
        await orchestrator.idle()
        (run,) = orchestrator.runs()
        assert run.trace_id == run.as_json()["trace_id"] == f"{TRACE:032x}"

    start = seen.one("start plain")
    assert (trace_of(start), parent_of(start)) == (TRACE, SPAN)
    assert start.context is not None
    assert start.context.trace_state.get("vendor") == "kept"
    assert trace_of(seen.one("invoke_workflow plain")) == TRACE


async def test_a_run_that_a_webhook_starts_belongs_to_the_senders_trace() -> None:
    seen, (body, headers) = Seen(), delivered()
    async with served(seen) as (orchestrator, http):
        answer = await http.post("/hooks/in", content=body, headers={**headers, **CALLER})
        assert answer.status_code == 202, answer.text
        await orchestrator.idle()

    start = seen.one("start take")
    assert (trace_of(start), parent_of(start)) == (TRACE, SPAN)


NO_TRACE, NO_VERSION = f"00-{'0' * 32}-00f067aa0ba902b7-01", f"ff-{'1' * 32}-{'1' * 16}-01"


@pytest.mark.parametrize("given", ["", "nonsense", NO_TRACE, NO_VERSION])
async def test_a_header_that_names_no_trace_begins_a_new_one(given: str) -> None:
    seen, (body, headers) = Seen(), delivered()
    async with served(seen) as (orchestrator, http):
        answer = await http.post("/hooks/in", content=body, headers={**headers, "traceparent": given})
        assert answer.status_code == 202, answer.text
        await orchestrator.idle()

    start = seen.one("start take")
    assert parent_of(start) is None
    assert trace_of(start) != TRACE
