"""Rows of the audit log whose values were forgotten: each is signed for, with what it says since."""

from collections.abc import Callable, Iterable

from handrail_orchestrator.store.chain import BEGINNING, ChainedRow, hash_after
from handrail_orchestrator.store.forgetting import BlankedRow


class Blanks:
    """Tells a row that was blanked from one that was edited."""

    def __init__(self, blanks: Iterable[BlankedRow], is_signed: Callable[[BlankedRow], bool]) -> None:
        self._blanks = iter(blanks)
        self._next = next(self._blanks, None)
        self._is_signed = is_signed

    def explains(self, row: ChainedRow, before: str) -> bool:
        """Return whether a row says what is signed for, and stands behind the row with this hash; asked in order."""
        while self._next is not None and self._next.row < row.id:
            self._next = next(self._blanks, None)
        blank = self._next
        return (
            blank is not None
            and blank.row == row.id
            and (blank.before, blank.after) == (before, row.hash)
            and blank.content == hash_after(BEGINNING, row[:-1])
            and self._is_signed(blank)
        )
