"""Accounts payable: from a file in the inbox to an entry in the ledger, with people where a machine is in doubt.

    handrail watch examples/invoices/inbox examples/invoices/pipeline.py:inbox --store sqlite:///invoices.db

Copy this file and change what is yours: the fields, the limit, the checks, the ledger.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

from handrail import (
    Document,
    Escalation,
    File,
    Retry,
    Run,
    Workflow,
    action,
    classify,
    confidence,
    each_field,
    extract,
    grounded,
    rule,
    workflow,
)
from handrail.ai_steps import AIStep, Answer, Model, ModelRequest, NoAnswer, sources
from handrail.demo.label_rules import LabelRules
from handrail.demo.ledger import Claim, Ledger, LedgerEntry
from handrail.documents import (
    Date,
    Iban,
    InvoiceIdentity,
    Money,
    PageRange,
    Part,
    Separating,
    SetAside,
    embedded,
    form_fields,
    identity_of_values,
    invoices_in,
    line_items,
    read_or_ask,
    reading,
)
from handrail.guards import Check, Confidence, Finding, GuardContext, due_after_issue, failed
from handrail.orchestrator import Declined

LIMIT: Final = Decimal(5000)
"""In any currency: what is owed above it is posted when a person says yes."""

MEANT_BY: Final = {"$": "USD"}
"""What a sign that several currencies share means on the invoices that come here."""

# ---- what is read ------------------------------------------------------------------------------------------

Kind: TypeAlias = Literal["invoice", "credit_note", "receipt", "letter"]


class InvoiceFields(BaseModel):
    """What is read from an invoice or a credit note, as it is written there."""

    model_config = ConfigDict(frozen=True)

    number: str
    issued: Date
    due: Date | None = None
    seller: str
    """Who sends it."""
    vat_number: str | None = None
    """The seller's."""
    iban: Iban | None = None
    """Where it is to be paid to."""
    net: Money
    total: Money
    """With tax."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What became of one paper in a file."""

    paper: str
    outcome: Literal["posted", "set_aside"]
    reason: str
    """Why it was set aside, or what was posted, in plain words."""


# ---- which paper it is -------------------------------------------------------------------------------------

HEADINGS: Final[dict[Kind, str]] = {
    "credit_note": r"(rechnungskorrektur|gutschrift|credit (note|memo)|avoir|creditfactuur|nota di credito|"
    r"factura rectificativa)( .*\d.*)?",
    "letter": r"(lieferschein|quotation|angebot|devis|zahlungserinnerung|mahnung|relevé de compte|reminder|"
    r"application|bewerbung)\b.*|.*\bunsubscribe\b.*",
    "invoice": r"(tax )?invoice|rechnung|facture|factura|factuur|fattura",
}
"""What a line says, alone, by which a paper says what it is; the first that fits counts. Six languages."""

NO_BILL: Final = re.compile(
    r"(credit|gutschrift|storno|rechnungskorrektur|avoir|note de crédit|annulation|nota di credito|nota de crédito|"
    r"abono|factura rectificativa|credit(factuur|nota)|cancel|pro[ -]?forma|statement|kontoauszug|draft|entwurf|offer|"
    r"order confirmation|auftragsbestätigung)"
)
"""How lines of papers begin that ask for no money; beside a heading of an invoice, nobody knows which holds."""


class HeadingRules:
    """A model that goes by headings and by embedded data, and has no answer where a paper says nothing of itself."""

    name = "headings"

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        """Answer with the kind that the first document says it is."""
        document = request.documents[0]
        kind = kind_of(document)
        if kind is None:
            return NoAnswer(result="refused", reason="it has no data and no heading that says, alone, what it is")
        sure = Confidence(1.0, "rule", "it says so itself")
        return Answer(value=kind, raw=kind, confidence=sure, model=self.name)


def kind_of(document: Document) -> Kind | None:
    """Return what a paper says it is: by its data, its kind of file, or a heading; None: nothing, or two things."""
    carried = invoices_in(document).invoices
    if carried:
        stated: Kind = "credit_note" if carried[0].invoice.is_credit else "invoice"
        other: Kind = "invoice" if carried[0].invoice.is_credit else "credit_note"
        return None if heading_of(document) == other else stated
    if document.kind == "ocr_lines":
        return "receipt"
    return heading_of(document)


def heading_of(document: Document) -> Kind | None:
    """Return what a paper says it is by a heading; None: it has none, or two."""
    lines = [line.strip().lower() for line in re.split(r"[\n\t\f]", document.text)]
    for kind, heading in HEADINGS.items():
        if any(re.fullmatch(heading, line) for line in lines):
            return None if kind == "invoice" and any(map(NO_BILL.match, lines)) else kind
    return None


# ---- what must hold ----------------------------------------------------------------------------------------


def tax_is_printed(value: InvoiceFields, context: GuardContext) -> Finding | None:
    """Check that what the total adds to the net sum is printed, as the tax or as that of two rates."""
    tax = abs(value.total.value - value.net.value)
    printed = sorted({amount for each in AMOUNT.findall(context.source) for amount in Money.read(each).readings})
    if tax == 0 or tax in printed or any(tax == one + other for one, other in combinations(printed, 2)):
        return None
    return failed(f"the total is {tax} more than the net sum, and no such tax is printed", path="total")


AMOUNT: Final = re.compile(r"(?<![\d.,])(?:\d{1,3}(?:[.,' ]\d{3})+|\d+)[.,]\d\d(?![.,]?\d)")


@rule(inline=False)
def odd_about(document: Document, fields: InvoiceFields) -> list[str]:
    """Return what is odd about an invoice that was read: text that is not shown, lines that do not make its sum."""
    hidden = [f"not shown on page {page.number}: {each.text}" for page in document.pages for each in page.hidden]
    lines = line_items(document)
    odd = [*hidden, *lines.doubts]
    if lines.items and not lines.doubts and abs(lines.total) != abs(fields.net.value):
        odd.append(f"the lines come to {lines.total}, and the net sum is {fields.net.value}")
    return odd


def fields_step(models: Sequence[Model | str]) -> AIStep[InvoiceFields]:
    """Build the step that reads an invoice: models in order, what they say checked, people where it is in doubt."""
    return extract(
        "fields",
        InvoiceFields,
        "Read this invoice or credit note: its number, dates, seller, account and sums, as they are written.",
        models=models,
        accept=each_field(at_least=0.9),
        guards=[
            grounded(),
            due_after_issue("issued", "due"),
            Check(name="tax_is_printed", test=tax_is_printed),
        ],
        escalate=Escalation(queue="invoices", due_hours=24, priority=60),
    )


# ---- the ledger --------------------------------------------------------------------------------------------


def entry_of(kind: Kind, fields: InvoiceFields) -> LedgerEntry:
    """Return what is owed: less than nothing for a credit note, whichever sign is printed on it."""
    total = fields.total.value
    return LedgerEntry(
        seller=fields.seller,
        number=fields.number,
        amount=-abs(total) if kind == "credit_note" else total,
        currency=currency_of(fields.total),
    )


def currency_of(amount: Money) -> str:
    """Return the code of an amount's currency, or its sign where nobody knows what that means."""
    sign = amount.currency or ""
    return MEANT_BY.get(sign, sign)


def identity_of(kind: Kind, fields: InvoiceFields) -> InvoiceIdentity:
    """Return which invoice it is: the same by whatever way it came."""
    return identity_of_values(
        number=fields.number,
        seller=fields.seller,
        vat_number=fields.vat_number or "",
        type_code="381" if kind == "credit_note" else "380",
        total=abs(fields.total.value) if kind == "credit_note" else fields.total.value,
        currency=currency_of(fields.total),
        ibans=[fields.iban.compact] if fields.iban is not None else [],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The steps of accounts payable."""

    kind: AIStep[Kind]
    fields: AIStep[InvoiceFields]
    claim: Callable[[str, Kind, InvoiceFields], tuple[Claim, str]]
    post: Callable[[str, LedgerEntry], None]
    post_large: Callable[[str, LedgerEntry], None]
    give_up: Callable[[str], None]


def desk_with(models: Sequence[Model | str], ledger: Ledger) -> Desk:
    """Build the steps, with the models that read invoices and the ledger that they are posted to."""
    kind = classify(
        "kind",
        Kind,
        "What is this paper?",
        models=HeadingRules(),
        accept=confidence(at_least=0.9),
        labels={"letter": "anything that asks for no money: offers, delivery notes, reminders, advertisements"},
        escalate=Escalation(queue="invoices", due_hours=24),
    )

    @action(retry=Retry(attempts=3))
    def claim(key: str, kind: Kind, fields: InvoiceFields) -> tuple[Claim, str]:
        return ledger.claim(identity_of(kind, fields), entry_of(kind, fields), key=key)

    @action(retry=Retry(attempts=3))
    def post(key: str, entry: LedgerEntry) -> None:
        del entry  # the ledger has it since it was claimed; whoever looks at the run sees it here
        ledger.post(key=key)

    @action(retry=Retry(attempts=3), approval=Escalation(queue="approvals", priority=52))
    def post_large(key: str, entry: LedgerEntry) -> None:
        del entry  # what is approved
        ledger.post(key=key)

    @action(retry=Retry(attempts=3))
    def give_up(key: str) -> None:
        ledger.give_up(key=key)

    return Desk(kind=kind, fields=fields_step(models), claim=claim, post=post, post_large=post_large, give_up=give_up)


# ---- the workflow ------------------------------------------------------------------------------------------

Unreadable: TypeAlias = Literal["asked for another", "typed in by hand", "thrown away"]
Conflict: TypeAlias = Literal["asked the seller", "typed in by hand"]
"""What people did about a paper outside of here."""


def papers_in(document: Document) -> list[Document | Part]:
    """Return what a mail carries, however deep, and as a part what of it cannot be read; or the document itself.

    What a mail says itself counts where nothing is attached to it.
    """
    found: list[Document | Part] = []
    if document.kind in {"mail", "outlook", "winmail"}:
        for part in document.parts:
            if part.role in {"attachment", "message"}:
                found += [part] if part.document is None else papers_in(part.document)
    return found or [document]


async def settle(run: Run, desk: Desk, paper: Document | Part, key: str) -> list[Ending]:
    """Bring a paper to its end; one file may hold several invoices, one after the other."""
    if isinstance(paper, Part):
        did = await run.ask(
            f"The attachment {paper.name} cannot be read. What did you do about it?",
            Unreadable,
            name="attachment",
            context={"problem": paper.problem},
            escalate=Escalation(queue="unreadable"),
        )
        return [Ending(paper=paper.name, outcome="set_aside", reason=f"unreadable: {did}")]
    ranges = [PageRange(1, 1)]
    if len(paper.pages) > 1:
        ranges = await run.decide(separate, paper)
    if len(ranges) == 1:
        return [await enter(run, desk, paper, key)]
    invoices = [paper.only(each.first, each.last) for each in ranges]
    keys = [f"{key}/pages {each.first}-{each.last}" for each in ranges]
    return list(await run.all(*(enter(run, desk, *each) for each in zip(invoices, keys, strict=True))))


separate = Separating(escalate=Escalation(queue="invoices"))


async def enter(run: Run, desk: Desk, document: Document, key: str) -> Ending:
    """Enter one invoice into the ledger, or set it aside."""

    def set_aside(reason: str) -> Ending:
        return Ending(paper=document.name, outcome="set_aside", reason=reason)

    kind = await run.decide(desk.kind, document)
    if kind not in {"invoice", "credit_note"}:
        return set_aside(f"not an invoice: {kind}")
    fields = await run.decide(desk.fields, document)
    odd = await run.step(odd_about, document, fields)
    if odd and not await run.ask(
        "Something is odd about this invoice. Is it right all the same?",
        bool,
        name="odd",
        context={"paper": document.name, "odd": odd, "number": fields.number, "total": fields.total.written},
        escalate=Escalation(queue="invoices", priority=55),
    ):
        return set_aside(f"odd: {odd[0]}")
    claimed, why = await run.step(desk.claim, key, kind, fields)
    if claimed == "same":
        return set_aside(f"duplicate: {why}")
    if claimed != "new":
        did = await run.ask(
            "The number is known, and says something else. What did you do about it?",
            Conflict,
            name="conflict",
            context={"paper": document.name, "why": why},
            escalate=Escalation(queue="invoices", priority=65),
        )
        return set_aside(f"{claimed}: {did}")
    entry = entry_of(kind, fields)
    try:
        await run.step(desk.post_large if entry.amount > LIMIT else desk.post, key, entry)
    except Declined as no:
        await run.step(desk.give_up, key)
        return set_aside(f"declined by {no.by}")
    return Ending(
        paper=document.name, outcome="posted", reason=f"{entry.number}: {entry.amount} {entry.currency}".strip()
    )


def inbox_with(models: Sequence[Model | str], ledger: Ledger) -> Workflow[File, list[Ending]]:
    """Build the workflow of a file, with the models that read invoices and the ledger that they are posted to."""
    desk = desk_with(models, ledger)
    reader = reading(escalate=Escalation(queue="unreadable"))

    @workflow(version=1)
    async def inbox(run: Run, file: File) -> list[Ending]:
        document = await read_or_ask(run, file, reader)
        if isinstance(document, SetAside):
            return [Ending(paper=file.name, outcome="set_aside", reason=f"unreadable: {document.why}")]
        papers = papers_in(document)
        endings = await run.all(*(settle(run, desk, paper, f"{run.id}/{at}") for at, paper in enumerate(papers, 1)))
        return [ending for some in endings for ending in some]

    return inbox


READERS: Final = sources(embedded(), form_fields(), LabelRules())
"""Who reads an invoice: the data in it, its form, the words on it. Two that disagree go to a person with both."""


def inbox() -> Workflow[File, list[Ending]]:
    """Build the workflow with a ledger beside this file."""
    return inbox_with([READERS], Ledger(Path(__file__).with_name("ledger.db")))
