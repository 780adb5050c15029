"""The benchmarks' table: what is missed is named with its number and its bar, and ends with 1."""

import subprocess
import sys
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


def test_two_sides_have_turns_and_the_median_of_their_rounds_counts() -> None:
    from bench.figure import at_most  # noqa: PLC0415 -- as above
    from bench.pairs import in_turn  # noqa: PLC0415 -- as above

    now, called_in_order = 0.0, ""

    def spend(name: str, seconds: float) -> None:
        nonlocal now, called_in_order
        now += seconds
        called_in_order += name

    pairs = in_turn(lambda: spend("a", 0.004), lambda: spend("b", 0.002), 3, clock=lambda: now)
    figure = pairs.figure("reading", "ours ÷ theirs", at_most(2.5))

    assert called_in_order == "ababbaab"  # each once before what counts, then in turn, forwards and backwards
    assert (round(figure.value or 0.0, 9), figure.mark) == (2.0, "holds")
    assert figure.note == "4 ms for 2; 2 to 2"


def test_a_late_centile_is_held_to_that_of_the_floor() -> None:
    from bench.figure import at_most  # noqa: PLC0415 -- as above
    from bench.pairs import Pairs  # noqa: PLC0415 -- as above

    ours, floor = tuple(float(each) for each in range(1, 101)), (10.0,) * 100

    assert round(Pairs(ours, floor).late("server", "a page", at_most(9.0)).value or 0.0, 3) == 9.505
    assert Pairs(ours, floor).late("server", "a page", at_most(9.0)).mark == "missed"


def test_the_best_moments_are_held_to_those_of_the_floor() -> None:
    from bench.figure import at_most  # noqa: PLC0415 -- as above
    from bench.pairs import Pairs  # noqa: PLC0415 -- as above

    held_up, as_usual = (80.0,) * 80, (2.0,) * 20

    assert Pairs(held_up + as_usual, (1.0,) * 100).early("alone", "a run", at_most(2.5)).value == 2.0
    assert Pairs(held_up + (8.0,) * 20, (1.0,) * 100).early("alone", "a run", at_most(2.5)).mark == "missed"


def test_the_processor_time_of_processes_that_ended_counts() -> None:
    from bench.processor import seconds_of_all  # noqa: PLC0415 -- as above

    below = "import time\nwhile time.process_time() < 0.1: pass"
    before = seconds_of_all()
    subprocess.run(
        [sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {below!r}])"], check=True
    )
    assert seconds_of_all() - before >= 0.1
