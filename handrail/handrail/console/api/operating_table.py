"""The operations of the API on what starts runs, who is told of them, and how far changes are let loose."""

from handrail.console.api import triggers
from handrail.console.api.operation import AnyOperation, Operation

_TRIGGERS: tuple[AnyOperation, ...] = (
    Operation(
        name="listTriggers", method="GET", path="/triggers", tag="service", action="look_runs",
        summary="List the triggers that were given to whoever works on the store, by name.",
        function=triggers.list_triggers, answer=triggers.TriggersTold,
    ),
    Operation(
        name="getTriggerHistory", method="GET", path="/triggers/{name}/history", tag="service", action="look_runs",
        summary="Get what a trigger fired, what it did not and why, and who paused it, newest first.",
        function=triggers.trigger_history, place=triggers.TriggerPlace, query=triggers.TriggerHistoryQuery,
        answer=triggers.TriggerHistoryTold, unknown="unknown-trigger",
    ),
    Operation(
        name="pauseTrigger", method="POST", path="/triggers/{name}/pause", tag="service", action="start",
        summary="Let a trigger fire nothing, in whatever process, from now on.",
        function=triggers.pause_trigger, place=triggers.TriggerPlace, body=triggers.TriggerReasonBody,
        answer=triggers.TriggerTold, unknown="unknown-trigger", example={"reason": "the desk is closed"},
    ),
    Operation(
        name="resumeTrigger", method="POST", path="/triggers/{name}/resume", tag="service", action="start",
        summary="Let a trigger fire again.",
        function=triggers.resume_trigger, place=triggers.TriggerPlace, body=triggers.TriggerReasonBody,
        answer=triggers.TriggerTold, unknown="unknown-trigger", example={"reason": "the desk is open"},
    ),
    Operation(
        name="fireTrigger", method="POST", path="/triggers/{name}/fire", tag="service", action="start",
        summary="Ask the process that runs a trigger to fire it now.",
        function=triggers.fire_trigger, place=triggers.TriggerPlace, body=triggers.FireBody,
        answer=triggers.TriggerFiredTold, problems=("wrong-state",), unknown="unknown-trigger",
        example={"payload": "order-17", "reason": "the hook was missed"},
    ),
)  # fmt: skip

OPERATING: tuple[AnyOperation, ...] = (*_TRIGGERS,)
"""Those that ``table.py`` puts among the others."""
