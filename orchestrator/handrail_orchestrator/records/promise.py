"""A promise as whoever looks from outside sees it, and what was decided about it."""

from dataclasses import asdict, dataclass
from typing import Any

from handrail_ground.shares import decimal, in_digits, in_percent
from handrail_guards.promise_part import PartKind
from handrail_orchestrator.store.promises import PromiseState


def named_target(workflow: str, step: str, group: str = "") -> str:
    """Return what people call a promise: ``triage/route``, or ``triage/route[gold]`` of a group."""
    return f"{workflow}/{step}[{group}]" if group else f"{workflow}/{step}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseRecord:
    """One promise: what it speaks of, its rule in force, and what became of its cases. Shares are from 0 to 1."""

    number: int
    workflow: str
    step: str
    model: str
    """Who answers, by the answers' own name; another name is another promise."""
    prompt_version: str
    servers: tuple[str, ...]
    terms: str
    """What is promised, in one line."""
    wrong_at_most: float
    sure: float
    state: PromiseState
    why: str
    """Why nothing is accepted, or why it is paused."""
    rule: int
    """The number of the rule in force; 0: the one that everything begins with."""
    threshold: float | None
    """The least confidence that is accepted; None: nothing is."""
    accepted_share: float
    """The share of accepted cases that is asked blind."""
    labels: int
    """Blind answers that the rule was set on."""
    set_at: float | None
    """When the rule was set, in seconds since the epoch."""
    begun: float
    cases: int
    accepted: int
    drawn: int
    answered: int
    wrong: int
    """Of the answered: wrong, or given up."""
    accepted_answered: int
    accepted_wrong: int
    is_current: bool
    """Whether the last case of its step, group and bound was judged by it."""
    by: str = ""
    """What says which group a case is of; empty: there are no groups."""
    group: str = ""
    """The group whose cases it speaks of."""
    about: PartKind = "wrong"
    """What is bounded: ``wrong`` values among the accepted, those accepted as one ``label``, one ``field`` of them, or
    what is ``missed`` of a label."""
    of: str = ""
    """The label or the field."""
    stops_at: float | None = None
    """The risk at which one more case costs as much as its review; None: nobody said what they cost."""
    accepted_risk: float | None = None
    """The share of what was accepted that is wrong, by its blind answers, each weighed by its share; None: none."""
    accepted_risk_from: float | None = None
    accepted_risk_to: float | None = None
    """Wilson's interval of 95%: what is seen so far, and not what is promised."""

    @property
    def target(self) -> str:
        """Return what people call it: ``triage/route``."""
        return f"{self.workflow}/{self.step}"

    @property
    def name(self) -> str:
        """Return what people call it, with its group: ``triage/route[gold]``."""
        return named_target(self.workflow, self.step, self.group)

    @property
    def coverage(self) -> float | None:
        """Return the share of all its cases that was accepted; None: there were none."""
        return self.accepted / self.cases if self.cases else None

    @property
    def standing(self) -> str:
        """Return in words what is accepted under it now, or why nothing is."""
        if self.state == "shadow":
            return "in shadow: its model is tried on the cases of the one that answers, and decides nothing"
        if self.threshold is not None:
            asked = f"{in_digits(self.accepted_share)} of it asked blind"
            from_there = f"accepts from {decimal(self.threshold)} on"
            return f"{from_there}, {in_percent(self.coverage or 0.0)} of all cases so far, {asked}"
        if self.why:
            return f"accepts nothing: {self.why}"
        return f"accepts nothing yet, {self.answered:,} of {self.drawn:,} blind answers are there"

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {"target": self.target, "name": self.name, "coverage": self.coverage, **asdict(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """A blind answer that is another than the model's: where the model is sure, both deserve a second look."""

    run_id: str
    step: str
    """The step's name in its run."""
    item: int
    """The review item of the answer."""
    confidence: float
    """The model's, in the value that was contradicted."""
    by: str
    """Who answered."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseRuleRecord:
    """A rule that a promise was kept by; from ``at`` on, until the next one."""

    number: int
    at: float
    threshold: float | None
    accepted_share: float
    below_share: float
    cases: int
    """Read by then."""
    labels: int
    """Blind answers by then."""
    wrong: int
    """Of those at or above the threshold: wrong, or given up."""
    why: str
    judged: int = 0
    """Cases that were judged by it so far."""
    accepted: int = 0
    """Of them: accepted."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseChange:
    """Something that was decided about a promise."""

    at: float
    action: str
    """``rule``, ``ladder``, ``stopped``, ``paused`` or ``resumed``."""
    by: str
    why: str

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return asdict(self)
