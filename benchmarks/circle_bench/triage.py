"""The workflow that requests arrive at: one AI step, and a person where it is in doubt."""

from dataclasses import dataclass
from typing import Any, Literal

from handrail import Auditing, Escalation, Run, Workflow, classify, workflow
from handrail.ai_steps import AIStep
from handrail_ai_steps.models.local import LocalModel
from handrail_guards.acceptance import Acceptance, Never
from handrail_guards.guarantee import GuaranteedThreshold

STEP = "intent"
QUEUE = "requests"
"""Audits wait in it too, so that nobody can tell them from doubtful values that were drawn."""

UNCALIBRATED = Never("no threshold is calibrated yet: every answer is reviewed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What answers the requests of a round."""

    model: LocalModel
    rule: GuaranteedThreshold | None
    """None before the first calibration: everything is reviewed."""

    @property
    def threshold(self) -> float | None:
        """The confidence from which on answers are accepted; None: nothing is."""
        return None if self.rule is None else self.rule.threshold

    @property
    def accept(self) -> Acceptance:
        """The acceptance rule of the step."""
        return UNCALIBRATED if self.rule is None else self.rule


def intent_step(deployed: Deployed, intents: tuple[str, ...], *, audited: float) -> AIStep[Any]:
    """Build the step; ``audited`` is the share of its cases that is drawn for a blind audit, 0 to 1."""
    # The intents are data, so no type checker can know them; what is stored and answered is still one of them.
    intent_type: Any = Literal[intents]
    step: AIStep[Any] = classify(
        STEP,
        intent_type,
        "What does this request ask for?",
        models=deployed.model,
        accept=deployed.accept,
        escalate=Escalation(queue=QUEUE),
        audit=Auditing(audited, queue=QUEUE, priority=Escalation().priority),
    )
    return step


def triage_with(step: AIStep[Any]) -> Workflow[str, str]:
    """Build the workflow around the step."""

    @workflow(version=1)
    async def triage(run: Run, text: str) -> str:
        intent: str = await run.decide(step, text)
        return intent

    return triage
