"""What the probabilities of some closed questions come to: one answer, and how sure it is."""

import json
from collections.abc import Sequence
from typing import Any

from handrail_ai_steps.closed_questions.question import TypedQuestion
from handrail_ai_steps.closed_questions.spread import Spread
from handrail_ai_steps.model import Answer
from handrail_ai_steps.output import Output
from handrail_ai_steps.voting import share_alternatives
from handrail_guards.confidence import Confidence


def answer_of(asked: Sequence[TypedQuestion], spreads: Sequence[Spread], output: Output, model: str) -> Answer:
    """Return the likeliest value of each question as the answer; its confidence is that probability.

    Raises:
        ValueError: together they do not fit the output type.
    """
    best = [max(spread, key=lambda option: spread[option]) for spread in spreads]
    sure = [
        Confidence(spread[option], "decision", f"probability among {len(each.options)} options")
        for each, spread, option in zip(asked, spreads, best, strict=True)
    ]
    if not asked[0].path:
        return Answer(
            value=output.value_of(best[0]),
            raw=best[0],
            confidence=sure[0],
            model=model,
            alternatives=share_alternatives(spreads[0], best[0]),
            other_mass=max(0.0, 1.0 - sum(spreads[0].values())),
        )
    raw = json.dumps(_nested(asked, best))
    fields = {each.path: confidence for each, confidence in zip(asked, sure, strict=True)}
    weakest = min(fields, key=lambda path: fields[path].value or 0.0)
    return Answer(
        value=output.parse(raw),
        raw=raw,
        confidence=Confidence(fields[weakest].value, "decision", f"lowest of {len(fields)} fields: {weakest}"),
        model=model,
        fields=fields,
        field_alternatives={
            each.path: share_alternatives(spread, option)
            for each, spread, option in zip(asked, spreads, best, strict=True)
        },
    )


def _nested(asked: Sequence[TypedQuestion], best: Sequence[str]) -> dict[str, Any]:
    """Return the values as the record that they are the fields of."""
    whole: dict[str, Any] = {}
    for each, option in zip(asked, best, strict=True):
        *records, name = each.keys
        record = whole
        for part in records:
            record = record.setdefault(part, {})
        record[name] = each.value_of(option)
    return whole
