"""What a run remembers, asked by name, and whether the code still asks for the same."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from handrail_orchestrator.asked import taken_event
from handrail_orchestrator.errors import HistoryMismatch
from handrail_orchestrator.step_kind import StepKind
from handrail_orchestrator.store.rows import ChildRow, EventRow, StepRow

_NO_STEPS: Mapping[str, StepRow] = MappingProxyType({})
_NO_CHILDREN: Mapping[str, ChildRow] = MappingProxyType({})


class History:
    """The recorded steps of one run, and the names its code has asked for so far."""

    __slots__ = (
        "_asked",
        "_called",
        "_called_before",
        "_children",
        "_counts",
        "_events",
        "_last",
        "_latest",
        "_run_id",
        "broken",
        "copied_seq",
        "next_seq",
        "steps",
    )  # fmt: skip

    def __init__(
        self,
        run_id: str,
        steps: Iterable[StepRow] = (),
        events: Iterable[EventRow] = (),
        *,
        copied_seq: int = 0,
        after_seq: int = 0,
        children: Iterable[ChildRow] = (),
    ) -> None:
        self._called: str | None = None
        """The latest call that was made, as long as it has not begun ..."""
        self._called_before: list[str] | None = None
        """... and those before it that had not begun when it was made; None: there never were any."""
        self.broken: HistoryMismatch | None = None
        """Why nothing more may be asked: the code does not fit, even if it caught the error that said so."""
        self.copied_seq = copied_seq
        """Steps up to this number were copied from the run that this one is a fork of."""
        self._run_id = run_id
        # what a new run has none of is no object of its own: the garbage collector counts each, and walks over many
        self.steps: Mapping[str, StepRow] = {row.name: row for row in steps} if steps else _NO_STEPS
        """What is recorded, by name."""
        self._events: Sequence[EventRow] = tuple(events)
        self._children: Mapping[str, ChildRow] = {row.step: row for row in children} if children else _NO_CHILDREN
        self._counts: dict[str, int] = {}
        self._latest: str | None = None
        """The name of the latest call in no branch ..."""
        self._last: dict[str, str] | None = None
        """... and in each branch; None: there is none."""
        self._asked: set[str] | None = set() if self.steps else None
        """Of what is recorded, what the code has asked for; None: nothing is recorded."""
        if self._events:
            self.drop_taken_events()
        self.next_seq = 1 + (max(row.seq for row in self.steps.values()) if self.steps else after_seq)

    def name(self, base: str, scope: str = "") -> str:
        """Return the name of the next call of this base name: ``route``, ``route#2``, and so on."""
        base = scope + base
        count = self._counts.get(base, 0) + 1
        self._counts[base] = count
        name = base if count == 1 else f"{base}#{count}"
        if not scope:
            self._latest = name
        elif self._last is None:
            self._last = {scope: name}
        else:
            self._last[scope] = name
        if self._called is not None:  # several are made before one is awaited, as for ``run.all``
            self._called_before = [*self.unbegun]
        self._called = name
        return name

    def begun(self, name: str) -> None:
        """Note that a call has begun, or that it never has to."""
        if name == self._called:
            self._called = None
        elif self._called_before is not None and name in self._called_before:
            self._called_before.remove(name)

    @property
    def unbegun(self) -> list[str]:
        """Return the calls that were made and have not begun: nobody has awaited them."""
        before = self._called_before or []
        return before if self._called is None else [*before, self._called]

    def _was_named(self, name: str) -> bool:
        """Return whether a call was given this name."""
        base, _, number = name.rpartition("#")
        count = self._counts.get(base, 0)
        is_later = count > 1 and number.isdecimal() and 1 < int(number) <= count and number == str(int(number))
        return is_later or name in self._counts

    def last(self, scope: str) -> str | None:
        """Return the name of the latest call in a branch, or None when there was none."""
        if not scope:
            return self._latest
        return None if self._last is None else self._last.get(scope)

    def was_asked(self, name: str | None) -> bool:
        """Return whether the code has come to a call of this name; the beginning, None, is always behind it."""
        return name is None or self._was_named(name) or self._has_asked(name)

    def _has_asked(self, name: str) -> bool:
        return self._asked is not None and name in self._asked

    def take_seq(self) -> int:
        """Return the next number in order of recording."""
        self.next_seq += 1
        return self.next_seq - 1

    @property
    def is_behind(self) -> bool:
        """Whether something is recorded that the code has not asked for."""
        return self._asked is not None and len(self._asked) != len(self.steps)

    def find(
        self, name: str, kind: StepKind, formerly: Iterable[str] = (), *, lost_too: bool = False
    ) -> StepRow | None:
        """Return what is recorded under this name, or one it had before; ``lost_too``: a wait that came second, too.

        Raises:
            HistoryMismatch: something of another kind is recorded under it, or a wait that nothing can end any more.
        """
        self.begun(name)
        if self.broken is not None:
            raise self.broken
        for known in (name, *formerly):
            row = self.steps.get(known)
            if row is not None:
                if row.kind != kind:
                    raise self.mismatch(f"{row.kind} {row.name!r}", f"{kind} {name!r}")
                if row.status == "withdrawn" and kind != "undo" and not lost_too:
                    lost = f"{kind} {row.name!r} as the branch of a run.first that another one decided"
                    raise self.mismatch(lost, f"{kind} {name!r} by itself")
                if self._asked is not None:
                    self._asked.add(row.name)
                return row
        return None

    def child(self, name: str) -> ChildRow | None:
        """Return what a recorded step started; None where that is not known."""
        return self._children.get(name)

    def holds(self, name: str) -> bool:
        """Return whether anything is recorded under this name; asking is no call of it."""
        return name in self.steps

    def peek(self, name: str) -> StepRow | None:
        """Return what is recorded under this name; looking is no call of it."""
        return self.steps.get(name)

    def undos(self) -> list[StepRow]:
        """Return what is recorded of undo actions."""
        return [row for row in self.steps.values() if row.kind == "undo"]

    def renamed(self, name: str, kind: StepKind, recorded_input: str) -> StepRow | None:
        """Return the next recorded action not asked for, if it looks like this one under an older name.

        Only actions are looked at: a rule that runs again does no harm.
        """
        if kind != "action":
            return None
        steps = (row for row in self.steps.values() if row.status == "done" and not self._has_asked(row.name))
        left = [row for row in steps if not self._was_named(row.name)]
        # what stands before it may have been renamed or taken out, too; another branch asks for its own in its time
        actions = [row for row in left if row.kind == kind and name.startswith(_scope(row.name))]
        nearest = (min(rows, key=lambda row: row.seq) for rows in (left, actions) if rows)
        return next((row for row in nearest if row.kind == kind and row.input == recorded_input), None)

    def has_input(self, row: StepRow, recorded_input: str) -> bool:
        """Return whether another call of the row's step is recorded with this input."""
        base = row.name.partition("#")[0]
        others = (each for each in self.steps.values() if each.name != row.name)
        return any(each.input == recorded_input and each.name.partition("#")[0] == base for each in others)

    def first_unreached(self, name: str) -> StepRow | None:
        """Return the first recorded call that the code has yet to come to, in the same branch as this call of it."""
        scope = _scope(name)
        here = [row for row in self.steps.values() if _scope(row.name) == scope]
        reached = max((row.seq for row in here if self.was_asked(row.name)), default=0)
        return min((row for row in here if row.seq > reached), key=lambda row: row.seq, default=None)

    @property
    def has_waits(self) -> bool:
        """Whether a person or a child run was ever waited for."""
        return bool(self.steps) and any(
            row.kind in {"human", "child"} or (row.kind == "event" and '"key": ' in (row.input or ""))
            for row in self.steps.values()
        )

    def unasked(self) -> list[StepRow]:
        """Return the recorded steps that the code has not asked for, in order."""
        return sorted((row for row in self.steps.values() if not self._has_asked(row.name)), key=lambda row: row.seq)

    def waiting_events(self, name: str) -> list[EventRow]:
        """Return the events of this name that no wait has taken yet, in the order they came."""
        return [event for event in self._events if event.name == name]

    def take_event(self, event: EventRow) -> None:
        """Let no later wait take this event."""
        self._events = [each for each in self._events if each is not event]

    def drop_taken_events(self) -> None:
        """Forget the events that recorded waits have taken; each wrote down which."""
        recorded = (row for row in self.steps.values() if row.kind == "event" and row.status == "done")
        taken = {taken_event(row.input) for row in recorded}
        self._events = [event for event in self._events if (event.name, event.number) not in taken]

    def mismatch(self, expected: str, found: str, hint: str = "") -> HistoryMismatch:
        """Return the error that stops the run; nothing more can be asked after it."""
        default = "Put the code back, raise the workflow's version, or retry the run once the code fits its history."
        self.broken = HistoryMismatch(run_id=self._run_id, expected=expected, found=found, hint=hint or default)
        return self.broken


def _scope(name: str) -> str:
    """Return the branch that a call stands in, as its name begins."""
    name = name.removesuffix("/review").removesuffix("/batch")
    branch, event, _ = name.partition("event:")
    return branch if event else name[: name.rfind("/") + 1]
