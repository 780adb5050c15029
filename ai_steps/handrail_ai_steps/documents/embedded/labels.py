"""What invoices call their values: words that stand beside a value on a page, in the languages invoices come in."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

LABELS: Final[Mapping[str, tuple[str, ...]]] = {
    "number": (
        "rechnungsnummer", "rechnungsnr", "rechnungs-nr", "rechnung nr", "rechnung #", "rechnung", "belegnummer",
        "beleg-nr", "gutschrift nr", "rechnungskorrektur nr", "invoice number", "invoice no", "invoice #", "invoice",
        "credit note", "facture n°", "n° facture", "numéro de facture", "facture", "avoir", "factuurnummer",
        "factuur", "fattura n", "número de factura", "factura",
    ),
    "issued": (
        "rechnungsdatum", "belegdatum", "ausstellungsdatum", "datum", "vom", "von", "date de facture",
        "date de la facture", "date d'émission", "date", "invoice date", "issue date", "date of issue",
        "factuurdatum", "fecha", "fecha de factura", "data",
    ),
    "due": (
        "fällig am", "fälligkeit", "fälligkeitsdatum", "fälligkeitstag", "fällig", "zahlbar bis", "bis zum",
        "bis spätestens", "zahlungsziel", "überweisen sie", "échéance", "date d'échéance", "due date", "due by", "due",
        "pay by", "vervaldatum", "vencimiento", "scadenza",
    ),
    "line_total": (
        "nettobetrag", "nettosumme", "summe netto", "gesamt netto", "zwischensumme", "positionssumme", "warenwert",
        "netto", "total ht", "montant ht", "sous-total", "subtotal", "net amount", "total net", "net total",
        "subtotaal", "imponibile",
    ),
    "tax_basis": (
        "nettobetrag", "nettosumme", "summe netto", "gesamt netto", "rechnungssumme ohne ust", "rechnungssumme netto",
        "netto", "total ht", "montant ht", "net amount", "total net", "net total", "subtotal", "base imponible",
        "imponibile", "subtotaal",
    ),
    "tax_total": (
        "ust. gesamt", "umsatzsteuer", "mehrwertsteuer", "gesamt ust", "gesamt mwst", "mwst", "ust", "steuerbetrag",
        "total taxes", "total tva", "montant tva", "tva", "total vat", "vat", "sales tax", "tax", "iva", "btw",
    ),
    "grand_total": (
        "gesamtbetrag", "rechnungsbetrag", "rechnungssumme", "rechnungssumme brutto", "bruttobetrag", "bruttosumme",
        "gesamtsumme", "endbetrag", "endsumme", "summe brutto", "gesamt brutto", "gesamt", "total ttc", "montant ttc",
        "total général", "invoice total", "total amount", "grand total", "total", "totale", "totaal", "importe total",
    ),
    "due_payable": (
        "zahlbetrag", "zu zahlen", "zu zahlender betrag", "fälliger betrag", "offener betrag", "zahlungsbetrag",
        "solde à payer", "net à payer", "reste à payer", "amount due", "balance due", "total due", "amount payable",
        "te betalen", "importe a pagar",
    ),
    "prepaid": (
        "anzahlung", "erhaltene anzahlungen", "anzahlungen", "bereits gezahlt", "acompte", "acompte versé", "prepaid",
        "paid amount", "amount paid", "anticipo", "voorschot",
    ),
    "charge_total": ("zuschläge", "gesamtbetrag der zuschläge", "total charges", "frais"),
    "allowance_total": ("abschläge", "gesamtbetrag der abschläge", "rabatt", "remise", "total allowances", "discount"),
    "vat_number": (
        "ust-idnr", "ust-id", "ust.-id.-nr", "ust.-identnr", "ustid", "ust-id-nr", "uid", "tva", "n° tva",
        "tva intracommunautaire", "vat", "vat no", "vat id", "vat number", "vat reg", "btw", "btw-nummer", "p.iva",
        "partita iva", "nif", "cif",
    ),
    "tax_number": ("steuernummer", "steuernr", "steuer-nr", "st.-nr", "st-nr", "tax number", "tax no", "tax id"),
    "seller": ("verkäufer", "rechnungssteller", "rechnungsersteller", "lieferant", "seller", "supplier", "vendeur"),
    "buyer": (
        "käufer", "leistungsempfänger", "rechnungsempfänger", "rechnung an", "buyer", "bill to", "sold to", "customer",
        "client", "facturé à", "acheteur",
    ),
    "payee": (
        "kontoinhaber", "zahlungsempfänger", "abweichender zahlungsempfänger", "empfänger", "account holder",
        "account name", "beneficiary", "payee", "titulaire", "bénéficiaire", "kontoname",
    ),
}  # fmt: skip
"""By term: what stands beside it. The word alone decides nothing: the value beside it must be of the term's kind."""

PLAIN: Final[Mapping[str, tuple[str, ...]]] = {
    "grand_total": (
        "gesamtbetrag", "rechnungsbetrag", "bruttobetrag", "bruttosumme", "endbetrag", "total ttc", "invoice total",
        "grand total",
    ),
    "due_payable": (
        "zahlbetrag", "zu zahlender betrag", "net à payer", "solde à payer", "amount due", "balance due", "total due",
    ),
}  # fmt: skip
"""By term: the labels that mean nothing else."""

NOT_WITH: Final[Mapping[str, tuple[str, ...]]] = {
    "grand_total": (
        "netto", "ohne", "excl", "exkl", "hors", "ht", "zwischen", "zuschläge", "abschläge", "rabatt", "skonto",
        "steuer", "ust", "mwst", "tva", "vat", "tax", "iva", "btw", "versand", "übertrag", "net", "sub", "sous",
    ),
    "due_payable": ("skonto", "abzüglich", "übertrag"),
    "line_total": ("inkl", "incl", "übertrag", "brutto"),
    "tax_basis": ("inkl", "incl", "übertrag", "brutto"),
    "tax_total": ("ust-id", "id", "idnr", "identnr", "uid", "brutto", "ttc", "netto", "ht", "total ht"),
    "vat_number": ("kunde", "kunden", "ihre", "client", "customer", "buyer", "käufer", "votre", "your"),
    "issued": ("leistungsdatum", "lieferdatum", "lieferung", "leistung", "bestellung", "fällig", "due", "échéance",
               "delivery", "order", "commande", "livraison", "zahlbar", "überweisen", "skonto"),
    "due": ("skonto", "abschlag"),
    "number": ("kundennummer", "bestellung", "order", "commande", "lieferschein", "client"),
}  # fmt: skip
"""By term: what must not stand beside it; ``Gesamtbetrag netto`` is no grand total."""

UNLESS: Final[Mapping[str, tuple[str, ...]]] = {"grand_total": ("inkl", "incl", "including", "inclusive", "mit", "ttc")}
"""By term: what makes it its own all the same: ``Gesamt inkl. MwSt``."""


_COMPOUND = r"(?:[^\W\d_]{2,24}(?=rechnung))?"
"""German writes words together: a Mietrechnung is a Rechnung."""


@lru_cache(maxsize=64)
def pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern that finds any of these as whole words, the longest first, whatever signs part them."""
    alternatives = sorted(words, key=len, reverse=True)
    shown = ("".join(r"[\s.:-]*" if each in " .-" else re.escape(each) for each in word) for word in alternatives)
    return re.compile(rf"(?<![^\W_])(?:{_COMPOUND}(?:{'|'.join(shown)}))(?![^\W\d_])", re.IGNORECASE)
