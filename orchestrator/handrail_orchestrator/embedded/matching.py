"""Whether the code asks for what the history holds: every call found by name is compared before its record is used."""

from typing import Any, Literal, Protocol

from handrail_orchestrator import asked
from handrail_orchestrator.asked import Extra
from handrail_orchestrator.embedded.history import History
from handrail_orchestrator.errors import HistoryMismatch, OrchestratorError
from handrail_orchestrator.step_kind import StepKind
from handrail_orchestrator.store.rows import StepRow

CodeMatch = Literal["same", "changed", "continued"]
"""How the code compares with what the run was started with: ``continued`` is a later version that says it may."""


def code_match(*, same_version: bool, same_code: bool) -> CodeMatch:
    """Return how the code compares with what the run was started with."""
    if not same_version:
        return "continued"
    return "same" if same_code else "changed"


_ANOTHER: dict[CodeMatch, str] = {
    "same": "The workflow's own function is the same. So either a function that it calls has changed: put it back,"
    " give the new call a name of its own ({own}), or raise the workflow's version. Or it is not deterministic: use"
    " run.now, run.random and run.id, do not depend on the order of sets, and take calls side by side with run.all:"
    " under asyncio.gather or a TaskGroup they have their names by who is first.",
    "changed": "The recorded result belongs to what was asked then. Put the code back, give the new call a name of its"
    " own ({own}), or raise the workflow's version.",
    "continued": "The history holds that under another call of the same name: give the new call a name of its own,"
    " such as {own}.",
}
_DIFFERENT_INPUT: dict[CodeMatch, str] = {
    **_ANOTHER,
    "changed": "The recorded result belongs to the recorded input. Put the code back, give the new call a name of its"
    " own (step.named(...)), or raise the workflow's version.",
    "continued": "The history holds that input under another call of the same step: give the new call a name of its"
    " own, such as {own}.",
}
_OWN_NAME: dict[StepKind, str] = {
    "human": "run.ask(..., name=...)",
    "timer": "run.sleep(..., name=...)",
    "event": "another event's name",
    "child": "run.child(..., name=...)",
    "clock": "run.now(name=...)",
    "chance": "run.random(name=...)",
    "tag": "another tag",
    "first": "run.first(..., name=...)",
    "undo": "run.compensate(action.named(...), ...)",
}


class Reads(Protocol):
    """Reads what an input was written as."""

    def __call__(self, data: str, /, *, extra: Extra | None = None) -> Any:
        """Return the values; ``extra`` is what becomes of fields that the types do not know."""


class Matching:
    """Compares the calls of one execution with what is recorded under their names."""

    def __init__(self, history: History, code: CodeMatch, *, strict: bool = False) -> None:
        self.strict = strict
        """Whether a type that changed counts, even where what is recorded still fits it."""
        self._history = history
        self._code: CodeMatch = code

    @property
    def may_differ(self) -> bool:
        """Whether the code says that what is recorded stands (``continues=``)."""
        return self._code == "continued"

    def input(self, row: StepRow, encoded: str, decode: Reads, kind: str = "step") -> None:
        """Compare the input of a step, a judgement or a child run.

        Raises:
            HistoryMismatch: another one is recorded.
        """
        if row.input == encoded or row.input is None:
            return
        if not _say_the_same(row.input, encoded, decode) and not self._stands(row, encoded):
            raise self._history.mismatch(
                f"{kind} {row.name!r} with input {asked.short(row.input)}",
                f"{kind} {row.name!r} with input {asked.short(encoded)}",
                _DIFFERENT_INPUT[self._code].format(own=f"{row.name}.named(...)"),
            )

    def call(self, row: StepRow, wanted: str, *, but: str = "") -> bool:
        """Compare what a wait asked for, and return whether it is the same in all but the part named ``but``.

        Raises:
            HistoryMismatch: it is another call.
        """
        if row.input is None or row.input == wanted:
            return True
        if row.input.startswith("["):  # an event as older stores wrote it
            return True
        differs = {*asked.differing(row.input, wanted)}
        if not differs or self._stands(row, wanted):
            return True
        if differs == {but} and not self.strict:
            return False
        raise self.another(row, wanted)

    def another(self, row: StepRow, wanted: str) -> HistoryMismatch:
        """Return the error for a call that takes the name of another one."""
        hint = _ANOTHER[self._code].format(own=_OWN_NAME[row.kind])
        expected, found = asked.apart(row.input or "", wanted)
        return self._history.mismatch(f"{row.kind} {row.name!r} {expected}", f"{row.kind} {row.name!r} {found}", hint)

    def child(self, row: StepRow, workflow: str, *, waits: bool) -> None:
        """Compare what a child run was started from, and whether its result is waited for or its id is returned.

        Raises:
            HistoryMismatch: it is a run of another workflow; or its id stands where its result is wanted, or the other
                way round, which no version may take for each other.
        """
        found = self._history.child(row.name)
        if found is None:
            return
        hint = _ANOTHER[self._code].format(own=_OWN_NAME["child"])
        if found.workflow != workflow and not self.may_differ:
            raise self._history.mismatch(
                f"child {row.name!r} of workflow {found.workflow!r}", f"one of workflow {workflow!r}", hint
            )
        if found.policy is not None and (found.policy == "wait") is not waits:
            ways = "one that is waited for", "one that is not (policy=)"
            expected, asked_for = ways if found.policy == "wait" else ways[::-1]
            raise self._history.mismatch(f"child {row.name!r} as {expected}", asked_for, hint)

    def child_run(self, row: StepRow, run_id: str, *, given: bool) -> None:
        """Compare the id of a child run where the workflow gives it; a fork has copied those of its source.

        Raises:
            HistoryMismatch: the recorded child run has another id.
        """
        if given and row.owner not in {None, run_id} and row.seq > self._history.copied_seq and not self.may_differ:
            hint = _ANOTHER[self._code].format(own=_OWN_NAME["child"])
            raise self._history.mismatch(f"child {row.name!r} as run {row.owner!r}", f"run {run_id!r}", hint)

    def place(self, row: StepRow, after: str | None, branch: str | None) -> None:
        """Compare where a call without arguments stands: nothing else tells two of them apart.

        Calls may have come or gone between it and the one before it. But that one must have been asked for, and no
        other record may stand exactly here.

        Raises:
            HistoryMismatch: what is recorded belongs to a call elsewhere.
        """
        wanted = asked.place(after, branch)
        if row.input is None or row.input == wanted or self.may_differ:
            return
        its_after, its_branch = asked.place_of(row.input)
        moved = its_branch != branch or not self._history.was_asked(its_after)
        if moved or self._history.has_input(row, wanted):
            raise self.another(row, wanted)

    def new_place(self, name: str, kind: StepKind) -> None:
        """Refuse one more call without arguments in front of recorded calls: which of them is the new one?

        Raises:
            HistoryMismatch: there are such calls.
        """
        later = self._history.first_unreached(name) if "#" in name and not self.may_differ else None
        if later is not None:
            hint = _ANOTHER[self._code].format(own=_OWN_NAME[kind])
            raise self._history.mismatch(f"{later.kind} {later.name!r} next", f"one more {kind} {name!r}", hint)

    def rename(self, name: str, kind: StepKind, encoded: str) -> None:
        """Refuse an action that looks like a recorded one under another name.

        Raises:
            HistoryMismatch: it does.
        """
        old = self._history.renamed(name, kind, encoded)
        if old is not None and self._code != "same":
            raise self._history.mismatch(
                f"step {old.name!r}",
                f"step {name!r} with the same input",
                f"If it was renamed, say @action(formerly=({old.name!r},)) so that its effect does not happen twice;"
                " if it is new, raise the workflow's version or give it another input.",
            )

    def _stands(self, row: StepRow, wanted: str) -> bool:
        # a later version says by continues= that recorded results stand, but not for another call of the same name
        return self.may_differ and not self._history.has_input(row, wanted)


def _say_the_same(recorded: str, wanted: str, decode: Reads) -> bool:
    """Return whether two inputs are equal as values: a set has no order in JSON, a field may have gained a default.

    A type that leaves out what it does not know would take a field that was renamed for one that was never given.
    """
    try:
        if decode(recorded) != decode(wanted):
            return False
    except OrchestratorError:
        return False
    try:
        decode(recorded, extra="forbid")
    except OrchestratorError:
        pass
    else:
        return True
    try:
        decode(wanted, extra="forbid")
    except OrchestratorError:  # the type keeps what it does not know: it is a part of the value, and was compared
        return bool(decode(recorded, extra="allow") == decode(wanted, extra="allow"))
    return False
