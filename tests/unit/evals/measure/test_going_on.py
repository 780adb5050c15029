"""A run that goes on: what is there is kept, scored against what is right now, and written by one run only."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from typer.testing import CliRunner

from handrail import Run, Says, ScriptedModel, classify, confidence, workflow
from handrail.ai_steps import AIStep
from handrail.cli import app
from handrail_evals.decide.comparison import compare
from handrail_evals.decide.gate import Standing, Terms
from handrail_evals.errors import InvalidResult, LowOverlap
from handrail_evals.measure.case import Case
from handrail_evals.measure.result.result import FORMAT, read_result
from handrail_evals.measure.running.runner import run_suite
from handrail_evals.measure.running.settings import RunSettings
from handrail_evals.measure.scorer import Answered
from handrail_evals.measure.scorers.exact import exact
from handrail_evals.measure.suite import Suite
from handrail_evals.measure.targets.step import StepTarget
from handrail_evals.measure.targets.workflow import workflow_target

CASES: list[Case[str, str]] = [
    Case(f"c{n}", f"t{n}", "cards", steps={"route": "x"}, metadata={"lang": "en"}) for n in range(20)
]


class Asked:
    """A target that counts, and fails where it is told to."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.down: set[str] = set()

    async def route(self, text: str) -> str:
        self.texts.append(text)
        if text in self.down:
            raise ConnectionError("rate limit")
        return "billing"


def suite_of(asked: Asked, cases: list[Case[str, str]], *scorers: Any) -> Suite[Any, Any, Any]:
    return Suite("going", asked.route, cases=cases, scorers=scorers or [exact()])


def means(path: Path) -> set[float | None]:
    return {each.scores["exact"] for each in read_result(path).cases}


CHANGES: dict[str, Callable[[Case[str, str]], Case[str, str]]] = {
    "expected": lambda case: replace(case, expected="billing"),
    "must_pass": lambda case: replace(case, must_pass=True),
    "metadata": lambda case: replace(case, metadata={"lang": "de"}),
    "steps": lambda case: replace(case, steps={"route": "y"}),
    "cluster": lambda case: replace(case, cluster="one"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("keep_inputs", [True, False])
async def test_what_is_said_of_a_case_counts_at_once_and_nobody_is_asked_again(
    tmp_path: Path, change: Callable[[Case[str, str]], Case[str, str]], *, keep_inputs: bool
) -> None:
    out, asked, settings = tmp_path / "r.jsonl", Asked(), RunSettings(keep_inputs=keep_inputs)
    await run_suite(suite_of(asked, CASES), out=out, settings=settings)

    now = [change(case) if int(case.name[1:]) < 5 else case for case in CASES]
    evaluation = await run_suite(suite_of(asked, now), out=out, settings=settings)

    fresh = await run_suite(suite_of(asked, now), settings=settings)
    assert (evaluation.asked, evaluation.already_there, evaluation.scored_again) == (0, 20, 5)
    kept = {each.case: replace(each, seconds=0) for each in read_result(out).cases}
    assert kept == {each.case: replace(each, seconds=0) for each in fresh.result.cases}
    assert evaluation.result.must_pass_failures == fresh.result.must_pass_failures
    assert (await run_suite(suite_of(asked, now), out=out, settings=settings)).scored_again == 0


async def test_an_unfinished_result_and_corrected_labels_give_one_truth(tmp_path: Path) -> None:
    out, asked = tmp_path / "r.jsonl", Asked()
    asked.down = {"t7"}
    await run_suite(suite_of(asked, CASES), out=out)
    asked.down, asked.texts = set(), []

    now = [replace(case, expected="billing") for case in CASES]
    evaluation = await run_suite(suite_of(asked, now), out=out)

    assert asked.texts == ["t7"]
    assert (evaluation.already_there, evaluation.scored_again, evaluation.asked) == (19, 19, 1)
    assert means(out) == {1.0}


async def test_a_crashed_scorer_scores_again_without_the_target(tmp_path: Path) -> None:
    out, asked, broken = tmp_path / "r.jsonl", Asked(), [True]

    class Shaky:
        name, version, needs_expected = "shaky", "1", False

        def __call__(self, answer: Answered[Any, Any, Any], /) -> bool:
            if broken[0] and answer.input == "t3":
                raise ConnectionError("the judge is away")
            return bool(answer.output == "billing")

    first = await run_suite(suite_of(asked, CASES, Shaky()), out=out)
    broken[0] = False
    second = await run_suite(suite_of(asked, CASES, Shaky()), out=out)

    assert [each.case for each in first.crashed] == ["c3"]
    assert not second.crashed
    assert (len(asked.texts), second.scored_again) == (20, 1)


async def test_a_run_killed_while_it_scores_again_leaves_what_was_there(tmp_path: Path) -> None:
    out, asked = tmp_path / "r.jsonl", Asked()
    await run_suite(suite_of(asked, CASES), out=out)
    before = out.read_bytes()

    reached = asyncio.Event()

    class Endless:
        name, version, needs_expected = "exact", exact().version, False

        async def __call__(self, answer: Answered[Any, Any, Any], /) -> bool:
            if answer.input == "t9":
                reached.set()
                await asyncio.Event().wait()
            return True

    now = [replace(case, expected="billing") for case in CASES]
    running = asyncio.create_task(run_suite(suite_of(asked, now, Endless()), out=out))
    await reached.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert out.read_bytes() == before
    assert (await run_suite(suite_of(asked, now), out=out)).scored_again == 20
    assert means(out) == {1.0}


async def test_a_changed_truth_is_noticed_where_no_inputs_are_kept() -> None:
    settings = RunSettings(keep_inputs=False)
    before = (await run_suite(suite_of(Asked(), CASES), settings=settings)).result
    now = [replace(case, expected="billing") for case in CASES]
    after = (await run_suite(suite_of(Asked(), now), settings=settings)).result

    with pytest.raises(LowOverlap, match="another input or expected value"):
        compare(before, after, {"exact": Terms(margin=0.02)})
    again = (await run_suite(suite_of(Asked(), CASES))).result
    assert compare(before, again, {"exact": Terms(margin=0.02)}).standing is Standing.NOT_WORSE


@pytest.mark.parametrize("length", [1, 5, 12, 22, 24, 60, -1])
async def test_a_first_line_that_was_half_written_costs_nothing(tmp_path: Path, length: int) -> None:
    out, asked = tmp_path / "r.jsonl", Asked()
    await run_suite(suite_of(asked, CASES), out=out)
    header = out.read_bytes().splitlines()[0]
    out.write_bytes(header[:length])

    evaluation = await run_suite(suite_of(asked, CASES), out=out)

    assert evaluation.asked == 20
    assert read_result(out).is_complete


@pytest.mark.parametrize(
    "text", ["my notes", '{"format": "other"', '{"format":"handrail-resu1t/1"', "\x00" * 9, "[1]\n"]
)
async def test_a_file_of_something_else_stays_as_it_is(tmp_path: Path, text: str) -> None:
    out, asked = tmp_path / "notes.jsonl", Asked()
    out.write_text(text)

    with pytest.raises(InvalidResult, match=r"notes\.jsonl"):
        await run_suite(suite_of(asked, CASES), out=out)

    assert out.read_text() == text
    assert asked.texts == []
    assert FORMAT.startswith("handrail-result/")


async def test_a_second_writer_is_told_who_is_there(tmp_path: Path) -> None:
    out, asked = tmp_path / "r.jsonl", Asked()
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(text: str) -> str:
        begun.set()
        await go_on.wait()
        return text

    first: Suite[Any, Any, Any] = Suite("going", slow, cases=CASES, scorers=[exact()])
    running = asyncio.create_task(run_suite(first, out=out))
    await begun.wait()
    link = tmp_path / "latest.jsonl"
    link.symlink_to("r.jsonl")
    for place, fresh in ((out, False), (out, True), (link, False), (link, True)):
        with pytest.raises(InvalidResult, match=rf"process {os.getpid()} is writing it"):
            await run_suite(suite_of(asked, CASES), out=place, fresh=fresh)
    go_on.set()

    assert (await running).result.is_complete
    assert asked.texts == []
    assert {path.name for path in tmp_path.iterdir()} == {"r.jsonl", "latest.jsonl"}
    assert link.is_symlink()


@pytest.mark.slow
def test_a_writer_that_was_killed_keeps_nobody_out(tmp_path: Path) -> None:
    (tmp_path / "suite_of.py").write_text(
        "import os\nfrom handrail import Case, Suite, exact\n"
        "def route(text: str) -> str:\n    if os.environ.get('DIES'): os.kill(os.getpid(), 9)\n    return 'a'\n"
        "suite = Suite('s', route, cases=[Case('a', 'x', 'a')], scorers=[exact()])\n"
    )
    command = [sys.executable, "-m", "handrail", "eval", "run", "suite_of.py:suite", "--out", "r.jsonl"]

    dead = subprocess.run(command, cwd=tmp_path, env={**os.environ, "DIES": "1"}, check=False)
    alive = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True)

    assert dead.returncode == -9
    assert alive.returncode == 0, alive.stderr


SUITE = """\
import os
from handrail import Case, Suite, exact
EXPECTED = os.environ["EXPECTED"]
print("the suite is imported")
def route(text: str) -> str:
    print("asked", text)
    if text == "t1" and os.environ["EXPECTED"] == "b": raise ConnectionError("away")
    return "a"
suite = Suite("s", route, cases=[Case(f"c{n}", f"t{n}", EXPECTED) for n in range(4)], scorers=[exact()])
"""


@pytest.mark.dear
def test_the_command_says_how_many_answers_were_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("s1.py", "s2.py"):  # a file is loaded once in a process
        (tmp_path / name).write_text(SUITE)
    monkeypatch.setenv("EXPECTED", "b")
    invoke = CliRunner().invoke

    first = invoke(app, ["eval", "run", "s1.py:suite", "--out", "r.jsonl"])
    monkeypatch.setenv("EXPECTED", "a")
    second = invoke(app, ["eval", "run", "s2.py:suite", "--out", "r.jsonl", "--json"])
    third = invoke(app, ["eval", "run", "s2.py:suite", "--out", "r.jsonl"])
    fourth = invoke(app, ["eval", "run", "s2.py:suite", "--out", "r.jsonl", "--fresh"])

    assert (first.exit_code, "were there" in first.stderr) == (2, False)
    assert second.exit_code == 0, second.output
    assert "3 of 4 answers were there, 3 of them scored again" in second.stderr
    assert "1 asked now" in second.stderr
    assert "4 of 4 answers were there; 0 asked now" in third.stderr
    assert "were there" not in fourth.stderr
    assert json.loads(second.stdout)
    assert "asked t1" in second.stderr


def alternating() -> tuple[ScriptedModel, list[int]]:
    asked = [0]

    def say(_request: Any) -> Says:
        asked[0] += 1
        return Says(("a", "b")[asked[0] % 2], 0.9)

    return ScriptedModel(say, name="m"), asked


def stepping(model: ScriptedModel) -> AIStep[Any]:
    return classify("s", Literal["a", "b"], "?", models=[model], accept=confidence(at_least=0.5))


@pytest.mark.dear
@pytest.mark.parametrize("as_workflow", [False, True])
async def test_each_repeat_has_an_answer_of_its_own_in_a_recording(tmp_path: Path, *, as_workflow: bool) -> None:
    model, asked = alternating()
    step = stepping(model)

    @workflow(version=1)
    async def flow(run: Run, text: str) -> str:
        return str(await run.decide(step, text))

    target: Any = workflow_target(flow) if as_workflow else StepTarget(step)
    suite: Suite[Any, Any, Any] = Suite("rep", target, cases=CASES[:4], scorers=[exact()], repeats=3)
    path = tmp_path / "answers.jsonl"

    live = await run_suite(
        suite.with_target(target.from_recording(path, record=True)), settings=RunSettings(1), out=tmp_path / "r.jsonl"
    )
    replayed = await run_suite(suite.with_target(target.from_recording(path, record=False)), settings=RunSettings(4))

    assert asked == [12]
    answers = {(each.case, each.repeat): each.output for each in live.result.cases}
    assert {(each.case, each.repeat): each.output for each in replayed.result.cases} == answers
    assert set(answers.values()) == {"a", "b"}
    more = await run_suite(
        suite.with_repeats(4).with_target(target.from_recording(path, record=False)), settings=RunSettings(4)
    )
    assert {each.repeat for each in more.crashed} == {3}
    assert all("repeat 3 of it" in str(each.error) for each in more.crashed)
