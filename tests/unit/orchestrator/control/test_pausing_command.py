"""The command that lets something rest says when nothing in the store has that name."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.orchestrator.commands import STORE, done, handrail, working_in

FLOW = """
from handrail import Escalation, Run, workflow


@workflow(version=1)
async def asking(run: Run, name: str) -> bool:
    return await run.ask(f"Let {name} in?", bool, escalate=Escalation(queue="door"))
"""


@pytest.fixture(autouse=True)
def _own_folder(either_store: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with working_in(either_store, monkeypatch):
        Path("flow.py").write_text(FLOW, encoding="utf-8")
        Path("names.jsonl").write_text('"ann"\n', encoding="utf-8")
        done("run", "flow.py:asking", "names.jsonl", "--store", STORE)
        yield


@pytest.mark.parametrize(
    ("option", "known", "mistyped"), [("--workflow", "asking", "askin"), ("--queue", "door", "dor")]
)
def test_a_name_that_nothing_has_rests_and_is_told(option: str, known: str, mistyped: str) -> None:
    assert handrail("pause", option, known, "--store", STORE).stderr == ""
    told = handrail("pause", option, mistyped, "--store", STORE)
    assert told.exit_code == 0
    assert f"{mistyped!r} yet: check the name" in told.stderr
