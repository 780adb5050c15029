"""Whether a choice is a whole answer: not refused, not cut off, not ended by anything else than its own end."""

from dataclasses import dataclass

from handrail_ai_steps.models.openai.candidates import find_objects
from handrail_ai_steps.models.openai.ending import ending_of
from handrail_ai_steps.models.openai.form import Form
from handrail_ai_steps.models.openai.reasoning import may_hold_tags, spoken
from handrail_ai_steps.models.openai.reply import Choice, is_cut
from handrail_guards.outcome import AttemptResult


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a choice is no whole answer."""

    result: AttemptResult
    reason: str


def flaw_of(choice: Choice, form: Form | None, output_tokens: int | None = None) -> Flaw | None:
    """Return why a choice is no whole answer, or None; ``output_tokens`` is what a cut-off answer took."""
    if choice.failure is not None:
        return Flaw(choice.failure.result, choice.failure.reason)
    ending = ending_of(choice.finish)
    if choice.refusal or ending == "refused":
        return Flaw("refused", f"the model refused: {choice.refusal or 'its content filter stopped it'}")
    if ending == "broken":
        return Flaw("failed", f"the server ended the answer with {choice.finish!r}")
    after = f" after {output_tokens} tokens" if output_tokens else ""
    if ending == "cut" or (choice.finish == "tool_calls" and is_cut(choice.text)):
        return Flaw("truncated", f"the answer was cut off{after}")
    if may_hold_tags(choice.text) and _is_unclosed(choice.text, form):
        return Flaw("truncated", f"the answer was cut off{after} in the middle of its reasoning")
    return None


def _is_unclosed(text: str, form: Form | None) -> bool:
    return find_objects(text).unclosed if form is not None else spoken(text).unclosed
