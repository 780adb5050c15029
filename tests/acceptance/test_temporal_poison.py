"""Behind Temporal, a run that kills workers is set aside by the same rule as on one machine, and nobody else."""

import signal
from contextlib import closing
from pathlib import Path
from uuid import uuid4

from handrail_orchestrator.store import open_store
from tests.acceptance.processes import spawn
from tests.servers.temporal import TemporalAt

MOST_DEATHS = 6
"""Of two runs: twice both, then one of them, and up to three times the poison alone."""


def test_a_run_that_kills_its_worker_is_set_aside_and_nobody_else(temporal: TemporalAt, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'runs.db'}"
    engine = f"{temporal.url}?prefix={uuid4().hex[:8]}"
    deaths, output = 0, ""
    while deaths <= MOST_DEATHS:
        process = spawn("poison.py", address, engine, "2")
        output, errors = process.communicate(timeout=200)
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL, errors
        deaths += 1
    assert "idle" in output
    assert 2 < deaths <= MOST_DEATHS
    with closing(open_store(address)) as store:
        assert store.counts() == {("patient", 1, "completed"): 1, ("patient", 1, "set_aside"): 1}
        poison = store.run("r0")
        assert poison is not None
        assert "died 3 times while executing nothing else" in (poison.error or "")
