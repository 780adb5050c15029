"""What a field of a business paper is about, by its name in any of a few languages."""

import re
import unicodedata
from typing import Final, Literal, TypeAlias

Role: TypeAlias = Literal[
    "total", "payable", "tax", "net", "issued", "due", "delivered", "ordered", "number", "order_number",
    "customer_number", "tax_number", "iban", "bic", "currency", "rate", "seller", "buyer",
]  # fmt: skip
"""``total`` is the amount with tax, ``payable`` what is still to be paid of it, ``net`` the amount without tax."""

Kind: TypeAlias = Literal["date", "amount", "text"]

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_DUE = _words(
    "due payable pay payment deadline outstanding balance residual fallig faellig falligkeit faelligkeit zahlbar"
    " zahlbetrag echeance payer vencimiento vence pagar scadenza pagare vervaldatum vervaldag betalen"
)
_DELIVERED = _words(
    "delivery delivered service supply shipped shipping leistung leistungsdatum lieferung lieferdatum livraison"
)
_ORDER = _words("order ordered po bestellung bestell bestellnummer auftrag commande pedido ordine")
_TAX = _words("tax vat gst mwst ust umsatzsteuer steuer tva taxe iva impuesto imposta btw")
_NET = _words("net netto nett base basis subtotal sub excl excluding without ht hors imponible imponibile lines line")
_TOTAL = _words("total grand gross brutto bruttosumme amount sum gesamt gesamtbetrag betrag ttc importe importo totale")
_NUMBER = _words("number no nr num id numero nummer reference ref")
_CUSTOMER = _words("customer client kunde kunden kundennummer cliente klant account")
_SELLER = _words("seller supplier vendor issuer company from verkaufer lieferant vendeur fournisseur fornitore")
_BUYER = _words("buyer customer recipient client to bill kaufer kunde acheteur comprador cliente koper")
_INVOICE = _words("invoice document bill receipt rechnung beleg facture factura fattura factuur")
_ISSUED = _words("issue issued issuing date dated datum day rechnungsdatum fecha data emission") | _INVOICE

_DATES: Final[tuple[tuple[Role, frozenset[str]], ...]] = (
    ("due", _DUE),
    ("delivered", _DELIVERED),
    ("ordered", _ORDER),
    ("issued", _ISSUED),
)
_AMOUNTS: Final[tuple[tuple[Role, frozenset[str]], ...]] = (
    ("payable", _DUE),
    ("net", _NET),
    ("tax", _TAX),
    ("total", _TOTAL),
)


def role_of(path: str, kind: Kind) -> Role | None:
    """Return the role of a field whose value is of a kind, by the last part of its path that is no number; or None."""
    name = next((part for part in reversed(path.split(".")) if not part.isdigit()), "")
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = frozenset(word.casefold() for word in _WORD.findall(plain))
    if kind == "text":
        return _of_text(words)
    if kind == "amount" and words & _words("rate percent percentage satz taux"):
        return "rate"
    return next((role for role, known in (_DATES if kind == "date" else _AMOUNTS) if words & known), None)


def _of_text(words: frozenset[str]) -> Role | None:
    if words & {"iban", "bic", "currency", "wahrung", "waehrung", "devise"}:
        return "iban" if "iban" in words else "bic" if "bic" in words else "currency"
    if words & _TAX:
        return "tax_number"
    if words & _NUMBER or words <= _INVOICE:
        if words & _CUSTOMER:
            return "customer_number"
        return "order_number" if words & _ORDER else "number"
    return "seller" if words & _SELLER else "buyer" if words & _BUYER else None
