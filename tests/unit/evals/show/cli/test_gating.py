"""``handrail eval compare`` and ``gate``: worse, not worse or too few, and what cannot be held against what."""

import json
from pathlib import Path

import pytest

from tests.unit.evals.show.cli.commands import handrail, in_mode


@pytest.mark.dear
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


@pytest.mark.dear
def test_a_comparison_for_programs_is_one_line_of_json() -> None:
    handrail("run", "suites.py:suite", "--out", "a.jsonl")

    data = json.loads(handrail("compare", "a.jsonl", "a.jsonl", "--json").stdout)

    assert data["standing"] == "not worse"
    assert data["metrics"]["exact"]["difference"]["estimate"] == 0.0


@pytest.mark.dear
def test_a_gate_runs_and_holds_against_the_baseline() -> None:
    handrail("run", "suites.py:suite", "--out", "base.jsonl")

    assert "NOT WORSE" in handrail("gate", "suites.py:suite", "--baseline", "base.jsonl", "--margin", "0.02").stdout
    assert "WORSE" in in_mode("poor", "gate", "suites.py:gated", "--baseline", "base.jsonl", code=1).stdout


@pytest.mark.dear
def test_a_gate_needs_a_margin_and_an_uncrashed_candidate() -> None:
    handrail("run", "suites.py:suite", "--out", "base.jsonl")

    no_margin = handrail("gate", "suites.py:suite", "--baseline", "base.jsonl", code=2)
    crashed = in_mode("crash", "gate", "suites.py:suite", "--baseline", "base.jsonl", "--margin", "0.02", code=2)
    unreadable = handrail("gate", "suites.py:suite", "--baseline", "none.jsonl", "--margin", "0.02", code=2)

    assert "--metric exact=0.02" in no_margin.stderr
    assert "crashed" in crashed.stderr
    assert "none.jsonl" in unreadable.stderr


@pytest.mark.dear
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


@pytest.mark.dear
def test_a_crash_of_the_command_ends_with_2_and_not_as_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> object:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr("handrail_evals.show.cli.comparing.compare", broken)
    handrail("run", "suites.py:suite", "--out", "a.jsonl")

    said = handrail("compare", "a.jsonl", "a.jsonl", code=2)

    assert "nobody foresaw this" in said.stderr


@pytest.mark.dear
@pytest.mark.parametrize(
    ("metric", "said"),
    [("exact=much", "the margin is no number"), ("wrong=0.1", "no metric 'wrong'"), ("exact=2", "margin is 2.0")],
)
def test_a_metric_that_cannot_be_compared_is_refused(metric: str, said: str) -> None:
    handrail("run", "suites.py:suite", "--out", "a.jsonl")

    assert said in handrail("compare", "a.jsonl", "a.jsonl", "--metric", metric, code=2).stderr.replace("\n", " ")


@pytest.mark.dear
def test_seconds_are_compared_in_seconds() -> None:
    handrail("run", "suites.py:suite", "--out", "a.jsonl")

    said = handrail("compare", "a.jsonl", "a.jsonl", "--metric", "seconds=0.5", "--metric", "exact=0.02")

    assert "seconds: not worse" in said.stdout


@pytest.mark.dear
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


@pytest.mark.dear
def test_a_scorer_that_is_called_as_a_measure_has_its_own_scale_and_a_metric_one_margin() -> None:
    Path("timed.py").write_text(
        "from handrail import Case, Suite\n\ndef same(text: str) -> str:\n    return text\n\n"
        "def seconds(answer):\n    return 50.0\n\n"
        "suite = Suite('timed', same, cases=[Case(f'c{n}', f't{n}', cluster='one') for n in range(30)],"
        " scorers=[seconds])\n",
        encoding="utf-8",
    )
    ran = handrail("run", "timed.py:suite", "--out", "t.jsonl")
    twice = handrail("compare", "t.jsonl", "t.jsonl", "--metric", "seconds=2", "--metric", "seconds=1", code=2)
    handrail("run", "suites.py:suite", "--out", "a.jsonl")

    asked = handrail("gate", "timed.py:suite", "--baseline", "t.jsonl", "--margin", "2", code=2)

    assert "they show no difference from a baseline: all are of one cluster" in ran.stderr
    assert "1 clusters with a score, at least 2 needed: add cases of other clusters" in asked.stderr
    assert not Path("results").exists()
    assert "--metric seconds is given twice, with 2 and 1" in twice.stderr
    handrail("compare", "a.jsonl", "a.jsonl", "--metric", "exact=0.1", "--metric", "exact=0.1")
