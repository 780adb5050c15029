"""Who is asked when a value is in doubt, by when, and what happens if nobody answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, get_args

from handrail_guards.calendar import WorkingHours
from handrail_guards.errors import InvalidGuard
from handrail_guards.late import Late, WhenLate
from handrail_guards.numbers import is_count, is_finite, is_text

if TYPE_CHECKING:
    Policies: TypeAlias = WhenLate | Sequence[WhenLate | Late]
else:  # what it is kept as; any sequence may be given
    Policies: TypeAlias = WhenLate | tuple[WhenLate | Late, ...]

DEFAULT_QUEUE = "review"
MAX_PRIORITY = 100
MOST_REVIEWERS = 9


@dataclass(frozen=True, slots=True)
class Escalation:
    """Where a doubtful value goes: pure data that a ``Doubtful`` carries.

    Raises:
        InvalidGuard: a queue without a name, a due time that is no number above 0, a priority outside 0 to 100, an
            unknown ``when_late`` or one that can never fire, or rules of who may answer that contradict each other.
    """

    queue: str = DEFAULT_QUEUE
    """The name of the review queue."""
    due_hours: float | None = None
    """Hours from the question to its due time, more than 0; None: no due time."""
    priority: int = 50
    """0 to 100; higher is asked first."""
    when_late: Policies = "keep_waiting"
    """What happens once the due time has passed; several in turn, each ``after_hours`` after the one before it."""
    working_hours: WorkingHours | None = None
    """Whose hours ``due_hours`` and ``after_hours`` are; None: all hours count."""
    reviewers: int = 1
    """How many people must answer; where they differ, one more decides."""
    blind: bool = True
    """Of several: whether nobody sees what the others answered before it is decided."""
    not_self: bool = False
    """Whether whoever started the run may not answer."""
    not_previous_reviewer: bool = False
    """Whether nobody may answer who answered another question of the run."""
    two_of_group: str | None = None
    """A group of which two people must answer."""

    def __post_init__(self) -> None:
        if not is_text(self.queue):
            raise InvalidGuard(
                f"queue is {self.queue!r}; an escalation needs the name of a queue, such as Escalation(queue='triage')"
            )
        if self.due_hours is not None and not (is_finite(self.due_hours) and self.due_hours > 0):
            raise InvalidGuard(f"due_hours is {self.due_hours!r}; give hours above 0, or None for no due time")
        if not (is_count(self.priority) and self.priority <= MAX_PRIORITY):
            raise InvalidGuard(f"priority is {self.priority!r}; give a whole number from 0 to {MAX_PRIORITY}")
        if not isinstance(self.when_late, str):
            object.__setattr__(self, "when_late", _listed(self.when_late))
        _require_policies(self.when_late)
        if self.chain and self.due_hours is None:
            raise InvalidGuard(f"when_late={self.when_late!r} needs due_hours: without a due time nothing is ever late")
        if self.working_hours is not None and not isinstance(self.working_hours, WorkingHours):
            raise InvalidGuard(
                f"working_hours is {self.working_hours!r}; give WorkingHours('Europe/Berlin'), or None for all hours"
            )
        self._require_rules()

    def _require_rules(self) -> None:
        if not is_count(self.reviewers, least=1) or self.reviewers > MOST_REVIEWERS:
            raise InvalidGuard(
                f"reviewers is {self.reviewers!r}; give how many must answer, from 1 to {MOST_REVIEWERS}"
            )
        for name in ("blind", "not_self", "not_previous_reviewer"):
            if not isinstance(given := getattr(self, name), bool):
                raise InvalidGuard(f"{name} is {given!r}; give True or False")
        if self.two_of_group is None:
            return
        if not is_text(self.two_of_group):
            raise InvalidGuard(f"two_of_group is {self.two_of_group!r}; give the name of a group, or None")
        if self.reviewers not in {1, 2}:
            raise InvalidGuard(f"two_of_group asks two people, and reviewers={self.reviewers}: leave reviewers out")

    @property
    def chain(self) -> tuple[Late, ...]:
        """Return the policies in the order in which they fire; none where nothing happens at the due time."""
        given = (self.when_late,) if isinstance(self.when_late, str) else self.when_late
        chain = [Late(each) if isinstance(each, str) else each for each in given]
        while chain and chain[-1].policy == "keep_waiting":
            chain.pop()
        return tuple(chain)

    @property
    def answers_needed(self) -> int:
        """Return how many people must answer."""
        return self.reviewers if self.two_of_group is None else 2


def _listed(given: object) -> tuple[WhenLate | Late, ...]:
    if isinstance(given, Late):
        return (given,)
    if isinstance(given, Sequence):
        return tuple(given)
    raise InvalidGuard(f"when_late is {given!r}; choose one of {', '.join(get_args(WhenLate))}, or give a list of them")


def _require_policies(given: WhenLate | Sequence[WhenLate | Late]) -> None:
    policies = (given,) if isinstance(given, str) else given
    for number, each in enumerate(policies, 1):
        if isinstance(each, str):
            _require_word(each)
        elif not isinstance(each, Late):
            raise InvalidGuard(
                f"when_late has {each!r}; give words and Late(...), such as ['remind', Late('fail', 24)]"
            )
        ends = each == "fail" if isinstance(each, str) else each.policy == "fail"
        if ends and number < len(policies):
            raise InvalidGuard(f"when_late={given!r}: nothing comes after 'fail', which ends the question")


def _require_word(word: str) -> None:
    if word in {"default", "reassign"}:
        needed = "value=..., the answer" if word == "default" else "to=..., a person or a group"
        raise InvalidGuard(f"when_late {word!r} needs more than the word: write Late({word!r}, {needed})")
    if word not in get_args(WhenLate):
        raise InvalidGuard(f"when_late is {word!r}; choose one of {', '.join(get_args(WhenLate))}")
