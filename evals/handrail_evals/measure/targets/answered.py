"""The answers of an earlier result as a target: for scoring them anew without asking anybody."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter
from pydantic_core import to_json

from handrail_evals.errors import DataError
from handrail_evals.measure.case import AnyCase
from handrail_evals.measure.fingerprint import hash_of, jsonable
from handrail_evals.measure.result.result import Result
from handrail_evals.measure.target import Observation, Observe, Target

Out = TypeVar("Out")


class UnansweredCase(DataError):
    """An earlier result that has no answer to a case, or to another input of it."""


@dataclass(frozen=True)
class AnsweredTarget(Generic[Out]):
    """Gives the answers that a target gave before, found by the case's name and its input."""

    target: Target[Any, Out]
    """Whose answers these are: it says what type they have, and is not asked."""
    earlier: Result

    @property
    def name(self) -> str:
        """Return the name of the target whose answers these are."""
        return self.earlier.header.target

    @property
    def version(self) -> str:
        """Return the version of the target whose answers these are."""
        return self.earlier.header.target_version

    @property
    def output_type(self) -> Any:
        """Return the type of an answer."""
        return self.target.output_type

    @asynccontextmanager
    async def opened(self, concurrency: int) -> AsyncIterator[Observe[Any, Out]]:  # noqa: ARG002 -- the port's shape
        """Hand out the answers of each case in the order of its repeats."""
        adapter: TypeAdapter[Out] = TypeAdapter(self.output_type)
        left = {
            name: iter(sorted(repeats, key=lambda each: each.repeat)) for name, repeats in self.earlier.by_case.items()
        }

        async def observe(case: AnyCase) -> Observation[Out]:
            answer = next(left.get(case.name, iter(())), None)
            asked = hash_of(jsonable(case.input, where=f"the input of {case.place}"))
            if answer is None or answer.error is not None or answer.input_hash != asked:
                where = self.earlier.path or "the earlier result"
                raise UnansweredCase(f"{where} has no answer to {case.place}, with this input; ask the target instead")
            output = adapter.validate_json(to_json(answer.output)) if answer.answered else answer.output
            return answer.observation(output)

        yield observe
