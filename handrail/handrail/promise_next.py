"""What the next threshold of a promise takes, for commands and pages; they show the rest of it without numpy, too."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from handrail_ground.errors import HandrailError
from handrail_orchestrator.client import Client

if TYPE_CHECKING:
    from handrail_evals.decide.keeping.next_threshold import NextThreshold, NoReckoning

WhyNot: TypeAlias = "NoReckoning | Literal['unreadable']"


@dataclass(frozen=True, slots=True)
class UntilNext:
    """How many more blind answers the next threshold takes, or why that is not reckoned."""

    threshold: "NextThreshold | None"
    why_not: "WhyNot | None"
    """None: it is reckoned."""
    told: str
    """Either, in plain words."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {"why_not": self.why_not} if self.threshold is None else self.threshold.as_json()


def until_next(client: Client, number: int) -> UntilNext:
    """Return what the next threshold of a promise takes, as its keeper left it.

    Raises:
        StoreError: the store cannot be read.
    """
    from handrail_evals.decide.keeping.next_threshold import TOLD, next_threshold_of  # noqa: PLC0415 -- the extra evals

    row = next(each for each in client.promise_store.promises() if each.id == number)
    try:
        found = next_threshold_of(row)
    except HandrailError as error:  # a library is not installed, or the keeper's state is of another release
        return UntilNext(None, "unreadable", f"cannot be reckoned: {error}")
    if isinstance(found, str):
        return UntilNext(None, found, TOLD[found])
    return UntilNext(found, None, found.told)
