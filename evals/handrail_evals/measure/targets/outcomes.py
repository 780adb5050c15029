"""What a call returned, as an observation."""

from typing import Any

from handrail_evals.measure.observation import Observation
from handrail_guards.outcome import THRESHOLD_DECIDES, Accepted, Attempt, Doubtful, Judgement


def observed(returned: Any) -> Observation[Any]:
    """Return what is known about a returned value: of an outcome much, of a plain value only the value."""
    match returned:
        case Observation():
            return returned
        case Accepted(value=value, judgement=judgement):
            return of_judgement(value, judgement, doubt="", reason="")
        case Doubtful(suggestion=suggestion, code=code, reason=reason, judgement=judgement):
            return of_judgement(suggestion, judgement, doubt=code, reason=reason)
        case _:
            return Observation(returned)


def of_judgement(value: Any, judgement: Judgement, *, doubt: str, reason: str) -> Observation[Any]:
    """Return the observation of a judgement.

    A doubtful one without a suggestion has no answer, unless only the acceptance rule doubts it: then the answer is
    None, which says that no label fits.
    """
    attempts = judgement.attempts
    return Observation(
        value,
        answered=not doubt or value is not None or doubt in THRESHOLD_DECIDES,
        accepted=not doubt,
        doubt=doubt,
        reason=reason,
        confidence=judgement.confidence.value,
        source=judgement.confidence.source,
        model=judgement.model,
        input_tokens=total([each.input_tokens for each in attempts]),
        output_tokens=total([each.output_tokens for each in attempts]),
        money=money(attempts),
        verdicts=judgement.verdicts,
    )


def total(counts: list[int | None]) -> int | None:
    """Return the sum of what is known, None when nothing is."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def money(attempts: tuple[Attempt, ...]) -> float | None:
    """Return what the attempts cost; one unknown price makes the sum unknown."""
    prices = [each.money for each in attempts]
    known = [price for price in prices if price is not None]
    return sum(known) if prices and len(known) == len(prices) else None
