"""Results that earlier versions wrote are opened, compared and gone on with; see tests/fixtures/README.md."""

import json
import re
import shutil
from pathlib import Path

import pytest

from handrail.evals import read_result
from handrail_evals.decide.comparison import compare
from handrail_evals.decide.gate import Standing, Terms
from handrail_evals.errors import InvalidResult
from handrail_evals.measure.running.runner import run_suite
from handrail_evals.measure.targets.answered import AnsweredTarget
from handrail_evals.numbers.summary.document import open_summary
from handrail_orchestrator.python_file import load_file

FIXTURES = Path(__file__).parents[3] / "fixtures"
VERSIONS = ("c3287ff", "format6", "format7")


@pytest.fixture(params=VERSIONS)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return Path(shutil.copytree(FIXTURES / request.param, tmp_path / request.param))


def write_suite(kept: Path) -> None:
    """Write the suite as its owner has it today: its names came from ``evals``, ``ai_steps`` and ``guards`` then."""
    text = (kept / "made_by" / "suite.py.txt").read_text()
    (kept / "suite.py").write_text(
        re.sub(r"^from (?:ai_steps|evals|guards) ", "from handrail ", text, flags=re.MULTILINE)
    )


def test_kept_results_open_with_every_answer(kept: Path) -> None:
    whole, recorded = read_result(kept / "whole.jsonl"), read_result(kept / "recorded.jsonl")
    assert whole.is_complete
    assert recorded.is_complete
    assert [case.scores["exact"] for case in whole.cases] == [1, 1, 1, 1, 0, 1]
    assert [case.case for case in recorded.cases if case.accepted is False] == ["c2", "c3"]


def test_a_kept_unfinished_result_names_what_crashed(kept: Path) -> None:
    unfinished = read_result(kept / "unfinished.jsonl")
    assert not unfinished.is_complete
    assert [case.case for case in unfinished.cases if not case.scores] == ["c4"]


def test_a_kept_result_is_a_baseline(kept: Path) -> None:
    whole = read_result(kept / "whole.jsonl")
    assert compare(whole, whole, {"exact": Terms(margin=0.02)}).standing is Standing.NOT_WORSE


async def test_a_kept_unfinished_result_goes_on(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(kept)
    write_suite(kept)
    (kept / "whole").touch()  # its target no longer fails
    suite = load_file(kept / "suite.py").plain()
    path = kept / "unfinished.jsonl"
    lines = path.read_text().splitlines(keepends=True)  # the hash of code follows the version of Python
    header = {**json.loads(lines[0]), "target_version": suite.target.version}
    path.write_text("".join([json.dumps(header, separators=(",", ":")) + "\n", *lines[1:]]))

    evaluation = await run_suite(suite, out=path)

    assert (evaluation.already_there, evaluation.scored_again, evaluation.asked) == (5, 0, 1)
    assert read_result(path).is_complete


async def test_a_kept_result_of_a_step_goes_on_or_says_how_to(kept: Path) -> None:
    write_suite(kept)
    suite = load_file(kept / "suite.py").suite()

    if kept.name == "c3287ff":  # its target's version did not hold what is accepted and guarded
        with pytest.raises(InvalidResult, match=r"the target changed.*--fresh.*--answers-from"):
            await run_suite(suite, out=kept / "recorded.jsonl")
    else:
        assert (await run_suite(suite, out=kept / "recorded.jsonl")).asked == 0

    again = suite.with_target(AnsweredTarget(suite.target, read_result(kept / "recorded.jsonl")))
    assert (await run_suite(again, out=kept / "again.jsonl")).result.is_complete


def test_a_kept_summary_is_read_beside_its_result(kept: Path) -> None:
    summary = open_summary(kept / "whole.jsonl")  # of before it is made anew, once

    assert summary.tally.answers == 6
    written = (kept / "whole.summary.json").read_bytes()
    assert open_summary(kept / "whole.jsonl") == summary
    assert (kept / "whole.summary.json").read_bytes() == written
