"""The benchmarks' table: what is missed is named with its number and its bar, and ends with 1."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from bench.figure import Figure

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def _found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def figures() -> "list[Figure]":
    from bench.figure import TIMES, Figure, at_least, at_most, best_figure  # noqa: PLC0415 -- found by the fixture

    return [
        Figure("reading", "ours ÷ theirs", 1.62, TIMES, at_most(1.5)),
        Figure("reading", "pages", 500.0, "", at_least(500)),
        best_figure("reading", "a page", [31.0, 29.5, 30.2], "ms", bar=at_most(30)),
    ]


def test_a_missed_bar_is_named_with_its_number(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from bench.table import GATHERED, report  # noqa: PLC0415 -- as above

    monkeypatch.setenv(GATHERED, str(tmp_path / "missed"))
    code = report("Documents", figures())

    line = "Documents, reading, ours ÷ theirs: 1.62 ×, the bar is ≤ 1.5"
    assert code == 1
    assert capsys.readouterr().out.splitlines()[-2:] == ["3 bars: 2 hold, 1 missed.", f"missed: {line}"]
    assert (tmp_path / "missed").read_text().splitlines() == [line]


def test_what_could_not_be_measured_is_named_with_why(capsys: pytest.CaptureFixture[str]) -> None:
    from bench.figure import Figure  # noqa: PLC0415 -- as above
    from bench.table import report  # noqa: PLC0415 -- as above

    assert report("The engine", [Figure("crash", "failed", None, "", note="OSError: no disk", failed=True)]) == 1
    assert "missed: The engine, crash, failed: not measured, OSError: no disk" in capsys.readouterr().out
    assert report("The engine", figures()[1:]) == 0


def test_a_benchmark_that_broke_is_not_called_missed() -> None:
    from bars import called  # noqa: PLC0415 -- as above

    assert [called(0, says=False), called(1, says=True), called(1, says=False), called(-9, says=True)] == [
        "ok",
        "missed",
        "failed (1)",
        "failed (-9)",
    ]
