"""Runs that must be quick take a few cases of each test function, always the same."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.few_cases import FewCases, spread

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
