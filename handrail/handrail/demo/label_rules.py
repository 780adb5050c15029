"""Reading an invoice by the words that stand before its values: rules for suppliers whose words are known."""

import re
from collections.abc import Iterator
from typing import Final

from handrail_ai_steps.model import Answer, ModelRequest, NoAnswer
from handrail_guards.confidence import Confidence

LABELS: Final[dict[str, str]] = {
    "number": r"(?:invoice|credit note|credit memo) (?:number|no\.|#)|rechnungsnummer|rechnungs?[ -]nr\.|"
    r"(?:rechnungskorrektur|creditfactuur|nota di credito|avoir) nr\.|facture n°|n° de facture|numéro de facture|"
    r"factura nº|número de factura|nº factura|factuurnummer|factuur ?nr\.|fattura n(?:r)?\.|numero fattura|^no\.",
    "issued": r"date (?:de facturation|d'émission|of issue)|(?:invoice )?date|rechnungsdatum|datum|ausgestellt am|"
    r"fecha(?: de (?:factura|emisión))?|factuurdatum|data(?: fattura| documento)?",
    "due": r"due date|payment due|pay by|fällig am|zahlbar bis|fälligkeitsdatum|date d'échéance|à payer avant le|"
    r"échéance|(?:fecha de )?vencimiento|vervaldatum|te betalen voor|uiterste betaaldatum|"
    r"(?:data di )?scadenza|da pagare entro",
    "net": r"subtotal|sub-total|net total|total excl\. vat|nettobetrag|zwischensumme|summe netto|total ht|"
    r"sous-total ht|base imponible|subtotaal|totaal excl\. btw|imponibile|totale imponibile",
    "total": r"total due|amount due|gesamtbetrag|rechnungsbetrag|zu zahlen|total ttc|net à payer|"
    r"montant total ttc|total factura|importe total|totaal te betalen|totaal incl\. btw|"
    r"totale fattura|totale da pagare|totale?|totaal",
    "vat_number": r"vat reg\. no\.|ust-idnr\.|mwst-nr\.|n° tva|nif-iva|btw-nummer|partita iva|ein",
    "iban": r"iban",
}
"""By field, what stands before its value, in six languages."""

_DAY = (
    r"\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{4}-\d\d-\d\d|"
    r"\d{1,2}\.? (?:de )?[^\W\d]+ (?:de )?\d{4}|[^\W\d]+ \d{1,2}, \d{4}"
)
_MONEY = r"(?:(?:[€£$]|[A-Z]{3}) ?)?-?\d[\d.,' \u00a0]*[.,]\d\d(?: ?(?:[€£$]|[A-Z]{3})\b)?(?: ?€)?"
VALUES: Final[dict[str, str]] = {
    "number": r"(?:[A-Z]{1,4}-?){0,3}\d[\w/-]*",
    "issued": _DAY,
    "due": _DAY,
    "net": _MONEY,
    "total": _MONEY,
    "vat_number": r"[A-Z]{2,3}[ \dA-Z]{7,16}|\d\d-\d{7}",
    "iban": r"[A-Z]{2}\d\d(?: ?[A-Z\d]{4}){2,7}(?: ?\d{1,3})?(?!\w)",
}
"""By field, what its value looks like."""


class LabelRules:
    """A model that knows nothing but labels: exact where they are the seller's, and without an answer elsewhere."""

    name = "labels"

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        """Answer with what stands behind the labels of each field."""
        found = {name: _value(request.text, name) for name in LABELS}
        seller = next((line for line in request.text.splitlines() if line.strip()), "")
        found["seller"] = seller.split("\t")[0].strip()
        missing = {name for name in ("number", "issued", "net", "total") if found[name] is None}
        if missing:
            return NoAnswer(result="refused", reason=f"no label is known for {', '.join(sorted(missing))}")
        value = request.output_type.model_validate(found)
        sure = Confidence(1.0, "rule", "by the labels on it")
        return Answer(
            value=value,
            raw=value.model_dump_json(),
            confidence=sure,
            model=self.name,
            fields=dict.fromkeys(found, sure),
        )


def _value(text: str, name: str) -> str | None:
    """Return the value that stands behind a label of a field, the last one of sums; None: no label is there."""
    values = [*_values(text, re.compile(rf"(?<!\w)(?:{LABELS[name]})(?!\w)[.:]? *", re.IGNORECASE), VALUES[name])]
    return (values[-1] if name in {"net", "total"} else values[0]) if values else None


def _values(text: str, label: re.Pattern[str], value: str) -> Iterator[str]:
    rows = [line.split("\t") for line in re.split(r"[\n\f]", text)]
    for at, row in enumerate(rows):
        below = rows[at + 1] if at + 1 < len(rows) else []
        for column, cell in enumerate(row):
            for found in label.finditer(cell):
                places = [cell[found.end() :], *row[column + 1 : column + 2], *below[column : column + 1]]
                match = next((each for place in places if (each := re.match(value, place.strip()))), None)
                if match is not None:
                    yield match[0].strip()
