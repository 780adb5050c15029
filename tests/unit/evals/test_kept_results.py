"""Results that earlier versions wrote are opened, compared and gone on with; see tests/fixtures/README.md."""

import shutil
from pathlib import Path

import pytest

from evals import read_result
from evals.comparison import compare
from evals.gate import Standing, Terms

FIXTURES = Path(__file__).parents[2] / "fixtures"
VERSIONS = ("c3287ff",)


@pytest.fixture(params=VERSIONS)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return Path(shutil.copytree(FIXTURES / request.param, tmp_path / request.param))


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
