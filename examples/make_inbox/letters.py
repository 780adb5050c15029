"""What lands in the same inbox and is no invoice."""

import io

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from examples.make_inbox.invoice import Invoice

LETTERS: dict[str, tuple[str, ...]] = {
    "application": (
        "Application as an accountant",
        "Dear Ms Pell,",
        "I read your advertisement of 3 September with great interest. For six years I have",
        "kept the books of a wholesaler in Bath, with some 4,000 invoices a month.",
        "I expect a salary of 38,500 GBP and could begin on 1 December 2026.",
        "Yours sincerely, Tom Abel",
    ),
    "delivery-note": (
        "LIEFERSCHEIN Nr. 88213",
        "Lieferdatum: 14.09.2026          Ihre Bestellung: PO-4471",
        "Pos.  Bezeichnung                         Menge",
        "1     Bürostuhl Modell Lund               4",
        "2     Kopierpapier A4, Karton             10",
        "Ware erhalten: ____________________   Dies ist keine Rechnung.",
    ),
    "quotation": (
        "Quotation Q-2291",
        "Valid until 30 November 2026",
        "Oak shelving, fitted        3        340.00        1,020.00",
        "Site visit                  1         75.00           75.00",
        "Total if ordered                                  GBP 1,095.00",
        "This is an offer. Please send your order to office@hartwell.example.",
    ),
    "reminder": (
        "Zahlungserinnerung",
        "Sehr geehrte Damen und Herren,",
        "zu unserer Rechnung 2026-0991 vom 02.06.2026 über 412,60 EUR haben wir noch keinen",
        "Zahlungseingang gefunden. Sicher haben Sie sie nur übersehen. Die Rechnung selbst",
        "haben Sie bereits erhalten; bitte überweisen Sie bis zum 20.10.2026.",
        "Mit freundlichen Grüßen, Kestner Druckerei KG",
    ),
    "statement": (
        "Relevé de compte au 30/09/2026",
        "Solde précédent                               1 204,00",
        "12/09/2026  Virement reçu                      -800,00",
        "24/09/2026  Facture 2026-114                    311,20",
        "Solde                                           715,20",
        "Ce relevé n'est pas une facture.",
    ),
}
"""By name, the lines of each; the first is its heading."""


def letter(name: str) -> bytes:
    """Return a letter as a PDF file."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=1, pageCompression=0)
    heading, *lines = LETTERS[name]
    canvas.setFont("Helvetica-Bold", 14)
    canvas.drawString(60, 720, heading)
    canvas.setFont("Courier" if any("   " in line for line in lines) else "Helvetica", 10)
    for index, line in enumerate(lines):
        canvas.drawString(60, 690 - 20 * index, line)
    canvas.save()
    return file.getvalue()


def text_mail_body(invoice: Invoice) -> str:
    """Return what a supplier writes around an invoice, which is no invoice in itself."""
    return f"Hello, please find attached our invoice {invoice.number}. Kind regards, {invoice.seller.name}"
