"""The progress bar of a command: on a terminal's standard error, and nowhere else."""

import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn


def progress_bar(*columns: ProgressColumn, quiet: bool) -> Progress:
    """Return a bar that says what is done of how much, with further columns behind; it leaves nothing behind."""
    # The stream as it is now: foreign code may replace it.
    console = Console(file=sys.stderr, stderr=True, quiet=quiet or not sys.stderr.isatty())
    first = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*first, *columns, console=console, transient=True)
