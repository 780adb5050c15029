"""Every test of ``handrail eval`` has a folder of its own, with a suite, a step and cases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.evals.show.cli.commands import write_files
from tests.unit.orchestrator.commands import working_in


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("COLUMNS", "160")
    with working_in(tmp_path, monkeypatch):
        write_files()
        yield
