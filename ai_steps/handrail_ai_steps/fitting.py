"""What a model handed over, held against what was asked for: no model is trusted to have done so itself."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, get_args

from handrail_ai_steps.leaves import unsaid
from handrail_ai_steps.model import Answer, Model, NoAnswer
from handrail_ai_steps.output import Output
from handrail_ground.errors import is_order, told
from handrail_guards.acceptance import Doubt
from handrail_guards.confidence import Confidence
from handrail_guards.outcome import Alternative, Attempt, AttemptResult

ROUNDING = 1e-9
"""How far beyond 0 or 1 a sum of probabilities may end."""


def fitting(given: object, output: Output, model: Model) -> Answer | NoAnswer:
    """Return an answer whose value has the output type, or a ``NoAnswer`` that says why there is none."""
    if type(given) is NoAnswer and not (wrong := _wrong_refusal(given)):
        return given
    if not isinstance(given, Answer):
        told_wrong = _told_wrong(wrong) if isinstance(given, NoAnswer) else f"returned a {type(given).__name__}"
        return _unusable(model, f"the model {named(model)} {told_wrong}; a model returns an Answer or a NoAnswer")
    if wrong := _wrong_part(given):
        return _unusable(model, f"the model {named(model)} {_told_wrong(wrong)}")
    if wrong := _wrong_number(given):
        return _unusable(model, f"the model {named(model)} {wrong}", attempts=tuple(given.attempts))
    return _held_against(output, given)


def _held_against(output: Output, given: Answer) -> Answer | NoAnswer:
    """Return an answer with its value as the output type has it, or why it does not fit."""
    attempts = tuple(given.attempts) or (Attempt(model=given.model, result="answered"),)
    try:
        value = output.validate(given.value)
        if odd := output.oddities_of(given.value):
            attempts = (*attempts[:-1], replace(attempts[-1], notes=(*attempts[-1].notes, *odd)))
    except BaseException as error:
        if is_order(error):
            raise
        said = str(error) if isinstance(error, ValueError) else f"the output type's own code raised {told(error)}"
        spoilt = (*attempts[:-1], replace(attempts[-1], result="invalid"))
        return NoAnswer(result="invalid", reason=f"the answer does not fit: {said}", attempts=spoilt)
    fields = _fields(given, value, output)
    others = given.field_alternatives if output.labels else output.names.renamed(given.field_alternatives)
    if value is given.value and attempts is given.attempts and fields is given.fields and not others:
        return given
    confidence = _renamed(given, output)
    return replace(
        given, value=value, attempts=attempts, fields=fields, field_alternatives=others, confidence=confidence
    )


def _fields(given: Answer, value: object, output: Output) -> Mapping[str, Confidence]:
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
        name: object = model.name
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
    fields: object = given.fields
    right = {
        "confidence": isinstance(given.confidence, Confidence),
        "model": isinstance(given.model, str),
        "raw": isinstance(given.raw, str),
        "fields": isinstance(fields, Mapping) and _are(fields.values(), Confidence),
        "alternatives": _are(given.alternatives, Alternative),
        "field_alternatives": _are_alternatives(given.field_alternatives),
        "attempts": _are(given.attempts, Attempt),
        "doubt": given.doubt is None or isinstance(given.doubt, Doubt),
    }
    return next((name for name, is_right in right.items() if not is_right), "")


def _wrong_number(given: Answer) -> str:
    """Return which number says how likely something is and is no number from 0 to 1; empty when all are."""
    for number, part, name in _numbers(given):
        if not _is_share(number):
            return f"gave {number!r} as {part}{f' {name!r}' if name else ''}, which is no number from 0 to 1"
    return ""


def _numbers(given: Answer) -> Iterator[tuple[float, str, str]]:
    """Give every number that says how likely something is, what it is, and of what by name."""
    if (sure := given.confidence.value) is not None:
        yield sure, "its confidence", ""
    for path, each in given.fields.items():
        if each.value is not None:
            yield each.value, "its confidence in the field", path
    for other in given.alternatives:
        yield other.confidence, "the confidence of the alternative", other.value
    for path, others in given.field_alternatives.items():
        for other in others:
            yield other.confidence, "the confidence of the alternative of the field", path
    if given.other_mass is not None:
        yield given.other_mass, "the probability of what is no label (other_mass)", ""


def _is_share(number: object) -> bool:
    """Return whether a number is from 0 to 1, but for the rounding of sums; NaN is not."""
    return isinstance(number, int | float) and not isinstance(number, bool) and -ROUNDING <= number <= 1 + ROUNDING


def _are(listed: Any, kind: type) -> bool:
    try:
        return all(isinstance(each, kind) for each in listed)
    except TypeError:
        return False


def _are_alternatives(by_field: object) -> bool:
    return isinstance(by_field, Mapping) and all(_are(each, Alternative) for each in by_field.values())


def _told_wrong(part: str) -> str:
    return f"gave an answer whose {part!r} has another type than handrail_ai_steps.model says"


def _unusable(model: Model, reason: str, *, attempts: tuple[Attempt, ...] = ()) -> NoAnswer:
    """Return that there is no answer; what the attempts cost is spent all the same."""
    last = attempts[-1] if attempts else Attempt(model=named(model), result="failed")
    last = replace(last, result="failed", notes=(*last.notes, reason))
    return NoAnswer(result="failed", reason=reason, attempts=(*attempts[:-1], last))
