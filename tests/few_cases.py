"""A few cases of each parametrised test function, for runs that must be quick: ``pytest --few-cases 3``.

What is left out is left out of every such run alike, so that two of them compare; `make test` runs every case. Where
each case is a thing of its own, as each page of the documentation is, the test is marked ``every_case`` and loses none.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeVar

import pytest

OPTION = "--few-cases"

T = TypeVar("T")


def add_option(parser: pytest.Parser) -> None:
    """Let a run say how many cases of a test function it takes."""
    parser.addoption(OPTION, type=int, metavar="N", help="run at most N cases, spread over all, of each test function")


class FewCases:
    """Leaves out cases once the marks have been looked at: so a case that runs stands for those that could have."""

    def __init__(self, most: int) -> None:
        if most < 1:
            raise pytest.UsageError(f"{OPTION} {most}: of each test function at least one case runs")
        self._most = most

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        cases: dict[str, list[pytest.Item]] = defaultdict(list)
        for item in items:
            whole = item.get_closest_marker("every_case") is not None
            cases[item.nodeid if whole else item.nodeid.partition("[")[0]].append(item)
        kept = {item.nodeid for each in cases.values() for item in spread(each, self._most)}
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in kept])
        items[:] = [item for item in items if item.nodeid in kept]


def spread(cases: Sequence[T], most: int) -> list[T]:
    """Return at most that many of the cases, in order: the first, the last, and some between at equal distances."""
    if len(cases) <= most:
        return list(cases)
    if most == 1:
        return [cases[0]]
    return [cases[number * (len(cases) - 1) // (most - 1)] for number in range(most)]
