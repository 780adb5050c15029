"""How well is each field of an invoice read, and how often is a person asked?

    handrail eval run examples/invoices/suite.py:suite

The cases are the invoices of the inbox that are files of their own and can be opened; the truth is beside them.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from examples.invoices.pipeline import READERS, InvoiceFields, fields_step
from handrail import Case, Document, Suite
from handrail.documents import DocumentError, Money
from handrail.evals import fields

HERE = Path(__file__).parent


def same_money(got: Money, true: Money) -> float:
    """Return 1 where two amounts are the same: ``$`` may be USD."""
    return float(got.value == true.value and bool(got.currencies & true.currencies))


SCORER: Final = fields({"net": same_money, "total": same_money}, of=InvoiceFields)


def suite() -> Suite[Document, InvoiceFields, InvoiceFields]:
    """Build the suite over the step that reads the fields."""
    return Suite("fields", fields_step([READERS]), cases=cases(), scorers=[SCORER])


def cases() -> Iterator[Case[Document, InvoiceFields]]:
    """Yield the invoices with their true fields."""
    for line in (HERE / "truth.jsonl").read_text(encoding="utf-8").splitlines():
        truth: dict[str, Any] = json.loads(line)
        if truth["kind"] not in {"invoice", "credit_note"} or truth["part"]:
            continue
        said = truth["fields"]
        about = {"kind": truth["kind"], "expected": truth["reason"] or "nothing odd", "currency": said["currency"]}
        try:
            document = Document.open(HERE / "inbox" / truth["file"])
        except DocumentError:
            continue
        yield Case(truth["file"], document, true_fields(said), metadata=about, cluster=said["seller"])


def true_fields(said: dict[str, Any]) -> InvoiceFields:
    """Return the fields of a truth as the step gives them."""
    plain = {name: said[name] for name in ("number", "issued", "due", "seller", "vat_number", "iban")}
    money = {name: f"{said[name]} {said['currency']}" for name in ("net", "total")}
    return InvoiceFields.model_validate({**plain, **money})
