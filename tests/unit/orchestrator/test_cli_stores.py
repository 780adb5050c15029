"""``handrail review`` and ``handrail runs``: what people do with a store, and what is refused."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

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
)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with working_in(tmp_path, monkeypatch):
        yield


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


@pytest.mark.dear
def test_a_list_of_more_than_what_waits_says_where_each_item_stands() -> None:
    run_tickets()
    done("review", "decide", str(items()["b"]), "bugs", "--as", "ann", "--store", STORE)
    waiting = done("review", "list", "--store", STORE)
    everything = done("review", "list", "--state", "all", "--store", STORE)
    assert "state" not in waiting.splitlines()[0].split()
    assert everything.splitlines()[0].split()[:3] == ["item", "state", "queue"]
    assert sorted(line.split()[1] for line in everything.splitlines()[1:3]) == ["decided", "open"]


def test_an_item_is_shown_with_its_question_and_its_history() -> None:
    run_tickets()
    number = str(items()["b"])
    data = json.loads(done("review", "show", number, "--store", STORE, "--json"))
    assert (data["suggestion"], data["confidence"], data["queue"]) == ("bugs", 0.4, "triage")
    assert [entry["action"] for entry in data["log"]] == ["ask"]
    shown = done("review", "show", number, "--store", STORE)
    assert "*1  bugs" in shown
    assert " 2  billing" in shown


@pytest.mark.dear
def test_a_decided_run_completes_though_no_worker_is_alive() -> None:
    run_tickets()
    decide = ("review", "decide", str(items()["b"]), "billing", "--as", "ann", "--store", STORE)
    assert done(*decide).strip().endswith("item 1: billing by person:ann")
    assert statuses()["b"] == "completed"
    assert effects() == ["a/send", "b/send", "d/send"]


def test_an_answer_that_does_not_fit_is_refused_and_the_item_stays() -> None:
    run_tickets()
    result = handrail("review", "decide", str(items()["b"]), "sales", "--as", "ann", "--store", STORE)
    assert result.exit_code == 2
    assert "'sales' is not one of" in result.stderr
    assert set(items()) == {"b", "c"}


@pytest.mark.dear
def test_an_item_is_not_decided_twice() -> None:
    run_tickets()
    number = str(items()["b"])
    done("review", "decide", number, "bugs", "--as", "ann", "--store", STORE)
    result = handrail("review", "decide", number, "billing", "--as", "ben", "--store", STORE)
    assert result.exit_code == 1
    assert "was decided by person:ann" in result.stderr


def test_an_item_that_does_not_exist_is_named() -> None:
    run_tickets()
    for command in (("show", "99"), ("decide", "99", "bugs", "--as", "ann"), ("skip", "99", "--as", "ann")):
        result = handrail("review", *command, "--store", STORE)
        assert result.exit_code == 2
        assert "no review item 99" in result.stderr


@pytest.mark.dear
def test_next_accepts_chooses_and_finishes_the_runs() -> None:
    run_tickets()
    shown = done("review", "next", "--as", "ann", "--store", STORE, typed="\n2\n")
    assert "2 decided, 0 left" in shown
    assert statuses() == dict.fromkeys("abcd", "completed")
    outputs = [json.loads(done("runs", "show", run, "--store", STORE, "--json"))["output"] for run in "bc"]
    assert outputs == ["b to bugs", "c to billing"]


@pytest.mark.dear
def test_next_asks_again_after_an_answer_that_does_not_fit() -> None:
    run_tickets()
    shown = done("review", "next", "--as", "ann", "--store", STORE, typed="sales\n9\nbilling\nq\n")
    assert shown.count("is not one of") == 2
    assert "1 decided, 1 left" in shown


@pytest.mark.dear
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


@pytest.mark.dear
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
    assert [json.loads(line)["id"] for line in waiting] == ["c", "b"], "newest first"
    assert done("runs", "list", "--workflow", "pay", "--store", STORE, "--json") == ""


@pytest.mark.dear
def test_runs_are_listed_newest_first_and_page_by_page() -> None:
    run_tickets(tickets=[{"id": f"r{n}", "text": "sure"} for n in range(7)])
    listed: list[str] = []
    more: tuple[str, ...] = ()
    while True:
        shown = done("runs", "list", "--store", STORE, "--limit", "3", *more)
        rows = [line.split()[0] for line in shown.splitlines() if line.startswith("r") and "triage v1" in line]
        listed += rows
        if "older ones: add --before" not in shown:
            break
        more = ("--before", rows[-1])
    assert listed == [f"r{n}" for n in reversed(range(7))]
    older = done("runs", "list", "--store", STORE, "--before", "r2", "--json").splitlines()
    assert [json.loads(line)["id"] for line in older] == ["r1", "r0"]
    result = handrail("runs", "list", "--store", STORE, "--before", "r9")
    assert (result.exit_code, "no run 'r9'" in result.stderr) == (2, True)


@pytest.mark.dear
def test_a_waiting_run_says_which_item_it_waits_for_where_and_since_when() -> None:
    run_tickets()
    number = items()["b"]
    said = f"item {number} in triage since 20"
    assert said in done("runs", "list", "--store", STORE)
    assert said in done("runs", "show", "b", "--store", STORE)
    (wait,) = json.loads(done("runs", "show", "b", "--store", STORE, "--json"))["waits"]
    assert (wait["kind"], wait["item"], wait["queue"], wait["due"]) == ("human", number, "triage", None)
    listed = {
        row["id"]: row["waits"]
        for row in map(json.loads, done("runs", "list", "--store", STORE, "--json").splitlines())
    }
    assert listed["b"] == [wait]
    assert listed["a"] == []


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
