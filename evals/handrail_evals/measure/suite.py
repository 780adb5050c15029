"""What is measured on what, by whom: a target, its cases and their scorers."""

import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, cast, overload

from handrail_evals.errors import InvalidSuite, MissingExpected
from handrail_evals.measure.case import Case, require_distinct
from handrail_evals.measure.result.result import MACRO_F1, MEASURES
from handrail_evals.measure.scorer import Scorer, ScoringFunction, as_scorer
from handrail_evals.measure.target import Opened, Target, require_target
from handrail_evals.measure.targets.function import function_target

if TYPE_CHECKING:
    from handrail_ai_steps.step import AIStep
    from handrail_evals.decide.gate import Terms

In = TypeVar("In")
Out = TypeVar("Out")
Expected = TypeVar("Expected")

Scorers: TypeAlias = Sequence[Scorer[In, Out, Expected] | ScoringFunction[In, Out, Expected]]


class Suite(Generic[In, Out, Expected]):
    """A target, the cases it is measured on, and the scorers that say how good each answer is.

    The target is an AI step, a workflow target, or any function, async or not; a case whose input is a tuple calls it
    with several arguments. Nothing is asked before the suite is run.

    Raises:
        InvalidSuite: no case, no scorer, two scorers of one name, terms for a metric that there is not, or something
            else where a target, a case or a scorer belongs.
        InvalidCase: two cases of one name, or a case without the expected value that a scorer needs.
    """

    @overload
    def __init__(
        self: "Suite[In, Out, Expected]",
        name: str,
        target: "AIStep[Out] | Target[In, Out]",
        *,
        cases: Iterable[Case[In, Expected]],
        scorers: Scorers[In, Out, Expected],
        repeats: int = ...,
        gates: "Mapping[str, Terms]" = ...,
        allow_unlabelled: bool = ...,
    ) -> None: ...
    @overload
    def __init__(
        self: "Suite[In, Out, Expected]",
        name: str,
        target: Callable[[In], Awaitable[Out]],
        *,
        cases: Iterable[Case[In, Expected]],
        scorers: Scorers[In, Out, Expected],
        repeats: int = ...,
        gates: "Mapping[str, Terms]" = ...,
        allow_unlabelled: bool = ...,
    ) -> None: ...
    @overload
    def __init__(
        self: "Suite[In, Out, Expected]",
        name: str,
        target: Callable[[In], Out],
        *,
        cases: Iterable[Case[In, Expected]],
        scorers: Scorers[In, Out, Expected],
        repeats: int = ...,
        gates: "Mapping[str, Terms]" = ...,
        allow_unlabelled: bool = ...,
    ) -> None: ...
    def __init__(
        self,
        name: str,
        target: object,
        *,
        cases: Iterable[Case[In, Expected]],
        scorers: Scorers[In, Out, Expected],
        repeats: int = 1,
        gates: "Mapping[str, Terms] | None" = None,
        allow_unlabelled: bool = False,
    ) -> None:
        self.name = name
        """What results are called by; a word that can be part of a file's name."""
        self.target: Target[In, Out] = as_target(target)
        self.cases: tuple[Case[In, Expected], ...] = _listed(cases, "cases", "[Case('greeting', 'hello', 'HELLO')]")
        """In the order they are put to the target."""
        self.scorers: tuple[Scorer[In, Out, Expected], ...] = tuple(
            as_scorer(scorer) for scorer in _listed(scorers, "scorers", "[exact()]")
        )
        """The first gives the suite's main metric."""
        self.repeats = repeats
        """How often each case is put to the target, 1 or more; a case's score is the mean of its repeats."""
        self.gates: Mapping[str, Terms] = _gates({} if gates is None else gates)
        """How much worse each metric may get, by its name; what is not here is reported, not gated."""
        self.allow_unlabelled = allow_unlabelled
        """Whether cases may lack the expected value that a scorer needs: they are not scored by it then."""
        self._check()

    def _check(self) -> None:
        name: Any = self.name  # whatever a caller without a type checker gave, as below
        if not isinstance(name, str) or not name.strip() or any(each in self.name for each in "/\\\0\n"):
            raise InvalidSuite(f"{name!r} cannot name a suite: use a word without slashes, such as 'route'")
        if not self.cases:
            raise InvalidSuite(f"suite {self.name!r} has no cases: give at least one, or read them from a file")
        if not self.scorers:
            raise InvalidSuite(f"suite {self.name!r} has no scorers: give at least one, such as exact()")
        require_target(self.target)
        self._check_kinds()
        if type(self.repeats) is not int or self.repeats < 1:
            raise InvalidSuite(f"suite {self.name!r}: repeats is {self.repeats!r}; give 1 or more")
        twice = [name for name, count in Counter(self.metrics).items() if count > 1]
        if twice:
            raise InvalidSuite(f"suite {self.name!r} has two scorers named {twice[0]!r}: give one of them another name")
        known = (*self.metrics, *MEASURES, MACRO_F1)
        ungated = set(self.gates) - set(known)
        if ungated:
            raise InvalidSuite(
                f"suite {self.name!r}: the gates name {min(ungated)!r}, and there is no such metric;"
                f" there are {', '.join(known)}"
            )
        require_distinct(self.cases)
        needing = [scorer.name for scorer in self.scorers if scorer.needs_expected]
        if needing and not self.allow_unlabelled:
            for case in self.cases:
                if not case.is_labelled:
                    raise MissingExpected(where=case.where, case=repr(case.name), scorer=needing[0])

    def _check_kinds(self) -> None:
        cases: tuple[Any, ...] = self.cases
        for case in cases:
            if not isinstance(case, Case):
                raise InvalidSuite(f"suite {self.name!r}: {case!r} is no case; give Case(name, input, expected)")
        names: tuple[Any, ...] = self.metrics
        for scorer, name in zip(self.scorers, names, strict=True):
            if not isinstance(name, str) or not name.strip():
                raise InvalidSuite(
                    f"suite {self.name!r}: the scorer {type(scorer).__qualname__} has the name {name!r}, by which its"
                    " metric is shown and gated: give it a text, not empty"
                )

    @property
    def metrics(self) -> tuple[str, ...]:
        """Return the names of the scorers."""
        return tuple(scorer.name for scorer in self.scorers)

    @property
    def versions(self) -> Mapping[str, str]:
        """Return the scorers' versions by their names: two results are compared only when these are the same."""
        return {scorer.name: scorer.version for scorer in self.scorers}

    def with_target(self, target: Target[In, Out]) -> "Suite[In, Out, Expected]":
        """Return the same suite with another target."""
        return self._with(target=target)

    def with_scorers(self, scorers: Iterable[Scorer[In, Out, Expected]]) -> "Suite[In, Out, Expected]":
        """Return the same suite with other scorers."""
        return self._with(scorers=tuple(scorers))

    def with_cases(self, cases: Iterable[Case[In, Expected]]) -> "Suite[In, Out, Expected]":
        """Return the same suite on other cases, such as the first ten of its own."""
        return self._with(cases=tuple(cases))

    def with_repeats(self, repeats: int) -> "Suite[In, Out, Expected]":
        """Return the same suite with another number of repeats."""
        return self._with(repeats=repeats)

    def _with(self, **changes: Any) -> "Suite[In, Out, Expected]":
        changed = copy(self)
        changed.__dict__.update(changes)
        changed._check()  # noqa: SLF001 -- its own
        return changed


def _listed(given: Iterable[Any], what: str, such_as: str) -> tuple[Any, ...]:
    """Return what was given as a list.

    Raises:
        InvalidSuite: it is one thing, not several.
    """
    anything: Any = given  # whatever a caller without a type checker gave
    if isinstance(anything, str | bytes) or not isinstance(anything, Iterable):
        raise InvalidSuite(f"{what} is a {type(anything).__name__}; give a list, such as {such_as}")
    return tuple(anything)


def _gates(given: "Mapping[str, Terms]") -> "dict[str, Terms]":
    """Return the terms by metric.

    Raises:
        InvalidSuite: something else was given.
    """
    anything: Any = given  # whatever a caller without a type checker gave
    such_as = "such as {'exact': Terms(margin=0.02)}"
    if not isinstance(anything, Mapping):
        raise InvalidSuite(f"gates is a {type(anything).__name__}; give terms by metric, {such_as}")
    for name, terms in anything.items():
        if terms is None or isinstance(terms, str | int | float):  # a margin alone is what is easily given
            raise InvalidSuite(f"the gate of {name!r} is a {type(terms).__name__}; give terms, {such_as}")
    return dict(anything)


AnySuite: TypeAlias = Suite[Any, Any, Any]
"""A suite of any cases."""


def as_target(target: Any) -> Target[Any, Any]:
    """Return an AI step or a function as a target, and a target as it is.

    Raises:
        InvalidSuite: it can neither be asked nor called.
    """
    from handrail_ai_steps.step import AIStep  # noqa: PLC0415 -- a suite of plain functions loads no AI steps
    from handrail_evals.measure.targets.step import StepTarget  # noqa: PLC0415

    if isinstance(target, AIStep):
        return StepTarget(target)
    if isinstance(target, Opened):  # a whole Target by isinstance would work out its version
        return cast("Target[Any, Any]", target)
    return function_target(target)


def cases_hash(hashes: Iterable[tuple[str, str]]) -> str:
    """Return the hash of a suite's cases, given as names and input hashes in order."""
    digest = hashlib.blake2s(digest_size=8)
    for name, input_hash in hashes:
        digest.update(f"{len(name)}:{name}{input_hash}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
