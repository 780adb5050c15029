"""``handrail run`` and ``handrail work``: what they do, do only once, and say when they cannot."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.unit.orchestrator.commands import (
    FLOWS,
    PAY,
    STORE,
    TICKETS,
    TRIAGE,
    done,
    effects,
    handrail,
    refused,
    run_tickets,
    statuses,
    working_in,
    write,
)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with working_in(tmp_path, monkeypatch):
        yield


# -- run: what cannot be


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("nowhere:triage", "there is no module 'nowhere'"),
        ("no/such/file.py:triage", "there is no file no/such/file.py"),
        (f"{FLOWS}:triaje", "has no 'triaje'; workflows there: pay, triage"),
        (f"{FLOWS}:Team", "failed to build its workflow"),
        (f"{FLOWS}:route", "failed to build its workflow"),
        (f"{FLOWS}:__doc__", "is str, not a workflow: mark it with @workflow(version=1)"),
        ("triage", "write MODULE:WORKFLOW"),
    ],
)
def test_a_target_that_is_no_workflow_is_refused(target: str, said: str) -> None:
    assert said in refused(run_tickets(target=target))


def test_a_module_that_fails_on_import_says_why() -> None:
    Path("broken_on_import.py").write_text("import json\njson.loads('{')\n", encoding="utf-8")
    assert "cannot be imported: JSONDecodeError" in refused(run_tickets(target="broken_on_import:triage"))


@pytest.mark.slow
def test_a_module_that_lacks_a_library_names_it() -> None:
    Path("wants_a_library.py").write_text("import no_such_library\n", encoding="utf-8")
    assert "No module named 'no_such_library'" in refused(run_tickets(target="wants_a_library:triage"))


def test_a_step_whose_result_cannot_be_stored_is_refused_before_anything_starts() -> None:
    Path("unstorable.py").write_text(
        "from handrail import Run, action, workflow\n"
        "@action\nasync def fetch(n: int) -> object: ...\n"
        "@workflow(version=1)\nasync def get(run: Run, n: int) -> int:\n    await run.step(fetch, n)\n    return n\n",
        encoding="utf-8",
    )
    said = refused(run_tickets(target="unstorable:get", tickets=[1, 2]))
    assert "step 'fetch', its result" in said


def test_a_wrong_input_is_named_by_line_and_field() -> None:
    tickets = [*TICKETS, {"id": "e", "text": "sure", "amount": "a lot"}]
    said = refused(run_tickets(tickets=tickets))
    assert "tickets.jsonl, line 5, field 'amount': " in said
    assert '"a lot"' in said


def test_every_wrong_line_is_named_at_once() -> None:
    said = refused(run_tickets(tickets=[{"id": "a"}, *TICKETS[1:3], {"text": "sure"}, 7]))
    assert "3 lines cannot be used; no run was started" in said
    assert "line 1, field 'text'" in said
    assert "line 4, field 'id'" in said
    assert "line 5" in said


def test_a_line_that_is_not_json_is_named() -> None:
    Path("tickets.jsonl").write_text('{"id": "a", "text": "sure"}\n{"id": \n', encoding="utf-8")
    assert "line 2: it is not JSON" in refused(handrail("run", TRIAGE, "tickets.jsonl", "--store", STORE))


def test_an_id_that_appears_twice_is_named_with_both_lines() -> None:
    said = refused(run_tickets(tickets=[*TICKETS, {"id": "b", "text": "again"}]))
    assert "line 5, field 'id': id 'b' is already that of line 2" in said


def test_an_empty_file_is_refused() -> None:
    assert "it holds no input" in refused(run_tickets(tickets=[]))


def test_a_missing_file_is_refused() -> None:
    said = refused(handrail("run", TRIAGE, "nowhere.jsonl", "--store", STORE))
    assert "nowhere.jsonl: there is no such file" in said


@pytest.mark.parametrize("store", ["runs.db", "sqlite:/runs.db", "mysql://somewhere/runs"])
def test_a_wrong_store_address_is_refused(store: str) -> None:
    said = refused(handrail("run", TRIAGE, write(TICKETS), "--store", store))
    assert "is no store address: write sqlite:///FILE" in said


def test_a_store_in_a_folder_that_does_not_exist_is_refused() -> None:
    said = refused(handrail("run", TRIAGE, write(TICKETS), "--store", "sqlite:///nowhere/runs.db"))
    assert "check that the folder exists" in said


@pytest.mark.parametrize("command", ["run", "work", "review", "runs"])
def test_a_store_of_a_newer_version_is_refused_and_not_touched(command: str) -> None:
    SqliteStore("newer.db").close()
    connection = sqlite3.connect("newer.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = Path("newer.db").read_bytes()
    arguments = {
        "run": ("run", TRIAGE, write(TICKETS)),
        "work": ("work", TRIAGE, "--until-idle"),
        "review": ("review", "list"),
        "runs": ("runs", "list"),
    }[command]
    said = refused(handrail(*arguments, "--store", "sqlite:///newer.db"))
    assert "format 99" in said
    assert "upgrade Handrail" in said
    assert Path("newer.db").read_bytes() == before


def test_an_id_that_was_started_with_another_input_starts_none_of_the_file() -> None:
    run_tickets(tickets=TICKETS[:1])
    result = run_tickets(tickets=[*TICKETS[1:], {"id": "a", "text": "another"}])
    assert result.exit_code == 2
    assert "run 'a' exists with another input" in result.stderr
    assert statuses() == {"a": "completed"}


@pytest.mark.dear
def test_a_process_ends_with_one_message_and_no_traceback() -> None:
    command = [sys.executable, "-m", "handrail", "run", "nowhere:triage", write(TICKETS), "--store", STORE]
    process = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert process.returncode == 2
    assert process.stdout == ""
    (line,) = process.stderr.splitlines()
    assert line.startswith("handrail: there is no module 'nowhere'")
    assert not Path("runs.db").exists()


# -- run: what it does


def test_json_output_is_one_object_with_counts_that_add_up() -> None:
    result = run_tickets("--json")
    assert result.exit_code == 0, result.stderr
    summary = json.loads(result.stdout)
    assert summary["runs"] == 4
    assert (summary["by_model"], summary["waiting_for_person"]) == (2, 2)
    counts = ("by_rule", "by_model", "by_person", "by_policy", "waiting_for_person", "waiting", "failed", "cancelled")
    assert sum(summary[name] for name in counts) == 4


def test_the_summary_ends_with_the_commands_to_type_next() -> None:
    shown = run_tickets().stdout
    assert "waiting for a person            2" in shown
    assert f"handrail review next --store {STORE} --as YOUR_NAME" in shown


def test_the_same_command_again_does_nothing_twice() -> None:
    first = json.loads(run_tickets("--json").stdout)
    effects_before = effects()
    assert json.loads(run_tickets("--json").stdout) == first
    assert effects() == effects_before == ["a/send", "d/send"]


def test_without_an_id_field_runs_are_named_after_file_and_line() -> None:
    done("run", TRIAGE, write(TICKETS[:2]), "--store", STORE)
    assert statuses() == {"tickets:1": "completed", "tickets:2": "waiting"}


def test_failed_runs_are_counted_by_error_and_exit_with_1() -> None:
    result = run_tickets(target=PAY, tickets=[{"id": n, "text": "x", "amount": 5} for n in "ab"])
    assert result.exit_code == 1
    assert "2 × StepFailed: step 'charge' failed with ValueError: cannot charge 5" in result.stdout
    assert f"handrail runs list --status failed --store {STORE}" in result.stdout


def test_a_result_of_another_type_than_promised_fails_its_run_and_is_not_recorded() -> None:
    Path("promises.py").write_text(
        "from handrail import Run, action, workflow\n"
        "@action\nasync def fetch(n: int) -> int:\n    return 'many' if n else 0\n"
        "@workflow(version=1)\nasync def get(run: Run, n: int) -> int:\n    return await run.step(fetch, n)\n",
        encoding="utf-8",
    )
    result = handrail("run", "promises:get", write([0, 1]), "--store", STORE)
    assert result.exit_code == 1
    assert statuses() == {"tickets:1": "completed", "tickets:2": "failed"}
    assert "step 'fetch' failed with NotStorable: step 'fetch', its result" in result.stdout


# -- work


def test_work_needs_code_that_exists() -> None:
    assert "has no 'triaje'" in refused(handrail("work", f"{FLOWS}:triaje", "--store", STORE, "--until-idle"))


def test_work_refuses_two_workflows_of_one_version() -> None:
    assert "two workflows execute 'triage' version 1" in refused(
        handrail("work", TRIAGE, TRIAGE, "--store", STORE, "--until-idle")
    )
