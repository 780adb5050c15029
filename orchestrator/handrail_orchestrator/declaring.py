"""What workflows are started with, told to their store, so that they can be started without their code."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from handrail_orchestrator.store.running import DeclareInput, InputRow
from handrail_orchestrator.workflow import AnyWorkflow

if TYPE_CHECKING:
    from handrail_orchestrator.store import Store
    from handrail_orchestrator.store.changes import Change


async def declare_inputs(
    workflows: Sequence[AnyWorkflow], store: "Store", write: "Callable[[Change], Awaitable[Any]]"
) -> None:
    """Tell a store what is new of what these workflows are started with."""
    for each in workflows:
        schema = each.input_codec.json_schema() if each.takes_input else {"type": "null"}
        said = DeclareInput(
            each.name, each.version, json.dumps(schema, sort_keys=True), each.code, each.deadline_seconds
        )
        if InputRow(*said) not in store.inputs(each.name):
            await write(said)
