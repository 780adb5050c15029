"""The vocabulary of trust: verdicts, outcomes, confidence, acceptance, escalation, and pure checks."""

from guards.acceptance import Acceptance, Always, Doubt, Never, Threshold, confidence
from guards.confidence import Confidence, ConfidenceSource
from guards.errors import GuardsError, HandrailError, InvalidConfidence, InvalidGuard
from guards.escalation import Escalation
from guards.guard import CostClass, Guard, GuardContext
from guards.outcome import Accepted, Alternative, Attempt, Doubtful, Judgement, Outcome
from guards.verdict import OnFail, Span, Verdict

__all__ = [
    "Acceptance",
    "Accepted",
    "Alternative",
    "Always",
    "Attempt",
    "Confidence",
    "ConfidenceSource",
    "CostClass",
    "Doubt",
    "Doubtful",
    "Escalation",
    "Guard",
    "GuardContext",
    "GuardsError",
    "HandrailError",
    "InvalidConfidence",
    "InvalidGuard",
    "Judgement",
    "Never",
    "OnFail",
    "Outcome",
    "Span",
    "Threshold",
    "Verdict",
    "confidence",
]
