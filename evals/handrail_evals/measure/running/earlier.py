"""The answers of an earlier run of the same measurement: which stay, which are scored again, which are asked for."""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any

from handrail_evals.measure.observation import Observation
from handrail_evals.measure.result.case_result import OBSERVED, CaseResult
from handrail_evals.measure.result.result import Result
from handrail_evals.measure.running.asking import Asking
from handrail_evals.measure.running.question import Question
from handrail_orchestrator.interrupts import is_for_us


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

    async def score_again(self, questions: Iterable[Question], asking: Asking, output_type: Any, workers: int) -> int:
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
        from pydantic_core import to_json  # noqa: PLC0415 -- keeps the import light

        if self._adapter is None:
            return None
        try:
            output = self._adapter.validate_json(to_json(answer.output)) if answer.answered else None
        except BaseException as error:
            if is_for_us(error):
                raise
            return None
        known: dict[str, Any] = {name: getattr(answer, name) for name in OBSERVED}
        return Observation(output, **known)
