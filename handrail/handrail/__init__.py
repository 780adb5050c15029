"""Durable triage and document pipelines: what a first pipeline, its tests and its evaluation need."""

import sys
from typing import TYPE_CHECKING

from handrail.lazy import lazy_face

if TYPE_CHECKING:
    from handrail_ai_steps.documents.document import Document as Document
    from handrail_ai_steps.kinds import classify as classify
    from handrail_ai_steps.kinds import draft as draft
    from handrail_ai_steps.kinds import extract as extract
    from handrail_ai_steps.models.local.model import LocalModel as LocalModel
    from handrail_ai_steps.models.openai.model import OpenAIModel as OpenAIModel
    from handrail_ai_steps.models.recorded import RecordedModel as RecordedModel
    from handrail_ai_steps.models.scripted import Says as Says
    from handrail_ai_steps.models.scripted import ScriptedModel as ScriptedModel
    from handrail_ai_steps.rule import each_field as each_field
    from handrail_evals.decide.calibrate.acceptance_file import read_acceptance as read_acceptance
    from handrail_evals.measure.case import Case as Case
    from handrail_evals.measure.cases.read import read_cases as read_cases
    from handrail_evals.measure.running.runner import run_suite as run_suite
    from handrail_evals.measure.scorers.exact import exact as exact
    from handrail_evals.measure.suite import Suite as Suite
    from handrail_ground.errors import HandrailError as HandrailError
    from handrail_guards.acceptance import confidence as confidence
    from handrail_guards.auditing import Auditing as Auditing
    from handrail_guards.escalation import Escalation as Escalation
    from handrail_guards.grounding.guard import grounded as grounded
    from handrail_guards.outcome import Accepted as Accepted
    from handrail_guards.outcome import Doubtful as Doubtful
    from handrail_guards.personal_data.guard import no_personal_data as no_personal_data
    from handrail_guards.secrets import no_secrets as no_secrets
    from handrail_guards.text import max_length as max_length
    from handrail_orchestrator.client import Client as Client
    from handrail_orchestrator.context import step_context as step_context
    from handrail_orchestrator.errors import StepFailed as StepFailed
    from handrail_orchestrator.file import File as File
    from handrail_orchestrator.limits import Limit as Limit
    from handrail_orchestrator.orchestrator import Orchestrator as Orchestrator
    from handrail_orchestrator.retry import Retry as Retry
    from handrail_orchestrator.run import Run as Run
    from handrail_orchestrator.step import Default as Default
    from handrail_orchestrator.step import action as action
    from handrail_orchestrator.step import rule as rule
    from handrail_orchestrator.workflow import Workflow as Workflow
    from handrail_orchestrator.workflow import workflow as workflow

    __version__: str
else:
    __getattr__, __dir__ = lazy_face(sys.modules[__name__])
