"""The demo's ledger: a table of its own in which an invoice stands once, whichever way and however often it came."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal, TypeAlias

from handrail_ai_steps.documents.embedded.identity import InvoiceIdentity

Claim: TypeAlias = Literal["new", "same", "other_total", "other_account"]
"""What came of claiming a place for an invoice: ``new`` is ours, also when we ask again."""

_TABLE = """
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY,
    claimed_by TEXT NOT NULL,
    seller TEXT NOT NULL,
    sellers TEXT NOT NULL,
    number TEXT NOT NULL,
    family TEXT NOT NULL,
    amount TEXT NOT NULL,
    currency TEXT NOT NULL,
    total TEXT NOT NULL,
    ibans TEXT NOT NULL,
    posted INTEGER NOT NULL DEFAULT 0
)
"""
_BUSY_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """What is posted of an invoice."""

    seller: str
    number: str
    amount: Decimal
    """What is owed; less than nothing for a credit note."""
    currency: str


class Ledger:
    """Stands in for an accounting system: an SQLite file of its own, safe for threads and processes.

    A place is claimed by a key that is the same for every attempt, so that nothing is entered twice; what is posted
    stays.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def claim(self, identity: InvoiceIdentity, entry: LedgerEntry, *, key: str) -> tuple[Claim, str]:
        """Claim the place of an invoice under a key; return whether it is new, and if not why.

        Raises:
            sqlite3.Error: the file cannot be read or written.
        """
        with self._transaction() as rows:
            found = rows.execute(
                "SELECT claimed_by, sellers, total, currency, ibans FROM entries WHERE number = ? AND family = ?",
                (identity.number, identity.family),
            ).fetchall()
            if any(claimed_by == key for claimed_by, *_ in found):
                return "new", ""
            check = identity.against(_known(identity, row[1:]) for row in found)
            if check.result == "new":
                rows.execute(
                    "INSERT INTO entries (claimed_by, seller, sellers, number, family, amount, currency, total, ibans)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    _row(key, identity, entry),
                )
            return check.result, check.reason

    def post(self, *, key: str) -> None:
        """Post what was claimed under a key; a second time it changes nothing.

        Raises:
            LookupError: nothing was.
            sqlite3.Error: the file cannot be read or written.
        """
        with self._transaction() as rows:
            if not rows.execute("UPDATE entries SET posted = 1 WHERE claimed_by = ?", (key,)).rowcount:
                raise LookupError(f"nothing was claimed under {key!r}")

    def give_up(self, *, key: str) -> None:
        """Give back a place that was claimed under a key and will not be posted."""
        with self._transaction() as rows:
            rows.execute("DELETE FROM entries WHERE claimed_by = ? AND posted = 0", (key,))

    def entries(self) -> list[LedgerEntry]:
        """Return what is posted, in the order in which it was claimed."""
        with self._transaction() as rows:
            found = rows.execute("SELECT seller, number, amount, currency FROM entries WHERE posted = 1 ORDER BY id")
            return [
                LedgerEntry(seller=seller, number=number, amount=Decimal(amount), currency=currency)
                for seller, number, amount, currency in found
            ]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)) as rows:
            rows.execute("BEGIN IMMEDIATE")
            try:
                rows.execute(_TABLE)
                yield rows
            except BaseException:
                rows.execute("ROLLBACK")
                raise
            rows.execute("COMMIT")


def _row(key: str, identity: InvoiceIdentity, entry: LedgerEntry) -> tuple[str, ...]:
    sellers, ibans = json.dumps(identity.sellers), json.dumps(identity.ibans)
    about = (key, entry.seller, sellers, identity.number, identity.family)
    return (*about, str(entry.amount), entry.currency, str(identity.total), ibans)


def _known(like: InvoiceIdentity, row: tuple[str, str, str, str]) -> InvoiceIdentity:
    """Return an entry's identity; its number and family are those that were looked for."""
    sellers, total, currency, ibans = row
    return InvoiceIdentity(
        sellers=tuple(json.loads(sellers)),
        number=like.number,
        family=like.family,
        total=None if total == "None" else Decimal(total),
        currency=currency,
        ibans=tuple(json.loads(ibans)),
    )
