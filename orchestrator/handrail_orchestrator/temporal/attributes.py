"""What Temporal's own page shows of a run: its workflow, how it stands, and what it waits for."""

from collections.abc import Sequence

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from handrail_orchestrator.store.rows import WaitRow

WORKFLOW = "HandrailWorkflow"
STATUS = "HandrailStatus"
WAITING_FOR = "HandrailWaitingFor"
STEP = "HandrailStep"
LONGEST = 250
"""Characters of a text; some databases of Temporal's keep 255."""
NOTHING = "-"
"""The text of what does not apply: one that was shown must be replaced."""


async def register(client: Client) -> None:
    """Let the namespace know them.

    Raises:
        RPCError: it may not be done from here.
    """
    keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
    attributes = dict.fromkeys((WORKFLOW, STATUS, WAITING_FOR, STEP), keyword)
    request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=attributes)
    try:
        await client.operator_service.add_search_attributes(request)
    except RPCError as error:
        if error.status != RPCStatusCode.ALREADY_EXISTS:
            raise


def first_shown(workflow: str) -> dict[str, str]:
    """Return what is shown of a run that Temporal has just been told of."""
    return {WORKFLOW: _short(workflow), STATUS: "running"}


def shown(workflow: str, status: str, waits: Sequence[WaitRow], place: str | None = None) -> dict[str, str]:
    """Return what is shown of a run."""
    waiting = [_waiting_for(each) for each in waits] if status == "waiting" else []
    if place is not None:
        waiting.insert(0, f"queue:{place}")
    step = waits[0].step if waits and status == "waiting" else NOTHING
    return {
        WORKFLOW: _short(workflow),
        STATUS: status,
        WAITING_FOR: _short(", ".join(dict.fromkeys(waiting)) or NOTHING),
        STEP: _short(step),
    }


def _waiting_for(wait: WaitRow) -> str:
    match wait.kind:
        case "human":
            return f"person:{wait.queue or wait.step}"
        case "child":
            return f"run:{wait.child}"
        case "timer":
            return "time"
        case _:
            return f"system:{wait.system}" if wait.system is not None else wait.step


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
