"""Putting one case to the target, and its answer to the scorers."""

import asyncio
import inspect
import math
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evals.case import UNLABELLED, Case, nothing
from evals.errors import DataError, InvalidScore
from evals.fingerprint import hash_of, jsonable
from evals.observation import Observation
from evals.result.case_result import OBSERVED, CaseResult, Crash
from evals.scorer import Answered, Counts, Score, Scored, Scorer
from evals.target import Observe

TRACE_FRAMES = 12
TRACE_LENGTH = 4_000


@dataclass(frozen=True, slots=True)
class Question:
    """One case of a suite, ready to be asked."""

    case: Case[Any, Any]
    input: Any
    """As JSON data."""
    input_hash: str
    repeat: int = 0

    @classmethod
    def of(cls, case: Case[Any, Any]) -> "Question":
        """Return the question of a case.

        Raises:
            DataError: its input has no JSON form.
        """
        data = jsonable(case.input, where=f"the input of {case.place}")
        return cls(case, data, hash_of(data))


@dataclass(frozen=True, slots=True)
class Scoring:
    """What the scorers made of one answer."""

    scores: dict[str, float | None] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    fields: dict[str, Mapping[str, Counts]] = field(default_factory=dict)
    crashes: dict[str, Crash] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks and scores; never raises for what a target or a scorer does."""

    observe: Observe[Any, Any]
    scorers: Sequence[Scorer[Any, Any, Any]]
    timeout_seconds: float | None = None
    keep_inputs: bool = True

    async def ask(self, question: Question) -> CaseResult:
        """Return what came of one case."""
        started = time.perf_counter()
        try:
            if self.timeout_seconds is None:
                observation = await self.observe(question.case)
            else:
                async with asyncio.timeout(self.timeout_seconds):
                    observation = await self.observe(question.case)
            require_numbers(observation)
            output = jsonable(observation.output, where="the answer")
        except Exception as error:  # noqa: BLE001 -- whatever a target raises is that case's error
            return self._result(question, time.perf_counter() - started, error=crash(error))
        seconds = time.perf_counter() - started
        return self._result(question, seconds, observation, output, await self._score(question.case, observation))

    def _result(
        self,
        question: Question,
        seconds: float,
        observation: Observation[Any] | None = None,
        output: Any = None,
        scoring: Scoring | None = None,
        *,
        error: Crash | None = None,
    ) -> CaseResult:
        case = question.case
        seen = observation or _UNANSWERED
        found = scoring or _UNSCORED
        expected: Any = UNLABELLED
        if self.keep_inputs and case.expected is not UNLABELLED:
            expected = jsonable(case.expected, where=f"the expected value of {case.place}")
        return CaseResult(
            case=case.name,
            repeat=question.repeat,
            input_hash=question.input_hash,
            input=question.input if self.keep_inputs else None,
            expected=expected,
            output=output,
            scores=found.scores or nothing(),
            reasons=found.reasons or nothing(),
            fields=found.fields or nothing(),
            crashes=found.crashes or nothing(),
            error=error,
            seconds=round(seconds, 6),
            steps=case.steps or nothing(),
            metadata=case.metadata or nothing(),
            cluster=case.cluster,
            must_pass=case.must_pass,
            **{name: getattr(seen, name) for name in OBSERVED},
        )

    async def _score(self, case: Case[Any, Any], observation: Observation[Any]) -> Scoring:
        scoring = Scoring()
        answer: Answered[Any, Any, Any] = Answered(case, observation)
        for scorer in self.scorers:
            name = scorer.name
            scoring.scores[name] = None
            if scorer.needs_expected and case.expected is UNLABELLED:
                continue
            if not observation.answered:
                scoring.scores[name] = 0.0
                scoring.reasons[name] = f"no answer: {observation.reason}" if observation.reason else "no answer"
                if getattr(scorer, "counts_fields", False):  # nothing was found, so every field is missed
                    scoring.fields[name] = (await scored(scorer, answer) or _WRONG).fields
                continue
            try:
                score = await scored(scorer, answer)
            except Exception as error:  # noqa: BLE001 -- whatever a scorer raises is its failure on this case
                scoring.crashes[name] = crash(error)
                continue
            if score is not None:
                scoring.scores[name] = float(score.value)
                if score.reason:
                    scoring.reasons[name] = score.reason
                if score.fields:
                    scoring.fields[name] = score.fields
        return scoring


def require_numbers(observation: Observation[Any]) -> None:
    """Check what a target says about an answer, before a wrong number gets into every average.

    Raises:
        DataError: a confidence is not from 0 to 1, or tokens, money or minutes are not 0 or more.
    """
    sure = observation.confidence
    if sure is not None and not 0.0 <= sure <= 1.0:
        raise DataError(f"the answer's confidence is {sure!r}; it is from 0 to 1, or None where there is none")
    for name in ("input_tokens", "output_tokens", "money", "human_minutes"):
        number = getattr(observation, name)
        if number is not None and not (number >= 0 and math.isfinite(number)):
            raise DataError(f"the answer's {name} is {number!r}; it is 0 or more, or None where it is not known")


async def scored(scorer: Scorer[Any, Any, Any], answer: Answered[Any, Any, Any]) -> Score | None:
    """Return a scorer's score, awaited if need be."""
    given = scorer(answer)
    return as_score(await given if inspect.isawaitable(given) else given)


def as_score(given: Scored) -> Score | None:
    """Return what a scorer gave as a score.

    Raises:
        InvalidScore: it is neither a finite number, nor a bool, a Score or None.
    """
    match given:
        case None | Score():
            return given
        case bool():
            return _RIGHT if given else _WRONG
        case int() | float():
            return Score(given)
        case _:
            raise InvalidScore(where=f"a score that is a {type(given).__name__}", score=given)


def crash(error: BaseException) -> Crash:
    """Return what was raised, with the end of its trace."""
    trace = "".join(traceback.format_exception(error, limit=-TRACE_FRAMES))
    return Crash(type=type(error).__name__, message=str(error), trace=trace[-TRACE_LENGTH:])


_RIGHT = Score(1.0)
_WRONG = Score(0.0)
_UNANSWERED: Observation[Any] = Observation(None, answered=False)
_UNSCORED = Scoring()
