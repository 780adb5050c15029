"""What a watch is told (cases as they were routed, audits as they were answered), and what it changed because of it."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Self, TypeAlias, assert_never

from handrail_evals.errors import DataError, InvalidScore, InvalidSetting
from handrail_ground.hashing import hash_of_text
from handrail_ground.shares import in_digits
from handrail_guards.acceptor import Acceptor
from handrail_guards.guarantee import ScoreName, score_of
from handrail_guards.outcome import Accepted, Outcome

LARGEST_WEIGHT = 2.0
"""An audit that stood for so many could lose a bet whole."""
MARK_DIGITS = 12
"""Hexadecimal digits of a cluster's mark."""

ChangeKind: TypeAlias = Literal["armed", "raised", "settled", "stopped"]
"""Armed with a reference; audits raised by the label-free alarm; back to usual; acceptance stopped by audits."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A case as far as drift can be told without a label.

    Raises:
        InvalidScore: the score is not a finite number.
    """

    score: float | None
    """What acceptance looks at, higher is surer; None: there was none."""
    accepted: bool
    """Whether the value was accepted without a person."""

    def __post_init__(self) -> None:
        score: Any = self.score
        if score is not None and (isinstance(score, bool) or not isinstance(score, int | float)):
            raise InvalidScore(where="a routed case", score=score)
        if score is not None and not math.isfinite(score):
            raise InvalidScore(where="a routed case", score=score)
        if not isinstance(self.accepted, bool):
            raise DataError(f"a routed case: accepted is {self.accepted!r}; give True or False")


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed(Seen):
    """A case that a step has just judged.

    Raises:
        InvalidScore: the score is not a finite number.
        DataError: it has no name.
    """

    case: str
    """Its name, the one its audit will carry; the auditing rule's key."""
    drawn: bool
    """Whether it was drawn to be audited, before it was known whether its value is accepted."""

    def __post_init__(self) -> None:
        # Not super(): a dataclass with slots is another class than the one the compiler saw here.
        Seen.__post_init__(self)
        if not self.case:
            raise DataError(f"a routed case is named {self.case!r}; give the key that it was drawn by")

    @classmethod
    def of(cls, outcome: Outcome[Any], *, case: str, score: ScoreName, acceptor: Acceptor | None = None) -> Self:
        """Return the case of an outcome, with the score that its acceptance looks at.

        Raises:
            InvalidGuard: the score is an acceptor's and there is none.
        """
        judgement = outcome.judgement
        found = score_of(judgement, score, acceptor)
        accepted = isinstance(outcome, Accepted) or outcome.code == "rollout"  # its rule accepts it all the same
        return cls(found, accepted, case=case, drawn=judgement.drawn)


@dataclass(frozen=True, slots=True)
class Audited:
    """The answer to an audit.

    Raises:
        DataError: ``right`` is neither True, False nor None, or the weight is none.
    """

    case: str
    """The name it was routed under."""
    right: bool | None
    """Whether the value was right; None: nobody can say any more, such as when its run was cancelled."""
    cluster: str = ""
    """What it shares with other cases, such as the same input, which makes them count once; empty: it stands alone."""
    weight: float = 1.0
    """For how many audits it stands where they were drawn unevenly, above 0 and below 2."""

    @property
    def mark(self) -> str:
        """Return what a watch remembers of the cluster: a short hash, as it may hold what people wrote."""
        return hash_of_text(self.cluster, digits=MARK_DIGITS)

    def __post_init__(self) -> None:
        if self.right is not None and not isinstance(self.right, bool):
            raise DataError(f"the audit of case {self.case!r} says {self.right!r}; give True, False or None")
        if not 0 < self.weight < LARGEST_WEIGHT:
            raise DataError(f"the audit of case {self.case!r} has the weight {self.weight!r}; give one from 0 to 2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happened, when, and on what evidence.

    Raises:
        InvalidSetting: the time has no time zone.
    """

    kind: ChangeKind
    at: datetime
    """When, with a time zone."""
    case: int
    """After how many cases since the watch was armed."""
    what: str
    """What was counted, as a part of a sentence."""
    hits: int
    """How many of the cases were such, 0 or more."""
    cases: int
    """Of how many, since it most likely began."""
    chance: float
    """How often it was to be expected, 0 to 1."""

    def __post_init__(self) -> None:
        require_zone(self.at)

    def __str__(self) -> str:
        """Return the change as people read it."""
        when = f"{self.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC, case {self.case:,}"
        match self.kind:
            case "armed":
                return f"armed with a reference of {self.cases:,} cases ({when})"
            case "raised":
                return f"{self._counts()}; audits were raised ({when})"
            case "settled":
                return f"{self._counts()}: the cases since are the reference now ({when})"
            case "stopped":
                return f"{self._counts()}; automatic acceptance was stopped ({when})"
            case _ as unknown:
                assert_never(unknown)

    def _counts(self) -> str:
        return f"{self.hits:,} of {self.cases:,} {self.what}, {in_digits(self.chance)} expected"


def require_zone(at: datetime) -> None:
    """Check that a time is one, and says which zone it is in.

    Raises:
        InvalidSetting: it does not.
    """
    given: Any = at  # whatever somebody without a type checker gave
    if not isinstance(given, datetime):
        raise InvalidSetting(f"the time {given!r} is none; give datetime.now(UTC)")
    if given.utcoffset() is None:
        raise InvalidSetting(f"the time {at.isoformat()} has no time zone; give one, as datetime.now(UTC) does")
