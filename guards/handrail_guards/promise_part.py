"""What a promise consists of: bounds that are kept one by one, each on its own cases and at its own part of delta."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

PartKind: TypeAlias = Literal["wrong", "label", "field", "missed"]
"""What is bounded: wrong values among all accepted ones, among those accepted as one label, records with one field
wrong among all accepted ones, or cases of one label that are accepted as another."""

Answers: TypeAlias = Literal["usual", "few"]
"""How many blind answers to accepted values people are asked for: ``few`` are half as many."""

LOOKS = ", contradictions looked at twice"
FEW = ", with few answers"
TOLD_TO = 1e-6
"""So exactly the words of a promise tell a bar, relative to it."""
MOST_DIGITS = 18
SURE_TO = 5e-3
"""So exactly they tell delta."""
NEVER = -1.0
"""The score of a case that is never accepted as another label, because the answer is the label itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromisePart:
    """One bound of a promise."""

    about: PartKind
    of: str = ""
    """The label or the field; empty for ``wrong``."""
    at_most: float
    """Above 0 and below 1."""
    delta: float
    """The chance that it is ever broken, at most."""
    stops_at: float | None = None
    """The risk at which one more case costs as much as its review; None: there is no such."""

    second_looks: bool = False
    """Whether a blind answer that contradicts the model counts only once another reviewer confirms it."""
    once_per: str | None = None
    """What makes cases of a kind, of which only the first counts; None: inputs that are the same."""
    answers: Answers = "usual"
    """How many blind answers to accepted values are asked for."""

    @property
    def bound(self) -> str:
        """Return what is bounded, in words."""
        told = f"at most {percent(self.at_most)} {self._what}"
        return told if self.stops_at is None else f"{told} and no case with more than {percent(self.stops_at)} risk"

    @property
    def _what(self) -> str:
        match self.about:
            case "wrong":
                return "wrong"
            case "label":
                return f"of what is accepted as {self.of!r} wrong"
            case "field":
                return f"wrong in {self.of!r}"
            case "missed":
                return f"of {self.of!r} accepted as something else"
            case _:
                assert_never(self.about)

    @property
    def told(self) -> str:
        """Return it in one line, with how sure it is."""
        return f"{self.bound}, sure to {sure_percent(self.delta)}{asked_for(self.answers)}{self.counted}"

    @property
    def counted(self) -> str:
        """Return in words which labels count, and how; empty: the one that each distinct input has.

        Labels that were counted in one way say nothing of what is counted in another.
        """
        return f"{once(self.once_per)}{LOOKS if self.second_looks else ''}"

    def is_about(self, label: str | None) -> bool:
        """Return whether a case that is answered with this label is one of those that it is about."""
        return self.about != "label" or self.of == label

    def score(self, confidence: float, label: str | None) -> float:
        """Return what is compared with its threshold."""
        return NEVER if self.about == "missed" and self.of == label else confidence


def asked_for(answers: Answers) -> str:
    """Return in words how many answers are asked for; empty: the usual ones."""
    return FEW if answers == "few" else ""


def once(per: str | None) -> str:
    """Return in words what is counted once."""
    return "" if per is None else f", counted once per {per}"


def percent(share: float) -> str:
    """Return a share in percent, with as many digits as tell it from every other one that matters.

    A store knows a promise by its words: two bars that read the same would be one promise, kept at the first of them.
    """
    for digits in range(3, MOST_DIGITS):
        told = f"{100 * share:.{digits}g}"
        if abs(float(told) / 100 - share) <= TOLD_TO * share and float(told) != 100.0:  # a bar is below all
            return f"{told}%"
    return f"{100 * share!r}%"


def sure_percent(delta: float) -> str:
    """Return one less a chance in percent, in the same way: what is told by it is the chance that is left."""
    for digits in range(4, MOST_DIGITS):
        told = f"{100 * (1 - delta):.{digits}g}"
        if abs(1 - float(told) / 100 - delta) <= SURE_TO * delta:
            return f"{told}%"
    return f"{100 * (1 - delta)!r}%"
