"""Streaming with guards: no piece of a draft is released before the guards have seen it and what follows it."""

import re
from collections.abc import Callable, Sequence

from handrail_guards.chain import run_guards
from handrail_guards.guard import Guard, GuardContext

_BOUNDARY = re.compile(r"(?<=[.!?])[\"')\]]*\s+|\n+")
"""The end of a sentence or of a line."""


class Gate:
    """Holds a draft back sentence by sentence, and releases what the guards let pass.

    A sentence is released once the next one is complete and the guards pass on both with everything before, so
    that something forbidden across a sentence's end is seen whole. While a guard blocks (a text still too short, a
    phrase still missing) nothing is released, and the next sentence is tried again.
    """

    def __init__(
        self,
        release: Callable[[str], None],
        guards: Sequence[Guard],
        context: GuardContext,
        *,
        early: bool = True,
    ) -> None:
        """Release to a callback; with ``early=False`` only the settled text, at the end."""
        self._release = release
        self._guards = guards
        self._context = context
        self._early = early
        self._arrived = ""
        self._checked = 0
        self._passed = ""
        self.released = ""
        """What was released so far; it cannot be taken back."""
        self.failure: BaseException | None = None
        """What the callback raised: its caller's mistake, which must not pass for an outage of the model."""

    def restart(self) -> None:
        """Forget an answer of which nothing was released, because another one follows."""
        self._arrived, self._checked, self._passed = "", 0, ""

    def push(self, piece: str) -> None:
        """Take the next piece of the draft, and release what may be."""
        self._arrived += piece
        if not self._early:
            return
        end = 0
        for boundary in _BOUNDARY.finditer(self._arrived, self._checked):
            if boundary.end() < len(self._arrived):  # the last one may still grow, or be none
                end = boundary.end()
        if end <= self._checked:
            return
        self._checked = end
        chain = run_guards(self._guards, self._arrived[:end], self._context)
        if chain.blocking is not None or not isinstance(chain.value, str):
            return
        # What passed last time stands in front of what passed now, repairs included: it has been seen in context.
        if chain.value.startswith(self._passed):
            self._emit(self._passed)
        self._passed = chain.value

    def finish(self, text: str) -> bool:
        """Release the rest of the settled text; return False when it does not continue what was released."""
        if not text.startswith(self.released):
            return False
        self._emit(text)
        return True

    def _emit(self, text: str) -> None:
        if len(text) > len(self.released) and text.startswith(self.released):
            piece, self.released = text[len(self.released) :], text
            try:
                self._release(piece)
            except BaseException as error:
                self.failure = error
                raise
