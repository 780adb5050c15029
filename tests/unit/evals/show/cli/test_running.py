"""``handrail eval run``: what is printed, kept and written, and the exit code that a pipeline goes by."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from handrail_evals.measure.result.result import read_result
from tests.unit.evals.show.cli.commands import LABELLED, handrail, in_mode

GRADES = """
from handrail import Case, Suite
def shout(text): return text.upper()
def grade(answer): return 3.0
suite = Suite("grades", shout, cases=[Case("c0", "a"), Case("c1", "b")], scorers=[grade])
"""


@pytest.mark.dear
def test_a_run_prints_the_metrics_and_keeps_the_result() -> None:
    said = handrail("run", "suites.py:suite", "--out", "r.jsonl")

    assert "exact" in said.stdout
    assert "r.jsonl" in said.stdout
    assert "smallest difference from a baseline that they show: about 4.6%" in said.stderr
    assert read_result(Path("r.jsonl")).is_complete


def test_a_run_for_programs_prints_one_line_of_json() -> None:
    said = handrail("run", "suites.py:suite", "--json")

    summary = json.loads(said.stdout)["summary"]
    assert summary["tally"]["cases"] == 400
    assert said.stderr == ""


@pytest.mark.dear
def test_a_run_writes_junit_and_markdown() -> None:
    in_mode("poor", "run", "suites.py:suite", "--junit", "out/j.xml", "--markdown", "out/m.md")

    suite = ET.fromstring(Path("out/j.xml").read_text(encoding="utf-8")).find("testsuite")  # noqa: S314 -- our own
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("400", "100", "0")
    assert Path("out/m.md").read_text(encoding="utf-8").startswith("### loud")


@pytest.mark.dear
def test_a_crashed_case_ends_with_2_and_the_same_command_asks_it_again() -> None:
    crashed = in_mode("crash", "run", "suites.py:suite", code=2)
    again = handrail("run", "suites.py:suite")

    assert "1 cases crashed, first 'c3' with ConnectionError: gone" in crashed.stderr
    assert len(list(Path("results").glob("loud-*.jsonl"))) == 1
    assert "crashed" not in again.stderr


@pytest.mark.dear
def test_a_finished_result_is_not_touched_by_the_next_run() -> None:
    handrail("run", "suites.py:suite")
    handrail("run", "suites.py:suite")

    assert len(list(Path("results").glob("loud-*.jsonl"))) == 2


def test_a_failing_must_pass_case_ends_with_1() -> None:
    assert "1 must-pass cases fail, first 'v'" in in_mode("poor", "run", "suites.py:vip", code=1).stderr


@pytest.mark.dear
def test_a_run_without_any_score_ends_with_3_and_says_so() -> None:
    said = handrail("run", "suites.py:unscored", code=3)

    assert "no scorer has a score for any of 400 answers" in said.stderr
    assert handrail("run", "suites.py:partly").exit_code == 0


@pytest.mark.dear
def test_a_used_up_time_ends_with_3_and_the_same_command_goes_on() -> None:
    handrail("run", "suites.py:suite", "--max-minutes", "0.000001", "--out", "r.jsonl", code=3)
    handrail("run", "suites.py:suite", "--out", "r.jsonl")

    assert read_result(Path("r.jsonl")).is_complete


@pytest.mark.dear
def test_a_result_of_something_else_is_kept_unless_it_may_go() -> None:
    handrail("run", "suites.py:suite", "--out", "r.jsonl")

    refused = handrail("run", "suites.py:suite", "--first", "5", "--out", "r.jsonl", code=2)
    handrail("run", "suites.py:suite", "--first", "5", "--out", "r.jsonl", "--fresh")

    assert "--fresh" in refused.stderr
    assert len(read_result(Path("r.jsonl")).cases) == 5


def test_single_cases_can_be_run_several_times() -> None:
    handrail("run", "suites.py:suite", "--case", "c1", "--case", "c7", "--repeats", "3", "--out", "r.jsonl")

    assert sorted({(each.case, each.repeat) for each in read_result(Path("r.jsonl")).cases}) == [
        (case, repeat) for case in ("c1", "c7") for repeat in range(3)
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("suites.py:nothing",), "has no 'nothing'; suites there: gated, suite, vip"),
        (("suites.py:nothing",), "functions there that may build one: empty"),
        (("steps.py:nothing",), "has no 'nothing'; functions there that may build one: step, suite"),
        (("nowhere.py:suite",), "there is no file nowhere.py"),
        (("suites.py:number",), "is int, not a suite: build it with Suite("),
        (("suites.py:empty",), "failed to build its suite: suite 'empty' has no cases"),
        (("suites",), "write MODULE:SUITE"),
        (("suites.py:suite", "--case", "c999"), "has no case 'c999'"),
        (("suites.py:suite", "--recording", "none.jsonl"), "which is no AI step"),
        (("suites.py:suite", "--record"), "--record needs --recording"),
        (("suites.py:suite", "--max-money", "0"), "give a number above 0"),
        (("suites.py:suite", "--answers-from", "none.jsonl"), "there is no such file"),
    ],
)
def test_what_cannot_be_run_ends_with_2_and_the_reason(arguments: tuple[str, ...], said: str) -> None:
    assert said in handrail("run", *arguments, code=2).stderr.replace("\n", " ")


@pytest.mark.dear
def test_bad_cases_are_named_by_file_line_and_case() -> None:
    with Path("cases.jsonl").open("a", encoding="utf-8") as file:
        file.write('\n{"name": "n3", "input": "again", "expected": "cat"}')

    said = handrail("run", "steps.py:suite", code=2).stderr.replace("\n", " ")

    assert "cases.jsonl" in said
    assert "line 201" in said
    assert "n3" in said


@pytest.mark.slow
def test_a_step_answers_from_a_recording_without_its_model() -> None:
    handrail("run", "steps.py:suite", "--recording", "rec.jsonl", "--record", "--out", "a.jsonl")
    lines = Path("rec.jsonl").read_text(encoding="utf-8").splitlines()
    handrail("run", "steps.py:suite", "--recording", "rec.jsonl", "--out", "b.jsonl")
    Path("rec.jsonl").write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    missing = handrail("run", "steps.py:suite", "--recording", "rec.jsonl", "--out", "c.jsonl", code=2)

    assert len(lines) == 200
    first, second = read_result(Path("a.jsonl")), read_result(Path("b.jsonl"))
    assert {c.case: c.output for c in first.cases} == {c.case: c.output for c in second.cases}
    assert "1 cases are not in the recording, first 'n" in missing.stderr
    assert "--record" in missing.stderr


@pytest.mark.dear
def test_earlier_answers_are_scored_again() -> None:
    handrail("run", "suites.py:suite", "--out", "a.jsonl")
    in_mode("crash", "run", "suites.py:suite", "--answers-from", "a.jsonl", "--out", "b.jsonl")

    assert read_result(Path("b.jsonl")).is_complete


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "suites.py:suite", "--out", "suites.py/r.jsonl"),
        ("calibrate", "steps.py:step", *LABELLED, "--out", "suites.py/a.json"),
        ("schema", "suites.py/s.json"),
        ("report", "suites.py", "--html", "r.html"),
    ],
)
def test_what_cannot_be_written_ends_with_2_and_not_as_worse(arguments: tuple[str, ...]) -> None:
    said = handrail(*arguments, code=2).stderr

    assert "handrail: " in said
    assert "Traceback" not in said


@pytest.mark.dear
def test_a_fresh_run_without_a_file_is_a_new_one() -> None:
    in_mode("crash", "run", "suites.py:suite", code=2)
    handrail("run", "suites.py:suite", "--fresh")

    first, second = sorted(Path("results").glob("loud-*.jsonl"))
    assert not read_result(first).is_complete
    assert read_result(second).is_complete


def test_scores_on_a_scale_that_nobody_said_fail_until_it_is_said() -> None:
    Path("grades.py").write_text(GRADES, encoding="utf-8")

    unsaid = handrail("run", "grades.py:suite", "--out", "a.jsonl", "--junit", "a.xml")
    said = handrail("run", "grades.py:suite", "--out", "a.jsonl", "--junit", "b.xml", "--right-at", "3")

    assert "grade gives 3 to 'c" in unsaid.stderr  # whichever case was answered first
    assert "Failing: 2 cases" in unsaid.stdout
    assert "Failing" not in said.stdout
    assert "grade gives" not in said.stderr
    failures = [ET.parse(name).getroot()[0].get("failures") for name in ("a.xml", "b.xml")]  # noqa: S314 -- our own
    assert failures == ["2", "0"]


def test_a_file_of_something_else_and_a_gate_on_half_a_run_end_with_2() -> None:
    Path("graded.py").write_text(
        "from handrail import Case, Suite, exact\n"
        "async def target(text: str) -> str:\n"
        "    import asyncio\n"
        "    if text == '2':\n        [task.cancel() for task in asyncio.all_tasks() if '_work' in repr(task)]\n"
        "    await asyncio.sleep(0)\n    return text\n"
        "suite = Suite('half', target, cases=[Case(f'c{n}', str(n), str(n)) for n in range(60)], scorers=[exact()])\n",
        encoding="utf-8",
    )

    said = handrail("run", "graded.py:suite", "--out", "half.jsonl", "--junit", "half.xml", code=2).stderr

    assert "answers are missing" in said
    assert "(not asked)" in Path("half.xml").read_text(encoding="utf-8")
