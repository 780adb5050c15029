"""Macro F1 case by case, so that the gate can judge it: what each case adds to it, by leaving it out.

Macro F1 is no mean of cases. The jackknife's pseudo-values (Tukey 1958) stand for what the mean of a score would have
been made of: ``n F - (n - 1) F without the case``, whose mean and spread are those of the macro F1 but for terms of
order 1/n. With them its difference gets the same interval, clusters and corrections as any other score.
"""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from handrail_evals.errors import DataError
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.result.result import MACRO_F1, Result
from handrail_evals.numbers.metrics.labels import labelled

Answers: TypeAlias = Sequence[tuple[str, str | None]]
"""The repeats of one case, each as the label that is right and the one that was said; None: none was said."""

EMPTY = 1e-9
"""Fewer answers than this are rounding."""


@dataclass(slots=True)
class Tallies:
    """How often each label was right, was said, and was both; a case's repeats count as parts of one answer."""

    right: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)
    both: Counter[str] = field(default_factory=Counter)

    def add(self, answers: Answers, weight: float) -> None:
        """Count one case, or take it away with a negative weight."""
        part = weight / len(answers)
        for right, said in answers:
            self.right[right] += part  # type: ignore[assignment]  # parts of one, which typeshed takes for whole
            if said is not None:
                self.said[said] += part  # type: ignore[assignment]
            if right == said:
                self.both[right] += part  # type: ignore[assignment]

    def f1(self, label: str) -> float | None:
        """Return the label's F1, None when it is neither right nor said any more."""
        total = self.right[label] + self.said[label]
        return 2.0 * self.both[label] / total if total > EMPTY else None


def pseudo_values(cases: Mapping[str, Answers]) -> dict[str, float]:
    """Return what each case adds to the macro F1 of all of them; their mean is nearly it.

    The mean is over the labels that are right or said at least once.
    """
    tallies = Tallies()
    for answers in cases.values():
        tallies.add(answers, 1.0)
    scores = {label: tallies.f1(label) or 0.0 for label in {*tallies.right, *tallies.said}}
    total, count = sum(scores.values()), len(cases)
    whole = total / len(scores)
    found: dict[str, float] = {}
    for name, answers in cases.items():
        tallies.add(answers, -1.0)
        touched = {label for pair in answers for label in pair if label is not None}
        now = [tallies.f1(label) for label in touched]
        labels = len(scores) - sum(score is None for score in now)
        rest = total - sum(scores[label] for label in touched) + sum(score for score in now if score is not None)
        without = rest / labels if labels else 0.0
        found[name] = count * whole - (count - 1) * without
        tallies.add(answers, 1.0)
    return found


def changes(before: Mapping[str, Answers], after: Mapping[str, Answers]) -> dict[str, float]:
    """Return what each answer that changed does to the macro F1 by itself, all others being as they were before.

    Answers that are the same are left out: their pseudo-values move with those of the others, and say nothing of them.
    """
    tallies = Tallies()
    for answers in before.values():
        tallies.add(answers, 1.0)
    scores = {label: score for label in {*tallies.right, *tallies.said} if (score := tallies.f1(label)) is not None}
    total = math.fsum(scores.values())
    whole = total / len(scores)
    found: dict[str, float] = {}
    for name, new in after.items():
        old = before[name]
        if sorted(old, key=str) == sorted(new, key=str):
            continue
        tallies.add(old, -1.0)
        tallies.add(new, 1.0)
        touched = {label for pair in (*old, *new) for label in pair if label is not None}
        then = [scores[label] for label in touched if label in scores]
        now = [score for label in touched if (score := tallies.f1(label)) is not None]
        changed = total - math.fsum(then) + math.fsum(now)
        found[name] = changed / (len(scores) - len(then) + len(now)) - whole
        tallies.add(new, -1.0)
        tallies.add(old, 1.0)
    return found


def labels_of(result: Result, names: Sequence[str]) -> dict[str, Answers]:
    """Return the labels of these cases, as JSON texts, so that true and 1 are two.

    Raises:
        DataError: the expected values are not labels.
    """
    wanted = set(names)
    if labelled([each for each in result.cases if each.case in wanted]) is None:
        raise DataError(
            f"{MACRO_F1} is of labels, and the expected values of {result.header.suite!r} are not: leave it out"
        )
    return {name: [_pair(each) for each in result.by_case[name]] for name in names}


def _pair(case: CaseResult) -> tuple[str, str | None]:
    return json.dumps(case.expected, sort_keys=True), json.dumps(case.output, sort_keys=True) if case.answered else None
