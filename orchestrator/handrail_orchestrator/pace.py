"""How quick a rule is, and so where it is called: in the event loop, or in a thread so that it holds up nobody."""

import logging

SLOW_SECONDS = 0.005
"""A call that took longer sends the rule to a thread from its next call on."""
QUICK_CALLS = 100
"""So many quick calls in a row bring it back: it may have been the machine. Each further time it takes tenfold."""

_log = logging.getLogger("handrail.steps")


class RulePace:
    """What the calls of one rule took in this process; its threads may report side by side."""

    __slots__ = ("_quick_calls", "_until_back", "in_loop")

    def __init__(self) -> None:
        self.in_loop = True
        """Whether the next call is made in the event loop."""
        self._quick_calls = 0
        """How many quick calls bring it back; 0 as long as none was slow."""
        self._until_back = 0

    def took(self, seconds: float, step: str) -> None:
        """Take note of a call; one that was quick and in the loop need not be told."""
        if seconds > SLOW_SECONDS:
            if self.in_loop:
                self._leave(seconds, step)
            self._until_back = self._quick_calls
        elif not self.in_loop:
            self._until_back -= 1
            self.in_loop = self._until_back <= 0

    def _leave(self, seconds: float, step: str) -> None:
        self.in_loop = False
        if self._quick_calls:
            self._quick_calls *= 10
            return
        self._quick_calls = QUICK_CALLS
        _log.warning(
            "rule %r took %.0f ms in the event loop, where all runs wait for it: from now on it is called in a thread,"
            " unless it turns out to be quick; @rule(inline=False) puts it there at once",
            step,
            seconds * 1000,
        )
