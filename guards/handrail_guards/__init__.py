"""The vocabulary of trust: verdicts, outcomes, confidence, acceptance, escalation, and pure checks."""

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from handrail_guards.acceptance import Acceptance, Always, Doubt, Never, Threshold, confidence
from handrail_guards.confidence import Confidence, ConfidenceSource
from handrail_guards.errors import GuardsError, HandrailError, InvalidConfidence, InvalidGuard
from handrail_guards.escalation import Escalation
from handrail_guards.guard import CostClass, Guard, GuardContext
from handrail_guards.outcome import Accepted, Alternative, Attempt, Doubtful, Judgement, Outcome
from handrail_guards.verdict import OnFail, Span, Verdict

if TYPE_CHECKING:
    from handrail_guards.acceptor import Acceptor
    from handrail_guards.auditing import Auditing, AuditRule, draw_of
    from handrail_guards.budget import Budget
    from handrail_guards.chain import ChainResult, PaidGuard, run_guards, run_guards_async
    from handrail_guards.check import Check, Finding
    from handrail_guards.cross_field import dates_in_order, sums
    from handrail_guards.grounding.guard import grounded
    from handrail_guards.grounding.locate import locate
    from handrail_guards.guarantee import GuaranteedThreshold
    from handrail_guards.injection.guard import no_injection
    from handrail_guards.injection.rules import injection_score, injection_signs
    from handrail_guards.objections import objections
    from handrail_guards.per_model import PerModel
    from handrail_guards.personal_data.find import find_personal_data
    from handrail_guards.personal_data.guard import no_personal_data
    from handrail_guards.personal_data.mask import Masked, mask, restore
    from handrail_guards.schema.json_schema import json_schema
    from handrail_guards.schema.pydantic_type import pydantic_type
    from handrail_guards.second_opinion import Ruling, agrees, judged
    from handrail_guards.secrets import find_secrets, no_secrets
    from handrail_guards.text import forbids, matches, max_length, min_length
    from handrail_guards.values import in_range, one_of, satisfies

__all__ = [
    "Acceptance",
    "Accepted",
    "Acceptor",
    "Alternative",
    "Always",
    "Attempt",
    "AuditRule",
    "Auditing",
    "Budget",
    "ChainResult",
    "Check",
    "Confidence",
    "ConfidenceSource",
    "CostClass",
    "Doubt",
    "Doubtful",
    "Escalation",
    "Finding",
    "GuaranteedThreshold",
    "Guard",
    "GuardContext",
    "GuardsError",
    "HandrailError",
    "InvalidConfidence",
    "InvalidGuard",
    "Judgement",
    "Masked",
    "Never",
    "OnFail",
    "Outcome",
    "PaidGuard",
    "PerModel",
    "Ruling",
    "Span",
    "Threshold",
    "Verdict",
    "agrees",
    "confidence",
    "dates_in_order",
    "draw_of",
    "find_personal_data",
    "find_secrets",
    "forbids",
    "grounded",
    "in_range",
    "injection_score",
    "injection_signs",
    "json_schema",
    "judged",
    "locate",
    "mask",
    "matches",
    "max_length",
    "min_length",
    "no_injection",
    "no_personal_data",
    "no_secrets",
    "objections",
    "one_of",
    "pydantic_type",
    "restore",
    "run_guards",
    "run_guards_async",
    "satisfies",
    "sums",
]

if not TYPE_CHECKING:  # a type checker reads the imports above, and would believe any name behind this
    _CHECKS = MappingProxyType(
        {
            "acceptor": ("Acceptor",),
            "auditing": ("AuditRule", "Auditing", "draw_of"),
            "budget": ("Budget",),
            "chain": ("ChainResult", "PaidGuard", "run_guards", "run_guards_async"),
            "check": ("Check", "Finding"),
            "cross_field": ("dates_in_order", "sums"),
            "grounding": ("grounded", "locate"),
            "guarantee": ("GuaranteedThreshold",),
            "injection": ("injection_score", "injection_signs", "no_injection"),
            "objections": ("objections",),
            "per_model": ("PerModel",),
            "personal_data": ("Masked", "find_personal_data", "mask", "no_personal_data", "restore"),
            "schema": ("json_schema", "pydantic_type"),
            "second_opinion": ("Ruling", "agrees", "judged"),
            "secrets": ("find_secrets", "no_secrets"),
            "text": ("forbids", "matches", "max_length", "min_length"),
            "values": ("in_range", "one_of", "satisfies"),
        }
    )
    _MODULES = MappingProxyType({name: module for module, names in _CHECKS.items() for name in names})

    def __getattr__(name: str) -> object:
        """Load a built-in check when it is first used: the vocabulary alone is what most importers need."""
        if name not in _MODULES:
            raise AttributeError(f"module 'guards' has no attribute {name!r}")
        return getattr(import_module(f"handrail_guards.{_MODULES[name]}"), name)
