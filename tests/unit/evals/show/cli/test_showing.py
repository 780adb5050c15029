"""``handrail eval list``, ``show``, ``report`` and ``schema``: results as people and programs read them."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.unit.evals.show.cli.commands import handrail, in_mode


@pytest.mark.dear
def test_results_are_listed_and_shown() -> None:
    in_mode("poor", "run", "suites.py:suite")
    (path,) = map(str, Path("results").glob("*.jsonl"))
    Path("results/other.jsonl").write_text("{}\n", encoding="utf-8")

    listed = handrail("list", "results")
    for_programs = json.loads(handrail("list", "results", "--json").stdout)
    shown = handrail("show", path)
    case = handrail("show", path, "c4")
    as_json = json.loads(handrail("show", path, "c4", "--json").stdout)

    assert "0.7500" in listed.stdout
    assert for_programs["scored"] == "400/400"
    assert "other.jsonl" in listed.stderr
    assert for_programs["done"] == "400/400"
    assert "Failing" in shown.stdout
    assert "expected      T4" in case.stdout
    assert as_json["output"] == "?"


@pytest.mark.dear
def test_what_cannot_be_shown_is_said() -> None:
    handrail("run", "suites.py:suite", "--out", "r.jsonl")

    assert "has no case 'c999'" in handrail("show", "r.jsonl", "c999", code=2).stderr
    assert "no such folder" in handrail("list", "nowhere", code=2).stderr
    assert "say what to write" in handrail("report", "r.jsonl", code=2).stderr.replace("\n", " ")


@pytest.mark.dear
def test_a_report_is_written_with_what_changed() -> None:
    handrail("run", "suites.py:suite", "--out", "good.jsonl")
    in_mode("poor", "run", "suites.py:suite", "--out", "poor.jsonl")

    handrail(
        "report",
        "poor.jsonl",
        "--html",
        "o/r.html",
        "--junit",
        "o/j.xml",
        "--markdown",
        "o/m.md",
        "--baseline",
        "good.jsonl",
    )

    page = Path("o/r.html").read_text(encoding="utf-8")
    assert "WORSE" in page.upper()
    assert "<svg" in page
    assert Path("o/j.xml").is_file()
    assert Path("o/m.md").is_file()


def test_a_schema_is_written_over_a_schema_and_over_no_cases() -> None:
    held = '{"name": "c0", "input": "x", "expected": "y"}\n'
    Path("cases.jsonl").write_text(held, encoding="utf-8")

    assert "holds something else, and no JSON Schema" in handrail("schema", "cases.jsonl", code=2).stderr
    assert Path("cases.jsonl").read_text(encoding="utf-8") == held
    handrail("schema", "s.json")
    handrail("schema", "s.json")


def test_the_schema_of_case_files_is_written() -> None:
    said = handrail("schema", "s.json", "--json")

    assert json.loads(said.stdout) == {"written": ["s.json"]}

    assert json.loads(Path("s.json").read_text(encoding="utf-8"))["$schema"].endswith("2020-12/schema")


PARTS = """
from handrail import Case, Suite
from handrail.evals import fields

def read(number: int) -> dict:
    return {"total": number, "day": "?" if number == 3 else "today", "shop": "x" if number else "y"}

CASES = [Case(f"c{n}", n, {"total": n, "day": "today", "shop": "x"}) for n in range(10)]
suite = Suite("parts", read, cases=CASES, scorers=[fields()])
"""


@pytest.mark.dear
def test_what_counts_as_right_is_an_option_for_failing_junit_and_the_page() -> None:
    Path("parts.py").write_text(PARTS, encoding="utf-8")

    strict = handrail("run", "parts.py:suite", "--out", "p.jsonl", "--junit", "strict.xml")
    lenient = handrail("show", "p.jsonl", "--right-at", "0.5")
    handrail("report", "p.jsonl", "--right-at", "0.5", "--junit", "lenient.xml", "--html", "lenient.html")
    handrail(
        "gate",
        "parts.py:suite",
        "--baseline",
        "p.jsonl",
        "--margin",
        "0.02",
        "--out",
        "g.jsonl",
        "--right-at",
        "0.5",
        "--junit",
        "gate.xml",
        "--html",
        "gate.html",
    )

    assert "Failing: 2 cases" in strict.stdout
    assert "Failing" not in lenient.stdout
    failures = {file: failures_in(file) for file in ("strict.xml", "lenient.xml", "gate.xml")}
    assert failures == {"strict.xml": "2", "lenient.xml": "0", "gate.xml": "0"}
    for page in ("lenient.html", "gate.html"):
        assert "No case fails" in Path(page).read_text(encoding="utf-8")
    assert "Not worse than the baseline" in Path("gate.html").read_text(encoding="utf-8")


def failures_in(file: str) -> str | None:
    suite = ET.fromstring(Path(file).read_text(encoding="utf-8")).find("testsuite")  # noqa: S314 -- our own
    return None if suite is None else suite.get("failures")


@pytest.mark.dear
def test_failing_cases_are_told_with_what_was_expected_and_got() -> None:
    Path("parts.py").write_text(PARTS, encoding="utf-8")

    labels = in_mode("poor", "run", "suites.py:suite").stdout
    objects = handrail("run", "parts.py:suite").stdout
    crashed = in_mode("crash", "run", "suites.py:suite", "--fresh", code=2).stdout

    rows = [line.split() for line in labels[labels.index("Failing") :].splitlines()]
    assert ["case", "exact", "expected", "got"] in rows
    assert ["c0", "0.000", "T0", "?"] in rows
    assert '{"day": "today"}' in objects
    assert '{"day": "?"}' in objects
    assert "ConnectionError: gone" in crashed
