"""Triggers on the command line: given to those who work, listed, paused, resumed, fired by hand, struck off."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.orchestrator.commands import STORE, done, handrail, working_in

FLOW = """
from handrail import Run, workflow
from handrail.orchestrator import Occurrence, every, on


@workflow(version=1)
async def report(run: Run, when: Occurrence) -> str:
    return when.at.isoformat()


one = every("0 9 * * *", workflow=report)
wrong = [one, "0 9 * * *"]
number = 3


def some():
    return [one, every("0 17 * * *", workflow=report, name="evening")]
"""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with working_in(tmp_path, monkeypatch):
        Path("desk.py").write_text(FLOW, encoding="utf-8")
        yield


def work(triggers: str = "desk.py:some") -> str:
    return done("work", "desk.py:report", "--triggers", triggers, "--until-idle", "--store", STORE)


def listed() -> dict[str, dict[str, object]]:
    lines = done("triggers", "list", "--store", STORE, "--json").splitlines()
    return {each["name"]: each for each in map(json.loads, lines)}


@pytest.mark.dear
def test_triggers_of_a_function_or_alone_are_given_and_listed() -> None:
    work("desk.py:one")
    assert list(listed()) == ["every:report"]
    work()
    found = listed()
    assert sorted(found) == ["evening", "every:report"]
    assert found["evening"]["says"] == "0 17 * * * UTC, catches up last"
    table = done("triggers", "list", "--store", STORE)
    assert "evening" in table
    assert "fires" in table


@pytest.mark.dear
@pytest.mark.usefixtures("either_store")
def test_one_is_paused_resumed_and_fired_and_the_history_says_by_whom() -> None:
    work()
    assert (
        done("triggers", "pause", "evening", "--note", "closed", "--as", "ann", "--store", STORE) == "evening: paused\n"
    )
    assert "already" in done("triggers", "pause", "evening", "--as", "ann", "--store", STORE)
    assert "paused since" in done("triggers", "list", "--store", STORE)
    refused = handrail("triggers", "fire", "evening", "--as", "ann", "--store", STORE)
    assert refused.exit_code == 2
    assert "resume it first" in refused.stderr
    again = done("triggers", "resume", "evening", "--note", "open", "--as", "ann", "--store", STORE)
    assert again == "evening: fires again\n"
    by_hand = done("triggers", "fire", "evening", "--note", "for the boss", "--as", "ann", "--store", STORE)
    assert "asked for as hand:1" in by_hand
    assert "1 to fire" in done("triggers", "list", "--store", STORE)
    lines = done("triggers", "history", "evening", "--store", STORE, "--json").splitlines()
    told = [(each["action"], each["actor"], each["reason"]) for each in map(json.loads, lines)]
    assert told[:3] == [
        ("asked", "person:ann", "for the boss"),
        ("resumed", "person:ann", "open"),
        ("paused", "person:ann", "closed"),
    ]
    assert "closed" in done("triggers", "history", "evening", "--store", STORE)
    work()
    assert "evening-hand:1" in done("runs", "list", "--store", STORE)


@pytest.mark.usefixtures("either_store")
def test_one_that_no_code_has_any_more_is_struck_off() -> None:
    work()
    assert done("triggers", "forget", "evening", "--as", "ann", "--store", STORE) == "evening: struck off\n"
    assert list(listed()) == ["every:report"]
    gone = handrail("triggers", "forget", "evening", "--as", "ann", "--store", STORE)
    assert (gone.exit_code, "no trigger 'evening' in this store" in gone.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["work", "desk.py:report", "--triggers", "desk.py:number"], "is int, not a trigger"),
        (["work", "desk.py:report", "--triggers", "desk.py:wrong"], "has str among its triggers"),
        (["work", "desk.py:report", "--triggers", "desk.py:nothing"], "has no 'nothing'"),
        (["serve", "--triggers", "desk.py:one"], "takes --workflows MODULE:WORKFLOW, too"),
        (["triggers", "fire", "every:report", "--as", "ann", "--payload", "{"], "--payload is no JSON"),
        (["triggers", "history", "nobody"], "no trigger 'nobody' in this store"),
        (["triggers", "pause", "nobody", "--as", "ann"], "no trigger 'nobody' in this store"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(arguments: list[str], problem: str) -> None:
    work("desk.py:one")
    refused = handrail(*arguments, "--store", STORE)
    assert refused.exit_code == 2
    assert problem in refused.stderr
