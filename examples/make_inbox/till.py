"""The inbox of the expenses: receipts as lines that were read from pictures, most of them in order."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from examples.make_inbox.entry import Entry, Outcome, Truth, entry, no_invoice
from examples.make_inbox.receipts import Language, Receipt, receipt_of

LIMIT = Decimal(40)
"""Above it, in any currency, a person approves."""


def receipt_entries() -> Iterator[Entry]:
    """Yield the files in the order in which they come in."""
    languages: tuple[Language, ...] = ("en", "de", "fr")
    for number in range(1, 15):
        receipt = receipt_of(f"till/{number}", languages[number % 3])
        yield entry(f"{number:02}-receipt.json", receipt.file(f"r-{number:02}"), _truth(receipt))
    wrong = receipt_of("till/wrong", "en", wrong_sum=True)
    yield entry("15-receipt.json", wrong.file("r-15"), _truth(wrong, "review", "sums"))
    short = receipt_of("till/short", "de", short=True)
    yield entry("16-receipt.json", short.file("r-16"), _truth(short, "review", "incomplete"))
    first = receipt_of("till/1", languages[1])
    shaken = replace(first, lines=tuple((text, tuple(at + 3 for at in box)) for text, box in first.lines))
    yield entry("17-receipt.json", shaken.file("r-17"), _truth(first, "set_aside", "duplicate"))
    nothing = no_invoice("review", "unreadable", "none")
    yield entry("18-receipt.json", b'{"id": "r-18", "lines": []}\n', nothing)
    yield entry("19-receipt.json", short.file("r-19")[:150], nothing)


def _truth(receipt: Receipt, outcome: Outcome = "posted", reason: str = "") -> Truth:
    if outcome == "posted" and receipt.total > LIMIT:
        outcome, reason = "approval", "above_limit"
    posts = None if outcome == "set_aside" else receipt.total
    return Truth(kind="receipt", outcome=outcome, reason=reason, fields=receipt.fields(), posts=posts)
