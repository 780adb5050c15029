"""The task that most tests of AI steps ask."""

from typing import Any, Literal

from handrail import classify
from handrail.ai_steps import AIStep
from handrail_ai_steps.resolve import ModelLike
from handrail_guards.acceptance import confidence

Team = Literal["billing", "cards", "fraud"]
SURE = confidence(at_least=0.8)


def route(*models: ModelLike, **parts: Any) -> AIStep[Team]:
    """Return a step that routes tickets with these models."""
    settings: dict[str, Any] = {"accept": SURE, **parts}
    return classify("route", Team, "Which team owns this ticket?", models=list(models), **settings)
