"""The alerts ask for numbers that the console tells, by labels that these have."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, get_args

import httpx2
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from handrail import Client, Escalation, Orchestrator, Run, workflow
from handrail.console.app import console
from handrail.console.context import ConsoleSettings
from handrail_orchestrator.store.rows import RunStatus
from tests.unit.deploy.files import DEPLOY

FILE = DEPLOY / "prometheus" / "alerts.yaml"
RULES: list[dict[str, Any]] = [rule for group in yaml.safe_load(FILE.read_text())["groups"] for rule in group["rules"]]


@workflow(version=1)
async def pays(run: Run, amount: int) -> bool:
    return await run.ask(f"Pay {amount}?", bool, escalate=Escalation(queue="money"))


@pytest.fixture
async def labels(tmp_path: Path) -> dict[str, set[str]]:
    """Return the labels of every number that the console tells of a store, by its name."""
    store = f"sqlite:///{tmp_path}/runs.db"
    async with Orchestrator(store, workflows=[pays]) as orchestrator:
        await orchestrator.start(pays, 7)
        await orchestrator.idle()
        await orchestrator.pause(queue="money", by="ann", why="a rest")
    async with Client(store) as client:
        await client.start("pays", 8)  # nobody takes it: it is due
        transport = httpx2.ASGITransport(console(client, ConsoleSettings()), client=("127.0.0.1", 5000))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            text = (await http.get("/metrics")).text
    return {
        family.name: {label for sample in family.samples for label in sample.labels}
        for family in text_string_to_metric_families(text)
    }


@pytest.mark.dear
async def test_every_number_of_an_alert_is_told_with_its_labels(labels: dict[str, set[str]]) -> None:
    assert RULES
    for rule in RULES:
        expression, summary = rule["expr"], rule["annotations"]["summary"]
        names = set(re.findall(r"\b(handrail_\w+|up)\b", expression))
        used = {
            *re.findall(r"by \((\w+)\)", expression),
            *re.findall(r"\$labels\.(\w+)", summary),
            *(name for name in re.findall(r"(\w+)=\"", expression) if name != "job"),
        }
        assert len(names) == 1, rule["alert"]
        (name,) = names
        assert name == "up" or name in labels, rule["alert"]
        assert used <= labels.get(name, set()), rule["alert"]


def test_every_status_of_an_alert_is_one_that_runs_have() -> None:
    named = {status for rule in RULES for status in re.findall(r'status="(\w+)"', rule["expr"])}

    assert named
    assert named <= set(get_args(RunStatus))


def test_prometheus_takes_the_file() -> None:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("no promtool on this machine: it comes with Prometheus")

    done = subprocess.run([program, "check", "rules", str(FILE)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
