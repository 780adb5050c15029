"""AI steps: one judgement by a model, made safe by a schema, guards, a confidence and a person in doubt."""

from handrail_ai_steps.agreement import agreement
from handrail_ai_steps.allowance import Limits
from handrail_ai_steps.batch import BatchOutcome, Failed
from handrail_ai_steps.classify import classify
from handrail_ai_steps.draft import draft
from handrail_ai_steps.extract import extract
from handrail_ai_steps.judge import judge
from handrail_ai_steps.model import Answer, Model, ModelRequest, NoAnswer, Rejection
from handrail_ai_steps.models.recorded import RecordedModel
from handrail_ai_steps.models.scripted import Says, ScriptedModel
from handrail_ai_steps.network import NetworkForbidden, forbid_network
from handrail_ai_steps.prompt import Prompt
from handrail_ai_steps.rule import EachField, Rule, each_field
from handrail_ai_steps.step import AIStep
from handrail_ai_steps.task import Example

__all__ = [
    "AIStep",
    "Answer",
    "BatchOutcome",
    "EachField",
    "Example",
    "Failed",
    "Limits",
    "Model",
    "ModelRequest",
    "NetworkForbidden",
    "NoAnswer",
    "Prompt",
    "RecordedModel",
    "Rejection",
    "Rule",
    "Says",
    "ScriptedModel",
    "agreement",
    "classify",
    "draft",
    "each_field",
    "extract",
    "forbid_network",
    "judge",
]
