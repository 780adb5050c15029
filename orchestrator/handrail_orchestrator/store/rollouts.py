"""How far steps and versions are rolled out: what code declares, what people say, and what challengers answered."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol, TypeAlias

RolloutMove: TypeAlias = Literal["promote", "hold", "resume"]
"""What is done to a rollout."""


class RolloutKey(NamedTuple):
    """What is rolled out: an AI step of a workflow, or a version of it."""

    workflow: str
    step: str = ""
    """The AI step's name; empty: a version is rolled out."""
    version: int = 0
    """The version; 0: a step is rolled out."""

    @property
    def target(self) -> str:
        """Return what people call it: ``triage/route``, or ``triage@2``."""
        return f"{self.workflow}/{self.step}" if self.step else f"{self.workflow}@{self.version}"


class RolloutRow(NamedTuple):
    """One rollout; the columns of table ``rollouts`` in order."""

    workflow: str
    step: str
    version: int
    subject: str
    """A mark of what is rolled out, as the code that declared it last has it."""
    terms: str
    """What the code says, in one line; a promotion holds for these terms and this subject alone."""
    share: float
    """The code's share, 0 to 1."""
    slice: str
    """The name of the code's slice; empty: none."""
    up_to: float
    """The largest share that the code lets it be promoted to."""
    challenger: str
    """Who is asked beside the step; empty: nobody."""
    declared: float
    """When code declared it first, in seconds since the epoch."""
    promoted: float | None = None
    """The share that people promoted it to."""
    promoted_for: str | None = None
    """The subject and terms that it was promoted for."""
    held: int = 0
    number: int = 0
    """How often people, or a watch, said something of it; what is said is said of one number."""
    at: float | None = None
    """When they said so last."""
    by: str | None = None
    why: str = ""

    @property
    def key(self) -> RolloutKey:
        """Return what is rolled out."""
        return RolloutKey(self.workflow, self.step, self.version)

    @property
    def offered(self) -> str:
        """Return what a promotion is given for now."""
        return f"{self.subject} {self.terms}"

    @property
    def in_force(self) -> float:
        """Return the share of the runs that get it now, beside those of the slice."""
        if self.held:
            return 0.0
        promoted = self.promoted if self.promoted_for == self.offered else None
        return min(self.share if promoted is None else promoted, self.up_to)


class RolloutLogRow(NamedTuple):
    """Something that was said of a rollout; never changed or deleted."""

    id: int
    workflow: str
    step: str
    version: int
    at: float
    action: RolloutMove
    share: float | None
    """The share that it was promoted to."""
    by: str
    why: str
    verdict: str | None
    """JSON of the evidence that it was promoted on."""


class ChallengeRow(NamedTuple):
    """What a challenger answered to one call of a step."""

    run: int
    """The run's key."""
    step: str
    """The step's name in its run, such as ``route#2``."""
    at: float
    challenger: str
    outcome: str | None
    """As the step's own outcome is recorded; None: it came to none."""
    error: str | None
    """Why it came to none, in plain words."""
    seconds: float
    money: float | None


class DeclareRollout(NamedTuple):
    """Say what code rolls out, in place of what was declared before. What people said stays."""

    key: RolloutKey
    subject: str
    terms: str
    share: float
    slice: str
    up_to: float
    challenger: str
    at: float


class MoveRollout(NamedTuple):
    """Promote, hold or resume a rollout; refused when it is not as it was looked at. Reply: the row as it is then."""

    key: RolloutKey
    action: RolloutMove
    number: int | None
    """The row's number when it was looked at; None: however it is."""
    by: str
    why: str
    at: float
    share: float | None = None
    promoted_for: str | None = None
    verdict: str | None = None


class HoldFired(NamedTuple):
    """Hold every rollout of a step, as its watch fired; tells people. Reply: the targets that were not held before."""

    step: str
    workflow: str | None
    """None: in whichever workflow."""
    why: str
    at: float
    is_certain: bool
    """Whether values are known to be wrong; otherwise what is rolled out to all is left to the watch itself."""
    by: str = "policy:watch"


class RecordChallenge(NamedTuple):
    """Record what a challenger answered, once, for a step that is recorded. Reply: whether it was."""

    row: ChallengeRow


RolloutChanges: TypeAlias = DeclareRollout | MoveRollout | HoldFired | RecordChallenge


class RolloutStore(Protocol):
    """The part of a store that knows how far things are rolled out.

    Raises (every method):
        StoreError: the store cannot be read.
    """

    def rollout(self, key: RolloutKey) -> RolloutRow | None:
        """Return one rollout; None: nobody has declared it."""
        ...

    def rollouts(self) -> list[RolloutRow]:
        """Return all rollouts, by workflow, step and version."""
        ...

    def rollout_log(self, key: RolloutKey) -> list[RolloutLogRow]:
        """Return what was said of a rollout, oldest first."""
        ...

    def challenges(self, run: int) -> Sequence[ChallengeRow]:
        """Return what challengers answered in the run with this key."""
        ...
