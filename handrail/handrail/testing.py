"""What a test of a workflow needs: the real engine in memory, a clock that jumps, scripted people, faults."""

import sys
from typing import TYPE_CHECKING

from handrail.lazy import lazy_face

if TYPE_CHECKING:
    from handrail_orchestrator.testing.clock import FakeClock as FakeClock
    from handrail_orchestrator.testing.doubles import HttpDouble as HttpDouble
    from handrail_orchestrator.testing.doubles import MailDouble as MailDouble
    from handrail_orchestrator.testing.faults import Faults as Faults
    from handrail_orchestrator.testing.faults import InjectedFault as InjectedFault
    from handrail_orchestrator.testing.rehearsal import Rehearsal as Rehearsal
    from handrail_orchestrator.testing.replay import RecordedRun as RecordedRun
    from handrail_orchestrator.testing.replay import assert_replays as assert_replays
    from handrail_orchestrator.testing.replay import recorded_run as recorded_run
    from handrail_orchestrator.testing.reviewers import LEAVE_OPEN as LEAVE_OPEN
    from handrail_orchestrator.testing.reviewers import ScriptedReviewers as ScriptedReviewers
else:
    __getattr__, __dir__ = lazy_face(sys.modules[__name__])
