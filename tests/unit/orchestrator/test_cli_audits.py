"""Audits on the command line: items like any other, and nothing goes on when they are decided."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.orchestrator.commands import STORE, done, statuses, working_in, write

PROGRAM = """
from typing import Literal

from handrail import Accepted, Auditing, Doubtful
from handrail.guards import Confidence, Judgement
from handrail import Run, workflow

Team = Literal["billing", "bugs"]


class Route:
    name, output_type, audit = "route", Team, Auditing(1.0, queue="triage")
    instructions = "Which team?"

    async def __call__(self, text: str) -> Accepted[Team] | Doubtful[Team]:
        judgement = Judgement(confidence=Confidence(0.9, "local"), model="stub", source=text)
        return Accepted("billing", judgement)


@workflow(version=1)
async def triage(run: Run, text: str) -> str:
    return await run.decide(Route(), text)
"""


@pytest.fixture(autouse=True)
def _audited_runs(either_store: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with working_in(either_store, monkeypatch):
        Path("audited_triage.py").write_text(PROGRAM, encoding="utf-8")
        done("run", "audited_triage:triage", write(["It crashes.", "I was charged twice."]), "--store", STORE)
        yield


def listed(*more: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done("review", "list", "--store", STORE, "--json", *more).splitlines()]


def test_audits_are_listed_and_shown_without_what_the_model_said() -> None:
    first, second = listed("--queue", "triage")
    assert (first["step"], first["suggestion"], first["alternatives"]) == ("route/audit", None, [])
    shown = done("review", "show", str(second["id"]), "--store", STORE)
    assert "I was charged twice." in shown
    assert "drawn at random, to be decided without a suggestion" in shown
    assert "*" not in shown, "no label is marked as suggested"
    assert "%" not in shown, "and none has a confidence"


def test_deciding_an_audit_starts_no_worker() -> None:
    Path("audited_triage.py").unlink()  # a worker could not be started without complaint
    said = done("review", "decide", str(listed()[0]["id"]), "bugs", "--as", "ann", "--store", STORE)
    assert "bugs by person:ann" in said
    assert "goes on" not in said
    assert set(statuses().values()) == {"completed"}


@pytest.mark.dear
def test_audits_are_answered_one_after_the_other() -> None:
    Path("audited_triage.py").unlink()
    shown = done("review", "next", "--as", "ann", "--store", STORE, typed="\n2\n1\n")  # Enter has nothing to accept
    assert "2 decided, 0 left" in shown
    assert "goes on" not in shown
    assert not listed()
