"""Acceptance rules that look at more than one number."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import signature
from typing import Protocol, get_args, runtime_checkable

from handrail_ai_steps.errors import InvalidTask
from handrail_ground.errors import is_order, told
from handrail_guards.acceptance import Acceptance, Always, Doubt, Never, TellingRule, Threshold
from handrail_guards.errors import InvalidGuard
from handrail_guards.field_names import FieldNames
from handrail_guards.outcome import AcceptedBy, DoubtCode, Judgement


@dataclass(frozen=True, slots=True)
class EachField:
    """Accept a record whose every field is sure enough; a field without a confidence is never accepted."""

    at_least: Threshold
    """For every field without a rule of its own."""
    fields: Mapping[str, Threshold] = field(default_factory=dict)
    """By field path, where ``*`` stands for any part, such as ``lines.*.total``; each must be there."""

    def doubt(self, judgement: Judgement, *, final: bool = True) -> Doubt | None:
        """Return the doubt of the first field that is not sure enough, or None."""
        del final  # no verdict counts
        if not judgement.fields:
            return Doubt("no_confidence", "no confidence for any field: the model gave none")
        for path, sure in judgement.fields.items():
            doubt = self._rule(path).doubt_about(sure)
            if doubt is not None:
                return Doubt(doubt.code, f"{path}: {doubt.reason}")
        for wanted in self.fields:
            if not any(_matches(wanted, path) for path in judgement.fields):
                return Doubt("no_confidence", f"{wanted}: no confidence: the model gave none for this field")
        return None

    def accepted_by(self, judgement: Judgement) -> AcceptedBy:
        """Return the number that the confidence of every field met."""
        del judgement  # the same numbers for all
        others = ", ".join(f"{path} at least {rule.at_least:g}" for path, rule in self.fields.items())
        return AcceptedBy(rule=f"every field at least {self.at_least.at_least:g}{f' ({others})' if others else ''}")

    def _rule(self, path: str) -> Threshold:
        return next((rule for pattern, rule in self.fields.items() if _matches(pattern, path)), self.at_least)


def each_field(*, at_least: float, fields: Mapping[str, float] | None = None) -> EachField:
    """Accept a record when every field's confidence is ``at_least`` (0 to 1), or the number given for that field.

    ``each_field(at_least=0.8, fields={"total": 0.99, "lines.*.price": 0.9})`` asks more of some fields.

    Raises:
        InvalidGuard: a threshold is no number from 0 to 1, or ``fields`` is no mapping.
    """
    given: object = {} if fields is None else fields  # whatever somebody without a type checker gave
    if not isinstance(given, Mapping) or not all(isinstance(path, str) for path in given):
        raise InvalidGuard(f"each_field(fields={fields!r}): give a number for each field, such as {{'total': 0.99}}")
    return EachField(Threshold(at_least), {path: _threshold(path, number) for path, number in given.items()})


def _threshold(path: str, number: float) -> Threshold:
    try:
        return Threshold(number)
    except InvalidGuard as error:
        raise InvalidGuard(f"each_field(fields=...), {path}: {error}") from error


def require_rule(step: str, rule: object) -> None:
    """Check that ``accept`` is a rule.

    Raises:
        InvalidTask: it is something else, such as a bare number.
    """
    if isinstance(rule, type) or not isinstance(rule, _Asked):
        raise InvalidTask(f"step {step!r}: accept is {rule!r}; write confidence(at_least=0.85), Always() or Never()")
    if wrong := _unfit(rule.doubt):
        raise InvalidTask(
            f"step {step!r}: accept is {rule!r}, whose doubt(...) is no acceptance rule's ({wrong}); write"
            " def doubt(self, judgement, *, final): the confidence is judgement.confidence"
        )


def _unfit(doubt: Callable[..., object]) -> str:
    """Return why a method cannot be called as an acceptance rule's; empty when it can."""
    try:
        signature(doubt).bind(None, final=True)
    except TypeError as error:
        return str(error)
    except ValueError:  # it does not say what it takes
        return ""
    return ""


def require_fields(step: str, rule: object, names: FieldNames) -> None:
    """Check that a rule for fields speaks of fields that the output has.

    Raises:
        InvalidTask: there are none, or one is misspelt.
    """
    if not isinstance(rule, EachField):
        return
    if not names.has_fields:
        raise InvalidTask(
            f"step {step!r}: each_field(...) looks at fields, and the answer has none; write confidence(at_least=0.85)"
        )
    for path in rule.fields:
        if wrong := names.problem(path):
            raise InvalidTask(f"step {step!r}: each_field(fields=...): {wrong}")


def doubt_of(rule: Acceptance, judgement: Judgement, *, final: bool) -> Doubt | None:
    """Return why a rule doubts a judgement, or None to accept it; one that raises or says anything else doubts it.

    Without ``final``: whether it does so whatever guards will say that cost money and have not been asked.
    """
    try:
        said: object = rule.doubt(judgement, final=final)  # whatever a rule without a type checker returns
    except BaseException as error:
        if is_order(error):
            raise
        return Doubt("rule", f"the acceptance rule {type(rule).__name__} raised {told(error)}")
    if said is None or (isinstance(said, Doubt) and said.code in get_args(DoubtCode) and isinstance(said.reason, str)):
        return said
    wrong = f"the acceptance rule {type(rule).__name__} returned a {type(said).__name__}"
    return Doubt("rule", f"{wrong}; a rule returns a Doubt with a known code and a reason, or None")


def accepted_by(rule: Acceptance, judgement: Judgement) -> AcceptedBy:
    """Return by what a rule accepted a judgement, for the record; by its name where it does not say."""
    named = AcceptedBy(rule=f"the acceptance rule {type(rule).__name__}")
    if not isinstance(rule, TellingRule):
        return named
    try:
        said: object = rule.accepted_by(judgement)  # whatever a rule without a type checker returns
    except BaseException as error:
        if is_order(error):
            raise
        return named
    return said if isinstance(said, AcceptedBy) else named


def wants_confidence(rule: Acceptance) -> bool:
    """Return whether a rule looks at the confidence, so that models spend tokens on it only where it counts."""
    return not isinstance(rule, Always | Never)


@runtime_checkable
class _Asked(Protocol):
    """Anything that can be asked for a doubt."""

    @property
    def doubt(self) -> Callable[..., object]:
        """Return what is called."""
        ...


def _matches(pattern: str, path: str) -> bool:
    wanted, parts = pattern.split("."), path.split(".")
    return len(wanted) == len(parts) and all(a in {"*", b} for a, b in zip(wanted, parts, strict=True))
