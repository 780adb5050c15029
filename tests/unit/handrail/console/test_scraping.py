"""``/metrics``: the store's numbers for Prometheus, who may read them, and that they do not grow with the runs."""

import importlib
import sys
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from handrail import Client, Orchestrator, Run, Workflow, workflow
from handrail.console.app import console
from handrail.console.context import ConsoleSettings
from tests.unit.handrail.console.served import BASE, opened, tickets

HERE = ("127.0.0.1", 5000)
ELSEWHERE = ("192.0.2.7", 5000)


def numbers(text: str) -> dict[tuple[str, str], float]:
    """Return each sample by its name and labels."""
    return {
        (sample.name, ",".join(f"{value}" for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def scraped(
    store: str, *, token: str | None = None, client: tuple[str, int] = HERE, headers: dict[str, str] | None = None
) -> httpx2.Response:
    async with Client(store) as desk:
        app = console(desk, ConsoleSettings(metrics_token=token))
        transport = httpx2.ASGITransport(app=app, client=client)
        async with httpx2.AsyncClient(transport=transport, base_url=BASE) as http:
            return await http.get("/metrics", headers=headers)


async def test_numbers_are_those_of_the_store(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        await site.ask(tickets, "one", "two", "three")
        answer = await site.http.get("/metrics")
        waiting = site.engine.review_count()
        counts = site.engine.counts()

    found = numbers(answer.text)
    assert answer.headers["content-type"].startswith("text/plain")
    assert waiting == 3
    assert sum(value for (name, _), value in found.items() if name == "handrail_queue_items") == waiting
    assert found["handrail_questions", ""] == waiting
    assert sum(value for (name, _), value in found.items() if name == "handrail_runs") == sum(counts.values())
    assert all(value >= 0 for value in found.values())


async def test_a_caller_that_accepts_openmetrics_gets_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        answer = await site.http.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})

    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


@pytest.mark.dear
async def test_no_label_names_a_run_and_names_beyond_the_first_are_folded(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    flows = [made(f"flow-{n:03}") for n in range(230)]
    async with Orchestrator(store, workflows=flows) as orchestrator:
        for n, each in enumerate(flows):
            await orchestrator.start(each, n, id=f"customer-{n}@example.com")
        await orchestrator.idle()
    answer = await scraped(store)

    found = numbers(answer.text)
    of_runs = {labels: value for (name, labels), value in found.items() if name == "handrail_runs"}
    assert "customer-" not in answer.text
    assert len(of_runs) == 201
    assert of_runs["completed,other"] == 30
    assert sum(of_runs.values()) == 230


def made(name: str) -> Workflow[int, int]:
    @workflow(version=1, name=name)
    async def flow(run: Run, n: int) -> int:
        del run
        return n

    return flow


@pytest.fixture
async def store(tmp_path: Path) -> str:
    async with opened(tmp_path) as site:
        return str(site.engine.store)


def without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in sys.modules if each.partition(".")[0] == "prometheus_client"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.delitem(sys.modules, "handrail.console.store_numbers", raising=False)
    monkeypatch.delattr(importlib.import_module("handrail.console"), "store_numbers", raising=False)


async def test_without_the_library_a_problem_says_what_to_install_to_those_who_may_read(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_the_library(monkeypatch)
    answer = await scraped(store)
    elsewhere = await scraped(store, client=ELSEWHERE)
    async with Client(store) as desk:
        transport = httpx2.ASGITransport(app=console(desk))
        async with httpx2.AsyncClient(transport=transport, base_url=BASE) as http:
            page = await http.get("/queue")

    assert answer.status_code == 501
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Implemented",
        "status": 501,
        "detail": 'this needs prometheus_client, which is not installed: pip install "handrail[telemetry]"',
        "instance": "/metrics",
    }
    assert elsewhere.status_code == 403
    assert page.status_code == 200


@pytest.mark.parametrize(
    ("headers", "client", "status"),
    [
        ({}, HERE, 200),
        ({}, ("::1", 5000), 200),
        ({}, ELSEWHERE, 403),
        ({"x-forwarded-for": "192.0.2.7"}, HERE, 403),
        ({"forwarded": "for=192.0.2.7"}, HERE, 403),
        ({"via": "1.1 proxy"}, HERE, 403),
        ({"authorization": "Bearer guessed"}, ELSEWHERE, 403),
    ],
)
async def test_without_a_token_they_are_for_this_machine_alone(
    store: str, headers: dict[str, str], client: tuple[str, int], status: int
) -> None:
    answer = await scraped(store, client=client, headers=headers)

    assert answer.status_code == status
    assert ("handrail_runs" in answer.text) == (status == 200)


@pytest.mark.parametrize(
    ("authorization", "status"),
    [("Bearer right", 200), ("bearer right", 200), ("Bearer wrong", 403), ("Basic right", 403), ("", 403)],
)
async def test_with_a_token_they_are_for_who_has_it_wherever_they_are(
    store: str, authorization: str, status: int
) -> None:
    for client in (HERE, ELSEWHERE):
        answer = await scraped(store, token="right", client=client, headers={"authorization": authorization})
        assert answer.status_code == status
