"""A progress bar on a terminal's standard error: how many, how fast, how much money."""

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.running.settings import Spending

REFRESH_SECONDS = 0.1


class ProgressBar:
    """Watches a run; draws nothing when standard error is no terminal."""

    def __init__(self, title: str, total: int, *, quiet: bool) -> None:
        # The stream as it is now: the code that is measured may replace it.
        console = Console(file=sys.stderr, stderr=True, quiet=quiet or not sys.stderr.isatty())
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=console, transient=True)
        self._task = self._progress.add_task(title, total=total, rate="")
        self._done = self._crashed = 0
        self._begun = self._drawn = time.monotonic()

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""
        self._progress.stop()

    def saw(self, case: CaseResult, spending: Spending) -> None:
        """Take note of a case that is done."""
        self._done += 1
        self._crashed += case.error is not None
        now = time.monotonic()
        if now - self._drawn >= REFRESH_SECONDS:
            self._drawn = now
            rate = f"{self._done / (now - self._begun):.0f}/s"
            money = f"  {spending.money:.2f} spent" if spending.money else ""
            crashed = f"  {self._crashed} crashed" if self._crashed else ""
            self._progress.update(self._task, completed=self._done, rate=f"{rate}{money}{crashed}")
