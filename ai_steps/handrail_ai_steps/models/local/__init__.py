"""A model that learns from labelled texts and answers in this process, without a network."""

from handrail_ai_steps.errors import InvalidTrainingData, UnknownLabels, UnreadableModel
from handrail_ai_steps.models.local.examples import LabelledText
from handrail_ai_steps.models.local.model import LocalModel, Prediction

__all__ = [
    "InvalidTrainingData",
    "LabelledText",
    "LocalModel",
    "Prediction",
    "UnknownLabels",
    "UnreadableModel",
]
