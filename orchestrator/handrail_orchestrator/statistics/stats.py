"""What a window of runs comes to in numbers: the same for the page, the command, the API and Python.

Each word is defined once, in ``docs/operations.md``; durations are seconds, quantiles come from log-spaced buckets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from handrail_ground.shares import Proportion, in_percent
from handrail_orchestrator.statistics.buckets import PERCENTILE_ERROR
from handrail_orchestrator.statistics.durations import CycleTime, Durations
from handrail_orchestrator.statistics.funnel import Funnel
from handrail_orchestrator.statistics.kappa import Agreement

AGE_LIMITS: Final = (3_600.0, 4 * 3_600.0, 8 * 3_600.0, 24 * 3_600.0)
"""The ages that tell the questions of a queue apart: below an hour, four, eight, a day, and above."""


_NO_DURATIONS = Durations()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatsWindow:
    """The runs that are counted: those started from a time on and before another, in seconds since the epoch."""

    since: float
    until: float
    zone: str = "UTC"
    """The time zone of its days, for people."""

    @property
    def hours(self) -> float:
        """Return how long it is: a week has 167 or 169 hours when clocks are changed in it."""
        return (self.until - self.since) / 3_600.0

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {"since": self.since, "until": self.until, "zone": self.zone, "hours": self.hours}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStats:
    """One step of one workflow; what forks copied is not counted, what a retry replaced is."""

    workflow: str
    step: str
    """What it is called in code; of a question about a step, ``route/review`` or ``route/audit``."""
    kind: str
    """``rule``, ``action``, ``ai``, ``human``, ``timer``, ``event`` or ``child``."""
    owner: str | None = None
    """Who answers for it, as its code says; of a question to people, the queue; of several, the one that has most."""
    executed: int = 0
    """Times it came to an end."""
    failed: int = 0
    retries: int = 0
    """Tries after the first."""
    open: int = 0
    """Begun, or waited for, and not over."""
    wait: Durations = _NO_DURATIONS
    """Until the try that ended it began; of a question to people, the approval delay."""
    work: Durations = _NO_DURATIONS
    """Of the try that ended it; of a question to people, the time that they were at it."""
    money: float = 0.0
    unpriced: int = 0
    """Judgements whose price is not known, and not in ``money``."""
    input_tokens: int = 0
    output_tokens: int = 0
    share: float | None = None
    """Of the cycle times of all runs that ended, summed up; steps that go on beside each other count each."""

    @property
    def fail_rate(self) -> float | None:
        """Return the share of its ends that were failures; None: it came to none."""
        return self.failed / self.executed if self.executed else None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        plain = {
            name: getattr(self, name)
            for name in (
                "workflow", "step", "kind", "owner", "executed", "failed", "fail_rate", "retries", "open", "money",
                "unpriced", "input_tokens", "output_tokens", "share",
            )
        }  # fmt: skip
        return {**plain, "wait": self.wait.as_json(), "work": self.work.as_json()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bottleneck:
    """The step with the greatest share of the cycle times, wait and work together."""

    workflow: str
    step: str
    share: float
    waits: bool
    """Whether more of it is waiting than work."""

    def __str__(self) -> str:
        """Return it in words."""
        how = "mostly waiting" if self.waits else "mostly work"
        return f"{self.step} of {self.workflow}: {in_percent(self.share)} of the summed cycle time, {how}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOffs:
    """What became of items that were handed on: sent up, reassigned or given to somebody."""

    items: int = 0
    decided: int = 0
    accepted: int = 0
    """Decided by whoever got them first, without being handed on again."""
    changed: int = 0
    """Decided otherwise than suggested, of those that had a suggestion."""
    suggested: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data, with the shares."""
        accepted, changed = Proportion(self.accepted, self.decided), Proportion(self.changed, self.suggested)
        return {**asdict(self), "accepted_share": accepted.as_json(), "changed_share": changed.as_json()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """Due times: kept, missed, and past while nobody has answered yet."""

    first_met: int = 0
    """Taken by somebody before the due time."""
    first_late: int = 0
    met: int = 0
    """Answered before the due time."""
    late: int = 0
    open_late: int = 0
    """Not answered, and past it."""
    put_away: int = 0
    """Open, and put away for later; the due time goes on."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return asdict(self)


_NONE: Final = Proportion(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionStats:
    """The questions that the runs of the window put to people, audits of accepted values among them."""

    asked: int = 0
    decided: int = 0
    by_policy: int = 0
    """Decided by nobody: a due time passed, and a policy did."""
    approval_delay: Durations = _NO_DURATIONS
    """From asking to the first taking; of what nobody took, to the policy's answer: silent approvers count."""
    hands_on: Durations = _NO_DURATIONS
    rework: Proportion = _NONE
    """Of the decided: opened again after an answer, or a step ran again after the decision."""
    touches: float | None = None
    """People who decided or handed on an item, on average."""
    hand_offs: HandOffs = HandOffs()
    promises: Promises = Promises()

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "asked": self.asked,
            "decided": self.decided,
            "by_policy": self.by_policy,
            "approval_delay": self.approval_delay.as_json(),
            "hands_on": self.hands_on.as_json(),
            "rework": self.rework.as_json(),
            "touches": self.touches,
            "hand_offs": self.hand_offs.as_json(),
            "promises": self.promises.as_json(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueAge:
    """What waits in one queue now, whenever its runs were started."""

    queue: str
    waiting: int
    oldest: float | None
    """Age of the oldest item, in seconds."""
    late: int
    by_age: Sequence[int]
    """Items below each of ``AGE_LIMITS`` and not below the one before, and those above the last."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {**asdict(self), "by_age": list(self.by_age), "age_limits": list(AGE_LIMITS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeStats:
    """What became of ended runs afterwards, by one name and one decision path."""

    name: str
    path: str
    """The name of the count in ``Funnel`` that its runs are in."""
    ended: int
    """Runs of this path that have ended, told of or not."""
    told: int
    """Those that this outcome is recorded of."""
    values: Mapping[str, int] = field(default_factory=dict)
    """Runs by what was recorded: ``yes`` and ``no``, or the text; of numbers, under ``number``."""
    mean: float | None = None
    """Of the numbers; None: there are none."""

    def share(self, value: str = "yes") -> Proportion:
        """Return the runs with a value, as a share of those that were told of."""
        return Proportion(self.values.get(value, 0), self.told)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        shares = {value: self.share(value).as_json() for value in self.values}
        return {
            "name": self.name, "path": self.path, "ended": self.ended, "told": self.told,
            "values": dict(self.values), "shares": shares, "mean": self.mean,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineFigure:
    """A number from before, imported, to be shown beside."""

    metric: str
    """What it is called, such as ``cycle_p50`` or a name of one's own."""
    value: float
    workflow: str = ""
    """Of which workflow; of all without one."""
    unit: str = ""
    cases: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionStats:
    """How many runs of one workflow's version were started."""

    workflow: str
    version: int
    started: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """What the runs come to that were started in a window."""

    window: StatsWindow
    workflow: str | None = None
    version: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    at: float
    """When it was computed."""
    funnel: Funnel
    cycle: CycleTime
    exceptions: Proportion
    """Of the ended: those that failed, or that people or a policy had to decide."""
    completion: Proportion
    """Of the ended: those that completed."""
    human_wait: float | None
    """Share of the summed cycle times that questions to people took."""
    steps: Sequence[StepStats] = ()
    """By share, the greatest first."""
    bottleneck: Bottleneck | None = None
    questions: QuestionStats = QuestionStats()
    by_queue: Mapping[str, QuestionStats] = field(default_factory=dict)
    queues: Sequence[QueueAge] = ()
    agreement: Mapping[str, Agreement] = field(default_factory=dict)
    """By field; of the whole answer under ``""``."""
    changed: Mapping[str, Proportion] = field(default_factory=dict)
    """Of what people reviewed with a suggestion: decided otherwise, by field; the whole answer under ``""``."""
    changed_by_confidence: Sequence[Proportion] = ()
    """The same of whole answers, by tenths of the suggestion's confidence: 0 to 0.1 first."""
    audits: Proportion = _NONE
    """Accepted values that audits found wrong, of those that were audited."""
    money: float = 0.0
    unpriced: int = 0
    """Judgements whose price is not known, and not in ``money``."""
    outcomes: Sequence[OutcomeStats] = ()
    baseline: Sequence[BaselineFigure] = ()
    versions: Sequence[VersionStats] = ()
    flows: Mapping[str, Mapping[tuple[str, str], int]] = field(default_factory=dict)
    """By workflow how often one activity followed another: the edges of its process map."""
    percentile_error: float = PERCENTILE_ERROR
    """How far quantiles are off at most, as a share of the duration of that rank."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "window": self.window.as_json(),
            "workflow": self.workflow,
            "version": self.version,
            "tags": dict(self.tags),
            "at": self.at,
            "funnel": self.funnel.as_json(),
            "cycle": self.cycle.as_json(),
            "exceptions": self.exceptions.as_json(),
            "completion": self.completion.as_json(),
            "human_wait": self.human_wait,
            "steps": [each.as_json() for each in self.steps],
            "bottleneck": None
            if self.bottleneck is None
            else {**asdict(self.bottleneck), "text": str(self.bottleneck)},
            "questions": self.questions.as_json(),
            "by_queue": {name: each.as_json() for name, each in self.by_queue.items()},
            "queues": [each.as_json() for each in self.queues],
            "agreement": {name: asdict(each) for name, each in self.agreement.items()},
            "changed": {name: each.as_json() for name, each in self.changed.items()},
            "changed_by_confidence": [each.as_json() for each in self.changed_by_confidence],
            "audits": self.audits.as_json(),
            "money": self.money,
            "unpriced": self.unpriced,
            "outcomes": [each.as_json() for each in self.outcomes],
            "baseline": [asdict(each) for each in self.baseline],
            "versions": [asdict(each) for each in self.versions],
            "percentile_error": self.percentile_error,
        }
