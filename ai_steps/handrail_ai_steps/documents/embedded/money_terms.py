"""Amounts with a currency beside them: in the invoice's, or written down as being in another."""

from decimal import Decimal

from handrail_ai_steps.documents.embedded.terms import TermReader
from handrail_ai_steps.documents.embedded.xml_tree import Node


def total_of(terms: TermReader, node: Node | None, path: str, term: str, currency: str) -> Decimal | None:
    """Return the amount at a path; where it is there in several currencies, that of the invoice."""
    return in_currency(terms, terms.all(node, path), currency, term)


def in_currency(terms: TermReader, nodes: list[Node], currency: str, term: str) -> Decimal | None:
    """Return the one of these amounts that is in the invoice's currency, or says none."""
    nodes = [each for each in nodes if each.text]
    ours = [each for each in nodes if each.attributes.get("currencyID", currency) == currency]
    if nodes and not ours:
        other = nodes[0].attributes.get("currencyID", "")
        terms.find(
            "wrong_currency", term, f"it is in {other or 'no currency'}, and the invoice in {currency or 'none'}"
        )
        return terms.number_of(nodes[0].text, term) if not currency else None
    exact = [each for each in ours if "currencyID" in each.attributes] or ours
    if len({each.text for each in exact}) > 1:
        terms.find("repeated", term, f"it is there more than once: {', '.join(each.text for each in exact[:4])}")
        return None
    return terms.number_of(exact[0].text, term) if exact else None
