"""Writing every decision of a time out as evidence, one after the other, whatever their number."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeAlias

from handrail_ground.files import write_whole
from handrail_orchestrator.audit.decision import DECIDERS, decision_of
from handrail_orchestrator.audit.moments import Window
from handrail_orchestrator.audit.pages import decisions_page, index_page
from handrail_orchestrator.audit.safe_text import json_text
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.reader import Reader, evidence_of
from handrail_orchestrator.store.chain import BEGINNING, LogHead
from handrail_orchestrator.store.evidence import DecisionQuery, StoredEvidence

ExportFormat: TypeAlias = Literal["jsonl", "html"]

ON_A_PAGE = 500
"""Decisions on one page."""
LINES = "decisions.jsonl"
INDEX = "index.html"


@dataclass
class Exported:
    """What was written."""

    window: Window
    workflow: str | None
    head: LogHead = field(default_factory=lambda: LogHead(0, BEGINNING))
    """Where the audit log ended at that moment."""
    pruned: int = 0
    """How many rows of the log pruning took out before, whenever that was."""
    deciders: Counter[str] = field(default_factory=Counter)
    """How many decisions by kind of decider."""

    @property
    def decisions(self) -> int:
        """Return how many decisions there are."""
        return self.deciders.total()

    def facts(self) -> list[tuple[str, str]]:
        """Return it in words, by name."""
        return [
            ("time", f"{self.window} (the end is not included)"),
            ("workflow", self.workflow or "all"),
            ("decisions", f"{self.decisions:,}"),
            *((f"by {each}", f"{self.deciders[each]:,}") for each in DECIDERS if self.deciders[each]),
            ("end of the audit log", f"row {self.head.row:,}, hash {self.head.hash}"),
            ("rows pruned from the audit log", f"{self.pruned:,}"),
        ]


def export(
    reader: Reader,
    output: Path,
    *,
    window: Window,
    workflow: str | None = None,
    format: ExportFormat = "jsonl",  # noqa: A002
) -> Exported:
    """Write the decisions of a time: JSON lines to a file, or to a new folder with the page that explains them.

    Pages always are a folder, whose ``index.html`` is written last. A file that is there is replaced, whole or not at
    all.

    Raises:
        Misuse: the folder holds something else.
        StoreError: the store cannot be read.
        OSError: it cannot be written.
    """
    found = Exported(window, workflow)
    is_folder = format == "html" or output.is_dir() or str(output).endswith(("/", "\\"))
    if is_folder:
        _make_empty(output)
    with evidence_of(reader) as evidence:
        found.head = evidence.head()
        found.pruned = sum(gap.rows for gap in evidence.gaps())
        decisions = _counted(_decisions(evidence, found), found.deciders)
        if format == "html":
            pages = _write_pages(output, decisions)
        else:
            lines = output / LINES if is_folder else output
            write_whole(lines, (f"{json_text(each)}\n".encode("ascii") for each in decisions))
            pages = [(LINES, found.decisions)]
    if is_folder:
        write_whole(output / INDEX, [index_page(found.facts(), pages).encode()])
    return found


def _decisions(evidence: StoredEvidence, found: Exported) -> Iterator[dict[str, Any]]:
    query = DecisionQuery(found.window.since, found.window.before, found.workflow)
    return map(decision_of, evidence.decisions(query))


def _counted(decisions: Iterable[dict[str, Any]], deciders: "Counter[str]") -> Iterator[dict[str, Any]]:
    for each in decisions:
        deciders[each["decider"]] += 1
        yield each


def _write_pages(folder: Path, decisions: Iterable[dict[str, Any]]) -> list[tuple[str, int]]:
    pages: list[tuple[str, int]] = []
    left = iter(decisions)
    for first in left:
        some = [first, *islice(left, ON_A_PAGE - 1)]
        name = f"decisions-{len(pages) + 1:05}.html"
        write_whole(folder / name, [decisions_page(f"Decisions, page {len(pages) + 1:,}", some).encode()])
        pages.append((name, len(some)))
    return pages


def _make_empty(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Misuse(f"{folder} holds something already: name a new folder")
