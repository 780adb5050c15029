"""A part of the tests, for runs that must be quick: ``pytest --few-cases 3 --leave-out slow``.

What is left out is left out of every such run alike, so that two of them compare; `make test` runs every case. Where
each case is a thing of its own, as each page of the documentation is, the test is marked ``every_case`` and loses none.

``-m 'not slow'`` leaves the same tests out as ``--leave-out slow``, once all are made. This one spares every test
process loading a module whose ``pytestmark`` is the mark, with what it loads, and making cases that nobody runs.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest

OPTION = "--few-cases"
LEAVE_OUT = "--leave-out"
MARKS_OF_MODULE = re.compile(r"^pytestmark = (.*)$", re.MULTILINE)

T = TypeVar("T")


def add_options(parser: pytest.Parser) -> None:
    """Let a run say how many cases of a test function it takes, and of which marks it takes none."""
    parser.addoption(OPTION, type=int, metavar="N", help="run at most N cases, spread over all, of each test function")
    parser.addoption(LEAVE_OUT, action="append", default=[], metavar="MARK", help="leave out the tests with a mark")


class LeftOut:
    """Leaves out the tests with one of some marks, as early as each is known to have it."""

    def __init__(self, marks: Collection[str], most: int | None) -> None:
        self._marks = frozenset(marks)
        self._most = most

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Load no module that has the mark, and no folder of nothing but such modules."""
        if collection_path.is_dir():
            tests = list(collection_path.rglob("test_*.py"))
            return True if tests and all(map(self._is_left_out, tests)) else None
        return True if collection_path.match("test_*.py") and self._is_left_out(collection_path) else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(self, name: str, obj: object) -> list[pytest.Item] | None:
        """Make no cases of a function that has the mark."""
        is_test = name.startswith(("test", "Test"))  # what else is there may load a library when it is looked at
        return [] if is_test and self._has_mark(getattr(obj, "pytestmark", ())) else None

    @pytest.hookimpl(trylast=True)
    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Make few cases of the others, and, as a function with none would be called without values, at least one."""
        calls: list[Any] = getattr(metafunc, "_calls")  # noqa: B009 -- pytest has no other word for them
        wanted = [each for each in calls if not self._has_mark(each.marks)] or calls[:1]
        if self._most is not None and metafunc.definition.get_closest_marker("every_case") is None:
            wanted = spread(wanted, self._most)
        calls[:] = wanted

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out what has the mark from elsewhere."""
        left_out = {item.nodeid for item in items if self._has_mark(item.iter_markers())}
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left_out])
        items[:] = [item for item in items if item.nodeid not in left_out]

    def _is_left_out(self, path: Path) -> bool:
        marks = "".join(MARKS_OF_MODULE.findall(path.read_text(encoding="utf-8")))
        return any(re.search(rf"\bmark\.{mark}\b", marks) for mark in self._marks)

    def _has_mark(self, marks: object) -> bool:
        listed = marks if isinstance(marks, Iterable) else (marks,)
        return any(getattr(each, "name", None) in self._marks for each in listed)


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
