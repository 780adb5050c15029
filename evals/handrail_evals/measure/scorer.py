"""The port to whoever says how good an answer is: one answer in, one score out."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from decimal import Decimal
from numbers import Real
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar, runtime_checkable

from handrail_evals.errors import DataError, InvalidScore, InvalidSuite, MissingExpected
from handrail_evals.measure.case import UNLABELLED, Case, nothing
from handrail_evals.measure.target import Observation
from handrail_ground.code_hash import hash_of_function

In = TypeVar("In")
Out = TypeVar("Out")
Expected = TypeVar("Expected")
In_contra = TypeVar("In_contra", contravariant=True)
Out_contra = TypeVar("Out_contra", contravariant=True)
Expected_contra = TypeVar("Expected_contra", contravariant=True)
In_co = TypeVar("In_co", covariant=True)
Out_co = TypeVar("Out_co", covariant=True)
Expected_co = TypeVar("Expected_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Counts:
    """What was found, made up and missed: of one field, over the items of one answer or of many."""

    hits: float = 0
    """Values that are right."""
    extra: float = 0
    """Values that are wrong or were not asked for (false positives)."""
    missed: float = 0
    """Values that should be there and are not, or are wrong (false negatives)."""

    def check(self, field_name: str) -> None:
        """Refuse counts that are no counts, before they get into every precision and recall.

        Raises:
            DataError: one is not a number of 0 or more.
        """
        for name in ("hits", "extra", "missed"):
            count: Any = getattr(self, name)
            if isinstance(count, bool) or not isinstance(count, int | float) or not 0 <= count <= LARGEST_NUMBER:
                raise DataError(f"a scorer's field {field_name!r} has {name}={count!r}, which is no count: 0 or more")

    def __add__(self, other: "Counts") -> "Counts":
        """Return the counts of both together."""
        return Counts(self.hits + other.hits, self.extra + other.extra, self.missed + other.missed)

    @property
    def precision(self) -> float | None:
        """Return the share of what was found that is right, 0 to 1; None when nothing was found."""
        found = self.hits + self.extra
        return self.hits / found if found else None

    @property
    def recall(self) -> float | None:
        """Return the share of what is there that was found, 0 to 1; None when nothing is there."""
        there = self.hits + self.missed
        return self.hits / there if there else None

    @property
    def f1(self) -> float | None:
        """Return the harmonic mean of precision and recall, 0 to 1; None when there was nothing to find or found."""
        total = 2 * self.hits + self.extra + self.missed
        return 2 * self.hits / total if total else None


LARGEST_NUMBER: Final = 1e50
"""Of scores, money, minutes and seconds: squares and cubes of them, summed over all cases, are numbers too."""


def plain_number(given: object) -> Any:
    """Return a number of another library (numpy, torch, fractions, decimal) as Python's own, all else as it is."""
    if given is None or isinstance(given, bool | int | float):
        return given
    if isinstance(given, Real | Decimal):
        return float(given)
    item = getattr(given, "item", None)  # the one value of a numpy.bool_, of an array or of a tensor
    return item() if callable(item) else given


@dataclass(frozen=True, slots=True)
class Score:
    """How good one answer is, by one scorer.

    Raises:
        InvalidScore: the value is not a finite number, or too large to be averaged.
        DataError: a reason is no text, or a field's counts are no numbers of 0 or more.
    """

    value: float
    """Higher is better; the built-in scorers give 0 to 1."""
    _: KW_ONLY
    reason: str = ""
    """Why, for people who look at a failing case; empty when there is nothing to explain."""
    fields: Mapping[str, Counts] = field(default_factory=nothing)
    """For field-level precision, recall and F1: what was found in each field."""

    def __post_init__(self) -> None:
        value: Any = plain_number(self.value)  # whatever a scorer without a type checker gave
        if value is not self.value:
            object.__setattr__(self, "value", value)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST_NUMBER:
            raise InvalidScore(where="a scorer's score", score=value)
        reason: Any = self.reason
        if not isinstance(reason, str):
            raise DataError(f"a scorer's reason is {reason!r}, which is no text")
        for name, counts in dict(self.fields).items():
            given: Any = counts
            if not isinstance(given, Counts):
                raise DataError(f"a scorer's field {name!r} has {given!r} where Counts(hits=, extra=, missed=) belong")
            given.check(name)


@dataclass(frozen=True)  # without slots: see Case
class Answered(Generic[In_co, Out_co, Expected_co]):
    """What a scorer is shown: the case, and what came of it."""

    case: Case[In_co, Expected_co]
    observation: Observation[Out_co]

    @property
    def input(self) -> In_co:
        """Return what the target was called with."""
        return self.case.input

    @property
    def output(self) -> Out_co:
        """Return the target's answer."""
        return self.observation.output

    @property
    def expected(self) -> Expected_co:
        """Return what should have come of it.

        Raises:
            MissingExpected: nobody said what is right.
        """
        if self.case.expected is UNLABELLED:
            raise MissingExpected(where=self.case.where, case=repr(self.case.name))
        return self.case.expected


AnyAnswer: TypeAlias = Answered[Any, Any, Any]
"""An answer of any kind, with its case."""


Scored: TypeAlias = Score | float | bool | None
"""What a scorer may return: True is 1, False is 0, None says that this answer cannot be scored."""


@runtime_checkable
class Scorer(Protocol[In_contra, Out_contra, Expected_contra]):
    """Says how good an answer is.

    A scorer that raises has failed: the case has no score by it and shows the trace. It is not called for a case
    without an answer, which is wrong: its score is 0.
    """

    @property
    def name(self) -> str:
        """Return the metric's name, unique in a suite."""
        ...

    @property
    def version(self) -> str:
        """Return what changes whenever a score could: its settings, or a hash of its code."""
        ...

    @property
    def needs_expected(self) -> bool:
        """Return whether a case must say what is right."""
        ...

    def __call__(self, answer: Answered[In_contra, Out_contra, Expected_contra], /) -> Scored | Awaitable[Scored]:
        """Return the score."""
        ...


@runtime_checkable
class FieldCounting(Protocol):
    """A scorer that counts fields: it is called for a case without an answer too, since every field is missed then."""

    @property
    def counts_fields(self) -> bool:
        """Return whether it does."""
        ...


ScoringFunction: TypeAlias = Callable[[Answered[In, Out, Expected]], Scored | Awaitable[Scored]]
"""A plain function that can stand for a scorer: its name is the metric's, its code the version."""


@dataclass(frozen=True, slots=True)
class FunctionScorer(Generic[In, Out, Expected]):
    """A user's function as a scorer."""

    function: ScoringFunction[In, Out, Expected]
    name: str
    needs_expected: bool = False
    """A function may do without; asking for ``answer.expected`` where there is none fails that case."""

    @property
    def version(self) -> str:
        """Return a hash of the function's code and settings."""
        return hash_of_function(self.function, closure=True)

    def __call__(self, answer: Answered[In, Out, Expected], /) -> Scored | Awaitable[Scored]:
        """Call the function."""
        return self.function(answer)


def as_scorer(
    scorer: "Scorer[In, Out, Expected] | ScoringFunction[In, Out, Expected]",
) -> "Scorer[In, Out, Expected]":
    """Return a function as a scorer, and a scorer as it is.

    Raises:
        InvalidSuite: it is neither, or a function without a name.
    """
    if isinstance(scorer, type):
        raise InvalidSuite(f"{scorer!r} cannot score: it is a class; give an object made of it")
    if isinstance(scorer, Scorer):
        return scorer
    function: Any = scorer
    name = getattr(function, "__name__", "")
    if not callable(function) or not name or name == "<lambda>":
        raise InvalidSuite(f"{function!r} cannot score: give a built-in scorer such as exact(), or a def with a name")
    return FunctionScorer(function, name)
