"""What a test does with a suite: runs it, and requires something of its result; see the fixture ``evaluate``."""

import asyncio
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from handrail_evals.decide.comparison import compare
from handrail_evals.decide.gate import Standing, Terms
from handrail_evals.decide.verdict import lines, named
from handrail_evals.errors import BeingWritten
from handrail_evals.measure.result.result import Result, read_result
from handrail_evals.measure.running.runner import Evaluation, run_suite
from handrail_evals.measure.running.settings import RunSettings
from handrail_evals.measure.suite import AnySuite
from handrail_evals.measure.threads import leaving_threads
from handrail_evals.numbers.metrics.answers import case_means


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A suite that was run in a test, and what the test may require of it."""

    evaluation: Evaluation

    @property
    def result(self) -> Result:
        """Return the result."""
        return self.evaluation.result

    def mean(self, metric: str | None = None) -> float:
        """Return the mean score over the scored cases, of the main metric if none is named.

        Raises:
            AssertionError: no case has a score.
        """
        name = metric or self.result.metrics[0]
        known = case_means(self.result.by_case, name)
        if not known:
            _fail(f"no case has a score by {name!r}; there are {', '.join(self.result.metrics)}")
        return sum(known) / len(known)

    def require(self, metric: str | None = None, *, at_least: float) -> None:
        """Fail the test when the mean score is below a number; the lowest cases are named.

        Raises:
            AssertionError: it is.
        """
        name = metric or self.result.metrics[0]
        mean = self.mean(name)
        if mean < at_least:
            low = tuple(each.case for each in self.result.cases if (each.scores.get(name) or 0.0) < 1.0)
            _fail(f"{name} is {_brief(mean, at_least)}, below {at_least:g}; cases below 1: {named(low)}")

    def require_not_worse(self, baseline: Path | str, margin: float | Mapping[str, Terms]) -> None:
        """Fail the test when the result is worse than a baseline, or too small to tell.

        ``margin`` is how much worse is still fine: of the main metric, or terms by metric.

        Raises:
            AssertionError: it is worse, or it cannot be told; the message has the verdict.
            NotComparable: the results must not be compared.
        """
        terms = margin if isinstance(margin, Mapping) else {self.result.metrics[0]: Terms(margin=margin)}
        comparison = compare(read_result(Path(baseline)), self.result, terms)
        if comparison.standing in {Standing.WORSE, Standing.CANT_TELL}:
            _fail("\n".join(lines(comparison)))


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Runs suites; the fixture ``evaluate``."""

    folder: Path
    """Where results go."""
    tell: Callable[[str], None] = print
    """Told in a line what each suite came to."""

    def __call__(self, suite: AnySuite, *, settings: RunSettings = RunSettings()) -> Evaluated:
        """Run a suite; a crashed case or a failing must-pass case fails the test, and so does one that was not asked.

        Raises:
            AssertionError: one crashed, was not asked, or must pass and fails; it is named.
            RuntimeError: the test is async; write ``await evaluate.awaited(suite)``.
        """
        if _in_loop():
            raise RuntimeError(
                f"an event loop is running here, in which suite {suite.name!r} cannot be run like this:"
                " write `await evaluate.awaited(suite)`"
            )
        return asyncio.run(leaving_threads(self.awaited(suite, settings=settings)))

    async def awaited(self, suite: AnySuite, *, settings: RunSettings = RunSettings()) -> Evaluated:
        """Run a suite in an async test."""
        return self._taken(await self._run(suite, settings))

    async def _run(self, suite: AnySuite, settings: RunSettings) -> Evaluation:
        """Run a suite into a new file: a test measures what is there now, and continues nothing."""
        for number in itertools.count(1):
            out = self.folder / f"{suite.name}{f'~{number}' if number > 1 else ''}.jsonl"
            try:
                return await run_suite(suite, out=out, fresh=True, settings=settings)
            except BeingWritten:  # by a test beside this one, whose suite has the same name
                continue
        raise AssertionError  # there is always a next number

    def _taken(self, evaluation: Evaluation) -> Evaluated:
        evaluated = Evaluated(evaluation)
        self.tell(_summary(evaluated))
        crashed = evaluation.crashed
        if crashed:
            first = crashed[0]
            error = first.error or next(iter(first.crashes.values()))
            _fail(f"{len(crashed)} cases crashed, first {first.case!r}: {error}\n{error.trace}")
        count = len(evaluation.result.cases)
        if count < evaluation.wanted:
            why = evaluation.stopped or "code that was measured stopped the tasks of the run"
            _fail(f"only {count:,} of {evaluation.wanted:,} answers are there: {why}")
        if evaluation.unscored:
            _fail(f"no scorer has a score for any of {count:,} answers")
        failing = evaluation.result.must_pass_failures
        if failing:
            _fail(f"must pass, and fail: {named(failing)}")
        return evaluated


def _brief(number: float, limit: float) -> str:
    """Return a number in four digits, or in all where four would take it to a limit that it is short of."""
    told = f"{number:.4g}"
    return told if (float(told) < limit) == (number < limit) else repr(number)


def _summary(evaluated: Evaluated) -> str:
    """Return what was measured in a line."""
    header, result = evaluated.result.header, evaluated.result
    means = ", ".join(f"{name} {_mean(evaluated, name)}" for name in result.metrics)
    wanted = evaluated.evaluation.wanted
    count = f"{header.cases:,} cases" if len(result.cases) == wanted else f"{len(result.cases):,} of {wanted:,} answers"
    return f"{header.suite}: {means}  ({count})  {result.path}"


def _in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _mean(evaluated: Evaluated, metric: str) -> str:
    means = case_means(evaluated.result.by_case, metric)
    if not means:
        return "not scored"
    count = len(evaluated.result.by_case)
    part = f" (of {len(means):,} scored)" if len(means) < count else ""
    return f"{_brief(sum(means) / len(means), 1.0)}{part}"


def _fail(message: str) -> NoReturn:
    """Fail the test, without a trace through this module."""
    import pytest  # noqa: PLC0415 -- whoever names the types here need not have it

    pytest.fail(message, pytrace=False)
