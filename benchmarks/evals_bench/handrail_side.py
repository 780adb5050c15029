"""Handrail: the same cases as a suite."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from evals_bench.load import Load, answer, main, text_of
from handrail import Case, Suite, exact, run_suite
from handrail.evals import RunSettings


def side(load: Load, folder: Path) -> Callable[[], Awaitable[int]]:
    """Prepare the suite."""

    async def target(text: str) -> str:
        return await answer(text, load.task_seconds)

    cases = [Case(f"case-{number}", text_of(number), text_of(number).upper()) for number in range(load.cases)]
    suite = Suite("loud", target, cases=cases, scorers=[exact()])
    out = folder / "handrail.jsonl"
    out.unlink(missing_ok=True)

    async def work() -> int:
        evaluation = await run_suite(suite, out=out, settings=RunSettings(load.concurrency))
        return sum(case.scores["exact"] == 1.0 for case in evaluation.result.cases)

    return work


if __name__ == "__main__":
    main(side)
