"""A threshold for each field of a record and one for the whole, and what each field reaches by kind of case."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from handrail_ai_steps.rule import EachField, each_field
from handrail_evals.decide.calibrate.calibration import Calibration, calibrate
from handrail_evals.decide.calibrate.labels import Audit, JudgedCase, audits_of, scores_of
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.errors import InvalidLabels
from handrail_guards.acceptance import Never
from handrail_guards.outcome import Judgement

_INDEX = re.compile(r"(?<=\.)\d+(?=\.|$)")
RISKS = (0.02, 0.05)
"""Shares of wrong values at which coverage is told."""


def fields_right(value: Any, label: Any, paths: Iterable[str]) -> dict[str, bool]:
    """Return which fields of a value are as the label has them, by path; both as JSON data.

    A list's length stands under ``#``. A field that is missing where the other has one is wrong.
    """
    return {path: _at(value, path) == _at(label, path) for path in paths}


def _at(data: Any, path: str) -> Any:
    for part in path.split("."):
        if part == "#":
            return len(data) if isinstance(data, list | dict) else None
        if isinstance(data, Mapping):
            data = data.get(part)
        elif isinstance(data, list) and part.isdecimal() and int(part) < len(data):
            data = data[int(part)]
        else:
            return None
    return data


def each_row(path: str) -> str:
    """Return the path of a field for every row of its list: ``lines.*.total``."""
    return _INDEX.sub("*", path)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldThresholds:
    """Thresholds by field and for the record, each with what it promises."""

    promise: Promise
    fields: Mapping[str, Calibration]
    """By field path, ``*`` standing for every row. All of them keep their promise at once, with chance 1 - delta."""
    record: Calibration
    """On the confidence of the whole: of the records it accepts, at most the target has any field wrong."""

    @property
    def rule(self) -> EachField | Never:
        """Return the rule that accepts a record whose every field is above its threshold; where one has none, nothing.

        What it promises is about each field's values above its threshold, in all records. Of the records that it
        accepts nothing is promised: for that there is ``record``.
        """
        found = {name: each.threshold for name, each in self.fields.items() if each.threshold is not None}
        if len(found) < len(self.fields):
            return Never()
        return each_field(at_least=1.0, fields=found)


def calibrate_fields(
    cases: Sequence[JudgedCase],
    *,
    promise: Promise,
    traffic: Sequence[Judgement] | None = None,
    first_errors: int | None = None,
    accept_seen: bool = False,
) -> FieldThresholds:
    """Return the loosest threshold of each field, and of the whole, that keep the promise.

    The cases must have been drawn at random, and know which of their fields are right, as those of ``judge_cases`` do.
    Of a list a case counts once: its least sure row, right when all rows are. Each field's test may fail by its share
    of delta (Bonferroni), so that all promises hold at once.

    Raises:
        InvalidLabels: no case says which of its fields are right, or a label was not given blind.
    """
    names = sorted({each_row(path) for case in cases for path in case.fields_right})
    if not names:
        raise InvalidLabels(
            "no case says which fields are right: the step's models give no confidence by field, or the cases are not"
            " of judge_cases; the record as a whole can be calibrated all the same"
        )
    each = replace(promise, delta=promise.delta / len(names))
    return FieldThresholds(
        promise=promise,
        fields={
            name: calibrate(
                list(_audits(cases, name)),
                promise=each,
                traffic=None if traffic is None else list(_scores(traffic, name)),
                first_errors=first_errors,
                accept_seen=accept_seen,
            )
            for name in names
        },
        record=calibrate(
            audits_of(cases, "confidence"),
            promise=promise,
            traffic=None if traffic is None else scores_of(traffic, "confidence"),
            first_errors=first_errors,
            accept_seen=accept_seen,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldReach:
    """What one field reaches on some of the cases, as observed: for looking, not for setting a threshold."""

    field: str
    """Its path, ``*`` standing for every row; empty: the record as a whole."""
    group: str
    """The kind of case, such as a sender seen before or never; empty: all of them."""
    cases: int
    """Those that have the field with a confidence."""
    right: float
    """Share of them that is right, 0 to 1."""
    coverage: Mapping[float, float]
    """By risk: the largest share of them that could be accepted with at most this share of it wrong, 0 to 1."""


def field_reach(cases: Sequence[JudgedCase], *, risks: Sequence[float] = RISKS) -> tuple[FieldReach, ...]:
    """Return what each field and the whole reach, on all cases and on each group of them (``JudgedCase.group``)."""
    groups = sorted({case.group for case in cases if case.group})
    names = ["", *sorted({each_row(path) for case in cases for path in case.fields_right})]
    found: list[FieldReach] = []
    for name in names:
        audits = list(_audits(cases, name)) if name else audits_of(cases, "confidence")
        found += [_reach(name, "", audits, risks)] if audits else []
        for group in groups:
            own = [each for each in audits if each.group == group]
            found += [_reach(name, group, own, risks)] if own else []
    return tuple(found)


def _reach(name: str, group: str, audits: Sequence[Audit], risks: Sequence[float]) -> FieldReach:
    return FieldReach(
        field=name,
        group=group,
        cases=len(audits),
        right=sum(each.right for each in audits) / len(audits),
        coverage={risk: _coverage(audits, risk) for risk in risks},
    )


def _coverage(audits: Sequence[Audit], risk: float) -> float:
    """Return the largest share accepted by a threshold whose observed risk is no higher; equal scores go together."""
    ranked = sorted(audits, key=lambda each: -each.score)
    best = wrong = 0
    for at, each in enumerate(ranked, 1):
        wrong += not each.right
        last_of_tie = at == len(ranked) or ranked[at].score < each.score
        if last_of_tie and wrong <= risk * at:
            best = at
    return best / len(ranked)


def _audits(cases: Sequence[JudgedCase], name: str) -> Iterator[Audit]:
    """Yield the labels of a field; a case in which a row has no confidence is never accepted, and is no label."""
    for case in cases:
        rows = [path for path in case.fields_right if each_row(path) == name]
        scores = [case.judgement.fields[path].value for path in rows if path in case.judgement.fields]
        known = [score for score in scores if score is not None]
        if rows and len(known) == len(rows):
            right = all(case.fields_right[path] for path in rows)
            yield Audit(min(known), right, case.case, case.group, case.cluster, case.blind)


def _scores(judgements: Iterable[Judgement], name: str) -> Iterator[float]:
    for each in judgements:
        found = [sure.value for path, sure in each.fields.items() if each_row(path) == name]
        known = [score for score in found if score is not None]
        if known and len(known) == len(found):
            yield min(known)
