"""A message with pictures, as instructor writes it for each provider."""

from collections.abc import Mapping, Sequence
from typing import Any

import instructor


def as_parts(content: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return the parts of a message, which are as OpenAI has them: texts as they are, pictures as instructor's."""
    return [
        each["text"] if each["type"] == "text" else instructor.Image.from_base64(each["image_url"]["url"])
        for each in content
    ]


def text_of(content: str | Sequence[Mapping[str, Any]]) -> str:
    """Return what a message says in words."""
    return content if isinstance(content, str) else "\n".join(each["text"] for each in content if "text" in each)
