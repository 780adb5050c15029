"""AI steps: one judgement by a model, made safe by a schema, guards, a confidence and a person in doubt."""

from ai_steps.agreement import agreement
from ai_steps.allowance import Limits
from ai_steps.batch import BatchOutcome, Failed
from ai_steps.classify import classify
from ai_steps.draft import draft
from ai_steps.extract import extract
from ai_steps.judge import judge
from ai_steps.model import Answer, Model, ModelRequest, NoAnswer, Rejection
from ai_steps.models.recorded import RecordedModel
from ai_steps.models.scripted import Says, ScriptedModel
from ai_steps.network import NetworkForbidden, forbid_network
from ai_steps.prompt import Prompt
from ai_steps.rule import EachField, Rule, each_field
from ai_steps.step import AIStep
from ai_steps.task import Example

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
