"""Expenses: from the lines that were read from a receipt to an entry in the ledger, with people where it is in doubt.

    handrail watch receipts/inbox receipts/pipeline.py:expenses --store sqlite:///expenses.db --until-idle

Copy this file and change what is yours: the fields, the limit, the checks, the ledger.
"""

import hashlib
import re
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from handrail import (
    Document,
    Escalation,
    File,
    Retry,
    Run,
    Workflow,
    action,
    confidence,
    extract,
    grounded,
    step_context,
    workflow,
)
from handrail.ai_steps import AIStep, Answer, Model, ModelRequest, NoAnswer
from handrail.demo.ledger import Claim, Ledger, LedgerEntry
from handrail.documents import Date, InvoiceIdentity, Money, SetAside, identity_of_values, read_or_ask, reading
from handrail.guards import Confidence, sums
from handrail.orchestrator import Declined

LIMIT: Final = Decimal(40)
"""In any currency: what was spent above it is posted when a person says yes."""


class Receipt(BaseModel):
    """What is read from a receipt, as it is printed there."""

    model_config = ConfigDict(frozen=True)

    company: str
    date: Date
    items: list[Money]
    """What each line comes to."""
    total: Money


class Ending(BaseModel):
    """What became of a receipt."""

    model_config = ConfigDict(frozen=True)

    outcome: Literal["posted", "set_aside"]
    reason: str


# ---- reading ----------------------------------------------------------------------------------------------

DAY: Final = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{4}")
TOTAL: Final = re.compile(r"(grand )?total( ttc)?|summe( eur)?|gesamt", re.IGNORECASE)
NO_ITEM: Final = re.compile(r"sub-?total|zwischensumme|sous-total|total.*|summe.*", re.IGNORECASE)


class TillRules:
    """A model that knows how our tills print: the shop first, the day, a line for each item, the total."""

    name = "till"

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        """Answer with what stands where it always does."""
        rows = [line.split("\t") for line in request.text.splitlines()]
        day = next((at for at, row in enumerate(rows) if DAY.search(row[0])), None)
        end = next((at for at, row in enumerate(rows) if NO_ITEM.fullmatch(row[0])), None)
        total = next((row[-1] for row in rows if TOTAL.fullmatch(row[0]) and len(row) > 1), None)
        if day is None or end is None or total is None:
            lacks = "day" if day is None else "total"
            return NoAnswer(result="refused", reason=f"there is no {lacks} where our tills print it")
        found = DAY.search(rows[day][0])
        assert found is not None
        items = [row[-1] for row in rows[day + 1 : end] if len(row) > 1]
        said = {"company": rows[0][0], "date": found[0], "items": items, "total": total}
        receipt = Receipt.model_validate(said)
        sure = Confidence(1.0, "rule", "it stands where our tills print it")
        return Answer(value=receipt, raw=receipt.model_dump_json(), confidence=sure, model=self.name)


def receipt_step(model: Model | str) -> AIStep[Receipt]:
    """Build the step that reads a receipt: what the model says is checked, and people decide where it is in doubt."""
    return extract(
        "receipt",
        Receipt,
        "Read this receipt: the company, the day, the total, and what each line comes to.",
        models=model,
        accept=confidence(at_least=0.9),
        guards=[grounded(), sums("items.*", "total")],
        day_first=True,
        escalate=Escalation(queue="expenses", due_hours=48),
    )


# ---- the ledger -------------------------------------------------------------------------------------------


def identity_of(document: Document, receipt: Receipt) -> InvoiceIdentity:
    """Return which receipt it is: a receipt has no number, so its words are, however it lay on the scanner."""
    words = re.sub(r"\W", "", document.text).casefold()
    number = hashlib.sha256(words.encode()).hexdigest()[:16]
    return identity_of_values(number=number, seller=receipt.company, total=receipt.total.value)


def expenses_with(model: Model | str, ledger: Ledger) -> Workflow[File, Ending]:
    """Build the workflow, with the model that reads receipts and the ledger that they are posted to."""
    reader = reading(escalate=Escalation(queue="unreadable"))
    read_receipt = receipt_step(model)

    @action(retry=Retry(attempts=3))
    def claim(document: Document, receipt: Receipt) -> Claim:
        entry = LedgerEntry(
            seller=receipt.company,
            number=receipt.date.value.isoformat(),
            amount=receipt.total.value,
            currency=receipt.total.currency or "",
        )
        result, _ = ledger.claim(identity_of(document, receipt), entry, key=step_context().run_id)
        return result

    @action(retry=Retry(attempts=3))
    def post(company: str, total: Money) -> None:
        del company, total  # shown to whoever looks at the run
        ledger.post(key=step_context().run_id)

    @action(retry=Retry(attempts=3), approval=Escalation(queue="approvals"))
    def post_large(company: str, total: Money) -> None:
        del company, total  # what is approved
        ledger.post(key=step_context().run_id)

    @action(retry=Retry(attempts=3))
    def give_up() -> None:
        ledger.give_up(key=step_context().run_id)

    @workflow(version=1)
    async def expenses(run: Run, file: File) -> Ending:
        document = await read_or_ask(run, file, reader)
        if isinstance(document, SetAside):
            return Ending(outcome="set_aside", reason=f"unreadable: {document.why}")
        receipt = await run.decide(read_receipt, document)
        claimed = await run.step(claim, document, receipt)
        if claimed != "new":
            return Ending(outcome="set_aside", reason=f"duplicate: {claimed}")
        step = post_large if receipt.total.value > LIMIT else post
        try:
            await run.step(step, receipt.company, receipt.total)
        except Declined as no:
            await run.step(give_up)
            return Ending(outcome="set_aside", reason=f"declined by {no.by}")
        return Ending(outcome="posted", reason=f"{receipt.company}: {receipt.total.written}")

    return expenses


def expenses() -> Workflow[File, Ending]:
    """Build the workflow with a ledger beside this file."""
    return expenses_with(TillRules(), Ledger(Path(__file__).with_name("ledger.db")))
