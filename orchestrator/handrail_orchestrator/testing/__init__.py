"""For tests of workflows: a fake clock, scripted reviewers, faults on purpose, and proof of replay."""

from handrail_orchestrator.testing.clock import FakeClock
from handrail_orchestrator.testing.faults import Faults, InjectedFault
from handrail_orchestrator.testing.rehearsal import Rehearsal
from handrail_orchestrator.testing.replay import RecordedRun, assert_replays, recorded_run
from handrail_orchestrator.testing.reviewers import LEAVE_OPEN, ScriptedReviewers

__all__ = [
    "LEAVE_OPEN",
    "FakeClock",
    "Faults",
    "InjectedFault",
    "RecordedRun",
    "Rehearsal",
    "ScriptedReviewers",
    "assert_replays",
    "recorded_run",
]
