"""Typed values of an answer: decided by what the input shows; one that stays unclear puts the answer in doubt."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from handrail_ai_steps.model import Answer
from handrail_guards import fields
from handrail_guards.check import Check, Finding, failed
from handrail_guards.confidence import Confidence
from handrail_guards.guard import GuardContext
from handrail_guards.outcome import Alternative
from handrail_guards.values.written import Written
from handrail_guards.verdict import OnFail, Verdict

if TYPE_CHECKING:
    from handrail_guards.decided import ReadingDecision

NAME = "readings"
"""The name of the guard, which every step has whose answers hold typed values."""


def clear_values(on_fail: OnFail) -> Check:
    """Ask that every typed value be clear: one reading, and check digits that are right."""

    def test(value: object, _: GuardContext) -> tuple[Finding, ...] | None:
        said = tuple(
            failed(leaf.problem, path=path)
            for path, leaf in fields.leaves(value, Written)
            if isinstance(leaf, Written) and not leaf.is_clear
        )
        return said or None

    return Check(name=NAME, test=test, on_fail=on_fail)


def read_with(answer: Answer, source: str, *, day_first: bool | None) -> tuple[Answer, tuple[Verdict, ...]]:
    """Return an answer with its typed values decided as far as the input shows, and what decided each.

    A field that stays unclear has its readings among the alternatives, and half of its confidence.
    """
    if next(fields.leaves(answer.value, Written), None) is None:
        return answer, ()
    from handrail_guards.decided import decided  # noqa: PLC0415 -- most answers hold no typed value

    by_rule = [path for path, sure in answer.fields.items() if sure.source == "rule"]
    exact = ("", *by_rule) if answer.confidence.source == "rule" and not answer.fields else tuple(by_rule)
    value, decisions = decided(answer.value, source, day_first=day_first, exact=exact)
    if not decisions:
        return answer, ()
    unclear = {each.path: each for each in decisions if not each.by}
    answer = replace(
        answer,
        value=value,
        confidence=_halved(answer.confidence, unclear.get("")),
        fields={
            path: _halved(sure, unclear[path]) if path in unclear else sure for path, sure in answer.fields.items()
        },
        field_alternatives=dict(_alternatives(answer, unclear)),
    )
    told = (
        Verdict(NAME, passed=True, reason=f"{each.value}: {each.by}", field=each.path or None)
        for each in decisions
        if each.by
    )
    return answer, tuple(told)


def _halved(sure: Confidence, decision: "ReadingDecision | None") -> Confidence:
    if decision is None or sure.value is None:
        return sure
    return Confidence(sure.value / 2, sure.source, f"halved: it may be {' or '.join(decision.readings)}")


def _alternatives(
    answer: Answer, unclear: "Mapping[str, ReadingDecision]"
) -> Iterator[tuple[str, tuple[Alternative, ...]]]:
    yield from ((path, said) for path, said in answer.field_alternatives.items() if path not in unclear)
    for path, decision in unclear.items():
        sure = (answer.fields.get(path, Confidence.none()) if path else answer.confidence).value or 0.0
        share = sure / len(decision.readings)
        readings = tuple(Alternative(value=each, confidence=share) for each in decision.readings)
        yield path, (*readings, *answer.field_alternatives.get(path, ()))
