"""What a model handed over, held against what was asked for: no model is trusted to have done so itself."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

from handrail_ai_steps.leaves import unsaid
from handrail_ai_steps.model import Answer, Model, NoAnswer
from handrail_ai_steps.output import Output
from handrail_ground.errors import is_order, told
from handrail_guards.confidence import Confidence
from handrail_guards.outcome import Alternative, Attempt, AttemptResult


def fitting(given: Any, output: Output, model: Model) -> Answer | NoAnswer:
    """Return an answer whose value has the output type, or a ``NoAnswer`` that says why there is none."""
    if type(given) is NoAnswer and not (wrong := _wrong_refusal(given)):
        return given
    if not isinstance(given, Answer):
        told_wrong = _told_wrong(wrong) if isinstance(given, NoAnswer) else f"returned a {type(given).__name__}"
        return _unusable(model, f"the model {named(model)} {told_wrong}; a model returns an Answer or a NoAnswer")
    if wrong := _wrong_part(given):
        return _unusable(model, f"the model {named(model)} {_told_wrong(wrong)}")
    attempts = tuple(given.attempts) or (Attempt(model=given.model, result="answered"),)
    try:
        value = output.validate(given.value)
    except BaseException as error:
        if is_order(error):
            raise
        said = str(error) if isinstance(error, ValueError) else f"the output type's own code raised {told(error)}"
        spoilt = (*attempts[:-1], replace(attempts[-1], result="invalid"))
        return NoAnswer(result="invalid", reason=f"the answer does not fit: {said}", attempts=spoilt)
    fields = _fields(given, value, output)
    if value is given.value and attempts is given.attempts and fields is given.fields:
        return given
    return replace(given, value=value, attempts=attempts, fields=fields, confidence=_renamed(given, output))


def _fields(given: Answer, value: Any, output: Output) -> Mapping[str, Confidence]:
    """Return the confidence of each field by its name in Python, and none for those that the answer left out."""
    if output.labels or not given.fields:
        return given.fields
    fields = output.names.renamed(given.fields)
    left_out = tuple(unsaid(value, fields))
    return {**fields, **dict.fromkeys(left_out, Confidence.none("the answer left it out"))} if left_out else fields


def _renamed(given: Answer, output: Output) -> Confidence:
    """Return the confidence in the whole; where it names a field, by its name in Python."""
    about, colon, path = given.confidence.detail.rpartition(": ")
    if not colon or path not in given.fields:
        return given.confidence
    [name] = output.names.renamed({path: None})
    return replace(given.confidence, detail=f"{about}: {name}")


def named(model: Model) -> str:
    """Return a model's name, for one that may not even have that."""
    try:
        name: Any = model.name
    except BaseException as error:
        if is_order(error):
            raise
        name = None
    return name if isinstance(name, str) and name else f"a {type(model).__name__}"


def _wrong_refusal(given: NoAnswer) -> str:
    if given.result not in get_args(AttemptResult):
        return "result"
    if not isinstance(given.reason, str):
        return "reason"
    return "" if _are(given.attempts, Attempt) else "attempts"


def _wrong_part(given: Answer) -> str:
    """Return the name of a part that has another type than it must have, which nobody would notice until it is used."""
    if not isinstance(given.confidence, Confidence):
        return "confidence"
    if not isinstance(given.model, str):
        return "model"
    if not isinstance(given.raw, str):
        return "raw"
    fields: Any = given.fields
    if not (isinstance(fields, Mapping) and _are(fields.values(), Confidence)):
        return "fields"
    if not _are(given.alternatives, Alternative):
        return "alternatives"
    return "" if _are(given.attempts, Attempt) else "attempts"


def _are(listed: Any, kind: type) -> bool:
    try:
        return all(isinstance(each, kind) for each in listed)
    except TypeError:
        return False


def _told_wrong(part: str) -> str:
    return f"gave an answer whose {part!r} has another type than handrail_ai_steps.model says"


def _unusable(model: Model, reason: str) -> NoAnswer:
    attempt = Attempt(model=named(model), result="failed", notes=(reason,))
    return NoAnswer(result="failed", reason=reason, attempts=(attempt,))
