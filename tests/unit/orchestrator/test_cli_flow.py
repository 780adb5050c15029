"""``handrail map`` and ``handrail runs log``."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.unit.orchestrator.commands import PAY, STORE, TICKETS, done, handrail, run_tickets, working_in


@pytest.fixture(autouse=True, name="ran")
def _ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with working_in(tmp_path, monkeypatch):
        run_tickets()
        run_tickets(target=PAY, tickets=[{**each, "id": f"pay-{each['id']}"} for each in TICKETS])
        yield


@pytest.mark.dear
def test_a_map_tells_what_followed_what_and_what_waits() -> None:
    shown = done("map", "triage", "--store", STORE)

    assert "route | AI · 4" in shown
    assert "         2 -> route/review" in shown
    assert "         2 -> send" in shown
    assert "route/review | people · 2 | 2 waiting | longest wait" in shown
    assert "charge" not in shown


@pytest.mark.dear
def test_failures_lead_to_the_end_of_failures() -> None:
    found = json.loads(done("map", "pay", "--store", STORE, "--json"))

    assert {"source": "charge", "target": "/failed", "count": 4} in found["edges"]
    (charge,) = [node for node in found["nodes"] if node["activity"] == "charge"]
    assert (charge["kind"], charge["count"], charge["failed"]) == ("action", 4, 4)


@pytest.mark.dear
def test_a_map_is_a_picture_or_text_for_others() -> None:
    assert done("map", "triage", "--store", STORE, "--mermaid").startswith("flowchart LR\n")
    assert done("map", "triage", "--store", STORE, "--dot").startswith("digraph")
    done("map", "triage", "--store", STORE, "--svg", "--output", "map.svg")
    assert ET.fromstring(Path("map.svg").read_bytes()).tag.endswith("svg")  # noqa: S314 -- our own


@pytest.mark.dear
def test_versions_and_times_are_chosen() -> None:
    assert "no run" in done("map", "triage", "--store", STORE, "--version", "2")
    assert "no run" in done("map", "pay", "--store", STORE, "--to", "2020-01-01")
    assert "charge" in done("map", "pay", "--store", STORE, "--from", "2020-01-01")


@pytest.mark.dear
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("map", "tirage"), "the store has no workflow 'tirage'; it has: pay, triage"),
        (("map", "triage", "--svg", "--dot"), "give one of --mermaid, --svg, --dot and --json"),
        (("runs", "log"), "give one of --xes and --csv"),
        (("runs", "log", "--xes", "--csv"), "give one of --xes and --csv"),
        (("runs", "log", "--csv", "--workflow", "x"), "the store has no workflow 'x'"),
        (("runs", "log", "--csv", "--from", "yesterday"), "--from 'yesterday' is no date"),
    ],
)
def test_what_cannot_be_is_refused(arguments: tuple[str, ...], said: str) -> None:
    result = handrail(*arguments, "--store", STORE)

    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.dear
def test_the_log_has_every_step_as_csv_and_as_xes() -> None:
    rows = list(csv.DictReader(io.StringIO(done("runs", "log", "--csv", "--store", STORE))))
    done("runs", "log", "--xes", "--store", STORE, "--output", "log.xes")
    events = ET.fromstring(Path("log.xes").read_bytes()).findall(".//{*}event")  # noqa: S314 -- our own

    assert len(rows) == len(events) == 2 * (4 + 2 + 4 + 4) + 2  # both questions were asked, and nobody took them
    assert {row["case:handrail:workflow"] for row in rows} == {"pay", "triage"}
    only = done("runs", "log", "--csv", "--store", STORE, "--workflow", "pay")
    assert {row["concept:name"] for row in csv.DictReader(io.StringIO(only))} == {"send", "charge"}
