"""Runs that must be quick take a few cases of each test function, always the same."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.few_cases import FewCases, LeftOut, spread

ROOT = Path(__file__).parents[2]


@given(st.integers(0, 60), st.integers(1, 9))
def test_cases_are_spread_over_all_from_the_first_to_the_last(number: int, most: int) -> None:
    kept = spread(range(number), most)

    assert kept == sorted(set(kept))
    assert len(kept) == min(number, most)
    assert kept[:1] == ([0] if number else [])
    if number > 1 < most:
        assert kept[-1] == number - 1
        distances = {later - earlier for earlier, later in pairwise(kept)}
        assert max(distances) - min(distances) <= 1


def test_no_case_at_all_is_refused() -> None:
    with pytest.raises(pytest.UsageError, match="--few-cases 0: of each test function at least one case runs"):
        FewCases(0)


def test_a_module_with_the_mark_and_a_folder_of_such_modules_are_not_loaded(tmp_path: Path) -> None:
    slow, mixed = tmp_path / "slow", tmp_path / "mixed"
    for folder, name, marks in (
        (slow, "test_one.py", "pytestmark = pytest.mark.slow\n"),
        (slow, "test_two.py", "pytestmark = [pytest.mark.timeout(9), pytest.mark.slow]\n"),
        (mixed, "test_one.py", "pytestmark = pytest.mark.slow\n"),
        (mixed, "test_other.py", "@pytest.mark.slow\ndef test_it(): pass\n"),
    ):
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(marks)
    left_out = LeftOut(["slow"], None)

    assert left_out.pytest_ignore_collect(slow)
    assert left_out.pytest_ignore_collect(mixed) is None
    assert left_out.pytest_ignore_collect(mixed / "test_one.py")
    assert left_out.pytest_ignore_collect(mixed / "test_other.py") is None


@pytest.mark.slow
@pytest.mark.parametrize("most", [(), ("--few-cases", "2")])
def test_the_same_tests_are_left_out_as_by_an_expression(most: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-qq", "--hypothesis-profile", "fast", *most]
    where = ("tests/contract/test_store_flows.py", "tests/unit/orchestrator/temporal", "tests/unit/test_import_time.py")
    named = [
        subprocess.run([*command, *chosen, *where], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for chosen in (["-m", "not slow and not dear"], ["--leave-out", "slow", "--leave-out", "dear"])
    ]

    assert named[0] == named[1]
    assert named[0].count("\n") >= len(where)


@pytest.mark.slow
def test_cases_that_the_marks_leave_out_are_not_counted() -> None:
    """Of five stores the slow three are left out first, and the two that are left run; a page loses no block."""
    collected = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-qq", "--hypothesis-profile", "fast", "--few-cases", "2",
         "-m", "not slow or every_case", "tests/contract/test_store_flows.py", "tests/docs/test_pages.py"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip

    tests = (ROOT / "tests/contract/test_store_flows.py").read_text(encoding="utf-8").count("\ndef test_")
    counted = dict(line.rsplit(": ", 1) for line in collected.splitlines() if line.startswith("tests/"))
    assert int(counted["tests/contract/test_store_flows.py"]) == 2 * tests
    assert int(counted["tests/docs/test_pages.py"]) > 40
