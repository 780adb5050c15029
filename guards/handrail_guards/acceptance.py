"""The rule that turns a confidence into accepted or doubtful."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from handrail_ground.shares import decimals
from handrail_guards.confidence import Confidence
from handrail_guards.errors import InvalidGuard
from handrail_guards.numbers import is_share, is_text
from handrail_guards.outcome import AcceptedBy, DoubtCode, Judgement


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a value was not accepted."""

    code: DoubtCode
    reason: str


class Acceptance(Protocol):
    """A rule that lets a value pass, or says why not; one that raises, or says neither, accepts nothing."""

    def doubt(self, judgement: Judgement, *, final: bool) -> Doubt | None:
        """Return why the value is in doubt, or None to accept it.

        Before guards that cost money are asked, a rule is asked whether that is worth it: then ``final`` is False,
        their verdicts are missing, and a doubt means that none of them could dispel it. A rule that looks at no
        verdicts need not look at ``final`` either.
        """
        ...


@runtime_checkable
class TellingRule(Protocol):
    """A rule that says, for the record, what it accepted a value by."""

    def accepted_by(self, judgement: Judgement) -> AcceptedBy:
        """Return what a judgement that it accepted met."""
        ...


@dataclass(frozen=True, slots=True)
class Threshold:
    """Accept at or above a number typed by hand; a missing confidence is never accepted."""

    at_least: float
    """0 to 1."""

    def __post_init__(self) -> None:
        if not is_share(self.at_least):
            raise InvalidGuard(f"at_least is {self.at_least!r}; give a confidence from 0 to 1, such as 0.85")

    def doubt(self, judgement: Judgement, *, final: bool = True) -> Doubt | None:
        """Return why the value is in doubt, or None to accept it."""
        del final  # no verdict counts
        return self.doubt_about(judgement.confidence)

    def accepted_by(self, judgement: Judgement) -> AcceptedBy:
        """Return the number that a confidence met."""
        del judgement  # one number for all
        return AcceptedBy(
            rule=f"confidence at least {self.at_least}", score="confidence", threshold=float(self.at_least)
        )

    def doubt_about(self, confidence: Confidence) -> Doubt | None:
        """Return why a value of which somebody is so sure is in doubt, or None to accept it."""
        if confidence.value is None:
            return Doubt("no_confidence", f"no confidence: {confidence.detail or 'the model gave none'}")
        if confidence.value < self.at_least:
            sure, _ = decimals(confidence.value, float(self.at_least), fewest=2)
            return Doubt("low_confidence", f"confidence {sure} < {self.at_least}")
        return None


@dataclass(frozen=True, slots=True)
class Always:
    """Accept whatever passed the guards: for drafts, and for steps whose guards decide alone."""

    def doubt(self, judgement: Judgement, *, final: bool = True) -> None:
        """Return None: nothing is in doubt on account of its confidence."""
        del judgement, final

    def accepted_by(self, judgement: Judgement) -> AcceptedBy:
        """Return that the guards alone decided."""
        del judgement
        return AcceptedBy(rule="whatever passes the guards")


@dataclass(frozen=True, slots=True)
class Never:
    """Accept nothing: every value goes to a person."""

    reason: str = "every answer of this step is reviewed"

    def __post_init__(self) -> None:
        if not is_text(self.reason):
            raise InvalidGuard(f"Never({self.reason!r}): give the reason as text, for the people who decide instead")

    def doubt(self, judgement: Judgement, *, final: bool = True) -> Doubt:
        """Return the reason every value is reviewed."""
        del judgement, final
        return Doubt("rule", self.reason)


def confidence(*, at_least: float) -> Threshold:
    """Accept values whose confidence is ``at_least`` (0 to 1) or more.

    Raises:
        InvalidGuard: the threshold is no number from 0 to 1.
    """
    return Threshold(at_least)
