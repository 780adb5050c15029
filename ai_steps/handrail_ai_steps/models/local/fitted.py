"""What fitting comes to."""

from dataclasses import dataclass

from handrail_ai_steps.models.local.classifier import Classifier, Temperatures
from handrail_ai_steps.models.local.quality import Quality


@dataclass(frozen=True, slots=True)
class Fitted:
    """A classifier with its temperatures and, where texts could be kept from it, its quality."""

    classifier: Classifier
    temperatures: Temperatures
    quality: Quality | None
    """On texts kept out while fitting; None when no label has two texts."""
