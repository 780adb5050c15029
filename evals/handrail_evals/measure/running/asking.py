"""Putting one case to the target, and its answer to the scorers."""

import math
import time
from dataclasses import dataclass, replace
from typing import Any

from handrail_evals.errors import DataError
from handrail_evals.measure.case import UNLABELLED, Case, nothing
from handrail_evals.measure.fingerprint import jsonable
from handrail_evals.measure.observation import Observation
from handrail_evals.measure.result.case_result import OBSERVED, CaseResult, Crash
from handrail_evals.measure.running.contained import Raised, contained
from handrail_evals.measure.running.crash import crash
from handrail_evals.measure.running.question import Question
from handrail_evals.measure.running.scoring import Scorers, Scoring
from handrail_evals.measure.scorer import plain_number
from handrail_evals.measure.target import Observe


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

    async def _observed(self, case: Case[Any, Any]) -> tuple[Observation[Any], Any]:
        observation = with_numbers(await self.observe(case))
        return observation, jsonable(observation.output, where="the answer")

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
    """Return what a target says about an answer, before a wrong number gets into every average.

    Raises:
        DataError: a confidence is not from 0 to 1, or tokens, money or minutes are not 0 or more.
    """
    given: Any = observation  # whatever a target without a type checker gave
    if not isinstance(given, Observation):
        raise DataError(f"the target gave a {type(given).__name__} where an Observation belongs")
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
        if not (number >= 0 and math.isfinite(number)):
            raise DataError(f"the answer's {name} is {said!r}; it is 0 or more, or None where it is not known")
        if number is not said:
            changed[name] = number
    return replace(observation, **changed) if changed else observation


_UNANSWERED: Observation[Any] = Observation(None, answered=False)
_UNSCORED = Scoring()
