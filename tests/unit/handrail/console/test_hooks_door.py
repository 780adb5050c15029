"""Whoever calls a webhook is answered in JSON, and told to come again when it cannot be kept now."""

import hashlib
import hmac
import json
from pathlib import Path

import httpx2
import pytest

from handrail import Orchestrator, Run, workflow
from handrail.console.app import console
from handrail.orchestrator import Delivery, hmac_sha256, webhook
from handrail_orchestrator.errors import StoreFull
from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.unit.handrail.console.served import BASE

SECRET = "a-secret-of-a-webhook"


@workflow(version=1)
async def take(_run: Run, delivery: Delivery) -> str:
    return delivery.id


def hooked(store: str | SqliteStore) -> Orchestrator:
    hook = webhook("/hooks/in", workflow=take, scheme=hmac_sha256(SECRET, header="X-Sig"), most_bytes=5_000)
    return Orchestrator(store, workflows=[take], triggers=[hook])


async def posted(http: httpx2.AsyncClient, number: int, size: int = 3_000) -> httpx2.Response:
    body = json.dumps({"number": number, "text": "x" * size}).encode()
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"content-type": "application/json", "x-sig": signature}
    return await http.post("/hooks/in", content=body, headers=headers)


async def test_a_delivery_that_is_too_large_is_answered_in_json_and_leaves_no_trace() -> None:
    async with hooked("sqlite:///:memory:") as orchestrator:
        transport = httpx2.ASGITransport(console(orchestrator))
        async with httpx2.AsyncClient(transport=transport, base_url=BASE) as http:
            answer = await posted(http, 1, size=6_000)
            assert (answer.status_code, answer.json()) == (413, {"problem": "at most 5,000 bytes are taken"})
            assert [each.action for each in orchestrator.trigger_history("webhook:/hooks/in")] == ["declared"]


@pytest.mark.dear
async def test_deliveries_to_a_full_disk_are_sent_again_and_none_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    async with hooked(f"sqlite:///{path}"):
        pass
    store = SqliteStore(str(path))
    pages = store._writing.execute("PRAGMA page_count").fetchone()[0]  # noqa: SLF001 -- no other way to a full disk without one
    store._writing.execute(f"PRAGMA max_page_count = {pages + 4}")  # noqa: SLF001
    taken: list[str] = []

    async def post_all(orchestrator: Orchestrator) -> int:
        turned_away = 0
        transport = httpx2.ASGITransport(console(orchestrator))
        async with httpx2.AsyncClient(transport=transport, base_url=BASE) as http:
            for number in range(60):
                answer = await posted(http, number)
                if answer.status_code == 202:
                    taken.append(answer.json()["run"])
                    continue
                turned_away += 1
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
                assert answer.json() == {"problem": "the store cannot be used now"}
        return turned_away

    async with hooked(store) as orchestrator:
        assert await post_all(orchestrator) > 5
        with pytest.raises(StoreFull):
            await orchestrator.idle()
    store.close()
    async with hooked(f"sqlite:///{path}") as orchestrator:
        await orchestrator.idle()
        assert sorted(run.id for run in orchestrator.runs(limit=100)) == sorted(taken)
        transport = httpx2.ASGITransport(console(orchestrator))
        async with httpx2.AsyncClient(transport=transport, base_url=BASE) as http:
            assert [(await posted(http, number)).status_code for number in range(60)] == [202] * 60
        assert len(orchestrator.runs(limit=100)) == 60
