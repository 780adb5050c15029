"""The ledger of a promise as it will stand once a look is written: what is new, and what follows, in one transaction.

A look finds what people have answered, and cases that have no number yet. Were these written first and read back, each
look would take two transactions. So they are read as they will stand, and what was read is told with the promise's
move: the store moves it only if the ledger, with these verdicts and numbers in it, has these very cases in this order.
Should another process have settled or numbered one otherwise meanwhile, nothing moves, and the next look reads it.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from handrail_evals.decide.keeping.ledger import AT_ONCE
from handrail_orchestrator.store.promises import CaseVerdict, PromiseCaseRow, PromiseStore, ReadAhead

VERDICT: Final = PromiseCaseRow._fields.index("verdict")


class LedgerAhead:
    """Reads a stream with verdicts that are not written yet, and remembers how its cases have to stand then."""

    def __init__(self, store: PromiseStore, stream: int, new: Mapping[int, CaseVerdict]) -> None:
        self._store, self._stream, self._new = store, stream, new
        self._after: int | None = None
        """The number of the case before the first one that is not written as it was read; None: all are."""
        self._read: dict[int, tuple[int, int, CaseVerdict | None]] = {}

    def pages(self, after: int) -> Iterator[list[PromiseCaseRow]]:
        """Yield the cases behind one, in their order.

        Raises:
            StoreError: the store cannot be read.
        """
        while page := self._page(after):
            yield page
            if len(page) < AT_ONCE:
                return
            after = page[-1].number

    def _page(self, after: int) -> list[PromiseCaseRow]:
        written = self._store.promise_cases(self._stream, after=after, limit=AT_ONCE)
        found, room = written, AT_ONCE - len(written)
        if room:
            last = written[-1].number if written else after
            found = written + self._store.promise_cases_ahead(self._stream, after=last, limit=room)
        page = [self._settled(row) for row in found]
        first = 0
        if self._after is None:
            kept = (place for place, was in enumerate(written) if page[place] is not was)
            first = next(kept, len(written))
            if first < len(page):
                self._after = page[first - 1].number if first else after
        self._read.update({row.number: (row.id, row.number, row.verdict) for row in page[first:]})
        return page

    def _settled(self, row: PromiseCaseRow) -> PromiseCaseRow:
        if row.verdict is not None or (verdict := self._new.get(row.id)) is None:
            return row
        return PromiseCaseRow._make((*row[:VERDICT], verdict, *row[VERDICT + 1 :]))  # twice as fast as _replace

    def upto(self, last: int) -> ReadAhead | None:
        """Return how the cases up to one have to stand; None: all that was read of them is written."""
        if self._after is None:
            return None
        cases = tuple(told for number, told in sorted(self._read.items()) if self._after < number <= last)
        return ReadAhead(self._stream, self._after, cases) if cases else None
