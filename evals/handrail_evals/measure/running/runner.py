"""Running a suite from its first case to its last, or from where an interrupted run stopped."""

import asyncio
import itertools
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from handrail_evals.errors import InvalidSuite
from handrail_evals.measure.result.case_result import CaseResult, stored
from handrail_evals.measure.result.log import ResultLog
from handrail_evals.measure.result.result import Header, Result
from handrail_evals.measure.running.asking import Asking, Earlier, Question
from handrail_evals.measure.running.scoring import Scorers
from handrail_evals.measure.running.settings import RunSettings, Spending
from handrail_evals.measure.suite import AnySuite, cases_hash
from handrail_evals.measure.target import Showing, context_of
from handrail_ground.errors import told
from handrail_ground.pace import Pace
from handrail_orchestrator.interrupts import is_for_us

_log = logging.getLogger("handrail.evals")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A result, and how it came to be this time."""

    result: Result
    asked: int
    """How many answers were asked of the target now; the others were there from an earlier run."""
    scored_again: int = 0
    """How many answers that were there were scored again: what is right had changed, or a scorer had crashed."""
    seconds: float
    """How long it took."""
    stopped: str = ""
    """Why it ended before all cases were asked, in words; empty when they were. Running it again goes on."""

    @property
    def wanted(self) -> int:
        """Return how many answers a whole result has."""
        header = self.result.header
        return header.cases * header.repeats

    @property
    def already_there(self) -> int:
        """Return how many answers were there from an earlier run, and not asked for now."""
        return len(self.result.cases) - self.asked

    @property
    def lost(self) -> int:
        """Return how many answers are missing although nothing stopped the run; above 0 it has measured too little."""
        return 0 if self.stopped else self.wanted - len(self.result.cases)

    @property
    def crashed(self) -> Sequence[CaseResult]:
        """Return the cases on which the target or a scorer raised."""
        return [each for each in self.result.cases if each.error is not None or each.crashes]

    @property
    def unrecorded(self) -> Sequence[CaseResult]:
        """Return the cases for which the recording holds no answer."""
        return [each for each in self.result.cases if each.error is not None and each.error.type == "RecordingMissing"]

    @property
    def unscored(self) -> bool:
        """Return whether there are answers and no scorer has a score for any of them."""
        cases = self.result.cases
        return bool(cases) and all(score is None for case in cases for score in case.scores.values())

    @property
    def unscored_must_pass(self) -> Sequence[str]:
        """Return the must-pass cases with a score above 1, whose scale nobody has said."""
        high = (each for each in self.result.cases if each.must_pass and not each.passes)
        return [each.case for each in high if any(score is not None and score > 1 for score in each.scores.values())]


class Watcher(Protocol):
    """Sees a run's progress."""

    def saw(self, case: CaseResult, spending: Spending) -> None:
        """Take note of a case that is done."""
        ...


async def run_suite(
    suite: AnySuite,
    *,
    out: Path | None = None,
    fresh: bool = False,
    settings: RunSettings = RunSettings(),
    watcher: Watcher | None = None,
    spending: Spending | None = None,
) -> Evaluation:
    """Put every case of a suite to its target, and score the answers.

    With ``out`` the result is appended to that file case by case; a file that holds a part of the same measurement is
    continued, unless ``fresh`` says that it may go: only what is missing, and cases whose target crashed, are asked.
    Where what is right has changed since, or a scorer crashed, the answers that are there are scored again. What a
    target or a scorer raises is recorded with its case and does not end the run. ``spending`` counts for several runs
    together, in place of the settings' budget.

    Raises:
        InvalidResult: ``out`` holds the result of something else, cannot be read, or is being written by another run.
        InvalidSuite: the target cannot be opened, a part of the suite raised what ends programs, or the examples of the
            AI step that is measured hold one of the cases.
        DataError: an input or expected value has no JSON form.
    """
    try:
        running = partial(_Running, suite, settings, watcher=watcher, spending=spending)
        return await _run(suite, out, running, fresh=fresh)
    except BaseException as error:
        problem = _first(error)
        if isinstance(problem, Exception) or is_for_us(problem):
            raise problem from (None if problem is error else error)
        raise InvalidSuite(f"suite {suite.name!r} could not be run: {told(problem)}") from error


def _first(error: BaseException) -> BaseException:
    """Return the first of several errors: workers that stop together stop for one reason, such as a full disk."""
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


async def _run(
    suite: AnySuite, out: Path | None, begin: "Callable[[ResultLog | None], _Running]", *, fresh: bool
) -> Evaluation:
    questions = [Question.of(case) for case in suite.cases]
    header = header_of(suite, questions)
    if isinstance(suite.target, Showing):
        suite.target.require_unseen(suite.cases)
    begun = time.perf_counter()
    with ExitStack() as stack:
        log = None if out is None else stack.enter_context(ResultLog(out, header, fresh=fresh))
        running = begin(log)
        stopped = await running.ask(questions)
    if log is not None and log.earlier is not None:
        header = log.earlier.header
    return Evaluation(
        result=Result(header, running.earlier.together(running.results), out),
        asked=len(running.results),
        scored_again=running.scored_again,
        seconds=time.perf_counter() - begun,
        stopped=stopped,
    )


def header_of(suite: AnySuite, questions: Sequence[Question]) -> Header:
    """Return what a result of these cases, begun now, says of itself.

    Raises:
        InvalidSuite: the version of its target or of a scorer is no text.
    """
    target_version, scorers = suite.target.version, suite.versions
    versions = {f"the target {suite.target.name!r}": target_version}
    versions |= {f"the scorer {name!r}": version for name, version in scorers.items()}
    for what, version in versions.items():
        told_version: object = version  # whatever a class without a type checker gave
        if not isinstance(told_version, str):
            raise InvalidSuite(f"suite {suite.name!r}: {what} has the version {told_version!r}; give a text")
    return Header(
        suite=suite.name,
        target=suite.target.name,
        target_version=target_version,
        scorers=scorers,
        cases=len(questions),
        repeats=suite.repeats,
        cases_hash=cases_hash((each.case.name, each.input_hash) for each in questions),
        started=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _repeated(questions: Sequence[Question], repeats: int) -> Iterator[Question]:
    for repeat in range(repeats):
        for question in questions:
            yield question if repeat == 0 else replace(question, repeat=repeat)


class _Running:
    """One run: workers that take the next case each until there are none, or the budget is used up."""

    def __init__(
        self,
        suite: AnySuite,
        settings: RunSettings,
        log: ResultLog | None,
        *,
        watcher: Watcher | None,
        spending: Spending | None,
    ) -> None:
        self.results: list[CaseResult] = []
        self.earlier = Earlier(None if log is None else log.earlier)
        self.scored_again = 0
        self._suite = suite
        self._settings = settings
        self._log = log
        self._watcher = watcher
        self._spending = Spending(settings.budget) if spending is None else spending
        for each in log.earlier.cases if log is not None and log.earlier is not None else ():
            self._spending.count(each)

    async def ask(self, questions: Sequence[Question]) -> str:
        """Ask; return why it stopped early, empty when it did not."""
        suite, settings = self._suite, self._settings
        scorers = Scorers(suite.scorers, settings.timeout_seconds)
        try:
            if self.earlier.answers:
                await self._score_again(list(_repeated(questions, suite.repeats)), scorers)
            missing = self.earlier.missing(_repeated(questions, suite.repeats))
            first = next(missing, None)
            if first is None:
                return ""
            return await self._ask(itertools.chain([first], missing), scorers)
        finally:
            scorers.close()

    async def _score_again(self, questions: Sequence[Question], scorers: Scorers) -> None:
        asking = Asking(_nobody, scorers, keep_inputs=self._settings.keep_inputs)
        before = len(self.earlier.answers)
        output_type = self._suite.target.output_type
        self.scored_again = await self.earlier.score_again(questions, asking, output_type, self._settings.concurrency)
        if self._log is not None and (self.scored_again or len(self.earlier.answers) < before):
            self._log.replace(self.earlier.together(()))

    async def _ask(self, questions: Iterator[Question], scorers: Scorers) -> str:
        settings = self._settings
        async with context_of(self._suite.target, settings.concurrency) as observe:
            asking = Asking(observe, scorers, settings.timeout_seconds, settings.keep_inputs)
            turn = partial(Pace.per_second(settings.per_second).turn, asyncio.Lock())
            async with asyncio.TaskGroup() as workers:
                for _ in range(min(settings.concurrency, len(self._suite.cases) * self._suite.repeats)):
                    workers.create_task(self._work(asking, questions, turn))
        left = next(questions, None)
        return self._spending.exhausted if left is not None else ""

    async def _work(self, asking: Asking, questions: Iterator[Question], turn: Callable[[], Awaitable[None]]) -> None:
        while not self._spending.exhausted:
            question = next(questions, None)
            if question is None:
                return
            await turn()
            result = await asking.ask(question)
            result = self._log.add(result) if self._log is not None else stored(result)[0]
            self.results.append(result)
            self._spending.count(result)
            self._show(result)

    def _show(self, result: CaseResult) -> None:
        if self._watcher is None:
            return
        try:
            self._watcher.saw(result, self._spending)
        except BaseException as error:
            if is_for_us(error):
                raise
            self._watcher = None
            _log.warning("whoever watches the run raised %s, and is told no more", told(error))


async def _nobody(case: object) -> Any:
    raise AssertionError(f"{case!r} was asked although its answer is there")
