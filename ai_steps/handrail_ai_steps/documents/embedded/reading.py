"""Reading an invoice that is written as data: its syntax by its content, whatever the file is called."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, TypeAlias

from handrail_ai_steps.documents.embedded import cii, ubl
from handrail_ai_steps.documents.embedded.sums import wrong_sums
from handrail_ai_steps.documents.embedded.terms import TermReader
from handrail_ai_steps.documents.embedded.xml_tree import Node, read_tree
from handrail_ai_steps.documents.invoice import InvoiceData, InvoiceFinding, NoInvoice
from handrail_guards.personal_data.checksums import iban

InvoiceReading: TypeAlias = InvoiceData | NoInvoice

_INVOICES: Final = frozenset(
    {
        (cii.CROSS_INDUSTRY_INVOICE, "CrossIndustryInvoice"),
        (cii.ZUGFERD_1, "CrossIndustryDocument"),
        (ubl.INVOICE, "Invoice"),
        (ubl.CREDIT_NOTE, "CreditNote"),
    }
)
_ORDERS: Final = frozenset(
    [
        "SCRDMCCBDACIOMessageStructure",
        "CrossIndustryOrder",
        "CrossIndustryOrderChange",
        "CrossIndustryOrderResponse",
        "SCRDMCCBDACIDAMessageStructure",
        "CrossIndustryDespatchAdvice",
        "Order",
        "OrderResponse",
        "OrderChange",
        "DespatchAdvice",
        "ReceiptAdvice",
        "Catalogue",
        "Quotation",
    ]
)
_NAMES: Final = frozenset(name for _, name in _INVOICES)
_WRAPPED_AT = 3
"""How deep below the root an invoice may stand: in an envelope such as a StandardBusinessDocument."""
_REQUIRED = ("number", "type_code", "issued", "currency", "grand_total")


def read_invoice(data: bytes | str) -> InvoiceReading:
    """Return the invoice of an XML text: ZUGFeRD 1 and 2, Factur-X, XRechnung (CII, UBL), Peppol; or why not.

    Nothing is guessed: what is missing, cannot be read or does not add up is in its ``findings``. Entities, DTDs
    and the network are off, and what is too large is not read.
    """
    root = read_tree(data)
    if isinstance(root, NoInvoice):
        return root
    found = list(_roots(root, _WRAPPED_AT))
    if len(found) > 1:
        return NoInvoice("broken", f"it holds {len(found)} invoices; which of them is meant, it does not say")
    if not found:
        return _other(root)
    return _checked(found[0])


def _roots(node: Node, depth: int) -> Iterator[Node]:
    if (node.space, node.name) in _INVOICES:
        yield node
    elif depth:
        for child in node.children:
            yield from _roots(child, depth - 1)


def _other(root: Node) -> NoInvoice:
    if root.name in _ORDERS:
        return NoInvoice("order", f"it is a {root.name}: an order or a delivery, and no invoice")
    if root.name in _NAMES:
        return NoInvoice(
            "other_xml", f"its root is called {root.name}, in the namespace {root.space[:100]!r}, which is no invoice's"
        )
    return NoInvoice("other_xml", f"its root is {root.name[:60]}, which is no invoice")


def _checked(root: Node) -> InvoiceReading:
    if root.space in cii.SPACES:
        terms = TermReader(cii.SPACES[root.space])
        trades = terms.all(root, "SupplyChainTradeTransaction|SpecifiedSupplyChainTradeTransaction")
        documents = terms.all(root, "ExchangedDocument|HeaderExchangedDocument")
        if len(trades) > 1 or len(documents) > 1:
            return NoInvoice("broken", "it holds the parts of several invoices; which belong together, it does not say")
        made = cii.read_cii(root)
    else:
        made = ubl.read_ubl(root)
    return replace(made, findings=(*made.findings, *_missing(made), *_wrong_numbers(made), *wrong_sums(made)))


def _missing(made: InvoiceData) -> Iterator[InvoiceFinding]:
    told = {each.term for each in made.findings}
    wanted: dict[str, object] = {name: getattr(made, name) for name in _REQUIRED}
    wanted |= {"seller.name": made.seller.name, "buyer.name": made.buyer.name}
    for term, value in wanted.items():
        if not value and value != 0 and term not in told:
            shown = term.replace("_", " ").replace(".", "'s ")
            yield InvoiceFinding(code="missing", term=term, message=f"the data has no {shown}")
    if made.standard == "other":
        said = f"the profile {made.guideline[:100]!r} is not known" if made.guideline else "the data names no profile"
        yield InvoiceFinding(code="unknown_profile", term="guideline", message=said)


def _wrong_numbers(made: InvoiceData) -> Iterator[InvoiceFinding]:
    for term in ("ibans", "debtor_ibans"):
        accounts: tuple[str, ...] = getattr(made, term)
        for index, each in enumerate(accounts):
            if not iban(each):
                said = f"{each[:40]!r} is no IBAN: its country, length or check digits are wrong"
                yield InvoiceFinding(code="wrong_number", term=f"{term}.{index}", message=said)
