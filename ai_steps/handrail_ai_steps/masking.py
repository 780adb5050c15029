"""Personal data kept from models: masked in what they are asked, put back in what they answer."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from handrail_ai_steps.model import Answer, ModelRequest, NoAnswer, Rejection
from handrail_ai_steps.output import Output
from handrail_guards.personal_data.find import PersonalDataKind
from handrail_guards.personal_data.mask import Masked, mask, restore

if TYPE_CHECKING:
    from handrail_ai_steps.arriving import ArrivedData

_LONGEST_TOKEN = 24
"""No token such as ``[EMAIL_12]`` has more characters."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """One request without its personal data, and what puts it back."""

    request: ModelRequest
    masked: Masked

    def reveal(self, answer: Answer | NoAnswer, output: Output) -> Answer | NoAnswer:
        """Return the answer with the originals where it uses their tokens.

        Raises:
            ValueError: with the originals the value no longer fits its type.
        """
        if isinstance(answer, NoAnswer):
            return replace(answer, reason=restore(self.masked, answer.reason))
        value = answer.value
        if not output.labels:
            value = output.load(json.dumps(_revealed(self.masked, json.loads(output.dump(value)))))
        return replace(answer, value=value, raw=restore(self.masked, answer.raw))


def hide(request: ModelRequest, kinds: Sequence[PersonalDataKind]) -> Hidden:
    """Return a request with tokens for personal data, the same data with the same token in all of its texts."""
    parts = [request.text]
    for rejection in request.rejections:
        parts += [rejection.answer, rejection.reason]
    # Masked as one text, so that the tokens agree; no pattern of personal data reaches across a NUL.
    between = "\n\0\n"
    while any(between in part for part in parts):
        between += "\0\n"
    masked = mask(between.join(parts), kinds)
    text, *sent_back = masked.text.split(between)
    pairs = zip(sent_back[::2], sent_back[1::2], strict=True)
    hidden = replace(
        request,
        text=text,
        masked=True,
        rejections=tuple(Rejection(answer=answer, reason=reason) for answer, reason in pairs),
        on_text=None if request.on_text is None else _revealing(request.on_text, masked),
        on_data=None if request.on_data is None else _revealing_data(request.on_data, masked),
    )
    return Hidden(hidden, masked)


def _revealed(masked: Masked, data: Any) -> Any:
    """Return JSON data with the originals where its texts use their tokens."""
    if isinstance(data, str):
        return restore(masked, data)
    if isinstance(data, dict):
        return {name: _revealed(masked, below) for name, below in data.items()}
    return [_revealed(masked, below) for below in data] if isinstance(data, list) else data


def _revealing_data(on_data: "Callable[[ArrivedData], None]", masked: Masked) -> "Callable[[ArrivedData], None]":
    """Return a callback that puts the originals back into what has arrived."""
    return lambda arrived: on_data(replace(arrived, data=_revealed(masked, arrived.data)))


def _revealing(on_text: Callable[[str], None], masked: Masked) -> Callable[[str], None]:
    """Return a callback that puts the originals back, holding a piece that may be the start of a token."""
    held = ""

    def push(piece: str) -> None:
        nonlocal held
        held += piece
        start = held.rfind("[")
        if start < 0 or "]" in held[start:] or len(held) - start > _LONGEST_TOKEN:
            start = len(held)
        ready, held = held[:start], held[start:]
        if ready:
            on_text(restore(masked, ready))

    return push
