"""pydantic-evals: the same cases as a dataset; it keeps a report in memory and writes no log line."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from pydantic_evals import Case, Dataset
from pydantic_evals.evaluators import EqualsExpected

from evals_bench.load import Load, answer, main, text_of


def side(load: Load, folder: Path) -> Callable[[], Awaitable[int]]:
    """Prepare the dataset."""
    del folder

    async def target(text: str) -> str:
        return await answer(text, load.task_seconds)

    cases = [
        Case(name=f"case-{number}", inputs=text_of(number), expected_output=text_of(number).upper())
        for number in range(load.cases)
    ]
    dataset: Any = Dataset(name="loud", cases=cases, evaluators=[EqualsExpected()])

    async def work() -> int:
        report = await dataset.evaluate(target, max_concurrency=load.concurrency, progress=False)
        return sum(all(found.value for found in case.assertions.values()) for case in report.cases)

    return work


if __name__ == "__main__":
    main(side)
