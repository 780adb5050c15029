"""Running a suite from its first case to its last, or from where an interrupted run stopped."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from evals.result.case_result import CaseResult
from evals.result.header import Header
from evals.result.log import ResultLog
from evals.result.result import Result
from evals.running.asking import Asking, Question
from evals.running.evaluation import Evaluation
from evals.running.settings import RunSettings
from evals.running.spending import Spending
from evals.suite import Suite, cases_hash


class Watcher(Protocol):
    """Sees a run's progress."""

    def saw(self, case: CaseResult, spending: Spending) -> None:
        """Take note of a case that is done."""
        ...


async def run_suite(
    suite: Suite[Any, Any, Any],
    *,
    out: Path | None = None,
    settings: RunSettings = RunSettings(),
    watcher: Watcher | None = None,
) -> Evaluation:
    """Put every case of a suite to its target, and score the answers.

    With ``out`` the result is appended to that file case by case; a file that holds a part of the same measurement is
    continued: only what is missing, and cases whose target crashed, are asked. What a target or a scorer raises is
    recorded with its case and does not end the run.

    Raises:
        InvalidResult: ``out`` holds the result of something else, or cannot be read.
        DataError: an input or expected value has no JSON form.
    """
    questions = [Question.of(case) for case in suite.cases]
    header = header_of(suite, questions)
    begun = time.perf_counter()
    with ExitStack() as stack:
        log = None if out is None else stack.enter_context(ResultLog(out, header))
        running = _Running(suite, settings, log, watcher)
        stopped = await running.ask(_missing(questions, suite.repeats, log))
    result = Result(header, tuple(running.results), out)
    if log is not None and log.earlier is not None:
        result = _together(log.earlier, result)
    return Evaluation(result=result, asked=len(running.results), seconds=time.perf_counter() - begun, stopped=stopped)


def header_of(suite: Suite[Any, Any, Any], questions: Sequence[Question]) -> Header:
    """Return what a result of these cases, begun now, says of itself."""
    return Header(
        suite=suite.name,
        target=suite.target.name,
        target_version=suite.target.version,
        scorers=suite.versions,
        cases=len(questions),
        repeats=suite.repeats,
        cases_hash=cases_hash((each.case.name, each.input_hash) for each in questions),
        started=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _together(earlier: Result, now: Result) -> Result:
    """Return both parts of one result; a case that was asked again is there once, as it came out now."""
    cases = {(each.case, each.repeat): each for each in (*earlier.cases, *now.cases)}
    return Result(earlier.header, tuple(cases.values()), now.path)


def _missing(questions: Sequence[Question], repeats: int, log: ResultLog | None) -> Iterator[Question]:
    done = log.done if log is not None else frozenset()
    for repeat in range(repeats):
        for question in questions:
            if (question.case.name, repeat) not in done:
                yield question if repeat == 0 else replace(question, repeat=repeat)


class _Running:
    """One run: workers that take the next case each until there are none, or the budget is used up."""

    def __init__(
        self, suite: Suite[Any, Any, Any], settings: RunSettings, log: ResultLog | None, watcher: Watcher | None
    ) -> None:
        self.results: list[CaseResult] = []
        self._suite = suite
        self._settings = settings
        self._log = log
        self._watcher = watcher
        self._spending = Spending(settings.budget)
        for each in log.earlier.cases if log is not None and log.earlier is not None else ():
            self._spending.count(each)

    async def ask(self, questions: Iterator[Question]) -> str:
        """Ask; return why it stopped early, empty when it did not."""
        settings = self._settings
        async with self._suite.target.opened(settings.concurrency) as observe:
            asking = Asking(observe, self._suite.scorers, settings.timeout_seconds, settings.keep_inputs)
            pace = _Pace(settings.per_second)
            async with asyncio.TaskGroup() as workers:
                for _ in range(min(settings.concurrency, len(self._suite.cases) * self._suite.repeats)):
                    workers.create_task(self._work(asking, questions, pace))
        left = next(questions, None)
        return self._spending.exhausted if left is not None else ""

    async def _work(self, asking: Asking, questions: Iterator[Question], pace: "_Pace") -> None:
        while not self._spending.exhausted:
            question = next(questions, None)
            if question is None:
                return
            await pace.turn()
            result = await asking.ask(question)
            if self._log is not None:
                self._log.add(result)
            self.results.append(result)
            self._spending.count(result)
            if self._watcher is not None:
                self._watcher.saw(result, self._spending)


class _Pace:
    """Spaces the beginnings of cases evenly."""

    def __init__(self, per_second: float | None) -> None:
        self._interval = None if per_second is None else 1.0 / per_second
        self._next = time.monotonic()

    async def turn(self) -> None:
        """Wait for the next beginning."""
        if self._interval is None:
            return
        now = time.monotonic()
        start = max(now, self._next)
        self._next = start + self._interval
        await asyncio.sleep(start - now)
