"""The floor: an asyncio worker loop as one writes it in ten minutes, with a log line a case."""

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from evals_bench.load import Load, answer, main, text_of


def side(load: Load, folder: Path) -> Callable[[], Awaitable[int]]:
    """Prepare the cases."""
    cases = [(f"case-{number}", text_of(number), text_of(number).upper()) for number in range(load.cases)]

    async def work() -> int:
        log = os.open(folder / "floor.jsonl", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        waiting = iter(cases)
        right = 0

        async def worker() -> None:
            nonlocal right
            for name, text, expected in waiting:
                begun = time.perf_counter()
                output = await answer(text, load.task_seconds)
                score = float(output == expected)
                right += score == 1.0
                line = {
                    "case": name,
                    "input": text,
                    "expected": expected,
                    "output": output,
                    "scores": {"exact": score},
                    "seconds": time.perf_counter() - begun,
                }
                os.write(log, json.dumps(line).encode() + b"\n")

        async with asyncio.TaskGroup() as group:
            for _ in range(load.concurrency):
                group.create_task(worker())
        os.fsync(log)
        os.close(log)
        return right

    return work


if __name__ == "__main__":
    main(side)
