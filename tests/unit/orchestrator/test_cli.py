"""The commands: what they do, do only once, and say when they cannot."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from handrail.cli import app
from orchestrator.store import SqliteStore

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


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in a folder of the test's own, and forget what modules it imported from there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def handrail(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, list(arguments), input=typed)


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


def test_a_module_that_lacks_a_library_names_it() -> None:
    Path("wants_a_library.py").write_text("import no_such_library\n", encoding="utf-8")
    assert "No module named 'no_such_library'" in refused(run_tickets(target="wants_a_library:triage"))


def test_a_step_whose_result_cannot_be_stored_is_refused_before_anything_starts() -> None:
    Path("unstorable.py").write_text(
        "from orchestrator import Run, action, workflow\n"
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


@pytest.mark.parametrize("store", ["runs.db", "sqlite:/runs.db", "postgresql://somewhere/runs"])
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
    counts = ("by_rule", "by_model", "by_person", "waiting_for_person", "waiting", "failed", "cancelled")
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


# -- review


def items() -> dict[str, int]:
    """Return the open review items' numbers by run id."""
    shown = done("review", "list", "--store", STORE, "--json").splitlines()
    return {item["run_id"]: item["id"] for item in map(json.loads, shown)}


def test_the_list_shows_what_waits_and_how_many() -> None:
    run_tickets()
    assert set(items()) == {"b", "c"}
    shown = done("review", "list", "--store", STORE, "--limit", "1")
    assert "1 of 2 shown" in shown
    assert "confidence 0.40 < 0.8" in shown
    assert "0 of 0 shown" in done("review", "list", "--store", STORE, "--queue", "elsewhere")


def test_an_item_is_shown_with_its_question_and_its_history() -> None:
    run_tickets()
    number = str(items()["b"])
    data = json.loads(done("review", "show", number, "--store", STORE, "--json"))
    assert (data["suggestion"], data["confidence"], data["queue"]) == ("bugs", 0.4, "triage")
    assert [entry["action"] for entry in data["log"]] == ["ask"]
    shown = done("review", "show", number, "--store", STORE)
    assert "*1  bugs" in shown
    assert " 2  billing" in shown


def test_a_decided_run_completes_though_no_worker_is_alive() -> None:
    run_tickets()
    decide = ("review", "decide", str(items()["b"]), "billing", "--as", "ann", "--store", STORE)
    assert done(*decide).strip().endswith('"billing" by person:ann')
    assert statuses()["b"] == "completed"
    assert effects() == ["a/send", "b/send", "d/send"]


def test_an_answer_that_does_not_fit_is_refused_and_the_item_stays() -> None:
    run_tickets()
    result = handrail("review", "decide", str(items()["b"]), "sales", "--as", "ann", "--store", STORE)
    assert result.exit_code == 2
    assert "'sales' is not one of" in result.stderr
    assert set(items()) == {"b", "c"}


def test_an_item_is_not_decided_twice() -> None:
    run_tickets()
    number = str(items()["b"])
    done("review", "decide", number, "bugs", "--as", "ann", "--store", STORE)
    result = handrail("review", "decide", number, "billing", "--as", "ben", "--store", STORE)
    assert result.exit_code == 2
    assert "was decided by person:ann" in result.stderr


def test_an_item_that_does_not_exist_is_named() -> None:
    run_tickets()
    for command in (("show", "99"), ("decide", "99", "bugs", "--as", "ann"), ("skip", "99", "--as", "ann")):
        result = handrail("review", *command, "--store", STORE)
        assert result.exit_code == 2
        assert "no review item 99" in result.stderr


def test_next_accepts_chooses_and_finishes_the_runs() -> None:
    run_tickets()
    shown = done("review", "next", "--as", "ann", "--store", STORE, typed="\n2\n")
    assert "2 decided, 0 left" in shown
    assert statuses() == dict.fromkeys("abcd", "completed")
    outputs = [json.loads(done("runs", "show", run, "--store", STORE, "--json"))["output"] for run in "bc"]
    assert outputs == ["b to bugs", "c to billing"]


def test_next_asks_again_after_an_answer_that_does_not_fit() -> None:
    run_tickets()
    shown = done("review", "next", "--as", "ann", "--store", STORE, typed="sales\n9\nbilling\nq\n")
    assert shown.count("is not one of") == 2
    assert "1 decided, 1 left" in shown


def test_next_skips_each_item_once_and_stops_at_the_end_of_input() -> None:
    run_tickets()
    assert "0 decided, 2 left" in done("review", "next", "--as", "ann", "--store", STORE, typed="s\ns\n")
    assert "0 decided, 2 left" in done("review", "next", "--as", "ann", "--store", STORE)
    for number in items().values():
        log = json.loads(done("review", "show", str(number), "--store", STORE, "--json"))
        assert (log["state"], log["lease_owner"]) == ("open", None)


def test_an_item_that_was_taken_can_be_given_back() -> None:
    run_tickets()
    number = str(items()["b"])
    assert "is open again" in done("review", "skip", number, "--as", "ann", "--store", STORE)
    data = json.loads(done("review", "show", number, "--store", STORE, "--json"))
    assert [entry["action"] for entry in data["log"]] == ["ask", "skip"]


def test_a_decision_is_recorded_where_the_code_has_gone() -> None:
    moved = Path("moved_flows.py")
    moved.write_text(FLOWS.read_text(encoding="utf-8"), encoding="utf-8")
    run_tickets(target="moved_flows.py:triage")
    moved.unlink()
    shown = done("review", "decide", str(items()["b"]), "bugs", "--as", "ann", "--store", STORE)
    assert "recorded; 'triage' goes on when a worker for it is up" in shown
    done("work", TRIAGE, "--until-idle", "--store", STORE)
    assert statuses()["b"] == "completed"


def test_reviews_of_a_store_that_does_not_exist_make_none() -> None:
    said = refused(handrail("review", "list", "--store", STORE))
    assert "there is no such file" in said


# -- runs


def test_runs_are_counted_and_listed_by_status() -> None:
    run_tickets()
    shown = done("runs", "list", "--store", STORE)
    assert "2 triage v1 completed" in shown
    assert "2 triage v1 waiting" in shown
    waiting = done("runs", "list", "--status", "waiting", "--store", STORE, "--json").splitlines()
    assert [json.loads(line)["id"] for line in waiting] == ["b", "c"]
    assert done("runs", "list", "--workflow", "pay", "--store", STORE, "--json") == ""


def test_a_status_that_does_not_exist_is_refused_with_those_that_do() -> None:
    run_tickets()
    result = handrail("runs", "list", "--status", "finished", "--store", STORE)
    assert result.exit_code == 2
    assert "there is no status 'finished'; there are: pending, running, waiting" in result.stderr


def test_a_run_is_shown_with_every_step() -> None:
    run_tickets()
    data = json.loads(done("runs", "show", "a", "--store", STORE, "--json"))
    assert [(step["name"], step["decided_by"]) for step in data["steps"]] == [("route", "model:stub"), ("send", None)]
    assert data["input"] == {"id": "a", "text": "sure thing", "amount": 0}
    assert "a to billing" in done("runs", "show", "a", "--store", STORE)


def test_a_cancelled_run_leaves_the_queue() -> None:
    run_tickets()
    assert done("runs", "cancel", "b", "--store", STORE) == "b: cancelled\n"
    assert set(items()) == {"c"}
    assert statuses()["b"] == "cancelled"


def test_a_failed_run_is_retried_from_the_step_that_failed() -> None:
    run_tickets(target=PAY, tickets=[{"id": "a", "text": "x", "amount": 5}])
    assert effects() == ["a/charge", "a/send"]
    Path("mended").touch()
    done("runs", "retry", "a", "--store", STORE)
    done("work", PAY, "--until-idle", "--store", STORE)
    assert statuses() == {"a": "completed"}
    assert effects() == ["a/charge", "a/charge", "a/send"]


def test_a_fork_repeats_a_run_from_a_step_on() -> None:
    run_tickets(tickets=TICKETS[:1])
    assert done("runs", "fork", "a", "--step", "send", "--id", "a2", "--store", STORE) == "a2\n"
    done("work", TRIAGE, "--until-idle", "--store", STORE)
    assert effects() == ["a/send", "a2/send"]


@pytest.mark.parametrize("command", [("show",), ("cancel",), ("retry",), ("fork",)])
def test_a_run_that_does_not_exist_is_named(command: tuple[str]) -> None:
    run_tickets(tickets=TICKETS[:1])
    result = handrail("runs", *command, "nobody", "--store", STORE)
    assert result.exit_code == 2
    assert "no run 'nobody'" in result.stderr


def test_a_completed_run_cannot_be_retried() -> None:
    run_tickets(tickets=TICKETS[:1])
    result = handrail("runs", "retry", "a", "--store", STORE)
    assert result.exit_code == 2
    assert "run 'a' is completed" in result.stderr


def test_pruning_deletes_ended_runs_and_keeps_those_that_wait() -> None:
    run_tickets()
    assert done("runs", "prune", "--older-than-days", "1", "--store", STORE) == "0 runs deleted\n"
    assert done("runs", "prune", "--older-than-days", "0", "--vacuum", "--store", STORE).endswith(" runs deleted\n")
    left = statuses()
    assert "a" not in left
    assert (left["b"], left["c"]) == ("waiting", "waiting")


def test_only_ended_runs_can_be_pruned() -> None:
    run_tickets()
    result = handrail("runs", "prune", "--older-than-days", "0", "--status", "waiting", "--store", STORE)
    assert result.exit_code == 2
    assert "only ended runs can be pruned, not waiting" in result.stderr
    assert len(statuses()) == 4


# -- work


def test_work_needs_code_that_exists() -> None:
    assert "has no 'triaje'" in refused(handrail("work", f"{FLOWS}:triaje", "--store", STORE, "--until-idle"))


def test_work_refuses_two_workflows_of_one_version() -> None:
    assert "two workflows execute 'triage' version 1" in refused(
        handrail("work", TRIAGE, TRIAGE, "--store", STORE, "--until-idle")
    )
