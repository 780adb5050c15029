"""``handrail stats`` and ``handrail runs outcome``: what they show, and what they refuse."""

import csv
import io
import json
from pathlib import Path

import pytest

from tests.unit.orchestrator.commands import STORE, TICKETS, TRIAGE, done, handrail, working_in


def complaint(*arguments: str) -> str:
    """Run a command that must refuse what it was given, and return what it said."""
    result = handrail(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    return result.stderr


@pytest.fixture(autouse=True)
def folder(either_store: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    with working_in(either_store, monkeypatch):
        lines = "".join(f"{json.dumps(ticket)}\n" for ticket in TICKETS)
        (either_store / "in.jsonl").write_text(lines, encoding="utf-8")
        done("run", TRIAGE, "in.jsonl", "--store", STORE)
        yield either_store


@pytest.mark.dear
def test_the_funnel_adds_up_for_people_for_programs_and_for_spreadsheets() -> None:
    shown = done("stats", "--store", STORE)
    assert "AI accepted              2    50.0%" in shown
    assert "still open               2    50.0%" in shown
    told = json.loads(done("stats", "--store", STORE, "--json"))
    assert sum(bar["runs"] for bar in told["funnel"]["bars"]) == told["funnel"]["started"] == 4
    assert sum(bar["share"] for bar in told["funnel"]["bars"]) == pytest.approx(1.0)
    assert json.loads(done("stats", "--store", STORE, "--json", "--from-records"))["funnel"] == told["funnel"]
    rows = {
        (row["metric"], row["of"]): row["value"]
        for row in csv.DictReader(io.StringIO(done("stats", "--store", STORE, "--csv")))
    }
    assert rows["still_open", ""] == "2"


def test_only_some_runs_are_counted_when_asked() -> None:
    def started(*options: str) -> int:
        return int(json.loads(done("stats", "--store", STORE, "--json", *options))["funnel"]["started"])

    assert started("--workflow", "triage", "--version", "1", "--window", "24h") == 4
    assert started("--version", "2") == 0
    assert started("--tag", "customer=acme") == 0
    assert started("--window", "2020-01-01..2020-01-08", "--zone", "Europe/Berlin") == 0


@pytest.mark.dear
def test_outcomes_and_numbers_from_before_stand_beside(folder: Path) -> None:
    run = json.loads(done("runs", "list", "--store", STORE, "--status", "completed", "--json", "--limit", "1"))["id"]
    assert "outcome 1" in done("runs", "outcome", run, "reopened", "no", "--store", STORE)
    assert "outcome 2" in done("runs", "outcome", run, "reopened", "--store", STORE, "--at", "2026-01-05T09:00")
    assert "outcome 3" in done("runs", "outcome", run, "days", "2.5", "--store", STORE)
    (folder / "before.csv").write_text("metric,value,unit\ncycle_p50,7200,s\n", encoding="utf-8")
    assert done("stats", "baseline", "before.csv", "--store", STORE) == "1 number from before is kept\n"
    shown = done("stats", "--store", STORE)
    assert "reopened=yes of by_model: 100.0% (1 of 1" in shown
    assert "cycle_p50 7200 s" in shown


@pytest.mark.dear
def test_an_outcome_that_may_be_a_number_is_no_text_and_no_guess() -> None:
    run = json.loads(done("runs", "list", "--store", STORE, "--status", "completed", "--json", "--limit", "1"))["id"]
    for number in ("1,5", "1_000", "1 000", "12'500.50", "1.234,56", "٣"):
        assert "write it as 1234.5" in complaint("runs", "outcome", run, "days", number, "--store", STORE)
    for place, value in enumerate(("1234.5", "2e3", "2026-11-01", "1.2.3", "tier 2", "10.1.2026"), 1):
        assert f"outcome {place}\n" in done("runs", "outcome", run, "days", value, "--store", STORE)


@pytest.mark.dear
def test_bad_input_is_refused_with_place_and_fix(folder: Path) -> None:
    assert "give 7d, 24h" in complaint("stats", "--store", STORE, "--window", "7x")
    assert "is in memory" in complaint("stats", "--store", "sqlite:///:memory:")
    assert "no such file" in complaint("stats", "--store", "sqlite:///none.db")
    assert "no time zone" in complaint("stats", "--store", STORE, "--zone", "Mars/Olympus")
    assert "NAME=VALUE" in complaint("stats", "--store", STORE, "--tag", "acme")
    (folder / "before.csv").write_text("metric,value\na,x\n", encoding="utf-8")
    assert "before.csv:2, column 2 (value)" in complaint("stats", "baseline", "before.csv", "--store", STORE)
    waiting = json.loads(done("runs", "list", "--store", STORE, "--status", "waiting", "--json", "--limit", "1"))["id"]
    assert "has not ended" in complaint("runs", "outcome", waiting, "reopened", "--store", STORE)
    assert "--tag customer=acme" in complaint("runs", "forget", "--store", STORE)
    nobody = done("runs", "forget", "--tag", "customer=nobody", "--as", "ann", "--store", STORE)
    assert nobody.startswith("no run carries customer=nobody: there is nothing to forget")
