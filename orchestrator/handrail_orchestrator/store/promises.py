"""What a store keeps of promises: the ledger of cases, the rules that were in force, and what was said of them."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol, TypeAlias

from handrail_ground.shares import Weighed
from handrail_guards.promise_part import Answers
from handrail_orchestrator.store.outbox import Notice

PromiseState: TypeAlias = Literal["keeping", "paused", "stopped", "shadow"]
"""``paused``: a person said so; ``stopped``: its model was given up; ``shadow``: its model is only tried."""

CaseVerdict: TypeAlias = Literal["right", "wrong", "given_up"]
"""What became of a drawn case; one that nobody will answer counts as wrong."""

BEGAN: PromiseState = "keeping"
MOST_GROUPS = 50
"""Groups of one step that have a promise of their own; what begins as the next one goes to people."""


class PromiseCase(NamedTuple):
    """A case of a promise, recorded with the step that judged it and before anybody answers."""

    workflow: str
    step: str
    """The AI step's name, as code has it."""
    subject: str
    """A mark of what judged."""
    told: str
    """JSON of what judged."""
    terms: str
    """What is promised, in one line."""
    target: float
    delta: float
    secret: str
    """What cases are drawn by, should this be the first of its subject."""
    promise: int
    """The promise by whose rule it was judged; 0: there was none yet."""
    rule: int
    score: float
    share: float
    drawn: bool
    copy: str
    """A hash of its input: of copies, the first one counts."""
    at: float
    second_looks: bool = False
    """Whether contradictions are looked at twice."""
    accepted: bool = False
    """Whether the rules in force accepted it, those of other parts of the promise as well."""
    stops_at: float | None = None
    """The risk at which one more case costs as much as its review; None: nobody said what they cost."""
    answers: Answers = "usual"
    """How many blind answers to accepted values are asked for."""


class PromiseRow(NamedTuple):
    """A promise with what it speaks of, and its rule in force."""

    id: int
    stream: int
    """Cases of one workflow, step and subject; promises with other terms count the same ones."""
    workflow: str
    step: str
    subject: str
    told: str
    """JSON of what judges."""
    secret: str
    ladder: str | None
    """JSON of the thresholds that it may come to; None: there are too few scores yet."""
    ladder_to: int
    """The last case whose score they were taken from; its label, and those before it, never count."""
    terms: str
    target: float
    delta: float
    state: PromiseState
    why: str
    """Why it is paused or stopped."""
    rule: int
    threshold: float | None
    accepted_share: float
    below_share: float
    band_from: float | None
    labels: int
    """Blind answers that the rule was set on."""
    set_at: float | None
    """When the rule was set, in seconds since the epoch."""
    read_to: int
    """The last case that the keeper has read, by its number."""
    checkpoint: str | None
    version: int
    """How often it was moved on; whoever looked at another version is refused."""
    begun: float
    second_looks: bool
    """Whether contradictions are looked at twice."""
    stops_at: float | None
    """The risk at which one more case costs as much as its review; None: nobody said what they cost."""
    believed: str | None
    """JSON of all thresholds that the labels allow, where the promise has several parts; None: that in force alone."""
    grades: str | None
    """JSON of the shares of what is accepted that are asked blind, by confidence; None: ``accepted_share`` of all."""
    answers: Answers = "usual"
    """How many blind answers to accepted values are asked for."""


class PromiseRuleRow(NamedTuple):
    """A rule of a promise; never changed."""

    promise: int
    number: int
    at: float
    threshold: float | None
    accepted_share: float
    below_share: float
    band_from: float | None
    cases: int
    labels: int
    wrong: int
    """Of the labels: those that say that the model was wrong, at or above the threshold."""
    why: str
    believed: str | None
    grades: str | None


class PromiseCaseRow(NamedTuple):
    """A case as the keeper reads it, with the rule that it was judged by."""

    id: int
    number: int
    score: float
    share: float
    drawn: int
    verdict: CaseVerdict | None
    at: float
    threshold: float | None
    accepted_share: float
    below_share: float
    band_from: float | None
    grades: str | None = None
    """JSON of the shares that the rule asked for, by confidence; None: ``accepted_share`` of all that it accepted."""


class OpenCaseRow(NamedTuple):
    """A drawn case without a verdict, with what its people said so far."""

    id: int
    at: float
    run_id: str | None
    """None: its run was deleted."""
    forgotten: float | None
    """When its values were forgotten."""
    step: str | None
    """The step's name in its run."""
    state: str | None
    """Of the item that people answer; None: it was not asked yet, or never will be."""
    decided_by: str | None
    item: int | None
    again: int | None
    """The item of its second look, if there is one."""
    again_state: str | None
    again_by: str | None
    output: str | None
    """What the step recorded; None: it is not known, no person has decided, or it is what that person answered."""
    decision: str | None
    """What that person answered, as JSON; None: no person has decided."""

    @property
    def repeats(self) -> bool:
        """Return whether that is what the step recorded: what stands behind it there needs not be read then."""
        return self.decision is not None and self.output is None


class ThirdLookRow(NamedTuple):
    """A case that two found wrong, asked a third time to see whether reviewers miss what is wrong."""

    case: int
    repeated: int | None
    """Whether that answer is the model's, 0 or 1; None: it is open."""
    run_id: str | None
    """None: its run was deleted."""
    step: str | None
    item: int
    state: str | None
    decided_by: str | None
    output: str | None
    """What the step recorded; None: it is not known, or no person has decided."""


class ContradictionRow(NamedTuple):
    """A case whose blind answer is another than the model's."""

    run_id: str
    step: str
    """The step's name in its run."""
    item: int
    """The item of that answer."""
    score: float
    decided_by: str | None


class PromiseCounts(NamedTuple):
    """What became of a promise's cases."""

    cases: int
    accepted: int
    """Of them: accepted by the rule that was in force."""
    drawn: int
    answered: int
    """Of the drawn ones: those with a verdict."""
    wrong: int
    """Of the answered ones: wrong or given up."""
    accepted_answered: int
    """Of the accepted ones: those with a verdict."""
    accepted_wrong: int
    """Of those: wrong or given up."""
    weighed: Weighed | None
    """What these come to where rules asked for more of some than of others; None: each stands for one."""


class PromiseLogRow(NamedTuple):
    """Something that was decided about a promise, and why; never changed or deleted."""

    id: int
    promise: int
    at: float
    action: str
    by: str
    why: str
    data: str | None


class NewRule(NamedTuple):
    """A rule as the keeper sets it."""

    threshold: float | None
    accepted_share: float
    below_share: float
    band_from: float | None
    cases: int
    labels: int
    wrong: int
    why: str
    believed: str | None = None
    grades: str | None = None


class PromiseNote(NamedTuple):
    """An entry of a promise's log."""

    action: str
    why: str
    data: str | None = None


class NumberCases(NamedTuple):
    """Number the cases that have none yet, in the order in which they are read. Reply: how many."""

    stream: int


class SettleCases(NamedTuple):
    """Keep verdicts on drawn cases, each once: a case and what became of it."""

    verdicts: Sequence[tuple[int, CaseVerdict]]
    repeats: Sequence[tuple[int, int]] = ()
    """Cases whose third look has come, each with whether it repeats the model's answer, 0 or 1."""


class TakePromise(NamedTuple):
    """Take the keeping of a promise until a time, if nobody else has it; until now gives it back. Reply: whether."""

    promise: int
    keeper: str
    now: float
    until: float


class SetLadder(NamedTuple):
    """Fix the thresholds of a stream, once. Reply: whether they were not yet."""

    stream: int
    ladder: str
    upto: int
    """The last case, by its id, whose score they were taken from."""


class ReadAhead(NamedTuple):
    """What was read of a ledger before verdicts and numbers were written, which come in the same transaction."""

    stream: int
    after: int
    """The number of the case before the first one."""
    cases: Sequence[tuple[int, int, CaseVerdict | None]]
    """Each case's id, its number and its verdict, in the ledger's order and without a gap."""


class MovePromise(NamedTuple):
    """Move a promise on, if it is still at ``version``: its state, its rule, how far it has read. Reply: whether.

    Its keeping is given back with it. What was read ahead has to stand in the ledger by then as it was read.
    """

    promise: int
    version: int
    at: float
    by: str
    read_to: int
    checkpoint: str | None
    rule: NewRule | None = None
    state: PromiseState = BEGAN
    why: str = ""
    notes: Sequence[PromiseNote] = ()
    notice: Notice | None = None
    ahead: ReadAhead | None = None


PromiseChanges: TypeAlias = NumberCases | SettleCases | TakePromise | SetLadder | MovePromise


class PromiseStore(Protocol):
    """The part of a store that knows promises.

    Raises (every method):
        StoreError: the store cannot be read.
    """

    def promise_of(self, workflow: str, step: str, subject: str, terms: str) -> PromiseRow | None:
        """Return the promise of what judges, under these terms; None: no case of it was recorded.

        Without its thresholds to try and where its keeper stands: each call of a step asks for it.
        """
        ...

    def promises(self) -> list[PromiseRow]:
        """Return all promises, by workflow, step and when they began."""
        ...

    def promise_rules(self, promise: int) -> list[PromiseRuleRow]:
        """Return the rules that a promise was ever kept by, oldest first."""
        ...

    def promise_log(self, promise: int) -> list[PromiseLogRow]:
        """Return what was decided about a promise, oldest first."""
        ...

    def promises_of_step(self, workflow: str, step: str) -> list[PromiseRow]:
        """Return the promises of a step; without their thresholds to try and where their keeper stands."""
        ...

    def promise_last_case(self, stream: int, *, promise: int | None = None) -> int:
        """Return the id of the last case of a stream that its model judged as it came; 0: there is none.

        With ``promise``, of those that were judged by its rules.
        """
        ...

    def promise_counts(self, stream: int) -> PromiseCounts:
        """Return what became of the cases of a stream."""
        ...

    def promise_judged(self, stream: int, promise: int) -> list[tuple[int, int, int]]:
        """Return the rules of a promise by which cases were judged, each with how many, and how many it accepted."""
        ...

    def promise_answered(self, stream: int, copies: Sequence[str]) -> set[str]:
        """Return those of these inputs, by the marks of their copies, that a stream was asked about blind."""
        ...

    def promise_has_more(self, stream: int, read_to: int) -> bool:
        """Return whether there are cases to be read: one without a number, or the next one is not open any more."""
        ...

    def promise_cases(self, stream: int, *, after: int, limit: int) -> list[PromiseCaseRow]:
        """Return the numbered cases behind one, in their order."""
        ...

    def promise_cases_ahead(self, stream: int, *, after: int, limit: int) -> list[PromiseCaseRow]:
        """Return the cases without a number that would get one now, behind one, each with the number it would get."""
        ...

    def promise_scores(self, stream: int, limit: int) -> list[tuple[int, float]]:
        """Return the ids and scores of a stream's first cases."""
        ...

    def open_cases(
        self, stream: int, *, after: int, limit: int, given_up_before: float | None = None
    ) -> list[OpenCaseRow]:
        """Return drawn cases without a verdict, by id behind one.

        With ``given_up_before`` those alone of which something may be said: answered, lost, or judged before that time.
        """
        ...

    def surest_contradictions(self, stream: int, *, limit: int) -> list[ContradictionRow]:
        """Return the cases that were found wrong, the surest of them first, as far as their runs are there."""
        ...

    def third_looks(self, stream: int, *, limit: int) -> list[ThirdLookRow]:
        """Return the cases of a stream that were asked a third time, in the order in which they were."""
        ...
