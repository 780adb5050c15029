"""The orchestrator's commands; the ``handrail`` command puts them together with those of the other packages."""

from handrail_orchestrator.cli import reviewing, runs
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.running import InputBatch, run, run_batch, work

__all__ = ["InputBatch", "complaining", "reviewing", "run", "run_batch", "runs", "work"]
