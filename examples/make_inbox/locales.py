"""How eight places write amounts and dates, and the words that their invoices use, with more than one for most."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from examples.make_inbox.invoice import cents

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Locale:
    """A language in a country; of each tuple of words, a layout takes one."""

    decimal: str
    group: str
    signs: Words
    """Patterns of an amount with its currency."""
    dates: Words
    months: Words
    rates: tuple[str, ...]
    """Of the tax, in percent, the usual one first."""
    tax_names: Words
    invoice: Words
    credit_note: str
    number: Words
    issued: Words
    due: Words
    customer: Words
    description: str
    quantity: str
    price: str
    amount: str
    net: Words
    total: Words
    vat_number: str
    carried: Words
    """At the foot of a page, and at the head of the next."""
    page: str
    credits: str
    thanks: str
    order: str

    def number_text(self, amount: Decimal, places: int = 2) -> str:
        """Return an amount without a currency."""
        made = f"{cents(abs(amount)):,.{places}f}"
        made = made.replace(",", "\0").replace(".", self.decimal).replace("\0", self.group)
        return f"-{made}" if amount < 0 else made

    def quantity_text(self, quantity: Decimal) -> str:
        """Return a quantity, without places where it is whole."""
        return f"{quantity.normalize():f}".replace(".", self.decimal)

    def money(self, amount: Decimal, currency: str, style: int) -> str:
        """Return an amount with its currency, in one of the locale's ways."""
        pattern = self.signs[style % len(self.signs)]
        sign = {"EUR": "€", "GBP": "£", "USD": "$", "CHF": "CHF"}[currency]
        return pattern.format(amount=self.number_text(amount), sign=sign, code=currency)

    def date_text(self, day: date, style: int) -> str:
        """Return a date in one of the locale's ways."""
        month = self.months[day.month - 1]
        return self.dates[style % len(self.dates)].format(day=day.day, month=day.month, year=day.year, name=month)


_GERMAN = Locale(
    decimal=",",
    group=".",
    signs=("{amount} {sign}", "{amount} {code}", "{code} {amount}"),
    dates=("{day:02}.{month:02}.{year}", "{day}. {name} {year}", "{day}.{month}.{year}"),
    months=(
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ),
    rates=("19", "7"),
    tax_names=("USt. {rate} %", "MwSt {rate}%", "zzgl. {rate} % Umsatzsteuer"),
    invoice=("Rechnung", "RECHNUNG"),
    credit_note="Rechnungskorrektur",
    number=("Rechnungsnummer", "Rechnungs-Nr.", "Rechnung Nr."),
    issued=("Rechnungsdatum", "Datum", "Ausgestellt am"),
    due=("Fällig am", "Zahlbar bis", "Fälligkeitsdatum"),
    customer=("Kunde", "Rechnungsempfänger", "An"),
    description="Bezeichnung",
    quantity="Menge",
    price="Einzelpreis",
    amount="Betrag",
    net=("Nettobetrag", "Zwischensumme", "Summe netto"),
    total=("Gesamtbetrag", "Rechnungsbetrag", "Zu zahlen"),
    vat_number="USt-IdNr.",
    carried=("Übertrag", "Übertrag von Seite {page}"),
    page="Seite {page} von {pages}",
    credits="zur Rechnung",
    thanks="Vielen Dank für Ihren Auftrag.",
    order="Bestellnummer",
)

_ENGLISH = Locale(
    decimal=".",
    group=",",
    signs=("{sign}{amount}", "{code} {amount}", "{amount} {code}"),
    dates=("{day} {name} {year}", "{day:02}/{month:02}/{year}", "{year}-{month:02}-{day:02}"),
    months=(
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    rates=("20", "5"),
    tax_names=("VAT {rate}%", "VAT @ {rate}%", "Plus {rate}% VAT"),
    invoice=("Invoice", "INVOICE", "Tax Invoice"),
    credit_note="Credit Note",
    number=("Invoice number", "Invoice No.", "Invoice #"),
    issued=("Invoice date", "Date", "Date of issue"),
    due=("Due date", "Payment due", "Pay by"),
    customer=("Bill to", "Customer", "Invoice to"),
    description="Description",
    quantity="Qty",
    price="Unit price",
    amount="Amount",
    net=("Subtotal", "Net total", "Total excl. VAT"),
    total=("Total due", "Amount due", "TOTAL"),
    vat_number="VAT Reg. No.",
    carried=("Carried forward", "Brought forward from page {page}"),
    page="Page {page} of {pages}",
    credits="for invoice",
    thanks="Thank you for your business.",
    order="Your order",
)

_FRENCH = Locale(
    decimal=",",
    group=" ",
    signs=("{amount} {sign}", "{amount} {code}"),
    dates=("{day:02}/{month:02}/{year}", "{day} {name} {year}"),
    months=(
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ),
    rates=("20", "5.5"),
    tax_names=("TVA {rate} %", "T.V.A. ({rate}%)"),
    invoice=("Facture", "FACTURE"),
    credit_note="Avoir",
    number=("Facture n°", "N° de facture", "Numéro de facture"),
    issued=("Date de facturation", "Date", "Date d'émission"),
    due=("Date d'échéance", "À payer avant le", "Échéance"),
    customer=("Client", "Facturé à", "Adressée à"),
    description="Désignation",
    quantity="Qté",
    price="Prix unitaire HT",
    amount="Montant HT",
    net=("Total HT", "Sous-total HT"),
    total=("Total TTC", "Net à payer", "Montant total TTC"),
    vat_number="N° TVA",
    carried=("À reporter", "Report de la page {page}"),
    page="Page {page} sur {pages}",
    credits="sur la facture",
    thanks="Merci de votre confiance.",
    order="Votre commande",
)

_SPANISH = Locale(
    decimal=",",
    group=".",
    signs=("{amount} {sign}", "{amount} {code}"),
    dates=("{day:02}/{month:02}/{year}", "{day} de {name} de {year}"),
    months=(
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ),
    rates=("21", "10"),
    tax_names=("IVA {rate}%", "I.V.A. {rate} %"),
    invoice=("Factura", "FACTURA"),
    credit_note="Factura rectificativa",
    number=("Factura nº", "Número de factura", "Nº factura"),
    issued=("Fecha de factura", "Fecha", "Fecha de emisión"),
    due=("Vencimiento", "Fecha de vencimiento"),
    customer=("Cliente", "Facturar a"),
    description="Concepto",
    quantity="Cant.",
    price="Precio",
    amount="Importe",
    net=("Base imponible", "Subtotal"),
    total=("Total factura", "TOTAL", "Importe total"),
    vat_number="NIF-IVA",
    carried=("Suma y sigue", "Suma anterior, página {page}"),
    page="Página {page} de {pages}",
    credits="de la factura",
    thanks="Gracias por su confianza.",
    order="Su pedido",
)

_DUTCH = Locale(
    decimal=",",
    group=".",
    signs=("{sign} {amount}", "{code} {amount}"),
    dates=("{day:02}-{month:02}-{year}", "{day} {name} {year}"),
    months=(
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
    ),
    rates=("21", "9"),
    tax_names=("BTW {rate}%", "{rate}% btw"),
    invoice=("Factuur", "FACTUUR"),
    credit_note="Creditfactuur",
    number=("Factuurnummer", "Factuurnr.", "Factuur nr."),
    issued=("Factuurdatum", "Datum"),
    due=("Vervaldatum", "Te betalen voor", "Uiterste betaaldatum"),
    customer=("Klant", "Factuur aan"),
    description="Omschrijving",
    quantity="Aantal",
    price="Prijs",
    amount="Bedrag",
    net=("Subtotaal", "Totaal excl. btw"),
    total=("Totaal", "Totaal te betalen", "Totaal incl. btw"),
    vat_number="Btw-nummer",
    carried=("Transporteren", "Transport van pagina {page}"),
    page="Pagina {page} van {pages}",
    credits="bij factuur",
    thanks="Bedankt voor uw opdracht.",
    order="Uw bestelling",
)

_ITALIAN = Locale(
    decimal=",",
    group=".",
    signs=("{sign} {amount}", "{amount} {sign}", "{code} {amount}"),
    dates=("{day:02}/{month:02}/{year}", "{day} {name} {year}"),
    months=(
        "gennaio",
        "febbraio",
        "marzo",
        "aprile",
        "maggio",
        "giugno",
        "luglio",
        "agosto",
        "settembre",
        "ottobre",
        "novembre",
        "dicembre",
    ),
    rates=("22", "10"),
    tax_names=("IVA {rate}%", "Imposta IVA {rate} %"),
    invoice=("Fattura", "FATTURA"),
    credit_note="Nota di credito",
    number=("Fattura n.", "Numero fattura", "Fattura nr."),
    issued=("Data fattura", "Data", "Data documento"),
    due=("Scadenza", "Data di scadenza", "Da pagare entro"),
    customer=("Cliente", "Spett.le", "Intestatario"),
    description="Descrizione",
    quantity="Q.tà",
    price="Prezzo unitario",
    amount="Importo",
    net=("Imponibile", "Totale imponibile"),
    total=("Totale fattura", "Totale da pagare", "TOTALE"),
    vat_number="Partita IVA",
    carried=("A riportare", "Riporto da pagina {page}"),
    page="Pagina {page} di {pages}",
    credits="per la fattura",
    thanks="Grazie per la fiducia.",
    order="Vostro ordine",
)

LOCALES: dict[str, Locale] = {
    "de-DE": _GERMAN,
    "de-CH": replace(
        _GERMAN,
        group="'",
        decimal=".",
        signs=("CHF {amount}", "{amount} CHF"),
        rates=("8.1", "2.6"),
        vat_number="MWST-Nr.",
    ),
    "en-GB": _ENGLISH,
    "en-US": replace(
        _ENGLISH,
        dates=("{name} {day}, {year}", "{month:02}/{day:02}/{year}"),
        rates=("8.25", "6"),
        tax_names=("Sales tax {rate}%", "Tax ({rate}%)"),
        invoice=("Invoice", "INVOICE"),
        credit_note="Credit Memo",
        net=("Subtotal", "Sub-total"),
        vat_number="EIN",
        order="PO number",
    ),
    "fr-FR": _FRENCH,
    "es-ES": _SPANISH,
    "nl-NL": _DUTCH,
    "it-IT": _ITALIAN,
}
"""By language and country."""
