"""The words that stand beside the values of business papers, by what the value is, in six languages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from handrail_guards.values.roles import Kind, Role

_LABELS: Final[dict[Role, str]] = {
    # English, German, French, Spanish, Italian and Dutch; of labels inside each other the longest counts.
    "total": (
        "grand total|total amount|invoice total|total for this invoice|total incl|total including"
        "|amount total|total eur|total usd|total|gross amount|gross total|gross|gesamtbetrag|gesamtsumme"
        "|rechnungsbetrag|rechnungssumme brutto|bruttosumme|bruttobetrag|endbetrag|endsumme|gesamt"
        "|summe brutto|brutto|inkl ust|inkl mwst|rechnungssumme|beitrag inklusive|total ttc|montant ttc"
        "|montant total|total facture|ttc|net à payer|total factura|importe total|total con iva"
        "|total a facturar|totale fattura|totale documento|importo totale|totale ivato|totale|totaal incl"
        "|totaalbedrag|totaal inclusief|factuurbedrag|totaal"
    ),
    "payable": (
        "amount due|total amount due|total due|balance due|due payable|amount payable|payable|residual"
        "|please pay|amount to pay|to pay|balance|outstanding|zahlbetrag|zu zahlen|zu zahlender betrag"
        "|zu zahlender|zu zahlender beitrag|offener betrag|restbetrag|fälliger betrag|zu überweisen"
        "|überweisungsbetrag|forderungsbetrag|solde à payer|reste à payer|montant dû|à payer|net à payer"
        "|solde|total a pagar|importe a pagar|a pagar|pendiente|líquido a percibir|totale da pagare|da pagare"
        "|netto a pagare|saldo|importo dovuto|te betalen|te voldoen|openstaand|nog te betalen"
    ),
    "tax": (
        "total tax|tax total|vat total|total vat|vat amount|sales tax|tax amount|vat|tax|gst|total taxes"
        "|plus vat|steuerbetrag|ust gesamt|mwst gesamt|umsatzsteuer|mehrwertsteuer|ust betrag|mwst betrag|ust"
        "|mwst|zzgl ust|zzgl mwst|steuersumme|steuer gesamt|versicherungsteuer|enthaltene mwst"
        "|enthaltene umsatzsteuer|total tva|montant tva|tva|taxes|taxe|cuota iva|importe iva|total iva|iva"
        "|impuestos|imposta|totale iva|totale imposta|btw bedrag|totaal btw|btw|omzetbelasting"
    ),
    "net": (
        "subtotal|sub total|net total|net amount|total net|total excl|total excluding|total before tax"
        "|taxable amount|net|line total|taxable|base|nettobetrag|nettosumme|summe netto|rechnungssumme netto"
        "|rechnungssumme ohne ust|netto|zwischensumme|warenwert|steuerbasisbetrag|basisbetrag|positionssumme"
        "|excl ust|ohne mwst|ohne ust|gesamt netto|nettopreis|total ht|montant ht|sous total|base ht|ht"
        "|base imponible|importe neto|imponibile|totale imponibile|subtotale|subtotaal|totaal excl"
        "|exclusief btw|excl btw|totaal exclusief"
    ),
    "issued": (
        "invoice date|date of invoice|date of issue|issue date|issued at|issued on|issued|dated|bill date"
        "|tax date|date|invoice|rechnungsdatum|belegdatum|ausstellungsdatum|datum der rechnung|rechnung"
        "|rechnung vom|datum|vom|handelsrechnung|mietrechnung|rechnungskorrektur|gutschrift|beitragsrechnung"
        "|ausgestellt am|date de facture|date de facturation|date d'émission|facture du|émise le|le"
        "|fecha de factura|fecha factura|fecha de emisión|fecha|data fattura|data documento|data emissione"
        "|data|factuurdatum|datum factuur|factuur"
    ),
    "due": (
        "due date|payment due|date due|due by|due on|pay by|payable by|due|remit until|until|by|amount due on"
        "|total amount due on|fälligkeit|fällig am|fällig|zahlbar bis|zahlungsziel|fälligkeitstag"
        "|fälligkeitsdatum|überweisen sie bis zum|bis zum|bis spätestens|zahlbar|bis|date d'échéance|échéance"
        "|à régler avant le|payable le|fecha de vencimiento|vencimiento|vence|scadenza|data scadenza"
        "|scadenza pagamento|vervaldatum|vervaldag|uiterlijk|te betalen voor"
    ),
    "delivered": (
        "delivery date|date of delivery|date of supply|service date|shipping date|delivered|ship date"
        "|leistungsdatum|lieferdatum|liefer und leistungsdatum|leistungszeitraum|lieferzeitraum"
        "|rechnungszeitraum|bzw leistungsdatum|gültig ab|übergabe am|rückgabe am|verordnung|stand"
        "|liefer leistungszeitraum|date de livraison|fecha de entrega|data di consegna|leverdatum"
        "|berechnungszeitraum"
    ),
    "ordered": (
        "order date|date of order|bestelldatum|auftragsdatum|bestellung vom|date de commande|fecha de pedido"
        "|data ordine|orderdatum|besteldatum|payment date"
    ),
    "number": (
        "invoice number|invoice no|invoice nr|invoice #|invoice|bill number|document number|receipt no"
        "|credit note|credit note no|tax invoice|rechnungsnummer|rechnungsnr|rechnungs nr|rechnung nr"
        "|rechnung #|rechnung|belegnummer|beleg nr|rechnungs nummer|handelsrechnung nr|mietrechnung nr"
        "|rechnungskorrektur nr|gutschrift nr|beitragsrechnung|versicherung nr|kraftfahrtversicherung nr"
        "|numéro de facture|facture n°|facture no|n° de facture|facture|avoir|avoir n°|número de factura"
        "|nº de factura|factura nº|factura n°|factura|numero fattura|fattura n|fattura nr|fattura"
        "|factuurnummer|factuurnr|factuur nr|factuur"
    ),
    "order_number": (
        "order number|order no|po number|purchase order|your order|your reference|reference|bestellnummer"
        "|bestell nr|bestellung|auftragsnummer|referenz|votre référence|commande n°|référence"
        "|número de pedido|numero ordine|ordernummer|referenz bitte bei zahlung angeben|facture liée"
        "|contract no|lieferavis|ursprungsbeleg nr"
    ),
    "customer_number": (
        "customer number|customer no|customer id|account number|customer|client number|kundennummer|kundennr"
        "|kunden nr|numéro client|n° client|número de cliente|codice cliente|klantnummer|klantnr|nummer"
    ),
    "tax_number": (
        "vat number|vat id|vat no|vat reg|tax id|ust id|ust idnr|ust id nr|ust identnr|ustid|umsatzsteuer id"
        "|steuernummer|n° tva|numéro de tva|tva intracommunautaire|tva|nif|cif|partita iva|p iva|btw nummer"
        "|btw nr|btw"
    ),
    "iban": "iban|iban nr|account|kontonummer|bankverbindung|cuenta|conto|rekening",
    "bic": "bic|swift|swift code",
    "currency": "currency|invoice currency|rechnungswährung|währung|beträge in|devise|moneda|valuta",
    "rate": "vat rate|tax rate|rate|steuersatz|ust satz|mwst satz|taux|tipo|aliquota|tarief",
    "seller": (
        "seller|supplier|vendor|from|verkäufer|lieferant|rechnungssteller|rechnungsersteller|vendeur"
        "|fournisseur|vendedor|venditore|fornitore|verkoper|leverancier|kontoinhaber"
    ),
    "buyer": (
        "buyer|bill to|customer|client|käufer|kunde|rechnungsempfänger|leistungsempfänger|acheteur|comprador"
        "|acquirente|cliente|koper|klant|bill to address"
    ),
}
"""What stands beside a value, without case; signs between two words may be there or not."""

KINDS: Final[dict[Kind, tuple[Role, ...]]] = {
    "amount": ("total", "payable", "tax", "net", "rate"),
    "date": ("issued", "due", "delivered", "ordered"),
    "text": ("number", "order_number", "customer_number", "tax_number", "iban", "bic", "currency", "seller", "buyer"),
}
"""The roles that a value of a kind may have, which its labels tell apart."""


@dataclass(frozen=True, slots=True)
class LabelWords:
    """A label as it stands in a piece of text."""

    roles: frozenset[Role]
    start: int
    end: int


def find_labels(text: str, kind: Kind) -> Iterator[LabelWords]:
    """Yield the labels of values of a kind in a text, the longest where one is inside another."""
    pattern, roles = _labels_of(kind)
    for match in pattern.finditer(text.casefold()):
        yield LabelWords(roles[_bare(match[0])], match.start(), match.end())


@lru_cache(maxsize=8)
def _labels_of(kind: Kind) -> tuple[re.Pattern[str], dict[str, frozenset[Role]]]:
    found: dict[str, set[Role]] = {}
    for role in KINDS[kind]:
        for phrase in _LABELS[role].split("|"):
            found.setdefault(phrase, set()).add(role)
    longest = sorted(found, key=len, reverse=True)
    return (
        re.compile(rf"(?<![^\W_])(?:{'|'.join(map(_pattern, longest))})(?![^\W_])"),
        {_bare(phrase): frozenset(roles) for phrase, roles in found.items()},
    )


def _pattern(phrase: str) -> str:
    """Return the pattern of a phrase whose words may have signs between them: ``USt.-Betrag`` is ``ust betrag``."""
    return r"[\s.:/()-]{1,3}".join(map(re.escape, phrase.split()))


def _bare(phrase: str) -> str:
    return " ".join(re.split(r"[\s.:/()-]+", phrase)).strip()
