"""What a workflow shows beside its question: stored as JSON, whatever it is made of."""

import asyncio
import json
import math
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import pytest
from pydantic import BaseModel

from handrail import Orchestrator, Run, Workflow, workflow
from handrail_orchestrator import asked
from tests.unit.orchestrator.commands import STORE, done, working_in


class Total(BaseModel):
    amount: Decimal


@dataclass(frozen=True)
class Place:
    city: str


BESIDE: list[tuple[Any, Any]] = [
    ({"score": math.nan}, {"score": "NaN"}),
    ([math.inf, -math.inf, 0.5], ["Infinity", "-Infinity", 0.5]),
    ({"total": Decimal("1.50"), "due": date(2026, 1, 31)}, {"total": "1.50", "due": "2026-01-31"}),
    (Total(amount=Decimal("1.50")), {"amount": "1.50"}),
    ([Place("Köln")], [{"city": "Köln"}]),
    ({"a": ("b", None)}, {"a": ["b", None]}),
]


def asking_with(context: Any) -> Workflow[str, bool]:
    @workflow(version=1)
    async def asking(run: Run, text: str) -> bool:
        return await run.ask(text, bool, context=context)

    return asking


def no_json(text: str) -> NoReturn:
    raise AssertionError(f"{text} is no JSON")


@pytest.mark.parametrize(("context", "shown"), BESIDE, ids=str)
async def test_a_context_is_shown_as_json_and_the_answer_is_found_again(
    tmp_path: Path, context: Any, shown: Any
) -> None:
    asking = asking_with(context)
    async with Orchestrator(f"sqlite:///{tmp_path / 's.db'}", workflows=[asking]) as orchestrator:
        handle = await orchestrator.start(asking, "well?", id="one")
        await orchestrator.idle()
        (item,) = orchestrator.reviews()
        (step,) = orchestrator.steps("one")
        assert item.context == step.input["context"] == shown
        json.loads(json.dumps(item.as_json()), parse_constant=no_json)

        await orchestrator.decide(item.id, value=True, by="ann")
        assert await handle.result() is True


async def test_a_context_that_has_no_json_fails_its_run_and_says_which(tmp_path: Path) -> None:
    asking = asking_with({"a": object()})
    async with Orchestrator(f"sqlite:///{tmp_path / 's.db'}", workflows=[asking]) as orchestrator:
        await orchestrator.start(asking, "well?", id="one")
        await orchestrator.idle()
        error = orchestrator.run("one").error
        assert error is not None
        assert error.type == "NotStorable"
        assert "the context of 'well?'" in error.message


def test_a_question_that_an_earlier_version_asked_with_nan_is_the_same_question() -> None:
    recorded = '{"answer": "boolean", "context": {"score": NaN}, "question": "well?"}'
    assert asked.differing(recorded, asked.question("well?", '{"score": "NaN"}', '"boolean"')) == []


@pytest.mark.parametrize("command", ["review list", "review show 1", "runs show one", "runs list"])
def test_commands_print_json_of_what_an_earlier_version_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    async def ask() -> None:
        asking = asking_with({"score": 0.5})
        async with Orchestrator(STORE, workflows=[asking]) as orchestrator:
            await orchestrator.start(asking, "well?", id="one")
            await orchestrator.idle()

    with working_in(tmp_path, monkeypatch):
        asyncio.run(ask())
        with closing(sqlite3.connect("runs.db")) as database:
            database.execute("UPDATE reviews SET context = '{\"score\": NaN}'")
            database.execute("UPDATE steps SET input = replace(input, '0.5', '-Infinity')")
            database.commit()
        printed = done(*command.split(), "--store", STORE, "--json").splitlines()
    assert printed
    for line in printed:
        assert json.loads(line, parse_constant=no_json)
