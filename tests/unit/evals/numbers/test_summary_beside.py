"""The summary file beside a result."""

import json
from pathlib import Path

import pytest

from handrail_evals.errors import InvalidResult
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.result.log import ResultLog
from handrail_evals.numbers.statistics.intervals import Certainty
from handrail_evals.numbers.summary.document import open_summary, read_summary, summary_path
from handrail_evals.numbers.summary.summary import Options, Summary
from tests.unit.evals.numbers.metric_answers import result, said

QUICK = Options(certainty=Certainty(resamples=100))


def written(folder: Path, cases: int = 6) -> Path:
    """Write a result and return its path."""
    path = folder / "route.jsonl"
    add(path, [said(f"c{place}", "a" if place % 2 else "b", "a", confidence=place / cases) for place in range(cases)])
    return path


def add(path: Path, cases: list[CaseResult]) -> None:
    header = result([said(f"c{place}", "a", "a") for place in range(6)]).header
    with ResultLog(path, header) as log:
        for each in cases:
            log.add(each)


def test_a_summary_is_written_beside_its_result_and_read_from_there(tmp_path: Path) -> None:
    path = written(tmp_path)

    first = open_summary(path, QUICK)

    assert summary_path(path) == tmp_path / "route.summary.json"
    assert read_summary(path, QUICK) == first
    assert open_summary(path, QUICK) == first
    assert sorted(each.name for each in tmp_path.iterdir()) == ["route.jsonl", "route.summary.json"]


def test_it_is_not_computed_twice(tmp_path: Path) -> None:
    path = written(tmp_path)
    open_summary(path, QUICK)
    kept = summary_path(path)
    kept.write_text(kept.read_text().replace('"target_version":"v1"', '"target_version":"kept"'))

    assert open_summary(path, QUICK).subject.target_version == "kept"


def test_a_result_that_grew_gets_a_new_summary(tmp_path: Path) -> None:
    path = written(tmp_path, cases=5)
    before = open_summary(path, QUICK)

    add(path, [said("c5", "a", "a")])

    assert read_summary(path, QUICK) is None
    after = open_summary(path, QUICK)
    assert (before.tally.answers, after.tally.answers) == (5, 6)
    assert read_summary(path, QUICK) == after


def test_a_result_of_the_same_length_that_is_another_gets_a_new_summary(tmp_path: Path) -> None:
    path = written(tmp_path)
    open_summary(path, QUICK)

    path.write_text(path.read_text().replace("2026-01-31T09:30:00Z", "2026-02-01T09:30:00Z"))

    assert open_summary(path, QUICK).subject.started == "2026-02-01T09:30:00Z"


def test_other_options_get_a_new_summary(tmp_path: Path) -> None:
    path = written(tmp_path)
    open_summary(path, QUICK)

    other = Options(certainty=Certainty(resamples=100, level=0.9))

    assert read_summary(path, other) is None
    assert open_summary(path, other).options == other


@pytest.mark.parametrize("text", ["", "{}", '{"format": "handrail-summary/0"}'])
def test_a_summary_that_cannot_be_read_is_made_anew(tmp_path: Path, text: str) -> None:
    path = written(tmp_path)
    summary_path(path).write_text(text)

    assert open_summary(path, QUICK) == read_summary(path, QUICK)


def test_bytes_that_are_no_text_are_made_anew(tmp_path: Path) -> None:
    path = written(tmp_path)
    summary_path(path).write_bytes(b"\xff\xfe\x00")

    assert isinstance(open_summary(path, QUICK), Summary)


def test_a_line_that_is_still_being_written_does_not_count(tmp_path: Path) -> None:
    path = written(tmp_path, cases=5)
    with path.open("ab") as file:
        file.write(b'{"case": "c5", "inp')

    assert open_summary(path, QUICK).tally.answers == 5
    assert read_summary(path, QUICK) is None


def test_where_nothing_can_be_written_the_summary_is_still_returned(tmp_path: Path) -> None:
    path = written(tmp_path)
    summary_path(path).mkdir()

    assert open_summary(path, QUICK).tally.answers == 6
    assert sorted(each.name for each in tmp_path.iterdir()) == ["route.jsonl", "route.summary.json"]


def test_a_result_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidResult, match=r"none\.jsonl: it cannot be read"):
        open_summary(tmp_path / "none.jsonl")


def test_the_file_can_be_read_by_others(tmp_path: Path) -> None:
    path = written(tmp_path)
    open_summary(path, QUICK)

    assert summary_path(path).stat().st_mode & 0o777 == 0o644
    assert json.loads(summary_path(path).read_text())["result"]["bytes"] == path.stat().st_size
