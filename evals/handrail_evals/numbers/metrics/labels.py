"""The cases whose answer is a label: a word out of a few, yes or no, or none at all."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeGuard

from handrail_evals.measure.case import UNLABELLED
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.numbers.metrics.sample import answered, clusters_of

Label: TypeAlias = str | bool | int | None
"""As JSON has it; None: "no label fits" was the answer, which is not the lack of one."""

LONGEST = 80
"""Characters of a label; what is longer, or has several lines, is text that no confusion matrix helps with."""

FEW = 20
"""So many different values may be labels even if none occurs twice."""

MOST = 500
"""More different values are names or numbers, however often they repeat."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Answers with labels: what was expected, what was said."""

    labels: tuple[Label, ...]
    """Every label expected or said, the most often expected first."""
    expected: Sequence[int]
    """For each answer, the position of the label that is right."""
    said: Sequence[int | None]
    """For each answer, the position of its label; None where there was no answer, or one that is no label."""
    clusters: Sequence[str | None] | None
    """For each answer; None when all stand alone."""
    cases: Sequence[str]
    """For each answer, the name of its case."""
    coverage: float
    """Share, 0 to 1, of the answers whose case says what is right."""

    def __len__(self) -> int:
        """Return how many answers there are."""
        return len(self.expected)


def is_label(value: Any) -> TypeGuard[Label]:
    """Return whether a JSON value can be a label: a short line, a whole number, true, false or null."""
    if isinstance(value, str):
        return len(value) <= LONGEST and "\n" not in value
    return value is None or isinstance(value, bool | int)


def labelled(cases: Sequence[CaseResult]) -> Labelled | None:
    """Return the answers to compare label by label, or None when the expected values are not labels.

    They are when each of them is a short line, a whole number, true, false or null, and they repeat: there are at most
    20 different ones, or half as many as cases, and never more than 500. Answers of a crashed target, and of
    cases that do not say what is right, are left out.
    """
    asked = answered(cases)
    known = [each for each in asked if each.expected is not UNLABELLED]
    if not known or not all(is_label(each.expected) for each in known):
        return None
    # As JSON, so that true and 1 are two labels.
    expected = [json.dumps(each.expected) for each in known]
    said = [json.dumps(each.output) if each.answered and is_label(each.output) else None for each in known]
    support = Counter(expected)
    if len(support) > min(MOST, max(FEW, len({each.case for each in known}) // 2)):
        return None
    spoken = {each for each in said if each is not None}
    order = sorted({*support, *spoken}, key=lambda label: (-support[label], label))
    place = {label: position for position, label in enumerate(order)}
    return Labelled(
        labels=tuple(json.loads(label) for label in order),
        expected=[place[label] for label in expected],
        said=[None if label is None else place[label] for label in said],
        clusters=clusters_of(known),
        cases=[each.case for each in known],
        coverage=len(known) / len(asked),
    )


def label_text(label: Label) -> str:
    """Return a label as people read it."""
    if label is None:
        return "no label"
    return label if isinstance(label, str) else json.dumps(label)
