"""How well is each field of a receipt read, and how often is a person asked?

handrail eval run examples/receipts/suite.py:suite
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from examples.receipts.pipeline import Receipt, TillRules, receipt_step
from handrail import Case, Document, Suite
from handrail.documents import Date, DocumentError, Money
from handrail.evals import fields, normalised

HERE = Path(__file__).parent


def suite() -> Suite[Document, Receipt, dict[str, Any]]:
    """Build the suite over the step that reads receipts; their items have no truth of their own."""
    scorer = fields({"company": normalised(), "items": None})
    return Suite("receipts", receipt_step(TillRules()), cases=cases(), scorers=[scorer])


def cases() -> Iterator[Case[Document, dict[str, Any]]]:
    """Yield the receipts that can be opened, with their true fields."""
    for line in (HERE / "truth.jsonl").read_text(encoding="utf-8").splitlines():
        truth: dict[str, Any] = json.loads(line)
        said = truth["fields"]
        try:
            document = Document.open(HERE / "inbox" / truth["file"])
        except DocumentError:
            continue
        if said is not None:
            true = {"company": said["company"], "date": Date.read(said["date"]), "total": Money.read(said["total"])}
            yield Case(truth["file"], document, true, cluster=said["company"])
