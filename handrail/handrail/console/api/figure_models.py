"""The figures of the desk as the API tells them; what each means stands in docs/metrics.md."""

from pydantic import Field

from handrail.console.api.run_models import Told
from handrail_orchestrator.statistics.kappa import Coefficient


class QueueTold(Told):
    """What waits in one queue."""

    queue: str
    waiting: int
    oldest: float | None = Field(description="When the oldest item was asked, in seconds since the epoch")
    late: int
    most_late: int = Field(description="Where counting stops: as many late items, or more")


class ChangesTold(Told):
    """How often people decided something else than was suggested."""

    decided: int
    changed: int
    rate: float | None = Field(description="0 to 1; null: nothing was suggested")


class AgreementTold(Told):
    """How far people agree who answered the same items without seeing each other's answers."""

    items: int
    people: int
    raw: float = Field(description="Share of pairs of answers that are equal, 0 to 1")
    coefficient: Coefficient = Field(description="Cohen's kappa of two people, Krippendorff's alpha of more")
    beyond_chance: float | None = Field(description="1: full agreement, 0: what chance gives; null: one answer only")


class ErrorRateTold(Told):
    """How many accepted values are wrong, as far as audits tell."""

    audited: int
    wrong: int
    rate: float | None
    low: float | None = Field(description="Wilson's interval of 95%")
    high: float | None


class StampingTold(Told):
    """A queue in which the person took every suggestion faster than anybody reads."""

    person: str
    queue: str
    answers: int
    seconds: float
    since: float


class PersonTold(Told):
    """The caller's own work; nobody else is told of it."""

    person: str
    today: int | None
    pace: float | None = Field(description="Median seconds at an item; null: nobody knows")
    known: int = Field(description="Known cases decided of late")
    known_right: int
    stamping: list[StampingTold]


class DeskTold(Told):
    """What waits, and what became of the items decided in the last seven days, of the queues one may look at."""

    since: float
    queues: list[QueueTold]
    decided: int
    is_whole: bool = Field(description="Whether these are all of them; if not, they are the newest")
    by_policy: int
    approval_delay: float | None = Field(description="Median seconds from asking to taking")
    hands_on: float | None = Field(description="Median seconds at an item")
    rework: float | None = Field(description="Of 100 items, how many were opened again after an answer")
    touches: float | None = Field(description="People who decided or handed on an item, mean")
    sent_up: int
    in_time: int
    late: int
    changes: dict[str, ChangesTold] = Field(description="By field; of the whole answer under the empty name")
    changes_by_confidence: list[ChangesTold] = Field(description="By tenths of the confidence, 0 to 0.1 first")
    agreement: dict[str, AgreementTold] = Field(description="By field; of the whole answer under the empty name")
    audits: ErrorRateTold
    you: PersonTold
