"""How far something is rolled out, as whoever looks from outside sees it; the evidence, and what was said of it."""

from dataclasses import asdict, dataclass
from typing import Any

from handrail_guards.outcome import Accepted, Doubtful
from handrail_orchestrator.store.rollouts import RolloutKey, RolloutMove


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutRecord:
    """One rollout: what the code declares, and what people, or a watch, said of it. Shares are from 0 to 1."""

    key: RolloutKey
    subject: str
    """A mark of what is rolled out: prompt, models, guards and threshold."""
    offered: str
    """What a promotion is given for: the subject, and the terms of the code."""
    terms: str
    """What the code says, in one line; empty: the step is not rolled out bit by bit, and only challenged."""
    share: float
    """The share in force for runs that are in no slice."""
    code_share: float
    """The share that the code says."""
    slice: str
    """The name of the slice that gets it whatever the share is; empty: none."""
    up_to: float
    """The largest share that the code lets it be promoted to."""
    challenger: str
    """Who is asked beside the step; empty: nobody."""
    is_held: bool
    """Whether nothing of it is let loose, so that people decide, or the old version does the work."""
    is_promoted: bool
    """Whether the share is one that people promoted it to."""
    number: int
    """How often something was said of it."""
    at: float | None
    """When something was said of it last, in seconds since the epoch."""
    by: str | None
    """Who said so."""
    why: str

    @property
    def target(self) -> str:
        """Return what it is called: ``triage/route``, or ``triage@2``."""
        return self.key.target

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {"target": self.target, **asdict(self), "key": self.key._asdict()}


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutVerdict:
    """What evidence says of a promotion."""

    allows: bool
    """Whether it carries one."""
    reason: str
    """One sentence for people."""
    cases: int
    """How many cases speak."""
    missing: int | None
    """How many more it probably takes to tell; None: it can be told, or more cases alone would not do."""
    margin: float
    """How much worse is still fine, 0 to 1."""
    level: float
    """Confidence of the interval, 0 to 1."""
    about: str
    """The subject that the evidence is about."""
    source: str
    """Where the cases come from, in a few words."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutChange:
    """Something that was said of a rollout."""

    at: float
    action: RolloutMove
    share: float | None
    by: str
    why: str
    verdict: RolloutVerdict | None
    """The evidence that it was promoted on."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeRecord:
    """What a challenger answered to one call of a step; it decided nothing."""

    step: str
    """The step's name in its run."""
    at: float
    challenger: str
    """Who answered."""
    outcome: Accepted[Any] | Doubtful[Any] | None
    """What it came to, its value as JSON data; None: it came to none, see ``error``."""
    error: str | None
    seconds: float
    money: float | None

    @property
    def value(self) -> tuple[Any, bool]:
        """Return what it answered, as JSON data, and whether it answered at all."""
        match self.outcome:
            case Accepted(value):
                return value, True
            case Doubtful(suggestion):
                return suggestion, suggestion is not None
            case None:
                return None, False
