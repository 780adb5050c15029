"""The folder of results: one file a run, by suite and time."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from handrail_evals.errors import InvalidResult
from handrail_evals.measure.result.result import Result, read_result
from handrail_evals.measure.running.asking import Question
from handrail_evals.measure.running.runner import header_of
from handrail_evals.measure.suite import Suite

RESULTS = Path("results")
"""Where results go when nothing is said, under the working directory."""


def path_for(suite: Suite[Any, Any, Any], *, fresh: bool) -> Path:
    """Return the file that a run of a suite is written to: the latest if it was interrupted, a new one if ``fresh``."""
    latest = None if fresh else max(RESULTS.glob(f"{suite.name}-*.jsonl"), default=None)
    if latest is not None and _goes_on(latest, suite):
        return latest
    return RESULTS / f"{suite.name}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.jsonl"


def _goes_on(path: Path, suite: Suite[Any, Any, Any]) -> bool:
    """Return whether a result is an unfinished one of the same measurement."""
    try:
        earlier = read_result(path, torn="ignore")
    except InvalidResult:
        return False
    if earlier is None or earlier.is_complete:
        return False
    now = header_of(suite, [Question.of(case) for case in suite.cases])
    return not earlier.header.difference(now)


def results_in(folder: Path) -> Iterator[Result | InvalidResult]:
    """Yield the results of a folder, oldest first; what cannot be read is yielded as its error.

    Raises:
        InvalidResult: there is no such folder.
    """
    if not folder.is_dir():
        raise InvalidResult(path=folder, problem="there is no such folder; `handrail eval run` makes it")
    found: list[tuple[str, Result | InvalidResult]] = []
    for path in sorted(folder.glob("*.jsonl")):
        try:
            result = read_result(path)
        except InvalidResult as error:
            found.append(("", error))
        else:
            found.append((result.header.started, result))
    yield from (each for _, each in sorted(found, key=lambda pair: pair[0]))
