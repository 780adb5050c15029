"""Breakers and limits on the command line: given to those who execute runs, and refused when they are none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.orchestrator.commands import STORE, done, handrail, working_in

FLOW = """
from handrail import Run, action, workflow
from handrail import Limit
from handrail.orchestrator import Breaker


@action(system="crm")
async def enter(name: str) -> str:
    return name.title()


@workflow(version=1)
async def entering(run: Run, name: str) -> str:
    return await run.step(enter, name)


@action(limit="gpu")
async def shout(name: str) -> str:
    return name.upper()


@workflow(version=1)
async def shouting(run: Run, name: str) -> str:
    return await run.step(shout, name)


limits = {"gpu": Limit(concurrent=1, shared=True)}
systems = {"crm": Breaker(failures=3)}
wrong = {"crm": 3}
none = {}


def built() -> dict[str, Breaker]:
    return systems
"""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with working_in(tmp_path, monkeypatch):
        Path("flow.py").write_text(FLOW, encoding="utf-8")
        Path("names.jsonl").write_text('"ann"\n"ben"\n', encoding="utf-8")
        yield


RUN = ("run", "flow.py:entering", "names.jsonl", "--store", STORE)


@pytest.mark.parametrize("name", ["systems", "built"])
def test_runs_whose_actions_need_a_system_are_executed_by_the_commands(name: str) -> None:
    done(*RUN, "--systems", f"flow.py:{name}")
    done("work", "flow.py:entering", "--until-idle", "--systems", f"flow.py:{name}", "--store", STORE)
    assert done("runs", "list", "--status", "completed", "--store", STORE).count("entering v1") == 3


def test_without_its_breaker_a_run_fails_and_says_what_to_give() -> None:
    assert handrail(*RUN).exit_code == 1
    assert "needs system 'crm'" in done("runs", "show", "names:1", "--store", STORE)


@pytest.mark.parametrize("name", ["wrong", "none", "missing"])
def test_what_is_no_breaker_is_refused_in_one_line(name: str) -> None:
    refused = handrail(*RUN, "--systems", f"flow.py:{name}")
    assert refused.exit_code == 2
    assert f"flow.py:{name}" in refused.stderr or f"'{name}'" in refused.stderr


def test_runs_whose_steps_name_a_limit_are_executed_by_the_commands() -> None:
    shouting = ("run", "flow.py:shouting", "names.jsonl", "--store", STORE)
    done(*shouting, "--limits", "flow.py:limits")
    done("work", "flow.py:shouting", "--until-idle", "--limits", "flow.py:limits", "--store", STORE)
    assert done("runs", "list", "--status", "completed", "--store", STORE).count("shouting v1") == 3


@pytest.mark.parametrize("name", ["wrong", "none", "systems", "missing"])
def test_what_is_no_limit_is_refused_in_one_line(name: str) -> None:
    refused = handrail(*RUN, "--limits", f"flow.py:{name}")
    assert refused.exit_code == 2
    assert f"flow.py:{name}" in refused.stderr or f"'{name}'" in refused.stderr
    assert "limitss" not in refused.stderr
