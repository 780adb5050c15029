"""A pytest plugin: suites run with a project's other tests.

Switch it on with ``pytest_plugins = ["handrail_evals.pytest_plugin"]`` in the top ``conftest.py``, or with
``pytest -p handrail_evals.pytest_plugin``. Tests that measure get the mark ``eval``: leave them out with
``-m "not eval"``.
"""

import asyncio
from pathlib import Path
from typing import Final

import pytest

from handrail_evals.evaluate import Evaluate
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.running.runner import run_suite
from handrail_evals.measure.suite import AnySuite, Suite
from handrail_evals.measure.threads import leaving_threads

MEASURED: Final = "measured"
"""The property of a test that says what it measured: it reaches the summary from the processes of pytest-xdist too."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the folder of results."""
    group = parser.getgroup("handrail", "evals")
    group.addoption("--eval-results", metavar="FOLDER", default="results", help="where results of suites go")


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", "eval(suite): runs a suite, or with one: each of its cases as a test of its own")
    config.pluginmanager.register(Measurements())


class Measurements:
    """Gathers what the tests measured, wherever they ran, and shows it at the end."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a test measured once it is over."""
        if report.when == "teardown":
            self.lines += [str(value) for name, value in report.user_properties if name == MEASURED]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show what was measured, a line for each suite."""
        if self.lines:
            terminalreporter.section("evals")
        for line in self.lines:
            terminalreporter.write_line(line)


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
def evaluate(request: pytest.FixtureRequest) -> Evaluate:
    """Run suites in a test: ``evaluate(suite).require(at_least=0.9)``."""

    def tell(line: str) -> None:
        request.node.user_properties.append((MEASURED, line))

    return Evaluate(Path(request.config.getoption("--eval-results")), tell)


@pytest.fixture
def case_result(request: pytest.FixtureRequest) -> CaseResult:
    """Return what came of one case of the suite that ``@pytest.mark.eval(suite)`` names."""
    suite, case = request.param
    result = asyncio.run(leaving_threads(run_suite(suite.with_cases([case]).with_repeats(1)))).result
    if not result.cases:
        pytest.fail(f"case {case.name!r} was not asked: code that was measured stopped the run", pytrace=False)
    (found,) = result.cases
    if found.error is not None:
        pytest.fail(f"the target crashed: {found.error}\n{found.error.trace}", pytrace=False)
    return found
