"""``handrail eval run --rules-from STORE``: a promise accepts in an evaluation what it would accept in the store."""

import asyncio
import json
from pathlib import Path

import pytest

from handrail_orchestrator.client import Client
from handrail_orchestrator.store.promises import MovePromise, NewRule
from tests.stores import store_in
from tests.unit.evals.show.cli.commands import handrail
from tests.unit.orchestrator import commands

STORE = "sqlite:///runs.db"
CODE = """
from typing import Literal
from handrail import Case, Run, Says, ScriptedModel, Suite, classify, exact, workflow
from handrail.evals import workflow_target
from handrail.guards import promise

Letter = Literal["a", "b"]

class Served(ScriptedModel):
    server = "https://models.example/v1"

def sure(request):
    return Says("a", float(request.text.rsplit(maxsplit=1)[-1]))

letter = classify("letter", Letter, "Which?", models=Served(sure, name="one"), accept=promise(wrong_at_most=0.2))
other = classify("other", Letter, "Which?", models=Served(sure, name="one"), accept=promise(wrong_at_most=0.2))

@workflow(version=1)
async def sort(run: Run, text: str) -> Letter:
    return await run.decide(letter, text)

@workflow(version=1)
async def again(run: Run, text: str) -> Letter:
    return await run.decide(letter, text)

CASES = [Case(f"c{n}", f"{n} {n / 100:.2f}", "a") for n in range(100)]
steps = Suite("steps", letter, cases=CASES, scorers=[exact()])
others = Suite("others", other, cases=CASES, scorers=[exact()])
flows = Suite("flows", workflow_target(sort), cases=CASES, scorers=[exact()])
functions = Suite("functions", str.upper, cases=CASES, scorers=[exact()])
"""


def decided(flow: str = "sort", *, threshold: float | None) -> None:
    """Have a case decided in the store, and its promise accept from a confidence on."""
    Path("letters.py").write_text(CODE, encoding="utf-8")
    commands.handrail("run", f"letters.py:{flow}", commands.write(["0 0.5"], f"{flow}.jsonl"), "--store", STORE)

    async def ruled() -> None:
        async with Client(store_in(Path.cwd())) as client:
            row = next(each for each in client.promise_store.promises() if each.workflow == flow)
            rule = NewRule(threshold, 0.1, 0.1, None, cases=90, labels=80, wrong=0, why="for the test")
            await client.change_promises(MovePromise(row.id, row.version, client.now(), "keeper", 0, None, rule))

    asyncio.run(ruled())


def accepted(suite: str, *options: str, code: int = 0) -> int:
    """Return how many cases were accepted."""
    handrail("run", f"letters.py:{suite}", "--out", "result.jsonl", "--fresh", "--json", *options, code=code)
    lines = [json.loads(line) for line in Path("result.jsonl").read_text(encoding="utf-8").splitlines()]
    return sum(line.get("accepted") is True for line in lines)


@pytest.mark.usefixtures("either_store")
@pytest.mark.slow
def test_steps_and_workflows_accept_by_the_rules_in_force_in_a_store() -> None:
    decided(threshold=0.6)
    for suite in ("steps", "flows"):
        assert accepted(suite) == 0
        assert accepted(suite, "--rules-from", STORE) == 40


@pytest.mark.slow
def test_a_recording_stands_for_the_server_that_was_asked() -> None:
    decided(threshold=0.6)
    for suite in ("steps", "flows"):
        recording = ("--recording", f"{suite}.recording", "--rules-from", STORE)
        assert accepted(suite, "--record", *recording) == 40
        assert accepted(suite, *recording) == 40


@pytest.mark.slow
def test_without_rules_it_is_said_that_a_promise_accepts_nothing_and_what_to_give() -> None:
    decided(threshold=0.6)
    for suite in ("steps", "flows"):
        said = handrail("run", f"letters.py:{suite}", "--out", f"{suite}.jsonl").stderr
        assert "step 'letter' is under a promise and accepts nothing here: give --rules-from STORE" in said
        said = handrail("run", f"letters.py:{suite}", "--out", f"{suite}2.jsonl", "--rules-from", STORE).stderr
        assert "under a promise" not in said


@pytest.mark.dear
def test_a_result_by_other_rules_is_another_measurement() -> None:
    decided(threshold=0.6)
    handrail("run", "letters.py:flows", "--out", "result.jsonl", "--first", "10", "--rules-from", STORE)
    decided(threshold=0.7)
    refused = handrail("run", "letters.py:flows", "--out", "result.jsonl", "--rules-from", STORE, code=2)
    assert "the target changed" in refused.stderr


@pytest.mark.dear
def test_what_no_store_promises_is_refused_with_what_to_do() -> None:
    decided(threshold=0.6)
    assert "no case of step 'other'" in handrail("run", "letters.py:others", "--rules-from", STORE, code=2).stderr
    said = handrail("run", "letters.py:functions", "--rules-from", STORE, code=2).stderr
    assert "no AI step and no workflow" in said
    said = handrail("run", "letters.py:steps", "--rules-from", STORE, "--answers-from", "x.jsonl", code=2).stderr
    assert "exclude each other" in said
    decided("again", threshold=0.6)
    said = handrail("run", "letters.py:steps", "--rules-from", STORE, code=2).stderr
    assert "several workflows (again, sort)" in said
    assert accepted("flows", "--rules-from", STORE) == 40


def test_a_store_without_promises_is_refused() -> None:
    Path("letters.py").write_text(CODE, encoding="utf-8")

    async def made() -> None:
        async with Client(STORE, create=True):
            pass

    asyncio.run(made())
    assert "nothing is promised in" in handrail("run", "letters.py:steps", "--rules-from", STORE, code=2).stderr
