"""A file of the inbox, with what is in it and how each thing in it should end."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeAlias

from examples.make_inbox.invoice import Invoice, Kind

LIMIT = Decimal(5000)
"""Above it, in any currency, a person approves."""

Outcome: TypeAlias = Literal["posted", "approval", "review", "set_aside"]
"""``approval``: posted as soon as a person approves; ``review``: a person looks at its fields first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What one thing in a file is, what it says and how it should end."""

    kind: Kind
    outcome: Outcome
    reason: str = ""
    fields: dict[str, Any] | None = None
    posts: Decimal | None = None
    """What the ledger gets, as soon as it may; negative for a credit note."""
    part: str = ""
    """The attachment or the pages that it is in; empty: the file itself."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file and what is in it."""

    name: str
    data: bytes
    truths: tuple[Truth, ...]


def entry(name: str, data: bytes, *truths: Truth) -> Entry:
    """Return a file with what is in it."""
    return Entry(name, data, truths)


def truth(invoice: Invoice, outcome: Outcome = "posted", reason: str = "", *, part: str = "") -> Truth:
    """Return what is true of an invoice; one that would be posted and is above the limit needs approval."""
    if outcome == "posted" and invoice.total > LIMIT and invoice.kind == "invoice":
        outcome, reason = "approval", "above_limit"
    posts = None if outcome == "set_aside" else invoice.posts
    return Truth(kind=invoice.kind, outcome=outcome, reason=reason, fields=invoice.fields(), posts=posts, part=part)


def no_invoice(outcome: Outcome, reason: str, kind: Kind = "letter", *, part: str = "") -> Truth:
    """Return what is true of something that is no invoice, or that nobody can read."""
    return Truth(kind=kind, outcome=outcome, reason=reason, part=part)


def write(entries: Iterable[Entry], folder: Path, truth_file: Path) -> int:
    """Write the files into the folder, which holds nothing else then, and the truths beside it; return the bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    lines: list[str] = []
    written = 0
    for each in entries:
        (folder / each.name).write_bytes(each.data)
        written += len(each.data)
        lines += [json.dumps(_record(each.name, one), ensure_ascii=False) for one in each.truths]
    truth_file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return written


def _record(file: str, one: Truth) -> dict[str, Any]:
    return {
        "file": file,
        "part": one.part,
        "kind": one.kind,
        "outcome": one.outcome,
        "reason": one.reason,
        "posts": None if one.posts is None else str(one.posts),
        "fields": one.fields,
    }
