"""What asking one model came to, and which of several to hand to a person."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from handrail_guards.acceptance import Doubt
from handrail_guards.outcome import Judgement


@dataclass(frozen=True, slots=True)
class ModelOutcome:
    """What asking one model came to."""

    judgement: Judgement
    doubt: Doubt | None = None
    """Why the value may not be used; None: it is accepted."""
    value: Any = None
    has_value: bool = False
    """Whether ``value`` is an answer that may be shown; None can be an answer too."""
    blocked: bool = False
    """Whether a guard, and not only the acceptance rule, stands against it."""
    final: bool = False
    """Whether no other model is asked."""


def best(outcomes: Sequence[ModelOutcome]) -> ModelOutcome:
    """Return the outcome to hand to a person: the last word, or else the surest value no guard stands against.

    Its reason speaks of every model asked, and its judgement carries every attempt.
    """
    last = outcomes[-1]
    if last.doubt is None or len(outcomes) == 1:
        return last
    chosen = last
    if not (last.final and last.blocked):
        chosen = max(reversed(outcomes), key=lambda each: (each.has_value, not each.blocked, _sure(each)))
    told = "; ".join(f"{each.judgement.model}: {each.doubt.reason}" for each in outcomes if each.doubt is not None)
    code = chosen.doubt.code if chosen.doubt is not None else last.doubt.code
    judgement = replace(chosen.judgement, attempts=last.judgement.attempts)
    return replace(chosen, judgement=judgement, doubt=Doubt(code, told))


def _sure(outcome: ModelOutcome) -> float:
    value = outcome.judgement.confidence.value
    return -1.0 if value is None else value
