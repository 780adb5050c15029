"""The ``handrail`` command in a folder of its own, for the tests of its parts."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from handrail.cli import app
from tests.stores import on_a_server

FLOWS = Path(__file__).with_name("cli_flows.py")
TRIAGE = f"{FLOWS}:triage"
PAY = f"{FLOWS}:pay"
STORE = "sqlite:///runs.db"

TICKETS = [
    {"id": "a", "text": "sure thing"},
    {"id": "b", "text": "hm"},
    {"id": "c", "text": "who knows"},
    {"id": "d", "text": "I am sure"},
]


@contextmanager
def working_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work in a folder of the test's own, and forget what modules it imported from there."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))
    known = set(sys.modules)
    yield
    for name in set(sys.modules) - known:
        if str(folder) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def on_its_store(arguments: Sequence[str]) -> list[str]:
    """Return what is given to a command, with the address of the store where that is on a server."""
    store = on_a_server(Path.cwd()) or STORE
    return [store if each == STORE else each for each in arguments]


def handrail(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, on_its_store(arguments), input=typed)


def done(*arguments: str, typed: str = "") -> str:
    """Run a command that must succeed and return what it printed."""
    result = handrail(*arguments, typed=typed)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def write(lines: list[Any], name: str = "tickets.jsonl") -> str:
    Path(name).write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return name


def run_tickets(*more: str, target: str = TRIAGE, tickets: list[Any] = TICKETS) -> Result:
    return handrail("run", target, write(tickets), "--store", STORE, "--id-field", "id", *more)


def effects() -> list[str]:
    file = Path("done")
    return sorted(file.read_text(encoding="utf-8").split()) if file.exists() else []


def statuses() -> dict[str, str]:
    rows = [json.loads(line) for line in done("runs", "list", "--store", STORE, "--json").splitlines()]
    return {row["id"]: row["status"] for row in rows}


def refused(result: Result) -> str:
    """Check that a command ended as one that was used wrongly, and return its one message."""
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("handrail: ")
    assert "Traceback" not in result.stderr
    assert not Path("runs.db").exists(), "a refused command must not leave a store"
    assert effects() == []
    return result.stderr
