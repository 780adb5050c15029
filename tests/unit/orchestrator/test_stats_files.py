"""Numbers from before, read from CSV, and figures written as CSV."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from handrail.orchestrator import Misuse
from handrail_orchestrator.statistics.csv_file import cell, read_baseline, stats_csv
from handrail_orchestrator.store.figures import BaselineRow
from handrail_orchestrator.testing import Rehearsal
from tests.contract import flows

GOOD = 'metric,value,unit,cases,workflow,note\ncycle_p50,7200,s,40,,"by hand, in May"\nerror_rate,0.125,,,triage,\n'


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "before.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


@pytest.mark.parametrize("start", ["", "\ufeff", "\n"])
def test_a_baseline_is_read_by_the_names_of_its_columns(tmp_path: Path, start: str) -> None:
    rows = read_baseline(written(tmp_path, start + GOOD))
    assert rows == [
        BaselineRow("", "cycle_p50", 7200.0, "s", 40, "by hand, in May"),
        BaselineRow("triage", "error_rate", 0.125),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("metric;value\na;1\n", r"before\.csv:1: its columns are parted by semicolons"),
        ("metric,amount\na,1\n", r"before\.csv:1, column 2: there is no column 'amount'"),
        ("metric,metric\na,1\n", r"before\.csv:1, column 2: 'metric' stands there twice"),
        ("metric,unit\na,s\n", r"before\.csv:1: column 'value' is missing"),
        ("metric,value\na,1\nb,\n", r"before\.csv:3, column 2 \(value\): '' is no number"),
        ("metric,value\na,12%\n", r"before\.csv:2, column 2 \(value\): '12%' is no number"),
        ("metric,value\na,nan\n", r"before\.csv:2, column 2 \(value\): 'nan' is no number"),
        ("metric,value\na,1_0\n", r"before\.csv:2, column 2 \(value\): '1_0' is no number"),
        ("metric,value\na,\u0663\n", r"before\.csv:2, column 2 \(value\): '\u0663' is no number"),
        ("metric,value\na,1,5\n", r"before\.csv:2: it has 3 cells, the first line 2"),
        ("metric,value,cases\na,1,2.5\n", r"before\.csv:2, column 3 \(cases\): '2\.5' is no count"),
        ("metric,value\n,1\n", r"before\.csv:2, column 1 \(metric\): it is empty"),
        ("metric,value\na,1\na,2\n", r"before\.csv:3: metric 'a' stands above already"),
        ('metric,value\n"a,1\n', r"before\.csv:2: it is no CSV"),
        ("metric,value\n", "has no numbers"),
        ("", "has no numbers"),
        (b"metric,value\n\xff,1\n", r"before\.csv:2: it is not UTF-8"),
        (f"metric,value\n{'x' * 201},1\n", r"before\.csv:2, column 1 \(metric\): 201 characters"),
        ("metric,value\na\u202eb,1\n", r"before\.csv:2, column 1 \(metric\): .* cannot be seen"),
    ],
)
def test_a_bad_baseline_is_refused_with_line_and_column(tmp_path: Path, text: str | bytes, told: str) -> None:
    with pytest.raises(Misuse, match=told):
        read_baseline(written(tmp_path, text))


def test_a_baseline_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match=r"none\.csv cannot be read"):
        read_baseline(tmp_path / "none.csv")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x")'])
def test_no_cell_begins_like_a_formula(text: str) -> None:
    assert cell(text)[:1] not in {"=", "+", "-", "@", "\t", "\r"}


async def test_figures_are_written_as_csv_with_names_defused_and_the_baseline_beside() -> None:
    async with Rehearsal(workflows=[flows.add]) as engine:
        await engine.start(flows.add, 1, id="a")
        await engine.idle()
        await engine.outcome("a", "=cmd|' /C calc'!A0", "=1+1")
        await engine.put_baseline([BaselineRow("", "@cycle", 7200.0, "s")])
        rows = list(csv.reader(io.StringIO("".join(stats_csv(engine.stats())))))
        assert rows[0] == ["metric", "of", "value", "unit"]
        assert ["started", "", "1", "runs"] in rows
        assert ["outcome =cmd|' /C calc'!A0==1+1", "by_rule", "1.0", "share"] in rows
        assert ["baseline @cycle", "", "7200.0", "s"] in rows
        assert not [text for row in rows for text in row[:2] if text[:1] in {"=", "+", "-", "@"}]


async def test_outcomes_are_measured_by_decision_path_and_the_last_one_told_counts() -> None:
    async with Rehearsal(workflows=[flows.add, flows.fail]) as engine:
        for number in range(4):
            await engine.start(flows.add, number, id=f"a{number}")
        await engine.start(flows.fail, 1, id="broken")
        await engine.idle()
        for number in range(3):
            await engine.outcome(f"a{number}", "reopened", value=number == 0)
        await engine.outcome("a1", "reopened", by=None, value=True, at=datetime(2026, 1, 5, tzinfo=UTC))
        await engine.outcome("broken", "days", 2.5)
        for _ in range(2):
            days, reopened = engine.stats().outcomes
            assert (days.name, days.path, days.told, days.mean) == ("days", "failed", 1, 2.5)
            assert (reopened.path, reopened.ended, reopened.told) == ("by_rule", 4, 3)
            assert (reopened.share().part, reopened.share().whole) == (2, 3)
            assert reopened.share().interval is not None
            while await engine.roll_up():
                pass
        first, second = engine.outcomes("a1")
        assert (first.value, first.superseded_by, second.value) == (False, second.id, True)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e13, "", " ", "x" * 201, [1], {"a": 1}])
async def test_what_cannot_be_an_outcome_is_refused(value: object) -> None:
    async with Rehearsal(workflows=[flows.add]) as engine:
        await engine.start(flows.add, 1, id="a")
        await engine.idle()
        with pytest.raises(Misuse, match="give"):
            await engine.outcome("a", "reopened", value)  # type: ignore[arg-type]  # that is the point
        with pytest.raises(Misuse, match="give it a name"):
            await engine.outcome("a", " ")
        with pytest.raises(Misuse, match="lies ahead"):
            await engine.outcome("a", "reopened", at=engine.clock.now() + 100_000)
