"""``handrail eval``: what each command prints and writes, and the exit code that a pipeline goes by."""

import asyncio
import importlib
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner, Result

from handrail.cli import app
from handrail_evals.decide.calibrate.acceptance_file import read_acceptance
from handrail_evals.decide.drift.seen import Seen
from handrail_evals.decide.drift.settings import WatchSettings
from handrail_evals.decide.drift.watch import Watch
from handrail_evals.decide.drift.watch_file import write_watch
from handrail_evals.measure.result.result import read_result
from handrail_orchestrator.store import open_store
from handrail_orchestrator.testing import Rehearsal, ScriptedReviewers
from tests.unit.orchestrator.commands import working_in

SUITE = """
import os
from pathlib import Path
from handrail import Case, Suite, exact
from handrail_evals.decide.gate import Terms

async def shout(text: str) -> str:
    mode = os.environ.get("MODE", "good")
    if mode == "crash" and text == "t3":
        raise ConnectionError("gone")
    if mode == "poor" and int(text[1:]) % 4 == 0:
        return "?"
    return text.upper()

CASES = [Case(f"c{n}", f"t{n}", f"T{n}", metadata={"half": "first" if n < 200 else "second"}) for n in range(400)]
suite = Suite("loud", shout, cases=CASES, scorers=[exact()])
gated = Suite("loud", shout, cases=CASES, scorers=[exact()], gates={"exact": Terms(margin=0.05)})
vip = Suite("vip", shout, cases=[Case("v", "t0", "T0", must_pass=True)], scorers=[exact()])
number = 3

def nobody(answer):
    return None

def first_only(answer):
    return 1.0 if answer.case.name == "c0" else None

def unscored():
    return Suite("unscored", shout, cases=CASES, scorers=[nobody])

def partly():
    return Suite("partly", shout, cases=CASES, scorers=[nobody, first_only])

def empty():
    return Suite("empty", shout, cases=[], scorers=[exact()])
"""

GRADES = """
from handrail import Case, Suite
def shout(text): return text.upper()
def grade(answer): return 3.0
suite = Suite("grades", shout, cases=[Case("c0", "a"), Case("c1", "b")], scorers=[grade])
"""

STEP = """
from typing import Literal
from handrail import classify
from handrail_ai_steps.models.local import LabelledText, LocalModel
from handrail import Suite, exact, read_cases
from handrail import confidence

WORDS = {"cat": "meow purr", "dog": "bark woof"}
TEXTS = [LabelledText(f"{word} {n}", label) for n in range(30) for label, word in WORDS.items()]

def step():
    model = LocalModel.fit(TEXTS, name="pet")
    return classify("pet", Literal["cat", "dog"], "Which?", models=model, accept=confidence(at_least=0.9))

def suite():
    return Suite("pet", step(), cases=read_cases("cases.jsonl", input=str, expected=str), scorers=[exact()])
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("COLUMNS", "160")
    with working_in(tmp_path, monkeypatch):
        write_files()
        yield


def write_files() -> None:
    Path("suites.py").write_text(SUITE, encoding="utf-8")
    Path("steps.py").write_text(STEP, encoding="utf-8")
    lines = [
        json.dumps(
            {"name": f"n{n}", "input": f"{'meow' if n % 2 else 'woof'} {n}", "expected": "cat" if n % 2 else "dog"}
        )
        for n in range(200)
    ]
    Path("cases.jsonl").write_text("\n".join(lines), encoding="utf-8")


def handrail(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["eval", *arguments])
    assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
    return result


def in_mode(mode: str, *arguments: str, code: int = 0) -> Result:
    result = CliRunner(env={"MODE": mode}).invoke(app, ["eval", *arguments])
    assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
    return result


# -- run


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


def test_a_run_writes_junit_and_markdown() -> None:
    in_mode("poor", "run", "suites.py:suite", "--junit", "out/j.xml", "--markdown", "out/m.md")

    suite = ET.fromstring(Path("out/j.xml").read_text(encoding="utf-8")).find("testsuite")  # noqa: S314 -- our own
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("400", "100", "0")
    assert Path("out/m.md").read_text(encoding="utf-8").startswith("### loud")


def test_a_crashed_case_ends_with_2_and_the_same_command_asks_it_again() -> None:
    crashed = in_mode("crash", "run", "suites.py:suite", code=2)
    again = handrail("run", "suites.py:suite")

    assert "1 cases crashed, first 'c3' with ConnectionError: gone" in crashed.stderr
    assert len(list(Path("results").glob("loud-*.jsonl"))) == 1
    assert "crashed" not in again.stderr


def test_a_finished_result_is_not_touched_by_the_next_run() -> None:
    handrail("run", "suites.py:suite")
    handrail("run", "suites.py:suite")

    assert len(list(Path("results").glob("loud-*.jsonl"))) == 2


def test_a_failing_must_pass_case_ends_with_1() -> None:
    assert "1 must-pass cases fail, first 'v'" in in_mode("poor", "run", "suites.py:vip", code=1).stderr


def test_a_run_without_any_score_ends_with_3_and_says_so() -> None:
    said = handrail("run", "suites.py:unscored", code=3)

    assert "no scorer has a score for any of 400 answers" in said.stderr
    assert handrail("run", "suites.py:partly").exit_code == 0


def test_a_used_up_time_ends_with_3_and_the_same_command_goes_on() -> None:
    handrail("run", "suites.py:suite", "--max-minutes", "0.000001", "--out", "r.jsonl", code=3)
    handrail("run", "suites.py:suite", "--out", "r.jsonl")

    assert read_result(Path("r.jsonl")).is_complete


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


def test_earlier_answers_are_scored_again() -> None:
    handrail("run", "suites.py:suite", "--out", "a.jsonl")
    in_mode("crash", "run", "suites.py:suite", "--answers-from", "a.jsonl", "--out", "b.jsonl")

    assert read_result(Path("b.jsonl")).is_complete


# -- compare, gate


def test_worse_is_1_not_worse_is_0_and_too_few_is_3() -> None:
    handrail("run", "suites.py:suite", "--out", "good.jsonl")
    in_mode("poor", "run", "suites.py:suite", "--out", "poor.jsonl")
    handrail("run", "suites.py:suite", "--first", "8", "--out", "few.jsonl")
    in_mode("poor", "run", "suites.py:suite", "--first", "8", "--out", "fewpoor.jsonl")

    worse = handrail("compare", "good.jsonl", "poor.jsonl", "--markdown", "m.md", code=1)
    better = handrail("compare", "poor.jsonl", "good.jsonl")
    unknown = handrail("compare", "few.jsonl", "fewpoor.jsonl", code=3)

    assert worse.stdout.startswith("WORSE")
    assert better.stdout.startswith("BETTER")
    assert unknown.stdout.startswith("CAN'T TELL: about")
    assert "| `exact` | worse |" in Path("m.md").read_text(encoding="utf-8")


def test_a_comparison_for_programs_is_one_line_of_json() -> None:
    handrail("run", "suites.py:suite", "--out", "a.jsonl")

    data = json.loads(handrail("compare", "a.jsonl", "a.jsonl", "--json").stdout)

    assert data["standing"] == "not worse"
    assert data["metrics"]["exact"]["difference"]["estimate"] == 0.0


def test_a_gate_runs_and_holds_against_the_baseline() -> None:
    handrail("run", "suites.py:suite", "--out", "base.jsonl")

    assert "NOT WORSE" in handrail("gate", "suites.py:suite", "--baseline", "base.jsonl", "--margin", "0.02").stdout
    assert "WORSE" in in_mode("poor", "gate", "suites.py:gated", "--baseline", "base.jsonl", code=1).stdout


def test_a_gate_needs_a_margin_and_an_uncrashed_candidate() -> None:
    handrail("run", "suites.py:suite", "--out", "base.jsonl")

    no_margin = handrail("gate", "suites.py:suite", "--baseline", "base.jsonl", code=2)
    crashed = in_mode("crash", "gate", "suites.py:suite", "--baseline", "base.jsonl", "--margin", "0.02", code=2)
    unreadable = handrail("gate", "suites.py:suite", "--baseline", "none.jsonl", "--margin", "0.02", code=2)

    assert "--metric exact=0.02" in no_margin.stderr
    assert "crashed" in crashed.stderr
    assert "none.jsonl" in unreadable.stderr


def test_a_gate_that_cannot_be_judged_asks_nobody() -> None:
    handrail("run", "suites.py:suite", "--out", "base.jsonl")
    lines = Path("base.jsonl").read_text(encoding="utf-8")
    Path("other.jsonl").write_text(lines.replace('"exact":"exact/1"', '"exact":"exact/0"', 1), encoding="utf-8")

    for baseline, *options in (
        ("base.jsonl",),
        ("base.jsonl", "--margin", "0"),
        ("base.jsonl", "--metric", "wrong=0.1"),
        ("other.jsonl", "--margin", "0.02"),
    ):
        handrail("gate", "suites.py:suite", "--baseline", baseline, *options, code=2)

    assert not Path("results").exists()


LABELLED = ("--cases", "cases.jsonl", "--target", "0.2", "--delta", "0.1")


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


def test_a_crash_of_the_command_ends_with_2_and_not_as_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> object:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr("handrail_evals.show.cli.comparing.compare", broken)
    handrail("run", "suites.py:suite", "--out", "a.jsonl")

    said = handrail("compare", "a.jsonl", "a.jsonl", code=2)

    assert "nobody foresaw this" in said.stderr


def test_a_fresh_run_without_a_file_is_a_new_one() -> None:
    in_mode("crash", "run", "suites.py:suite", code=2)
    handrail("run", "suites.py:suite", "--fresh")

    first, second = sorted(Path("results").glob("loud-*.jsonl"))
    assert not read_result(first).is_complete
    assert read_result(second).is_complete


@pytest.mark.parametrize(
    ("metric", "said"),
    [("exact=much", "the margin is no number"), ("wrong=0.1", "no metric 'wrong'"), ("exact=2", "margin is 2.0")],
)
def test_a_metric_that_cannot_be_compared_is_refused(metric: str, said: str) -> None:
    handrail("run", "suites.py:suite", "--out", "a.jsonl")

    assert said in handrail("compare", "a.jsonl", "a.jsonl", "--metric", metric, code=2).stderr.replace("\n", " ")


def test_seconds_are_compared_in_seconds() -> None:
    handrail("run", "suites.py:suite", "--out", "a.jsonl")

    said = handrail("compare", "a.jsonl", "a.jsonl", "--metric", "seconds=0.5", "--metric", "exact=0.02")

    assert "seconds: not worse" in said.stdout


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


# -- calibrate


def test_calibrate_writes_an_acceptance_file_that_the_step_can_load() -> None:
    said = handrail("calibrate", "steps.py:step", "--cases", "cases.jsonl", "--target", "0.1", "--delta", "0.05")

    rule = read_acceptance(Path("pet.acceptance.json"))
    assert rule.step == "pet"
    assert rule.threshold is not None
    assert rule.model.startswith("local:pet@")
    assert "threshold" in said.stdout
    assert "minutes" in said.stdout


def test_calibrate_with_too_few_labels_accepts_nothing_and_says_how_many_are_missing() -> None:
    said = handrail(
        "calibrate", "steps.py:step", "--cases", "cases.jsonl", "--target", "0.01", "--delta", "0.05", "--json", code=3
    )

    data: dict[str, Any] = json.loads(said.stdout)
    assert data["rule"]["threshold"] is None
    assert (data["labels_missing"], data["development"]) == (99, 0)


LEARN = "".join(
    json.dumps({"text": f"{('meow', 'purr', 'bark', 'woof')[n % 4]} {n}", "label": ("cat", "dog")[n % 4 > 1]}) + "\n"
    for n in range(200)
)
TENTH = ("--target", "0.1", "--delta", "0.05")


def test_calibrate_takes_the_file_that_learn_takes() -> None:
    Path("labelled.jsonl").write_text(LEARN, encoding="utf-8")

    handrail("calibrate", "steps.py:step", "--cases", "labelled.jsonl", *TENTH)

    rule = read_acceptance(Path("pet.acceptance.json"))
    assert (rule.labels, rule.threshold is None) == (200, False)


def exported(drawn: int, others: int) -> str:
    """Return lines as ``handrail review export`` writes them, so many of which were drawn at random."""
    lines = [json.loads(line) for line in LEARN.splitlines()]
    return "".join(
        json.dumps(
            {
                "name": f"c{number}",
                "input": line["text"],
                "expected": line["label"],
                "metadata": {"step": "pet", "drawn": number < drawn},
                "blind": number < drawn,
                "provenance": {"reviewer": "5f1c", "suggestion": None},
            }
        )
        + "\n"
        for number, line in enumerate(lines[: drawn + others])
    )


@pytest.mark.parametrize("more", [(), ("--accept-seen",)])
def test_exported_decisions_that_were_not_drawn_set_no_threshold_whatever_is_accepted(more: tuple[str, ...]) -> None:
    Path("decided.jsonl").write_text(exported(120, 80), encoding="utf-8")
    said = handrail("calibrate", "steps.py:step", "--cases", "decided.jsonl", *TENTH, *more)
    assert read_acceptance(Path("pet.acceptance.json")).labels == 120
    assert "left out: 80 decisions that were not drawn at random" in said.stderr


def test_a_file_of_corrections_alone_is_refused_with_what_to_do() -> None:
    Path("decided.jsonl").write_text(exported(0, 50), encoding="utf-8")
    said = handrail("calibrate", "steps.py:step", "--cases", "decided.jsonl", *TENTH, "--accept-seen", code=2).stderr
    assert "none of its decisions was drawn at random" in said
    assert "audit=Auditing(0.05)" in said


def test_keys_that_are_not_there_are_named_with_the_options_that_name_others() -> None:
    lines = LEARN.replace('"text"', '"body"').replace('"label"', '"team"')
    Path("labelled.jsonl").write_text(lines, encoding="utf-8")

    said = handrail("calibrate", "steps.py:step", "--cases", "labelled.jsonl", *TENTH, code=2).stderr
    handrail(
        "calibrate",
        "steps.py:step",
        *("--cases", "labelled.jsonl", "--input-field", "body", "--expected-field", "team"),
        *TENTH,
    )

    assert "it has no 'input'" in said
    assert "'body', 'team'" in said
    assert "--input-field" in said


@pytest.mark.parametrize("name", ["traffic.jsonl", "traffic.txt"])
def test_thresholds_are_taken_from_traffic_without_labels(name: str) -> None:
    texts = [f"meow and purr {n}" for n in range(100)] + ["bark", "woof", "what is this", "nothing known"] * 25
    lines = texts if name.endswith(".txt") else [json.dumps({"text": text}) for text in texts]
    Path(name).write_text("\n".join(lines), encoding="utf-8")

    handrail("calibrate", "steps.py:step", "--cases", "cases.jsonl", "--traffic", name, *TENTH)
    with_traffic = read_acceptance(Path("pet.acceptance.json"))
    handrail("calibrate", "steps.py:step", "--cases", "cases.jsonl", *TENTH)

    assert with_traffic.threshold is not None
    assert with_traffic.threshold != read_acceptance(Path("pet.acceptance.json")).threshold
    assert with_traffic.labels == 200


def test_copies_of_a_case_count_once_in_the_command() -> None:
    once = [json.loads(line) for line in LEARN.splitlines()[:60]]
    copies = [{**case, "text": text} for case in once for text in (case["text"], f" {case['text'].upper()}\n")]
    named = [{**case, "name": f"c{n}"} for n, case in enumerate(copies)]
    Path("labelled.jsonl").write_text("".join(json.dumps(each) + "\n" for each in named), encoding="utf-8")

    said = handrail("calibrate", "steps.py:step", "--cases", "labelled.jsonl", *TENTH, "--json")

    data: dict[str, Any] = json.loads(said.stdout)
    assert (data["cases"], data["copies"], data["rule"]["labels"]) == (120, 60, 60)


def test_cases_of_one_cluster_count_once_in_the_command() -> None:
    cases = [{**json.loads(line), "cluster": f"sender {n // 2}"} for n, line in enumerate(LEARN.splitlines())]
    Path("labelled.jsonl").write_text("".join(json.dumps(each) + "\n" for each in cases), encoding="utf-8")

    data = json.loads(handrail("calibrate", "steps.py:step", "--cases", "labelled.jsonl", *TENTH, "--json").stdout)

    assert (data["cases"], data["rule"]["labels"]) == (200, 100)


def test_labels_that_were_not_given_blind_are_refused_before_anybody_is_asked() -> None:
    cases = [{**json.loads(line), "blind": n != 7} for n, line in enumerate(LEARN.splitlines())]
    Path("labelled.jsonl").write_text("".join(json.dumps(each) + "\n" for each in cases), encoding="utf-8")
    command = ("calibrate", "steps.py:step", "--cases", "labelled.jsonl", *TENTH)

    said = handrail(*command, code=2).stderr.replace("\n", " ")
    taken = handrail(*command, "--accept-seen").stdout

    assert "1 label was given with the suggestion in view" in taken
    assert read_acceptance(Path("pet.acceptance.json")).seen == 1
    assert "1 of 200 labels were given with the suggestion in view ('labelled.jsonl:8')" in said
    assert "--accept-seen" in said
    assert read_acceptance(Path("pet.acceptance.json")).labels == 200


def test_cases_that_the_model_was_trained_on_do_not_calibrate_it() -> None:
    taught = "".join(json.dumps({"text": f"meow purr {n}", "label": "cat"}) + "\n" for n in range(30))
    Path("taught.jsonl").write_text(taught, encoding="utf-8")
    Path("mixed.jsonl").write_text(LEARN + taught, encoding="utf-8")

    refused = handrail("calibrate", "steps.py:step", "--cases", "taught.jsonl", *TENTH, code=2).stderr
    assert not Path("pet.acceptance.json").exists()
    said = handrail("calibrate", "steps.py:step", "--cases", "mixed.jsonl", *TENTH).stdout
    data = json.loads(handrail("calibrate", "steps.py:step", "--cases", "mixed.jsonl", *TENTH, "--json").stdout)

    assert "the model learned from 30 of the labelled cases" in " ".join(refused.split())
    assert "left out    30 cases that local:pet@" in said
    assert (data["cases"], len(data["learned"]), data["learned_known"]) == (200, 30, True)


def test_a_recording_does_not_hide_what_the_model_was_trained_on() -> None:
    taught = json.dumps({"name": "taught", "input": "bark woof 3", "expected": "dog"})
    with Path("cases.jsonl").open("a", encoding="utf-8") as file:
        file.write(f"\n{taught}\n")
    handrail("run", "steps.py:suite", "--recording", "rec.jsonl", "--record", "--out", "a.jsonl")
    command = ("calibrate", "steps.py:step", "--cases", "cases.jsonl", "--recording", "rec.jsonl", *TENTH)

    assert json.loads(handrail(*command, "--json").stdout)["learned"] == ["taught"]


def test_the_surest_contradictions_are_shown() -> None:
    lines = LEARN.splitlines()
    for n in (3, 50):
        lines[n] = lines[n].replace('"dog"', '"kitten"').replace('"cat"', '"dog"').replace('"kitten"', '"cat"')
    Path("labelled.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = ("calibrate", "steps.py:step", "--cases", "labelled.jsonl", *TENTH)

    said = handrail(*command).stdout
    data = json.loads(handrail(*command, "--json").stdout)

    assert {each["case"] for each in data["sure_errors"]} == {"labelled.jsonl:4", "labelled.jsonl:51"}
    assert {(each["answer"], each["label"]) for each in data["sure_errors"]} <= {("dog", "cat"), ("cat", "dog")}
    assert "labelled.jsonl:4: the label is" in said


@pytest.mark.slow
def test_expected_coverage_is_shown_where_scores_compete_with_its_spread() -> None:
    command = ("calibrate", "steps.py:step", "--cases", "cases.jsonl", *TENTH)

    alone = json.loads(handrail(*command, "--json").stdout)
    said = handrail(*command, "--development", "0.3").stdout
    compete = json.loads(handrail(*command, "--development", "0.3", "--json").stdout)

    assert (alone["development"], alone["expected_coverage"], alone["spread"]) == (0, {}, {})
    assert set(compete["expected_coverage"]) == set(compete["spread"]) == {"confidence", "margin"}
    assert compete["development"] > 0
    assert "in 8 of 10" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--target", "2", "--delta", "0.05"), "target"),
        (
            ("--target", "0.05", "--delta", "0.05", "--model", "openai:x"),
            "name the one to calibrate with --model local:pet",
        ),
        (("--target", "0.05", "--delta", "0.05", "--score", "luck"), "there is no score 'luck'"),
        (("--target", "0.05", "--delta", "0.05", "--development", "1"), "development is 1.0"),
        (("--target", "0.05", "--delta", "0.05", "--development", "0", "--acceptor"), "an acceptor is fitted on cases"),
        (("--target", "0.05", "--delta", "0.05", "--first-errors", "-1"), "first_errors is -1"),
    ],
)
def test_a_calibration_that_cannot_work_ends_with_2(arguments: tuple[str, ...], said: str) -> None:
    assert said in handrail("calibrate", "steps.py:step", "--cases", "cases.jsonl", *arguments, code=2).stderr


STORED = """
from typing import Literal
from handrail import Says, ScriptedModel, classify
from handrail import Auditing, confidence
from handrail import Run, workflow

def guess(request):
    number = int(request.text.split()[-1])
    right = "cat" if number % 2 else "dog"
    return Says(right if number % 50 else "cat", 0.95 if number % 10 else 0.6)

route = classify("route", Literal["cat", "dog"], "Which?", models=ScriptedModel(guess, name="guess"),
                 accept=confidence(at_least=0.9), audit=Auditing(0.5))

@workflow(version=1)
async def triage(run: Run, text: str) -> str:
    return await run.decide(route, text)
"""


@pytest.fixture
def stored() -> str:
    """Return a store of three hundred runs, a half of them audited, every question answered."""
    Path("stored.py").write_text(STORED, encoding="utf-8")
    sys.path.insert(0, str(Path.cwd()))
    triage: Any = importlib.import_module("stored").triage
    know = ScriptedReviewers(lambda item: "cat" if int(item.context.split()[-1]) % 2 else "dog")

    async def work() -> None:
        async with Rehearsal(workflows=[triage], reviewers=know, store="sqlite:///s.db") as rehearsal:
            await rehearsal.start_many(triage, [(f"r{n}", f"animal {n}") for n in range(300)])
            await rehearsal.settle()
            while await rehearsal.answer():
                await rehearsal.settle()

    asyncio.run(work())
    return "sqlite:///s.db"


def test_what_people_decided_is_read_from_a_store(stored: str) -> None:
    said = handrail("labels", "route", "--store", stored, "--out", "train.jsonl", "--give-up", "0.2")
    data = json.loads(handrail("labels", "route", "--store", stored, "--json").stdout)

    assert 120 < data["audits"] < 180
    assert data["answered"] == 1.0
    assert "they may only train" in said.stdout
    assert len(Path("train.jsonl").read_text(encoding="utf-8").splitlines()) > data["corrections"]


@pytest.mark.parametrize("command", [("labels",), ("watch", "--file", "route.watch.json")])
def test_a_misspelt_step_is_refused_with_those_that_there_are(stored: str, command: tuple[str, ...]) -> None:
    settings = WatchSettings(
        target=0.02,
        audit_rate=0.05,
        raised_rate=0.5,
        cases_per_false_alarm=10_000,
        audits_per_false_stop=1_000,
        settled_after=200,
        most_awaited=300,
    )
    reference = [Seen(0.9, True) for _ in range(200)]
    write_watch(Path("route.watch.json"), Watch.armed(settings, reference, at=datetime.now(UTC)))
    name, *options = command

    said = handrail(name, "rout", "--store", stored, *options, code=2).stderr.replace("\n", " ")

    assert "no AI step 'rout' has judged there; there are route" in said


def test_grades_of_0_to_100_are_gated_in_their_unit() -> None:
    Path("graded.py").write_text(
        "from handrail import Case, Suite\n"
        "def target(text: str) -> str:\n    return text\n"
        "def grade(answer) -> float:\n    return 90 + int(answer.output) % 5\n"
        "suite = Suite('graded', target, cases=[Case(f'c{n}', str(n)) for n in range(60)], scorers=[grade])\n",
        encoding="utf-8",
    )
    handrail("run", "graded.py:suite", "--out", "base.jsonl")

    handrail("gate", "graded.py:suite", "--baseline", "base.jsonl", "--margin", "2", "--out", "now.jsonl")
    handrail("compare", "base.jsonl", "now.jsonl", "--margin", "2")
    handrail("gate", "graded.py:suite", "--baseline", "base.jsonl", "--margin", "200", code=2)


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


def test_a_step_is_calibrated_on_the_audits_of_a_store(stored: str) -> None:
    handrail("calibrate", "stored.py:route", "--store", stored, "--target", "0.1", "--delta", "0.05", "--out", "a.json")

    rule = read_acceptance(Path("a.json"))
    assert (rule.step, rule.model) == ("route", "guess")
    assert rule.threshold is not None


def test_a_store_without_audits_sets_no_threshold() -> None:
    Path("stored.py").write_text(STORED, encoding="utf-8")
    open_store("sqlite:///s.db").close()

    said = handrail(
        "calibrate", "stored.py:route", "--store", "sqlite:///s.db", "--target", "0.1", "--delta", "0.05", code=2
    )
    neither = handrail("calibrate", "stored.py:route", "--target", "0.1", "--delta", "0.05", code=2)

    assert "no case of the step was drawn" in said.stderr
    assert "--cases FILE or --store" in neither.stderr.replace("\n", " ")


# -- list, show, report, schema


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
    assert "other.jsonl" in listed.stderr
    assert for_programs["done"] == "400/400"
    assert "Failing" in shown.stdout
    assert "expected      T4" in case.stdout
    assert as_json["output"] == "?"


def test_what_cannot_be_shown_is_said() -> None:
    handrail("run", "suites.py:suite", "--out", "r.jsonl")

    assert "has no case 'c999'" in handrail("show", "r.jsonl", "c999", code=2).stderr
    assert "no such folder" in handrail("list", "nowhere", code=2).stderr
    assert "say what to write" in handrail("report", "r.jsonl", code=2).stderr.replace("\n", " ")


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
