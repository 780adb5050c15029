"""Every option and argument of every command, tried with what people type by mistake: one line and an exit code."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from handrail.cli import app
from handrail.deferred import load
from tests.unit.orchestrator.commands import FLOWS, done, handrail, working_in, write

GROUPS = {
    "run": "handrail_orchestrator.cli.running:run",
    "work": "handrail.working:work",
    "learn": "handrail.learning:learn",
    "new": "handrail.new.command:new",
    "review": "handrail.reviewing:app",
    "runs": "handrail_orchestrator.cli.runs:app",
    "notices": "handrail_orchestrator.cli.notices:app",
    "audit": "handrail_orchestrator.cli.audit:app",
    "stats": "handrail_orchestrator.cli.stats:app",
    "report": "handrail_orchestrator.cli.report:app",
    "prepare": "handrail_orchestrator.cli.preparing:prepare",
    "backup": "handrail_orchestrator.cli.backup:backup",
    "restore": "handrail_orchestrator.cli.backup:restore",
    "document": "handrail.document_command:app",
    "rollout": "handrail.rollout_command:app",
    "promise": "handrail.promise_command:app",
    "eval": "handrail_evals.show.cli:app",
}
STORE = ("--store", "sqlite:///runs.db")
AS = ("--as", "ann", *STORE)
RESULT = "result.jsonl"
RIGHT: dict[str, tuple[str, ...]] = {
    "run": ("flows.py:triage", "tickets.jsonl", *STORE),
    "work": ("flows.py:triage", "--until-idle", *STORE),
    "new": ("support",),
    "learn": ("model", "--from", "nothing.jsonl"),
    "review list": STORE,
    "review show": ("1", *STORE),
    "review decide": ("1", "bugs", *AS),
    "review skip": ("1", *AS),
    "review take": ("1", *AS),
    "review release": ("1", *AS),
    "review snooze": ("1", "--for", "1h", *AS),
    "review assign": ("1", "--to", "ben", *AS),
    "review escalate": ("1", "--code", "unsure", *AS),
    "review note": ("1", "look at page two", *AS),
    "review undo": ("1", *AS),
    "review next": AS,
    "review export": ("--out", "decided.jsonl", *STORE),
    "review stats": AS,
    "review seed": ("--queue", "review", "--workflow", "triage", "--step", "route", *AS),
    "review link": ("1", "--for", "ann", "--base-url", "https://host", *STORE),
    "notices list": STORE,
    "notices retry": STORE,
    "notices stop": STORE,
    "notices test": ("--notices", "flows.py:nothing"),
    "audit verify": STORE,
    "audit export": ("--from", "2026-01-01", "--to", "2026-12-31", "--output", "decisions.jsonl", *STORE),
    "prepare": STORE,
    "backup": ("copy.db", *STORE),
    "restore": ("copy.db", "--store", "sqlite:///other.db"),
    "document show": ("tickets.jsonl",),
    "document check": ("folder",),
    "promise list": STORE,
    "promise show": ("triage/route", *STORE),
    "promise history": ("triage/route", *STORE),
    "promise pause": ("triage/route", "--why", "odd", *AS),
    "promise resume": ("triage/route", "--why", "fine", *AS),
    "promise keep": STORE,
    "promise rescore": ("suites.py:suite", "--why", "it is new", *AS),
    "promise check": ("suites.py:suite", "--cases", "nothing.jsonl", *STORE),
    "rollout status": ("triage/route", "--margin", "0.02", *STORE),
    "rollout promote": ("triage/route", "--to", "0.1", "--why", "good", "--margin", "0.02", *AS),
    "rollout hold": ("triage/route", "--why", "odd", *AS),
    "rollout resume": ("triage/route", "--why", "fine", *AS),
    "rollout history": ("triage/route", *STORE),
    "runs list": STORE,
    "runs show": ("a", *STORE),
    "runs cancel": ("b", *STORE),
    "runs retry": ("a", *STORE),
    "runs fork": ("a", *STORE),
    "runs start": ("triage", "--input", '{"id": "z", "text": "hm"}', *STORE),
    "runs send": ("paid", "--key", "INV-7", *STORE),
    "runs set-result": ("a", "route", "--value", "1", *STORE),
    "runs skip": ("a", "route", *STORE),
    "runs prune": ("--older-than-days", "1", *STORE),
    "runs outcome": ("a", "reopened", *AS),
    "runs log": ("--csv", *STORE),
    "runs forget": ("a", *STORE),
    "stats baseline": ("tickets.jsonl", *AS),
    "report weekly": STORE,
    "eval run": ("suites.py:suite", "--out", "out.jsonl"),
    "eval compare": (RESULT, RESULT),
    "eval gate": ("suites.py:suite", "--baseline", RESULT, "--margin", "0.02"),
    "eval calibrate": ("suites.py:suite", "--target", "0.95", "--delta", "0.1"),
    "eval route": (RESULT, RESULT),
    "eval sweep": ("suites.py:suite", "--vary", "model=own", "--out", "sweep"),
    "eval labels": ("route", *STORE),
    "eval watch": ("route", *STORE, "--file", "watch.json"),
    "eval report": (RESULT, "--html", "page.html"),
    "eval list": (".",),
    "eval show": (RESULT,),
    "eval schema": ("schema.json",),
}
"""A call of each command that works or fails for a good reason; each test changes one thing of it."""

NUMBERS = ("0", "-1", "9" * 30, "9" * 5000, "1e999", "-inf", "nan", "1e300", "1e-320", "", "x", "٣")
TEXTS = (
    *("", "x", "x" * 100_000, "a\nb\x1b[2J", "[" * 100_000, "folder", "blob", "empty", "nowhere/x"),
    *("sqlite:///", "sqlite:///folder", "sqlite:///blob", "sqlite:///:memory:", "flows.py:", "a=nan", "=", "--", "%*"),
)
SUITE = """
from handrail import Case, Suite, exact

async def double(number: int) -> int:
    return 2 * number

suite = Suite("double", double, cases=[Case(f"c{n}", n, 2 * n) for n in range(3)], scorers=[exact()])
"""
EXITS = {0, 1, 2, 3}


def commands() -> dict[str, Any]:
    """Return every command by its name, demo apart: it has one option and takes long."""
    found: dict[str, Any] = {}
    for group, where in GROUPS.items():
        command = load(group, where)
        inner = getattr(command, "commands", {})
        found.update({f"{group} {name}": each for name, each in inner.items()} or {group: command})
    return found


def with_value(command: Any, parameter: Any, value: str, right: tuple[str, ...]) -> list[str]:
    """Return a call in which one parameter has another value."""
    given = list(right)
    if parameter.param_type_name == "option":
        option = parameter.opts[0]
        if option in given:
            given[given.index(option) + 1] = value
            return given
        return [*given, option, value]
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    place = arguments.index(parameter)
    if place < len(given) and not given[place].startswith("--"):
        given[place] = value
    else:
        given.insert(place, value)
    return given


def values_of(parameter: Any) -> tuple[str, ...]:
    if getattr(parameter, "is_bool_flag", False) or parameter.name == "help":
        return ()
    kind = str(parameter.type_descriptor.annotation)
    return NUMBERS if "int" in kind or "float" in kind else TEXTS


@pytest.fixture(scope="module", autouse=True)
def _commands_are_made_once() -> Iterator[None]:
    """Have the program made once, as a process makes it, and not anew for each of the thousands of calls."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.testing._get_command", cache(get_command))
        yield


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with working_in(tmp_path, monkeypatch):
        yield


def prepared() -> None:
    """Fill the folder with what the right calls need."""
    Path("flows.py").write_text(FLOWS.read_text(encoding="utf-8"), encoding="utf-8")
    Path("suites.py").write_text(SUITE, encoding="utf-8")
    write([{"id": "a", "text": "sure"}, {"id": "b", "text": "hm"}])
    Path("folder").mkdir(exist_ok=True)
    Path("blob").write_bytes(bytes(range(256)))
    Path("empty").touch()
    done("run", "flows.py:triage", "tickets.jsonl", "--id-field", "id", *STORE)
    done("eval", "run", "suites.py:suite", "--out", RESULT, "--fresh")


def test_every_command_is_tried() -> None:
    assert set(commands()) == set(RIGHT)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", RIGHT)
def test_what_is_typed_by_mistake_ends_with_one_message(name: str) -> None:
    command = commands()[name]
    prepared()
    for parameter in command.params:
        for value in values_of(parameter):
            call = [*name.split(), *with_value(command, parameter, value, RIGHT[name])]
            result = CliRunner().invoke(app, call, input="q\n")
            told = json.dumps([each[:60] for each in call])
            assert result.exception is None or isinstance(result.exception, SystemExit), told
            assert result.exit_code in EXITS, told
            assert "Traceback" not in result.stderr, f"{told}: {result.stderr[-2000:]}"
            if result.exit_code == 2 and "Usage:" not in result.stderr:
                assert result.stderr.count("handrail: ") <= 1, told
            if not Path("runs.db").exists():
                prepared()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (("review", "show", "9" * 30, *STORE), "nvalid value"),
        (("review", "list", "--limit", "9" * 30, *STORE), "--limit"),
        (("run", "flows.py:triage", "tickets.jsonl", "--concurrency", "9" * 23, *STORE), "--concurrency"),
        (("runs", "prune", "--older-than-days", "inf", *STORE), "older-than-days"),
        (("runs", "prune", "--older-than-days", "nan", *STORE), "older-than-days"),
        (("runs", "fork", "a", "--id", " ", *STORE), "--id is empty"),
        (("review", "skip", "1", "--as", "", *STORE), "it is empty: give your name"),
        (("review", "next", "--as", " ", *STORE), "it is empty: give your name"),
        (("eval", "run", "suites.py:suite", "--out", ""), "it is a folder, a device or a pipe"),
        (("eval", "compare", RESULT, RESULT, "--margin", "1e-320"), "no number of cases can show so small"),
    ],
)
def test_the_message_says_what_is_wrong(call: tuple[str, ...], said: str) -> None:
    prepared()
    result = handrail(*call)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())
