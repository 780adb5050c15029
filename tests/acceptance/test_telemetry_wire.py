"""What goes over the wire: the published messages over HTTP and gRPC, from commands that are killed and go on."""

import asyncio
import base64
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from handrail import Client, Orchestrator
from handrail.orchestrator import in_trace
from tests.acceptance.processes import HERE, finish, kill
from tests.acceptance.traced_flow import traced

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
PATIENCE_SECONDS = 60.0


@dataclass
class Receiver:
    """A receiver in a process of its own."""

    file: Path
    http: str
    grpc: str

    def messages(self) -> list[dict[str, Any]]:
        if not self.file.exists():
            return []
        return [json.loads(line) for line in self.file.read_text(encoding="utf-8").splitlines()]

    def spans(self) -> list[dict[str, Any]]:
        return [
            span
            for each in self.messages()
            for resource in each["message"].get("resourceSpans", [])
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]

    def metrics(self) -> set[str]:
        return {
            metric["name"]
            for each in self.messages()
            for resource in each["message"].get("resourceMetrics", [])
            for scope in resource["scopeMetrics"]
            for metric in scope["metrics"]
        }


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    file = tmp_path / "received.jsonl"
    process = subprocess.Popen(
        [sys.executable, str(HERE / "otlp_receiver.py"), str(file)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        where = json.loads(process.stdout.readline())
        yield Receiver(file, where["http"], where["grpc"])
    finally:
        process.kill()
        process.communicate()


def environment(tmp_path: Path, endpoint: str, protocol: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return {
        **kept,
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "TRACED_MARKS": str(tmp_path),
    }


def work(tmp_path: Path, env: dict[str, str], *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "handrail", "work", f"{HERE / 'traced_flow.py'}:traced"]
    command += ["--store", f"sqlite:///{tmp_path / 'runs.db'}", *options]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


async def started(tmp_path: Path) -> None:
    """Start a run that waits for an event, as a web application without telemetry would, and send the event."""
    async with Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=[traced]) as orchestrator:
        with in_trace(CALLER):
            await orchestrator.start(traced, 1, id="r1")
        await orchestrator.idle()
        await orchestrator.send("r1", "more", 10)


def wait_for(tmp_path: Path, pattern: str) -> None:
    over = time.monotonic() + PATIENCE_SECONDS
    while not list(tmp_path.glob(pattern)):
        assert time.monotonic() < over, f"no {pattern}"
        time.sleep(0.05)


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_a_run_whose_worker_was_killed_is_one_trace_over_the_wire(
    tmp_path: Path, receiver: Receiver, protocol: str
) -> None:
    endpoint = receiver.grpc if protocol == "grpc" else receiver.http
    env = environment(tmp_path, endpoint, protocol)
    asyncio.run(started(tmp_path))

    first = work(tmp_path, env)
    wait_for(tmp_path, "begun-1-*")
    kill(first)
    (tmp_path / "go").touch()
    second = work(tmp_path, env, "--until-idle", "--log-json")
    _, errors = second.communicate(timeout=PATIENCE_SECONDS)
    assert second.returncode == 0, errors

    assert asyncio.run(output(tmp_path)) == 13
    spans = receiver.spans()
    assert {each["way"] for each in receiver.messages()} == {"grpc" if protocol == "grpc" else "http"}
    assert {base64.b64decode(span["traceId"]).hex() for span in spans} == {CALLER.split("-")[1]}
    names = [span["name"] for span in spans]
    assert names.count("invoke_workflow traced") == 1  # the one that was killed never ended
    assert "step slow" in names
    assert {"handrail.step.duration", "gen_ai.invoke_workflow.duration"} <= receiver.metrics()
    lines = [json.loads(line) for line in errors.splitlines() if line.startswith("{")]
    (at_it,) = (line for line in lines if line["message"] == "at it")
    assert (at_it["run"], at_it["step"]) == ("r1", "slow")
    assert at_it["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    (step,) = (span for span in spans if span["name"] == "step slow")
    assert bytes.fromhex(at_it["span_id"]) == base64.b64decode(step["spanId"])  # as JSON of protobuf has it


async def output(tmp_path: Path) -> object:
    async with Client(f"sqlite:///{tmp_path / 'runs.db'}") as client:
        return client.run("r1").output


def test_a_receiver_that_is_down_or_never_answers_does_not_keep_a_command_from_ending(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.create_server(("127.0.0.1", 0)) as gone:
        ports = silent.getsockname()[1], gone.getsockname()[1]
        gone.close()  # one accepts, and says nothing
        commands: dict[Path, subprocess.Popen[str]] = {}
        for protocol, port in zip(("http/protobuf", "grpc"), ports, strict=True):
            folder = tmp_path / protocol.partition("/")[0]
            folder.mkdir()
            (folder / "go").touch()
            asyncio.run(started(folder))
            env = environment(folder, f"http://127.0.0.1:{port}", protocol)
            commands[folder] = work(folder, env, "--until-idle")
        for folder, command in commands.items():
            finish(command, PATIENCE_SECONDS)
            assert asyncio.run(output(folder)) == 13
