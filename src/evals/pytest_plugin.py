"""A pytest plugin: suites run with a project's other tests.

Switch it on with ``pytest_plugins = ["evals.pytest_plugin"]`` in the top ``conftest.py``, or with
``pytest -p evals.pytest_plugin``. Tests that measure get the mark ``eval``: leave them out with ``-m "not eval"``.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from evals.comparison import compare
from evals.gate import Standing, Terms
from evals.result.case_result import CaseResult
from evals.result.result import Result, read_result
from evals.running import Evaluation, RunSettings, run_suite
from evals.statistics.repeats import average_repeats
from evals.suite import Suite
from evals.verdict import lines, named

AnySuite = Suite[Any, Any, Any]

_EVALUATED: pytest.StashKey[list["Evaluated"]] = pytest.StashKey()


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
        scores = [average_repeats([each.scores.get(name) for each in every]) for every in self.result.by_case.values()]
        known = [score for score in scores if score is not None]
        if not known:
            pytest.fail(f"no case has a score by {name!r}; there are {', '.join(self.result.metrics)}", pytrace=False)
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
            pytest.fail(f"{name} is {mean:.4g}, below {at_least:g}; cases below 1: {named(low)}", pytrace=False)

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
            pytest.fail("\n".join(lines(comparison)), pytrace=False)


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Runs suites; the fixture ``evaluate``."""

    folder: Path
    """Where results go."""
    done: list[Evaluated] = field(default_factory=list)

    def __call__(self, suite: AnySuite, *, settings: RunSettings = RunSettings()) -> Evaluated:
        """Run a suite; a crashed case or a failing must-pass case fails the test.

        Raises:
            AssertionError: one crashed, or must pass and fails; it is named.
        """
        return self._taken(asyncio.run(run_suite(suite, out=self._out(suite), settings=settings)))

    async def awaited(self, suite: AnySuite, *, settings: RunSettings = RunSettings()) -> Evaluated:
        """Run a suite in an async test."""
        return self._taken(await run_suite(suite, out=self._out(suite), settings=settings))

    def _out(self, suite: AnySuite) -> Path:
        """Return a new file: a test measures what is there now, and continues nothing."""
        out = self.folder / f"{suite.name}.jsonl"
        out.unlink(missing_ok=True)
        return out

    def _taken(self, evaluation: Evaluation) -> Evaluated:
        evaluated = Evaluated(evaluation)
        self.done.append(evaluated)
        crashed = evaluation.crashed
        if crashed:
            first = crashed[0]
            error = first.error or next(iter(first.crashes.values()))
            pytest.fail(f"{len(crashed)} cases crashed, first {first.case!r}: {error}\n{error.trace}", pytrace=False)
        failing = evaluation.result.must_pass_failures
        if failing:
            pytest.fail(f"must pass, and fail: {named(failing)}", pytrace=False)
        return evaluated


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the folder of results."""
    group = parser.getgroup("handrail", "evals")
    group.addoption("--eval-results", metavar="FOLDER", default="results", help="where results of suites go")


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", "eval(suite): runs a suite, or with one: each of its cases as a test of its own")
    config.stash[_EVALUATED] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that measures."""
    for item in items:
        if {"evaluate", "case_result"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("eval")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each case of the suite that the mark names."""
    marker = metafunc.definition.get_closest_marker("eval")
    if "case_result" not in metafunc.fixturenames:
        return
    if marker is None or not marker.args or not isinstance(marker.args[0], Suite):
        raise pytest.UsageError(
            f"{metafunc.definition.nodeid} takes case_result: say of which suite, @pytest.mark.eval(suite)"
        )
    suite: AnySuite = marker.args[0]
    metafunc.parametrize(
        "case_result", [(suite, case) for case in suite.cases], ids=[case.name for case in suite.cases], indirect=True
    )


@pytest.fixture
def evaluate(request: pytest.FixtureRequest) -> Iterator[Evaluate]:
    """Run suites in a test: ``evaluate(suite).require(at_least=0.9)``."""
    running = Evaluate(Path(request.config.getoption("--eval-results")))
    yield running
    request.config.stash[_EVALUATED].extend(running.done)


@pytest.fixture
def case_result(request: pytest.FixtureRequest) -> CaseResult:
    """Return what came of one case of the suite that ``@pytest.mark.eval(suite)`` names."""
    suite, case = request.param
    result = asyncio.run(run_suite(suite.with_cases([case]).with_repeats(1))).result
    (found,) = result.cases
    if found.error is not None:
        pytest.fail(f"the target crashed: {found.error}\n{found.error.trace}", pytrace=False)
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show what was measured, a line for each suite."""
    done = config.stash[_EVALUATED]
    if done:
        terminalreporter.section("evals")
    for each in done:
        header = each.result.header
        means = ", ".join(f"{name} {_mean(each, name)}" for name in each.result.metrics)
        terminalreporter.write_line(f"{header.suite}: {means}  ({header.cases:,} cases)  {each.result.path}")


def _mean(evaluated: Evaluated, metric: str) -> str:
    scores = [each.scores.get(metric) for each in evaluated.result.cases]
    known = [score for score in scores if score is not None]
    return f"{sum(known) / len(known):.4g}" if known else "not scored"
