"""Saying what is wrong with a file or folder once, and again only after it was right in between."""

import logging
from pathlib import Path

from handrail_ground.text import harmless

MOST = 1_000
"""Places that are remembered; of more the log may say the same thing again."""

_log = logging.getLogger("handrail.triggers")


class SaidOnce:
    """What was said of which place."""

    def __init__(self) -> None:
        self._said: dict[Path, str] = {}

    def problem(self, place: Path, problem: str) -> None:
        """Say what is wrong with a place, unless that was the last thing said of it."""
        if self._said.get(place) == problem:
            return
        if len(self._said) >= MOST:
            self._said.pop(next(iter(self._said)))
        self._said[place] = problem
        _log.warning("%s %s", harmless(str(place)), harmless(problem))

    def over(self, place: Path, what: str) -> None:
        """Say that a place is right again, if something was wrong with it."""
        if self._said.pop(place, None) is not None:
            _log.info("%s %s", harmless(str(place)), what)
