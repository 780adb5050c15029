"""Drawing an invoice as pages: one letter paper, many layouts, tables that go over pages with their sums carried."""

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, Literal, Protocol

from reportlab.lib.pagesizes import A4, letter
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from examples.make_inbox.invoice import Invoice, Item
from examples.make_inbox.locales import LOCALES, Locale

MARGIN: Final = 56.0


class Extra(Protocol):
    """Something that is drawn onto the last page besides."""

    def __call__(self, canvas: Canvas, width: float, height: float) -> None:
        """Draw it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where an invoice's parts stand and how they are worded."""

    font: Literal["Helvetica", "Times-Roman", "Courier"] = "Helvetica"
    head: Literal["left", "right", "centre", "band"] = "right"
    """The letterhead."""
    facts: Literal["beside", "boxes", "rows", "line"] = "beside"
    """Number and dates: beside the address, as labels above values, below each other, or in one line of text."""
    table: Literal["lines", "grid", "zebra", "bare"] = "lines"
    totals: Literal["right", "box", "wide"] = "right"
    foot: Literal["columns", "line"] = "columns"
    beside: bool = False
    """The terms of sale are a column beside the table."""
    words: int = 0
    """Which of the locale's words, dates and amounts."""
    rows: int = 24
    """Lines on one page at most."""

    @property
    def bold(self) -> str:
        """Return the font's bold face."""
        return "Times-Bold" if self.font == "Times-Roman" else f"{self.font}-Bold"


LAYOUTS: tuple[Layout, ...] = (
    Layout(),
    Layout(head="left", facts="rows", table="grid", totals="box", words=1, foot="line"),
    Layout(head="band", facts="boxes", table="zebra", words=2),
    Layout(font="Times-Roman", head="centre", facts="line", table="bare", totals="wide", words=1, foot="line"),
    Layout(head="left", facts="beside", table="zebra", totals="right", words=2, beside=True),
    Layout(font="Courier", head="left", facts="rows", table="bare", totals="right", foot="line"),
    Layout(font="Times-Roman", head="right", facts="boxes", table="grid", totals="box", words=1),
)


def drawn(
    invoice: Invoice,
    layout: Layout,
    *,
    password: str = "",
    extras: Sequence[Extra] = (),
) -> bytes:
    """Return the invoice as a PDF file, the same bytes each time."""
    file = io.BytesIO()
    lock = StandardEncryption(password, strength=128) if password else None
    size = letter if invoice.locale == "en-US" else A4
    canvas = Canvas(file, pagesize=size, invariant=1, pageCompression=0, encrypt=lock)
    canvas.setTitle(f"{invoice.kind} {invoice.number}".replace("_", " "))
    _Pages(canvas, invoice, layout, size).draw(extras)
    canvas.save()
    return file.getvalue()


def layout_of(rng: random.Random) -> Layout:
    """Return one of the layouts, worded by chance."""
    return replace(rng.choice(LAYOUTS), words=rng.randrange(6))


class _Pages:
    """The pages of one invoice, while they are drawn."""

    def __init__(self, canvas: Canvas, invoice: Invoice, layout: Layout, size: tuple[float, float]) -> None:
        self.canvas, self.invoice, self.layout = canvas, invoice, layout
        self.width, self.height = size
        self.locale: Locale = LOCALES[invoice.locale]
        self.right = self.width - MARGIN
        self.table_left = MARGIN + 130 if layout.beside else MARGIN
        self.y = 0.0

    def draw(self, extras: Sequence[Extra]) -> None:
        chunks = [
            self.invoice.items[start : start + self.layout.rows]
            for start in range(0, len(self.invoice.items), self.layout.rows)
        ]
        carried = Decimal(0)
        for number, items in enumerate(chunks, 1):
            self._letterhead()
            if number == 1:
                self._address_and_facts()
                self._title()
            if self.layout.beside:
                self._terms()
            self._header_row()
            if number > 1:
                self._carry(self.locale.carried[1].format(page=number - 1), carried)
            for index, item in enumerate(items):
                self._row(item, index)
            carried += sum((item.amount for item in items), Decimal(0))
            if number < len(chunks):
                self._carry(self.locale.carried[0], carried)
            else:
                self._totals()
                for extra in extras:
                    extra(self.canvas, self.width, self.height)
            self._foot(number, len(chunks))
            self.canvas.showPage()

    def _word(self, words: Sequence[str]) -> str:
        return words[self.layout.words % len(words)]

    def _money(self, amount: Decimal) -> str:
        return self.locale.money(-amount if self.invoice.minus else amount, self.invoice.currency, self.layout.words)

    def _number(self, amount: Decimal) -> str:
        return self.locale.number_text(-amount if self.invoice.minus else amount)

    def _text(
        self, x: float, y: float, text: str, *, size: float = 9.5, bold: bool = False, right: bool = False
    ) -> None:
        self.canvas.setFont(self.layout.bold if bold else self.layout.font, size)
        (self.canvas.drawRightString if right else self.canvas.drawString)(x, y, text)

    def _letterhead(self) -> None:
        seller, top = self.invoice.seller, self.height - 60
        where = f"{seller.street}, {seller.town}"
        match self.layout.head:
            case "band":
                self.canvas.setFillGray(0.2)
                self.canvas.rect(0, self.height - 70, self.width, 70, stroke=0, fill=1)
                self.canvas.setFillGray(1)
                self._text(MARGIN, self.height - 38, seller.name, size=17, bold=True)
                self._text(MARGIN, self.height - 55, where, size=8.5)
                self.canvas.setFillGray(0)
            case "centre":
                self.canvas.setFont(self.layout.bold, 16)
                self.canvas.drawCentredString(self.width / 2, top, seller.name)
                self.canvas.setFont(self.layout.font, 9)
                self.canvas.drawCentredString(self.width / 2, top - 14, f"{where} · {seller.phone}")
            case "left" | "right" as side:
                right = side == "right"
                x = self.right if right else MARGIN
                self._text(x, top, seller.name, size=14, bold=True, right=right)
                for index, line in enumerate((seller.street, seller.town, seller.phone, seller.email)):
                    self._text(x, top - 14 - 11 * index, line, size=8.5, right=right)
        self.y = self.height - 135

    def _facts(self) -> list[tuple[str, str]]:
        invoice, words = self.invoice, self.layout.words
        facts = [(self._word(self.locale.number), invoice.number)]
        if invoice.kind == "credit_note":
            facts[0] = (f"{self.locale.credit_note} Nr." if self.locale.decimal == "," else "No.", invoice.number)
        facts.append((self._word(self.locale.issued), self.locale.date_text(invoice.issued, words)))
        if invoice.order:
            facts.append((self.locale.order, invoice.order))
        if invoice.due is not None:
            facts.append((self._word(self.locale.due), self.locale.date_text(invoice.due, words)))
        return facts

    def _address_and_facts(self) -> None:
        buyer, facts = self.invoice.buyer, self._facts()
        self._text(MARGIN, self.y, f"{self._word(self.locale.customer)}:", size=8)
        for index, line in enumerate((buyer.name, buyer.street, buyer.town)):
            self._text(MARGIN, self.y - 14 - 12 * index, line)
        match self.layout.facts:
            case "beside":
                for index, (label, value) in enumerate(facts):
                    self._text(self.right - 190, self.y - 13 * index, f"{label}:")
                    self._text(self.right, self.y - 13 * index, value, right=True)
                self.y -= 95
            case "rows":
                self.y -= 68
                for label, value in facts:
                    self._text(MARGIN, self.y, label)
                    self._text(MARGIN + 130, self.y, value)
                    self.y -= 13
                self.y -= 18
            case "boxes":
                self.y -= 72
                step = (self.right - MARGIN) / len(facts)
                for index, (label, value) in enumerate(facts):
                    x = MARGIN + step * index
                    self.canvas.rect(x, self.y - 20, step, 32)
                    self._text(x + 4, self.y + 2, label, size=7.5)
                    self._text(x + 4, self.y - 13, value, bold=True)
                self.y -= 50
            case "line":
                self.y -= 76
                self._text(MARGIN, self.y, "   ".join(f"{label} {value}" for label, value in facts))
                self.y -= 32

    def _title(self) -> None:
        invoice = self.invoice
        title = self.locale.credit_note if invoice.kind == "credit_note" else self._word(self.locale.invoice)
        self._text(MARGIN, self.y, title, size=15, bold=True)
        if invoice.credits:
            self._text(MARGIN + 190, self.y, f"{self.locale.credits} {invoice.credits}")
        self.y -= 26

    def _terms(self) -> None:
        y = self.y
        for line in (self.locale.thanks, "", self.invoice.seller.bank, self.invoice.seller.email, "", *_TERMS):
            for piece in _wrapped(line, 24):
                self._text(MARGIN, y, piece, size=7)
                y -= 10

    def _columns(self) -> tuple[float, float, float]:
        return self.right - 190, self.right - 90, self.right - 4

    def _header_row(self) -> None:
        quantity, price, amount = self._columns()
        if self.layout.table in {"zebra", "grid"}:
            self.canvas.setFillGray(0.85)
            self.canvas.rect(self.table_left, self.y - 5, self.right - self.table_left, 16, stroke=0, fill=1)
            self.canvas.setFillGray(0)
        self._text(self.table_left + 3, self.y, self.locale.description, size=8.5, bold=True)
        for x, word in ((quantity, self.locale.quantity), (price, self.locale.price), (amount, self.locale.amount)):
            self._text(x, self.y, word, size=8.5, bold=True, right=True)
        self._rule()
        self.y -= 18

    def _row(self, item: Item, index: int) -> None:
        quantity, price, amount = self._columns()
        if self.layout.table == "zebra" and index % 2:
            self.canvas.setFillGray(0.95)
            self.canvas.rect(self.table_left, self.y - 5, self.right - self.table_left, 16, stroke=0, fill=1)
            self.canvas.setFillGray(0)
        self._text(self.table_left + 3, self.y, item.description, size=9)
        self._text(quantity, self.y, self.locale.quantity_text(item.quantity), size=9, right=True)
        self._text(price, self.y, self.locale.number_text(item.price), size=9, right=True)
        self._text(amount, self.y, self._number(item.amount), size=9, right=True)
        if self.layout.table in {"grid", "lines"}:
            self._rule()
        self.y -= 16

    def _rule(self) -> None:
        self.canvas.setLineWidth(0.4)
        self.canvas.line(self.table_left, self.y - 5, self.right, self.y - 5)

    def _carry(self, label: str, amount: Decimal) -> None:
        self._text(self.table_left + 3, self.y, label, size=9, bold=True)
        self._text(self.right - 4, self.y, self._number(amount), size=9, bold=True, right=True)
        self.y -= 18

    def _totals(self) -> None:
        invoice = self.invoice
        rows = [(self._word(self.locale.net), self._money(invoice.net))]
        for rate, tax in invoice.taxes.items():
            shown = self.locale.quantity_text(rate)
            rows.append((self._word(self.locale.tax_names).format(rate=shown), self._money(tax)))
        self.y -= 8
        left = self.table_left + 3 if self.layout.totals == "wide" else self.right - 210
        for label, value in rows:
            self._text(left, self.y, label)
            self._text(self.right - 4, self.y, value, right=True)
            self.y -= 14
        if self.layout.totals == "box":
            self.y -= 5
            self.canvas.rect(left - 6, self.y - 6, self.right - left + 6, 18)
        else:
            self.canvas.line(left, self.y + 10, self.right, self.y + 10)
        self._text(left, self.y, self._word(self.locale.total), size=10.5, bold=True)
        self._text(self.right - 4, self.y, self._money(invoice.total), size=10.5, bold=True, right=True)
        self.y -= 30
        if not self.layout.beside:
            self._text(self.table_left, self.y, self.locale.thanks, size=8.5)

    def _foot(self, page: int, pages: int) -> None:
        seller = self.invoice.seller
        account = f"IBAN {_in_fours(seller.iban)}" if seller.iban else ""
        vat = f"{self.locale.vat_number} {seller.vat_number}" if seller.vat_number else ""
        self.canvas.line(MARGIN, 62, self.right, 62)
        if self.layout.foot == "columns":
            blocks = ((seller.name, seller.street, seller.town), (seller.bank, account), (vat, seller.email))
            for x, block in zip((MARGIN, MARGIN + 165, MARGIN + 355), blocks, strict=True):
                for index, line in enumerate(block):
                    self._text(x, 50 - 9 * index, line, size=7)
        else:
            self._text(MARGIN, 50, "   ".join(each for each in (account, vat) if each), size=7)
        self._text(self.right, 18, self.locale.page.format(page=page, pages=pages), size=7, right=True)


_TERMS = (
    "1. Goods remain ours until they are paid.",
    "2. A complaint must reach us within 14 days.",
    "3. Prices hold for 30 days.",
    "4. The courts at our seat decide.",
)


def _in_fours(text: str) -> str:
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def _wrapped(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        if len(lines[-1]) + len(word) + 1 > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
