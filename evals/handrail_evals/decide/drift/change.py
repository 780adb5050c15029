"""A moment at which a watch changed what it asks for, with the counts that made it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias, assert_never

from handrail_evals.errors import InvalidSetting

ChangeKind: TypeAlias = Literal["armed", "raised", "settled", "stopped"]
"""Armed with a reference; audits raised by the label-free alarm; back to usual; acceptance stopped by audits."""


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
        if self.at.tzinfo is None:
            raise InvalidSetting(
                f"the time {self.at.isoformat()} has no time zone; give one, as datetime.now(UTC) does"
            )

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
        return f"{self.hits:,} of {self.cases:,} {self.what}, {100 * self.chance:.3g}% expected"


def require_zone(at: datetime) -> None:
    """Check that a time says which zone it is in.

    Raises:
        InvalidSetting: it does not.
    """
    if at.tzinfo is None:
        raise InvalidSetting(f"the time {at.isoformat()} has no time zone; give one, as datetime.now(UTC) does")
