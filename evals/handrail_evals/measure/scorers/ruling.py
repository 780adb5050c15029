"""What a model that judges may say: yes or no, or a grade, each with its reason."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from handrail_evals.errors import InvalidSetting, InvalidValue
from handrail_evals.measure.scorer import Score
from handrail_guards.acceptance import Doubt, Threshold
from handrail_guards.outcome import Judgement

GRADES = (1, 2, 3, 4, 5)
"""From not at all to fully; they score 0, 0.25, 0.5, 0.75 and 1."""


class Ruling(BaseModel):
    """Whether an answer meets the criterion."""

    passes: bool  # first, so that its probability does not depend on the reason
    reason: str


class Grade(BaseModel):
    """How far an answer meets the criterion."""

    grade: Literal[1, 2, 3, 4, 5]
    reason: str


@dataclass(frozen=True, slots=True)
class SureRuling:
    """Accepts a ruling by the confidence in the ruling alone: how sure a model is of its reason's words says nothing.

    A model that gives no confidence by field is taken by its confidence in the whole.
    """

    at_least: Threshold

    def doubt_of(self, judgement: Judgement) -> Doubt | None:
        """Return why the ruling is in doubt, or None to accept it."""
        by_field = judgement.fields
        return self.at_least.doubt(by_field.get("passes") or by_field.get("grade") or judgement.confidence)


def score_of(said: Any, *, scorer: str) -> Score:
    """Return the score that a ruling, a grade, or a plain True, False or 1 to 5 stands for.

    Raises:
        InvalidValue: it is none of them.
    """
    reason = getattr(said, "reason", None)
    said = getattr(said, "passes", getattr(said, "grade", said))
    if isinstance(said, bool):
        value = float(said)
    elif type(said) is int and said in GRADES:
        value = (said - GRADES[0]) / (GRADES[-1] - GRADES[0])
    else:
        raise InvalidValue(scorer=scorer, problem=f"the judge said {said!r}; it must say True, False or 1 to 5")
    return Score(value, reason=reason if isinstance(reason, str) else "")


def require_ruling(kind: Any, *, scorer: str) -> None:
    """Check that a step's answers can be scores.

    Raises:
        InvalidSetting: they are no rulings and no grades.
    """
    named = fields_of(kind)
    said = named.get("passes", named.get("grade", kind))
    graded = get_origin(said) is Literal and all(type(each) is int and each in GRADES for each in get_args(said))
    if said is bool or graded or (said is int and "grade" in named):
        return
    raise InvalidSetting(
        f"{scorer}: a judging step must answer with bool, Literal[1, 2, 3, 4, 5], or a record with a field passes: bool"
        f" or grade: Literal[1, 2, 3, 4, 5]; this one answers with {getattr(kind, '__name__', kind)}"
    )


def fields_of(kind: Any) -> Mapping[str, Any]:
    """Return the fields of a pydantic model or dataclass with their types; of anything else, none."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {name: info.annotation for name, info in kind.model_fields.items()}
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return {each.name: each.type for each in dataclasses.fields(kind)}
    return {}
