"""Putting one case to the target, and its answer to the scorers; an answer that is there already is not asked for."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from pydantic_core import to_json

from handrail_evals.errors import DataError
from handrail_evals.measure.case import UNLABELLED, AnyCase, nothing
from handrail_evals.measure.fingerprint import hash_of, jsonable
from handrail_evals.measure.private_copy import private_case
from handrail_evals.measure.result.case_result import (
    NOBODY_SAID,
    OBSERVED,
    CaseResult,
    Crash,
    escaped,
    observed_problem,
)
from handrail_evals.measure.result.result import Result
from handrail_evals.measure.running.contained import Raised, contained
from handrail_evals.measure.running.scoring import Scorers, Scoring, crash
from handrail_evals.measure.scorer import LARGEST_NUMBER, plain_number
from handrail_evals.measure.target import Observation, Observe
from handrail_orchestrator.interrupts import is_for_us

_UNANSWERED: Observation[Any] = Observation(None, answered=False)

_UNSCORED = Scoring()


@dataclass(frozen=True)
class Question:
    """A case, with what a result says of it as JSON data."""

    case: AnyCase
    input: Any
    input_hash: str
    expected: Any = UNLABELLED
    steps: Mapping[str, Any] = field(default_factory=nothing)
    metadata: Mapping[str, Any] = field(default_factory=nothing)
    repeat: int = 0

    @classmethod
    def of(cls, case: AnyCase) -> "Question":
        """Return the question of a case.

        Raises:
            DataError: its input, or what should come of it, has no JSON form.
        """
        data = jsonable(case.input, where=f"the input of {case.place}")
        expected: Any = UNLABELLED
        if case.expected is not UNLABELLED:
            expected = escaped(jsonable(case.expected, where=f"the expected value of {case.place}"))
        steps, metadata = (
            escaped(jsonable(dict(value), where=f"{name} of {case.place}")) if value else nothing()
            for name, value in (("steps", case.steps), ("metadata", case.metadata))
        )
        return cls(case, data, hash_of(data), expected, steps, metadata)

    @property
    def key(self) -> tuple[str, int]:
        """Return the case's name and the repeat, by which its answer is found."""
        return self.case.name, self.repeat

    @cached_property
    def expected_hash(self) -> str:
        """Return a hash of what is right, as a result has it."""
        return NOBODY_SAID if self.expected is UNLABELLED else hash_of(self.expected)

    @property
    def tells_truth(self) -> bool:
        """Return whether input and expected value say what is right, when a result holds them."""
        return self.input is not None or self.expected is not UNLABELLED

    def is_told_in(self, answer: CaseResult) -> bool:
        """Return whether a stored answer was scored as the case is now, and not against another truth."""
        case = self.case
        now = [self.expected_hash, case.must_pass, case.cluster, dict(self.metadata), dict(self.steps)]
        then = [answer.truth, answer.must_pass, answer.cluster, dict(answer.metadata), dict(answer.steps)]
        return hash_of(then) == hash_of(now)


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks and scores; never raises for what a target or a scorer does."""

    observe: Observe[Any, Any]
    scorers: Scorers
    timeout_seconds: float | None = None
    keep_inputs: bool = True

    async def ask(self, question: Question) -> CaseResult:
        """Return what came of one case; of each repeat a recording holds an answer of its own."""
        if question.repeat == 0:
            return await self._ask(question)
        from handrail_ai_steps.models.recording import asked_again  # noqa: PLC0415 -- for suites with repeats only

        with asked_again(question.repeat):
            return await self._ask(question)

    async def _ask(self, question: Question) -> CaseResult:
        started = time.perf_counter()
        seen = await contained(self._observed(question.case), seconds=self.timeout_seconds, what="the target")
        seconds = time.perf_counter() - started
        if isinstance(seen, Raised):
            return self._result(question, seconds, error=crash(seen.error))
        observation, output = seen.value
        if observation.seconds is not None:
            seconds = observation.seconds
        return self._result(
            question, seconds, observation, output, await self.scorers.score(question.case, observation)
        )

    async def score_again(self, question: Question, earlier: CaseResult, observation: Observation[Any]) -> CaseResult:
        """Return what the scorers make of an answer that is there already."""
        scoring = await self.scorers.score(question.case, observation)
        return self._result(question, earlier.seconds, observation, earlier.output, scoring)

    async def _observed(self, case: AnyCase) -> tuple[Observation[Any], Any]:
        observation = with_numbers(await self.observe(private_case(case)))
        return observation, jsonable(observation.output, where="the answer")

    def _result(
        self,
        question: Question,
        seconds: float,
        observation: Observation[Any] | None = None,
        output: object = None,
        scoring: Scoring | None = None,
        *,
        error: Crash | None = None,
    ) -> CaseResult:
        case = question.case
        seen = observation or _UNANSWERED
        found = scoring or _UNSCORED
        return CaseResult(
            case=case.name,
            repeat=question.repeat,
            input_hash=question.input_hash,
            input=question.input if self.keep_inputs else None,
            expected=question.expected if self.keep_inputs else UNLABELLED,
            expected_hash="" if self.keep_inputs and question.tells_truth else question.expected_hash,
            output=output,
            scores=found.scores or nothing(),
            reasons=found.reasons or nothing(),
            fields=found.fields or nothing(),
            crashes=found.crashes or nothing(),
            error=error,
            seconds=round(seconds, 6),
            steps=question.steps,
            metadata=question.metadata,
            cluster=case.cluster,
            must_pass=case.must_pass,
            **{name: getattr(seen, name) for name in OBSERVED},
        )


def with_numbers(observation: Observation[Any]) -> Observation[Any]:
    """Return what a target says about an answer, before a wrong number or word gets into every average.

    Raises:
        DataError: a confidence is not from 0 to 1, tokens, money or minutes are not 0 or more, or something else that
            it says is of another kind, such as text where yes or no belongs.
    """
    given: Any = observation  # whatever a target without a type checker gave
    if not isinstance(given, Observation):
        raise DataError(f"the target gave a {type(given).__name__} where an Observation belongs")
    changed = {**_plain_numbers(given), **_plain_bools(given)}
    plain = replace(observation, **changed) if changed else observation
    problem = observed_problem(plain)
    if problem:
        raise DataError(f"the answer's {problem}")
    return plain


def _plain_numbers(observation: Observation[Any]) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for name in ("confidence", "input_tokens", "output_tokens", "money", "human_minutes", "seconds"):
        said = getattr(observation, name)
        number = plain_number(said)
        if number is None:
            continue
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise DataError(f"the answer's {name} is {said!r}, which is no number; give one, or None")
        if name == "confidence" and not 0.0 <= number <= 1.0:
            raise DataError(f"the answer's confidence is {said!r}; it is from 0 to 1, or None where there is none")
        if not 0 <= number <= LARGEST_NUMBER:
            raise DataError(
                f"the answer's {name} is {said!r}; it is from 0 to {LARGEST_NUMBER:g}, or None where it is not known"
            )
        if number is not said:
            changed[name] = number
    return changed


def _plain_bools(observation: Observation[Any]) -> dict[str, Any]:
    said = {name: getattr(observation, name) for name in ("answered", "accepted")}
    plain = {name: plain_number(value) for name, value in said.items() if value is not None}
    return {name: value for name, value in plain.items() if isinstance(value, bool) and value is not said[name]}


class Earlier:
    """What is there already, by case and repeat."""

    def __init__(self, result: Result | None) -> None:
        found = {(each.case, each.repeat): each for each in (() if result is None else result.cases)}
        self.answers = {key: each for key, each in found.items() if each.error is None}
        self.crashes = {key: each for key, each in found.items() if each.error is not None}
        """Where the target crashed: such a case is asked again."""

    def together(self, now: Iterable[CaseResult]) -> tuple[CaseResult, ...]:
        """Return all of one result; a case that was asked again is there once, as it came out now."""
        return tuple({**self.crashes, **self.answers, **{(each.case, each.repeat): each for each in now}}.values())

    def missing(self, questions: Iterable[Question]) -> Iterator[Question]:
        """Yield those without an answer."""
        return (each for each in questions if each.key not in self.answers)

    async def score_again(
        self, questions: Iterable[Question], asking: Asking, output_type: object, workers: int
    ) -> int:
        """Score what was scored against another truth, or where a scorer crashed, and return how much; nobody is asked.

        An answer that cannot be read as the target's type is no longer one of the answers.
        """
        stale = [each for each in questions if self._is_stale(each)]
        if not stale:
            return 0
        left = iter(stale)
        read = _Reader(output_type)

        async def work() -> None:
            for question in left:
                answer = self.answers.pop(question.key)
                observation = read(answer)
                if observation is not None:
                    self.answers[question.key] = await asking.score_again(question, answer, observation)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(workers, len(stale))):
                group.create_task(work())
        return sum(each.key in self.answers for each in stale)

    def _is_stale(self, question: Question) -> bool:
        answer = self.answers.get(question.key)
        return answer is not None and (bool(answer.crashes) or not question.is_told_in(answer))


class _Reader:
    """Reads stored answers as what the target gives."""

    def __init__(self, output_type: Any) -> None:
        from pydantic import TypeAdapter  # noqa: PLC0415 -- keeps the import light

        try:
            self._adapter: TypeAdapter[Any] | None = TypeAdapter(output_type)
        except BaseException as error:  # a type's own schema hook may raise anything
            if is_for_us(error):
                raise
            self._adapter = None

    def __call__(self, answer: CaseResult) -> Observation[Any] | None:

        if self._adapter is None:
            return None
        try:
            output = self._adapter.validate_json(to_json(answer.output)) if answer.answered else None
        except BaseException as error:
            if is_for_us(error):
                raise
            return None
        return answer.observation(output)
