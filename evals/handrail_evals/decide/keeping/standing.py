"""Where the keepers of promises stand that this process moved on: read back only where another one did."""

from collections import OrderedDict
from typing import Final

from handrail_evals.decide.keeping.keeper import KeeperSettings
from handrail_evals.decide.keeping.ladder import KeeperLadder
from handrail_evals.decide.keeping.state import KeeperState

MOST_KEPT: Final = 200
"""Keepers that are remembered, the latest: some tens of kilobytes each."""


class StandingKeepers:
    """Keepers by the checkpoint that says where they stand, each given out once, as whoever has it moves it on.

    A checkpoint is known by its whole text, with the thresholds and settings that it is read with. So it makes no
    difference which promise or store it is of, and who wrote it: one that another process has moved on, that was taken
    back from a backup or is damaged is another text, and is read.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, KeeperLadder, KeeperSettings], KeeperState] = OrderedDict()

    def keep(self, checkpoint: str | None, ladder: KeeperLadder, settings: KeeperSettings, state: KeeperState) -> None:
        """Remember a keeper that is at a checkpoint, and that nobody else has from now on; None: at none in a store."""
        if checkpoint is None:
            return
        state.stopped, state.is_shadowed = "", False  # neither is a part of it
        self._kept[checkpoint, ladder, settings] = state
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)

    def knows(self, checkpoint: str | None, ladder: KeeperLadder, settings: KeeperSettings) -> bool:
        """Return whether the keeper that is at a checkpoint is remembered, so that going on takes no long reading."""
        return (checkpoint, ladder, settings) in self._kept

    def take(self, checkpoint: str | None, ladder: KeeperLadder, settings: KeeperSettings) -> KeeperState:
        """Return the keeper that is at a checkpoint; None: at its beginning.

        Raises:
            InvalidLabels: the text is none, or none of this ladder.
            UnreadableWatch: its watch is none of this release.
        """
        known = None if checkpoint is None else self._kept.pop((checkpoint, ladder, settings), None)
        return KeeperState.of_text(checkpoint, ladder, settings) if known is None else known
