"""Verifying the audit log: the chain row by row, and every review item against its rows."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from handrail_orchestrator.audit.blanks import Blanks
from handrail_orchestrator.audit.finding import AuditFinding
from handrail_orchestrator.audit.items import disagreements
from handrail_orchestrator.audit.walk import Walk
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.reader import Reader, evidence_of
from handrail_orchestrator.secret import SigningSecret, secret_of
from handrail_orchestrator.store.address import path_of
from handrail_orchestrator.store.chain import LogGap, LogHead
from handrail_orchestrator.store.forgetting import BlankedRow

_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at, and how much of it is not as it was written."""

    rows: int
    """Rows of the log."""
    gaps: int
    """Ranges that pruning took out of it and signed for."""
    pruned: int
    """How many rows they stand for."""
    findings: int
    """How many things are wrong."""
    head: LogHead
    """Where the log ends: keep its hash elsewhere, and later the log can be held against it."""
    blanked: int = 0
    """Rows whose values were forgotten, and signed for."""

    @property
    def is_whole(self) -> bool:
        """Return whether nothing is wrong."""
        return not self.findings

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "is_whole": self.is_whole,
            "rows": self.rows,
            "gaps": self.gaps,
            "pruned": self.pruned,
            "blanked": self.blanked,
            "findings": self.findings,
            "head": self.head.hash,
            "head_row": self.head.row,
        }


def verify(
    reader: Reader, *, head: str | None = None, found: Callable[[AuditFinding], None], signed_by: str | None = None
) -> Verified:
    """Hold a store's audit log against itself, its items, and a hash that was kept elsewhere; nothing is written.

    ``found`` is told of each thing that is wrong, in order, while the log is read. ``signed_by`` is the path of the
    store whose secret has signed; None: it is this one.

    Raises:
        Misuse: ``head`` is no hash, or the store's secret cannot be used.
        StoreError: the store cannot be read.
    """
    if head is not None and not _HASH.fullmatch(head):
        raise Misuse(f"{head[:80]!r} is no hash of an audit log: give the 64 hexadecimal digits that were printed")
    signed = _Signed(secret_of(signed_by or path_of(reader.store), create=False))
    count = 0
    with evidence_of(reader) as evidence:
        walk = Walk(evidence.gaps(), signed, head, Blanks(evidence.blanks(), signed.blank))
        for finding in walk.over(evidence.log(), evidence.head()):
            count += 1
            found(finding)
        for finding in disagreements(evidence.items(), evidence.log_by_item()):
            count += 1
            found(finding)
        return Verified(walk.rows, walk.gaps, walk.pruned, count, evidence.head(), walk.blanked)


@dataclass(frozen=True, slots=True)
class _Signed:
    """Knows the gaps, and the blanked rows, that were signed with a store's secret."""

    secret: SigningSecret | None

    def __call__(self, gap: LogGap) -> bool:
        return self.secret is not None and self.secret.signed(gap.signature, "gap", *gap.signed_parts)

    def blank(self, blank: BlankedRow) -> bool:
        """Return whether a row was blanked by whoever has the secret."""
        return self.secret is not None and self.secret.signed(blank.signature, "blank", *blank.signed_parts)
