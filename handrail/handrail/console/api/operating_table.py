"""The operations of the API on what starts runs, who is told of them, and how far changes are let loose."""

from handrail.console.api import notices, rollouts, triggers
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

_ROLLOUTS: tuple[AnyOperation, ...] = (
    Operation(
        name="listRollouts", method="GET", path="/rollouts", tag="service", action="look_runs",
        summary="List the steps and versions that are let loose bit by bit, and how far each is.",
        function=rollouts.list_rollouts, answer=rollouts.RolloutsTold,
    ),
    Operation(
        name="getRollout", method="GET", path="/rollouts/{target}", tag="service", action="look_runs",
        summary="Get one rollout with its evidence; with a margin, also what a promotion would be told.",
        function=rollouts.get_rollout, place=rollouts.RolloutPlace, query=rollouts.RolloutQuery,
        answer=rollouts.RolloutStandingTold, unknown="unknown-rollout",
    ),
    Operation(
        name="getRolloutHistory", method="GET", path="/rollouts/{target}/history", tag="service", action="look_runs",
        summary="Get what was said of a rollout: by whom, why, and on what evidence.",
        function=rollouts.rollout_history, place=rollouts.RolloutPlace, answer=rollouts.RolloutHistoryTold,
        unknown="unknown-rollout",
    ),
    Operation(
        name="promoteRollout", method="POST", path="/rollouts/{target}/promote", tag="service", action="rollout",
        summary="Let more of it loose, if what people decided blind carries that, or less.",
        explained="More of a version is let loose by `handrail rollout promote`, as its evidence is two results of a"
        " suite.",
        function=rollouts.promote_rollout, place=rollouts.RolloutPlace, body=rollouts.PromoteBody,
        answer=rollouts.RolloutTold, problems=("wrong-state", "not-promoted"), unknown="unknown-rollout",
        example={"to": 0.2, "why": "90 cases, none otherwise", "margin": 0.05},
    ),
    Operation(
        name="holdRollout", method="POST", path="/rollouts/{target}/hold", tag="service", action="rollout",
        summary="Let nothing of it loose from now on.",
        function=rollouts.hold_rollout, place=rollouts.RolloutPlace, body=rollouts.RolloutReasonBody,
        answer=rollouts.RolloutTold, problems=("wrong-state",), unknown="unknown-rollout",
        example={"why": "odd answers since noon"},
    ),
    Operation(
        name="resumeRollout", method="POST", path="/rollouts/{target}/resume", tag="service", action="rollout",
        summary="Let loose again what was let loose before it was held.",
        function=rollouts.resume_rollout, place=rollouts.RolloutPlace, body=rollouts.RolloutReasonBody,
        answer=rollouts.RolloutTold, problems=("wrong-state",), unknown="unknown-rollout",
        example={"why": "it was the mail server"},
    ),
)  # fmt: skip

_NOTICES: tuple[AnyOperation, ...] = (
    Operation(
        name="listDeliveries", method="GET", path="/notices", tag="service", action="look_runs",
        summary="List what people are told: deliveries, newest first, with what became of each.",
        function=notices.list_deliveries, query=notices.DeliveriesQuery, answer=notices.DeliveriesTold,
    ),
    Operation(
        name="listChannels", method="GET", path="/notices/channels", tag="service", action="look_runs",
        summary="List how the channels of notices fare, and which of them are down.",
        function=notices.list_channels, answer=notices.ChannelsTold,
    ),
    Operation(
        name="retryDeliveries", method="POST", path="/notices/retry", tag="service", action="resend",
        summary="Send again what was set aside, and at once what waits for another try.",
        function=notices.retry_deliveries, body=notices.ResendBody, answer=notices.ResentTold,
        example={"channel": "desk"},
    ),
)  # fmt: skip

OPERATING: tuple[AnyOperation, ...] = (*_TRIGGERS, *_ROLLOUTS, *_NOTICES)
"""Those that ``table.py`` puts among the others."""
