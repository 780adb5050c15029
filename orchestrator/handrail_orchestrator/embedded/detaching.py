"""Child runs that their parent does not wait for: started, recorded, and on their own."""

import json
from typing import TYPE_CHECKING, get_args

from handrail_orchestrator.embedded.records import error_json
from handrail_orchestrator.errors import Misuse, RunConflict
from handrail_orchestrator.policy import ChildPolicy
from handrail_orchestrator.store.changes import RecordStep
from handrail_orchestrator.store.running import StartDetached

if TYPE_CHECKING:
    from handrail_orchestrator.embedded.equipment import Equipment
    from handrail_orchestrator.store.rows import StepRow
    from handrail_orchestrator.store.starts import StartRun


def check_policy(policy: str) -> None:
    """Check that there is such a policy.

    Raises:
        Misuse: there is not.
    """
    if policy not in get_args(ChildPolicy):
        raise Misuse(f"run.child(policy={policy!r}): give one of {', '.join(map(repr, get_args(ChildPolicy)))}")


async def started_detached(equipment: "Equipment", row: "StepRow", start: "StartRun", policy: str) -> "StepRow":
    """Start a child run and return the record of that; it has failed where the id is another run's."""
    now = equipment.clock.now()
    done = row._replace(status="done", ended=now, output=json.dumps(start.id))
    try:
        await equipment.writer.ask(StartDetached(done, start, policy))
    except RunConflict as conflict:
        failed = row._replace(status="failed", ended=now, error=error_json(conflict))
        await equipment.writer.add(RecordStep(failed))
        return failed
    return done
