"""Putting an answer to the scorers; whatever one of them does is that scorer's failure on that case."""

import asyncio
import inspect
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from handrail_evals.errors import InvalidScore
from handrail_evals.measure.case import UNLABELLED, AnyCase
from handrail_evals.measure.private_copy import private_answer
from handrail_evals.measure.result.case_result import Crash
from handrail_evals.measure.running.contained import Raised, Returned, contained
from handrail_evals.measure.scorer import (
    LARGEST_NUMBER,
    Answered,
    AnyAnswer,
    Counts,
    FieldCounting,
    Score,
    Scored,
    Scorer,
    plain_number,
)
from handrail_evals.measure.target import Observation
from handrail_evals.measure.threads import Threads
from handrail_ground.errors import is_order
from handrail_orchestrator.forked import end_copy, this_process
from handrail_orchestrator.interrupts import is_for_us

TRACE_FRAMES = 12
TRACE_LENGTH = 4_000

AnyScorer: TypeAlias = Scorer[Any, Any, Any]


def crash(error: BaseException) -> Crash:
    """Return what was raised, with the end of its trace."""
    trace = "".join(traceback.format_exception(error, limit=-TRACE_FRAMES))
    return Crash(type=type(error).__name__, message=words(error), trace=trace[-TRACE_LENGTH:])


def words(error: BaseException) -> str:
    """Return what an exception says, where it can say it."""
    try:
        return str(error)
    except BaseException as worse:
        if is_order(worse):
            raise
        return f"(it raises {type(worse).__name__} when it is asked what it says)"


@dataclass(frozen=True, slots=True)
class Scoring:
    """What the scorers made of one answer."""

    scores: dict[str, float | None] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    fields: dict[str, Mapping[str, Counts]] = field(default_factory=dict)
    crashes: dict[str, Crash] = field(default_factory=dict)

    def take(self, scorer: str, score: Score, *, is_answered: bool) -> None:
        """Take what a scorer gave; of no answer, only which fields are missed."""
        if score.fields:
            self.fields[scorer] = score.fields
        if is_answered:
            self.scores[scorer] = score.value
            if score.reason:
                self.reasons[scorer] = score.reason


class Scorers:
    """The scorers of a suite; never raises for what one of them does."""

    def __init__(self, scorers: Sequence[AnyScorer], seconds: float | None = None) -> None:
        """``seconds``: how long one of them may take for one answer; None: as long as it likes."""
        self._scorers = scorers
        self._seconds = seconds
        self._threads = Threads(1)  # one after another, as in the loop; one that hangs is left behind
        self._turn = asyncio.Lock()

    async def score(self, case: AnyCase, observation: Observation[Any]) -> Scoring:
        """Return what the scorers make of an answer."""
        scoring = Scoring()
        answer: AnyAnswer = Answered(case, observation)
        for scorer in self._scorers:
            name = scorer.name
            scoring.scores[name] = None
            if scorer.needs_expected and case.expected is UNLABELLED:
                continue
            if not observation.answered:
                scoring.scores[name] = 0.0
                scoring.reasons[name] = f"no answer: {observation.reason}" if observation.reason else "no answer"
                if not (isinstance(scorer, FieldCounting) and scorer.counts_fields):
                    continue  # otherwise: nothing was found, so every field is missed
            given = await self._called(scorer, answer)
            if isinstance(given, Raised):
                scoring.scores[name] = None
                scoring.crashes[name] = crash(given.error)
            elif given.value is not None:
                scoring.take(name, given.value, is_answered=observation.answered)
        return scoring

    async def _called(self, scorer: AnyScorer, answer: AnyAnswer) -> Returned[Score | None] | Raised:
        if self._seconds is None or inspect.iscoroutinefunction(getattr(scorer, "__call__", None)):  # noqa: B004
            given = called(scorer, answer)
        else:
            given = await self._called_in_thread(scorer, answer)
        if isinstance(given, Returned) and inspect.isawaitable(given.value):
            given = await contained(given.value, seconds=self._seconds, what=f"scorer {scorer.name!r}")
        if isinstance(given, Raised):
            return given
        try:
            return Returned(as_score(given.value))
        except BaseException as error:
            if is_for_us(error):
                raise
            return Raised(error)

    async def _called_in_thread(self, scorer: AnyScorer, answer: AnyAnswer) -> Returned[Any] | Raised:
        async with self._turn:  # the time begins when it is its turn
            call = asyncio.get_running_loop().run_in_executor(self._threads, called, scorer, answer)
            given = await contained(call, seconds=self._seconds, what=f"scorer {scorer.name!r}")
        return given if isinstance(given, Raised) else given.value

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown()


def called(scorer: AnyScorer, answer: AnyAnswer) -> Returned[Any] | Raised:
    """Call a scorer; a copy of this process that it makes and lets come back ends here, and writes no result."""
    original = this_process.generation
    try:
        given = scorer(private_answer(answer))
    except BaseException as error:
        end_copy(original, error)
        if is_for_us(error):
            raise
        return Raised(error)
    end_copy(original)
    return Returned(given)


def as_score(given: Scored) -> Score | None:
    """Return what a scorer gave as a score; numbers of numpy and the like are numbers too.

    Raises:
        InvalidScore: it is neither a finite number, nor a bool, a Score or None.
    """
    match given if isinstance(given, Score) else plain_number(given):
        case None | Score() as score:
            return score
        case bool() as right:
            return Score(float(right))
        case int() | float() as number:
            if not abs(number) <= LARGEST_NUMBER:  # before a float is made of it, which cannot hold every whole number
                raise InvalidScore(where="a scorer's score", score=number)
            return Score(float(number))
        case _:
            raise InvalidScore(where=f"a score that is a {type(given).__name__}", score=given)
