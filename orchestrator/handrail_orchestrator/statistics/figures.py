"""What the desk comes to in numbers: what waits, how long people take, how often they change what was suggested.

Each number is defined once, here; the page's strip, the API, and ``handrail review stats`` show the same ones.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from handrail_ground.shares import Proportion, Weighed
from handrail_orchestrator.records.decided import DecidedRecord
from handrail_orchestrator.statistics.changes import WHOLE, changed_fields
from handrail_orchestrator.statistics.kappa import Agreement, agreement_of

DECILES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFigures:
    """What waits in one queue."""

    queue: str
    waiting: int
    """Items that are open or taken."""
    oldest: float | None
    """When the oldest of them was asked, in seconds since the epoch; None: nothing waits."""
    late: int
    """How many of them are past their due time, counted up to ``most_late``."""
    most_late: int
    """Where counting stopped: as many late items, or more."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """How often people decided something else than was suggested."""

    decided: int
    """Decisions of a suggestion; of a field, those in which it occurs."""
    changed: int

    @property
    def rate(self) -> float | None:
        """Return the share that was changed; None: there was none to change."""
        return self.changed / self.decided if self.decided else None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {"decided": self.decided, "changed": self.changed, "rate": self.rate}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFigures:
    """What audits of accepted values found."""

    audited: int
    """Accepted values that a person decided blind."""
    wrong: int
    """How many of them were something else."""
    weighed: Weighed | None = None
    """What they come to where some stand for more cases than others; None: each stands for one."""

    @property
    def share(self) -> Proportion:
        """Return the share of accepted values that is wrong, with its interval."""
        return Proportion(self.wrong, self.audited, self.weighed)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {"audited": self.audited, "wrong": self.wrong}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskFigures:
    """What became of the items that were decided in a time; times are in seconds."""

    decided: int
    """How many: by people and by policies."""
    is_whole: bool
    """Whether these are all of them; if not, they are the newest."""
    by_policy: int
    """Decided by nobody: a due time passed, and a policy did."""
    approval_delay: float | None
    """Median from the moment an item was asked to the moment somebody first took it; of what nobody took, to the answer
    that a policy gave: silent approvers count."""
    hands_on: float | None
    """Median time that people were at an item: while its tab was in view where pages tell, at most from taking to
    deciding; else from taking to deciding."""
    rework: float | None
    """Of 100 items, how many were opened again after an answer, or had a step of their run run again after it."""
    touches: float | None
    """How many people decided or handed on an item, on average."""
    sent_up: int
    """Items that were handed to a higher tier."""
    in_time: int
    """Items with a due time that were decided before it."""
    late: int
    """Items with a due time that were decided after it."""
    changes: Mapping[str, Changes] = field(default_factory=dict)
    """By field: decisions of people that differ from the suggestion; of the whole answer under ``""``."""
    changes_by_confidence: Sequence[Changes] = ()
    """The same of whole answers, by tenths of the suggestion's confidence: 0 to 0.1 first."""
    agreement: Mapping[str, Agreement] = field(default_factory=dict)
    """By field: how far people agree who answered the same items; of the whole answer under ``""``."""
    audits: AuditFigures = AuditFigures(audited=0, wrong=0)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        plain = {
            name: getattr(self, name)
            for name in (
                "decided", "is_whole", "by_policy", "approval_delay", "hands_on", "rework", "touches", "sent_up",
                "in_time", "late",
            )
        }  # fmt: skip
        return {
            **plain,
            "changes": {name: each.as_json() for name, each in self.changes.items()},
            "changes_by_confidence": [each.as_json() for each in self.changes_by_confidence],
            "agreement": {name: asdict(each) for name, each in self.agreement.items()},
            "audits": self.audits.as_json(),
        }


def desk_figures(decided: Iterable[DecidedRecord], *, most: int) -> DeskFigures:
    """Return what became of decided items; of more than ``most`` of them, only of the first, which are the newest."""
    records: list[DecidedRecord] = []
    is_whole = True
    for record in decided:
        if len(records) >= most:
            is_whole = False
            break
        records.append(record)
    by_people = [each for each in records if each.person is not None]
    worked = [each.seconds for each in by_people if each.seconds is not None]
    audits = [each for each in by_people if each.is_audit and each.has_suggestion]
    due = [(each.answered, each.item.due) for each in records if each.item.due is not None]
    in_time = sum(answered <= by for answered, by in due)
    return DeskFigures(
        decided=len(records),
        is_whole=is_whole,
        by_policy=len(records) - len(by_people),
        approval_delay=_median([each.delay for each in records]),
        hands_on=_median(worked),
        rework=100 * sum(each.is_rework for each in records) / len(records) if records else None,
        touches=sum(each.people for each in records) / len(records) if records else None,
        sent_up=sum(each.sent_up > 0 for each in records),
        in_time=in_time,
        late=len(due) - in_time,
        changes=_changes(by_people),
        changes_by_confidence=_by_confidence(by_people),
        agreement=_agreement(by_people),
        audits=_audits(audits),
    )


def _audits(records: Sequence[DecidedRecord]) -> AuditFigures:
    found = Proportion.of_weights(
        (each.weight, int(changed_fields(each.suggestion, each.item.decision)[WHOLE]), 1) for each in records
    )
    return AuditFigures(audited=found.whole, wrong=found.part, weighed=found.weighed)


def _median(values: Sequence[float]) -> float | None:
    return median(max(0.0, each) for each in values) if values else None


def _changes(records: Iterable[DecidedRecord]) -> dict[str, Changes]:
    """Return the changes by field; audits ask about accepted values, so they are not among them."""
    decided: Counter[str] = Counter()
    changed: Counter[str] = Counter()
    for each in records:
        if each.is_audit or not each.has_suggestion:
            continue
        for name, is_other in changed_fields(each.suggestion, each.item.decision).items():
            decided[name] += 1
            changed[name] += is_other
    return {name: Changes(decided=count, changed=changed[name]) for name, count in decided.items()}


def _is_changed(record: DecidedRecord) -> bool:
    return changed_fields(record.suggestion, record.item.decision)[WHOLE]


def _by_confidence(records: Iterable[DecidedRecord]) -> tuple[Changes, ...]:
    decided, changed = [0] * DECILES, [0] * DECILES
    for each in records:
        if each.is_audit or not each.has_suggestion or each.confidence is None:
            continue
        decile = min(int(each.confidence * DECILES), DECILES - 1)
        decided[decile] += 1
        changed[decile] += _is_changed(each)
    return tuple(Changes(decided=all_, changed=some) for all_, some in zip(decided, changed, strict=True))


def _agreement(records: Iterable[DecidedRecord]) -> dict[str, Agreement]:
    """Return how far people agree, by field; whoever settled a difference had seen both, and does not count."""
    answered: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    for each in records:
        for name, by_person in each.independent_answers().items():
            answered[name].append(by_person)
    found = ((name, agreement_of(each)) for name, each in answered.items())
    return {name: each for name, each in found if each is not None}
