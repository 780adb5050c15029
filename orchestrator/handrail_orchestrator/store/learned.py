"""What a store keeps of models that are trained again: versions, the labels that count for each, what became of it."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol, TypeAlias

from handrail_guards.promise_part import Answers
from handrail_orchestrator.store.promises import CaseVerdict, MovePromise

LearnedState: TypeAlias = Literal["shadow", "serving", "retired", "given_up"]
"""``shadow``: it is asked beside the model that answers, and its answers are only counted."""

Basis: TypeAlias = Literal["since", "halves", "elsewhere"]
"""Which labels given before count for a version: ``since``, none, as it may have learned from all of them; ``halves``,
those of the calibrating half, as it learned from the other one alone while everything was labelled; ``elsewhere``, all
that were given blind, as it never saw any."""


class LearnedRow(NamedTuple):
    """A version of a model that answers a step, and what became of it."""

    stream: int
    """Its cases: those of others that were scored again under it, then its own."""
    promise: int
    """What is promised of it."""
    workflow: str
    step: str
    version: int
    """From 1; the v-th of a step has the part 1 / (v(v + 1)) of delta, so that all of them share the whole."""
    basis: Basis
    frozen_to: int
    """The last case, by its id, that was there when it was made: it may have learned from those."""
    folder: str
    """Where its files are, below those of the step's models; empty: it has none of ours."""
    state: LearnedState
    examples: int
    """How many labelled texts it learned from."""
    options: int
    """How many labels it knows."""
    at: float
    why: str
    """Why it was made."""
    decided_at: float | None
    verdict: str
    """Why it serves, was retired or given up."""


class CaseToRescore(NamedTuple):
    """A case that another model judged, and that may count for a version."""

    id: int
    source: int
    """The stream that it stands in."""
    number: int
    drawn: int
    verdict: CaseVerdict | None
    score: float
    """The other model's."""
    run_id: str | None
    """None: its run was deleted."""
    forgotten: float | None
    step: str | None
    """The step's name in its run."""


class CaseToTeach(NamedTuple):
    """A case that may teach, as the store knows it."""

    run_id: str
    step: str
    teaches: int
    """Whether its text fell into the teaching half."""
    blind: int
    """Whether nothing was accepted yet and everything was asked blind when it was judged."""


class CaseBefore(NamedTuple):
    """A case of a step, as any model judged it; of copies there may be several."""

    id: int
    stream: int
    copy: str
    drawn: int
    verdict: CaseVerdict | None
    """Of the model that judged it; None: not drawn, or not answered yet."""
    run_id: str | None
    """None: its run was deleted."""
    forgotten: float | None
    step: str | None
    """The step's name in its run."""


class ScorePair(NamedTuple):
    """A case as two models score it, with the threshold that the first was judged by."""

    source: int
    """The stream of the model that answered."""
    score: float
    rescored: float
    copy: str


class BeginModel(NamedTuple):
    """Enter a new version, in shadow. Reply: its stream; None: another one is there already, or in shadow."""

    workflow: str
    step: str
    subject: str
    told: str
    secret: str
    terms: str
    target: float
    delta: float
    """The whole of it; the version gets its part."""
    version: int
    basis: Basis
    folder: str
    examples: int
    options: int
    ladder: str | None
    """JSON of its thresholds, from scores of texts that count for nothing; None: its first cases give them."""
    begins: Sequence[tuple[int, int]]
    """Streams, each with the number behind which cases count: those before lost their texts."""
    at: float
    by: str
    why: str
    stops_at: float | None = None
    """The risk at which one more case costs as much as its review; None: nobody said what they cost."""
    answers: Answers = "usual"
    """How many blind answers to accepted values are asked for."""


class TakeRescored(NamedTuple):
    """Enter cases of another stream under a version, where the rules of its basis allow it. Reply: how many.

    Shares, draws and rules are those of the ledger; the caller says what the version answered, and nothing else.
    """

    stream: int
    source: int
    upto: int
    """The last case, by its number, that this looked at."""
    cases: Sequence[tuple[int, float, CaseVerdict | None]]
    """A case by its id, the version's score, and whether its answer is right, where people answered blind."""


class ExchangeModel(NamedTuple):
    """Enter a model that comes from elsewhere, with cases of earlier ones as it scores them. Reply: how many count.

    Shares, draws and rules are those of the ledger, of copies the first one counts, and a case that is open as wrong.
    The v-th of a step has the part 1 / (v(v + 1)) of delta, as with versions that are trained: all see the same labels.
    None: a version is in shadow, or the model was entered before, or its promise reads cases of its own already.
    """

    workflow: str
    step: str
    subject: str
    told: str
    secret: str
    terms: str
    target: float
    delta: float
    """The whole of it."""
    cases: Sequence[tuple[int, float, CaseVerdict | None]]
    """A case by its id, rising, the model's score, and whether its answer is right, where people answered blind."""
    at: float
    by: str
    why: str
    stops_at: float | None = None
    """The risk at which one more case costs as much as its review; None: nobody said what they cost."""
    answers: Answers = "usual"
    """How many blind answers to accepted values are asked for."""
    for_thresholds: frozenset[int] = frozenset()
    """Those of the cases, by their ids, that gave their scores to the thresholds, and count for nothing else."""
    ladder: str | None = None
    """The thresholds to try, from these; None: the first cases give them."""


class DecideModel(NamedTuple):
    """Say what becomes of a version in shadow, with its promise. Reply: whether it still was."""

    stream: int
    state: LearnedState
    at: float
    why: str
    move: MovePromise
    stands_for: int | None = None
    """The promise that it takes the place of: it does not serve while a person has paused that; None: of none."""


class TakeLearning(NamedTuple):
    """Take the training of a step's models until a time, if nobody else has it. Reply: whether."""

    workflow: str
    step: str
    learner: str
    now: float
    until: float


LearnedChanges: TypeAlias = BeginModel | TakeRescored | ExchangeModel | DecideModel | TakeLearning


class LearnedStore(Protocol):
    """The part of a store that knows models that are trained again.

    Raises (every method):
        StoreError: the store cannot be read.
    """

    def learned_models(self) -> list[LearnedRow]:
        """Return all versions, by workflow, step and version."""
        ...

    def cases_to_rescore(self, stream: int, *, limit: int) -> list[CaseToRescore]:
        """Return the next cases that may count for a version, of one stream, up to the first that is still open."""
        ...

    def cases_before(self, workflow: str, step: str) -> list[CaseBefore]:
        """Return all cases of a step as the models judged them that answered it, oldest first."""
        ...

    def cases_to_teach(self, workflow: str, step: str) -> list[CaseToTeach]:
        """Return all cases of a step whose runs are there, oldest first."""
        ...

    def last_lost(self, workflow: str, step: str) -> list[tuple[int, int]]:
        """Return the streams of a step, each with the number of its last case whose run was deleted; 0: none."""
        ...

    def score_pairs(self, stream: int, limit: int) -> list[ScorePair]:
        """Return the newest cases that were scored again under a version, as both models score them."""
        ...
