"""Models behind OpenAI and every OpenAI-compatible server; openai and instructor load on the first request."""

from handrail_ai_steps.models.openai.model import OpenAIModel

__all__ = ["OpenAIModel"]
