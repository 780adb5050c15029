"""Guards, acceptance and the vocabulary of trust: everything beyond what a first pipeline needs."""

import sys
from typing import TYPE_CHECKING

from handrail.lazy import lazy_face

if TYPE_CHECKING:
    from handrail_guards.acceptance import Acceptance as Acceptance
    from handrail_guards.acceptance import Always as Always
    from handrail_guards.acceptance import Doubt as Doubt
    from handrail_guards.acceptance import Never as Never
    from handrail_guards.acceptance import TellingRule as TellingRule
    from handrail_guards.acceptance import Threshold as Threshold
    from handrail_guards.acceptor import Acceptor as Acceptor
    from handrail_guards.auditing import AuditRule as AuditRule
    from handrail_guards.auditing import draw_of as draw_of
    from handrail_guards.calendar import WorkingHours as WorkingHours
    from handrail_guards.chain import ChainResult as ChainResult
    from handrail_guards.chain import run_guards as run_guards
    from handrail_guards.chain import run_guards_async as run_guards_async
    from handrail_guards.check import Check as Check
    from handrail_guards.check import Finding as Finding
    from handrail_guards.check import failed as failed
    from handrail_guards.conditions import in_range as in_range
    from handrail_guards.conditions import one_of as one_of
    from handrail_guards.conditions import satisfies as satisfies
    from handrail_guards.confidence import Confidence as Confidence
    from handrail_guards.confidence import ConfidenceSource as ConfidenceSource
    from handrail_guards.cross_field import dates_in_order as dates_in_order
    from handrail_guards.cross_field import sums as sums
    from handrail_guards.errors import GuardsError as GuardsError
    from handrail_guards.errors import InvalidConfidence as InvalidConfidence
    from handrail_guards.errors import InvalidGuard as InvalidGuard
    from handrail_guards.grounding.locate import locate as locate
    from handrail_guards.guarantee import GuaranteedThreshold as GuaranteedThreshold
    from handrail_guards.guard import CostClass as CostClass
    from handrail_guards.guard import Guard as Guard
    from handrail_guards.guard import GuardContext as GuardContext
    from handrail_guards.guard import PaidGuard as PaidGuard
    from handrail_guards.injection.guard import no_injection as no_injection
    from handrail_guards.injection.rules import injection_score as injection_score
    from handrail_guards.injection.rules import injection_signs as injection_signs
    from handrail_guards.injection.screen import Screen as Screen
    from handrail_guards.invoices import credit_note_sign as credit_note_sign
    from handrail_guards.invoices import due_after_issue as due_after_issue
    from handrail_guards.invoices import tax_adds_up as tax_adds_up
    from handrail_guards.late import Late as Late
    from handrail_guards.objections import objections as objections
    from handrail_guards.outcome import AcceptedBy as AcceptedBy
    from handrail_guards.outcome import Alternative as Alternative
    from handrail_guards.outcome import Attempt as Attempt
    from handrail_guards.outcome import Judgement as Judgement
    from handrail_guards.outcome import Outcome as Outcome
    from handrail_guards.personal_data.find import find_personal_data as find_personal_data
    from handrail_guards.personal_data.mask import Masked as Masked
    from handrail_guards.personal_data.mask import mask as mask
    from handrail_guards.personal_data.mask import restore as restore
    from handrail_guards.personal_data.names import no_names as no_names
    from handrail_guards.promise import PromiseTerms as PromiseTerms
    from handrail_guards.promise import promise as promise
    from handrail_guards.rollout import NamedSlice as NamedSlice
    from handrail_guards.rollout import RolledOut as RolledOut
    from handrail_guards.rollout import Rollout as Rollout
    from handrail_guards.rollout import RolloutCase as RolloutCase
    from handrail_guards.rollout import RolloutState as RolloutState
    from handrail_guards.rollout import only as only
    from handrail_guards.rollout import rolled_out as rolled_out
    from handrail_guards.rollout import shadow as shadow
    from handrail_guards.rollout import share as share
    from handrail_guards.schema.json_schema import json_schema as json_schema
    from handrail_guards.schema.pydantic_type import pydantic_type as pydantic_type
    from handrail_guards.second_opinion import Ruling as Ruling
    from handrail_guards.second_opinion import agrees as agrees
    from handrail_guards.second_opinion import judged as judged
    from handrail_guards.secrets import find_secrets as find_secrets
    from handrail_guards.text import forbids as forbids
    from handrail_guards.text import matches as matches
    from handrail_guards.text import min_length as min_length
    from handrail_guards.verdict import OnFail as OnFail
    from handrail_guards.verdict import Span as Span
    from handrail_guards.verdict import Verdict as Verdict
else:
    __getattr__, __dir__ = lazy_face(sys.modules[__name__])
