"""The event log of runs, as XES and as CSV."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from xml.etree import ElementTree as ET

import pytest

from handrail_orchestrator.event_log.csv_rows import COLUMNS, csv_rows
from handrail_orchestrator.event_log.events import LogCase, cases
from handrail_orchestrator.event_log.xes import xes
from handrail_orchestrator.store.flows import LoggedStep

NS = "{http://www.xes-standard.org/}"
PLAIN = LoggedStep(
    run=1, run_id="r1", workflow="triage", version=3, run_status="completed", created=1.0, copied_seq=0, name="check",
    seq=1, kind="rule", status="done", attempt=1, queued=None, started=10.0, ended=11.5, owner="intake",
    decided_by="rule", money=None, taken=None,
)  # fmt: skip
ASKED = PLAIN._replace(
    name="route#2/review", seq=2, kind="human", queued=20.0, started=None, taken=50.0, ended=60.25,
    decided_by="person:ann", owner=None,
)  # fmt: skip


def told(*steps: LoggedStep) -> list[tuple[str, str, float]]:
    return [(e.activity, e.transition, e.at) for case in cases(steps) for e in case.events]


def document(*steps: LoggedStep) -> ET.Element:
    return ET.fromstring(b"".join(xes(cases(steps))))  # noqa: S314 -- our own


def test_a_step_starts_and_completes_and_a_question_is_asked_before() -> None:
    assert told(ASKED, PLAIN) == [
        ("check", "start", 10.0),
        ("check", "complete", 11.5),
        ("route/review", "schedule", 20.0),
        ("route/review", "start", 50.0),
        ("route/review", "complete", 60.25),
    ]


def test_what_a_policy_answered_took_nobody_any_time() -> None:
    assert told(ASKED._replace(taken=None, decided_by="policy:default"))[1:] == [
        ("route/review", "start", 60.25),
        ("route/review", "complete", 60.25),
    ]


def test_what_goes_on_has_not_completed() -> None:
    waiting = ASKED._replace(status="waiting", ended=None, taken=None)
    timer = PLAIN._replace(name="sleep", kind="timer", status="waiting", queued=5.0, started=None, ended=None)

    assert told(waiting) == [("route/review", "schedule", 20.0)]
    assert told(timer) == [("sleep", "start", 5.0)]


def test_copied_steps_the_clock_and_chance_have_no_events() -> None:
    copied = PLAIN._replace(copied_seq=1)
    clock = PLAIN._replace(copied_seq=1, seq=2, kind="clock", name="now")

    (case,) = cases([copied, clock])
    assert case.events == []


def test_a_run_without_steps_is_a_case_without_events() -> None:
    (case,) = cases([PLAIN._replace(name=None, seq=0)])
    assert (case.id, case.events) == ("r1", [])


def test_xes_has_what_process_mining_reads() -> None:
    root = document(PLAIN._replace(money=0.25), ASKED)
    (trace,) = root.findall(f"{NS}trace")
    first = {each.get("key"): each.get("value") for each in trace.findall(f"{NS}event")[1]}

    assert {each.get("prefix") for each in root.findall(f"{NS}extension")} == {
        "concept", "lifecycle", "org", "time", "cost",
    }  # fmt: skip
    assert {each.get("scope") for each in root.findall(f"{NS}global")} == {"trace", "event"}
    assert trace[0].attrib == {"key": "concept:name", "value": "r1"}
    assert first == {
        "concept:name": "check",
        "concept:instance": "check",
        "lifecycle:transition": "complete",
        "time:timestamp": "1970-01-01T00:00:11.500000+00:00",
        "org:resource": "rule",
        "org:group": "intake",
        "cost:total": "0.25",
        "handrail:kind": "rule",
        "handrail:step_status": "done",
        "handrail:attempt": "1",
    }
    assert datetime.fromisoformat(first["time:timestamp"] or "").utcoffset() is not None


HOSTILE = (
    "</string><event>",
    '" onload="x',
    "a\x00\x1b\ufffe\u202eb",
    "=cmd|' /C calc'!A0",
    "line\nbreak\ttab",
    "&lt;",
    "名前",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_texts(text: str) -> None:
    hostile = PLAIN._replace(run_id=text, name=f"event:{text}", decided_by=text, owner=text)
    root = document(hostile)
    (row,) = list(csv.reader(io.StringIO(b"".join(csv_rows(cases([hostile]))).decode())))[1:2]

    assert len(root.findall(f"{NS}trace/{NS}event")) == 2
    if text.isprintable() or "\n" in text:
        assert root.findall(f"{NS}trace")[0][0].get("value") == text
    assert len(row) == len(COLUMNS)
    assert row[0][0] not in "=+-@\t\r\n"
    assert row[0].removeprefix("'")[:1] == text[:1]


def test_csv_has_a_row_for_each_event() -> None:
    rows = list(csv.DictReader(io.StringIO(b"".join(csv_rows(cases([PLAIN, ASKED]))).decode())))

    assert [row["lifecycle:transition"] for row in rows] == ["start", "complete", "schedule", "start", "complete"]
    assert {row["case:concept:name"] for row in rows} == {"r1"}
    assert rows[3]["org:resource"] == "person:ann"


@pytest.mark.parametrize("write", [xes, csv_rows])
def test_a_log_is_written_as_it_is_read(write: object) -> None:
    read = 0

    def endless() -> Iterator[LoggedStep]:
        nonlocal read
        for read in count(1):
            yield PLAIN._replace(run=read, run_id=f"r{read}")

    pieces = write(cases(endless()))  # type: ignore[operator]
    for _ in range(100):
        next(pieces)
    assert read <= 102


def test_cases_are_in_the_order_of_runs() -> None:
    found: list[LogCase] = list(cases([PLAIN, PLAIN._replace(run=2, run_id="r2"), ASKED._replace(run=2, run_id="r2")]))
    assert [(case.id, len(case.events)) for case in found] == [("r1", 2), ("r2", 5)]
