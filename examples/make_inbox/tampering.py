"""What happens to PDF files on their way: joined, garbled, hidden text written in, forms, scans, cut short."""

import io
import random
from collections.abc import Sequence
from typing import Final, Literal

import pikepdf
import pypdfium2
from PIL import Image, ImageFilter
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from examples.make_inbox.invoice import Invoice
from examples.make_inbox.invoice_xml import saved
from examples.make_inbox.locales import LOCALES

SCAN_DPI: Final = 110
GARBLED_BY: Final = 29
"""How far the characters of a garbled layer are from those that are painted."""


def joined(files: Sequence[bytes]) -> bytes:
    """Return one PDF file with the pages of all."""
    with pikepdf.new() as made:
        for each in files:
            with pikepdf.open(io.BytesIO(each)) as file:
                made.pages.extend(file.pages)
        return saved(made)


def resaved(pdf: bytes) -> bytes:
    """Return the same pages in other bytes, as another program writes them."""
    with pikepdf.open(io.BytesIO(pdf)) as file:
        file.docinfo["/Producer"] = "Some other program 2"
        return saved(file)


def garbled(pdf: bytes) -> bytes:
    """Return the file with fonts that say other characters than they paint."""
    pairs = [f"<{code:02X}> <{max(code - GARBLED_BY, 0xE000 if code < 33 else 1):04X}>" for code in range(33, 127)]
    table = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Shifted def /CMapType 2 def\n"
        "1 begincodespacerange <00> <FF> endcodespacerange\n"
        f"{len(pairs)} beginbfchar\n" + "\n".join(pairs) + "\nendbfchar endcmap end end\n"
    ).encode()
    with pikepdf.open(io.BytesIO(pdf)) as file:
        for page in file.pages:
            for font in page.Resources.Font.values():
                font.ToUnicode = file.make_stream(table)
        return saved(file)


class Words:
    """Words on the last page besides, which may be such that nobody sees them."""

    def __init__(self, words: str, seen: Literal["black", "white", "invisible"] = "black") -> None:
        self.words, self.seen = words, seen

    def __call__(self, canvas: Canvas, width: float, height: float) -> None:
        """Draw them above the foot."""
        text = canvas.beginText(width / 4, height / 6)
        text.setFont("Helvetica", 10)
        if self.seen == "invisible":
            text.setTextRenderMode(3)
        canvas.setFillGray(1 if self.seen == "white" else 0)
        text.textLine(self.words)
        text.setTextRenderMode(0)
        canvas.drawText(text)
        canvas.setFillGray(0)


def scan(pdf: bytes, seed: str, *, turned: int = 0, skewed: float = 0.0, noise: int = 0, jpeg: bool = False) -> bytes:
    """Return a picture of the first page as a scanner or a phone takes it, in shades of grey."""
    with pypdfium2.PdfDocument(pdf) as file:
        picture = file[0].render(scale=SCAN_DPI / 72, grayscale=True).to_pil().convert("L")
    if skewed:
        picture = picture.rotate(skewed, Image.Resampling.BICUBIC, expand=True, fillcolor=235)
    if noise:
        picture = _noisy(picture, random.Random(seed), noise)
    if turned:
        picture = picture.rotate(-turned, expand=True)
    made = io.BytesIO()
    if jpeg:
        picture.save(made, "JPEG", quality=32, dpi=(SCAN_DPI, SCAN_DPI))
    else:
        picture.quantize(8).save(made, "PNG", optimize=True, dpi=(SCAN_DPI, SCAN_DPI))
    return made.getvalue()


def _noisy(picture: Image.Image, rng: random.Random, noise: int) -> Image.Image:
    width, height = picture.size
    grain = Image.frombytes("L", (width // 2, height // 2), rng.randbytes((width // 2) * (height // 2)))
    grain = grain.resize(picture.size, Image.Resampling.NEAREST).filter(ImageFilter.BoxBlur(1))
    return Image.blend(picture, grain, noise / 100)


def pictures_as_pdf(pictures: Sequence[bytes]) -> bytes:
    """Return a PDF file whose pages are pictures and nothing else."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=1)
    for each in pictures:
        with Image.open(io.BytesIO(each)) as picture:
            canvas.drawInlineImage(picture, 0, 0, *A4)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def form(invoice: Invoice) -> bytes:
    """Return a form that is filled in: labels on the page, values in fields."""
    locale = LOCALES[invoice.locale]
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=1, pageCompression=0)
    canvas.setFont("Helvetica-Bold", 16)
    canvas.drawString(60, 770, locale.invoice[0])
    # Amounts with a code: reportlab writes no euro sign into a field.
    values = {
        "number": (locale.number[0], invoice.number),
        "issued": (locale.issued[0], locale.date_text(invoice.issued, 0)),
        "due": (locale.due[0], locale.date_text(invoice.due, 0) if invoice.due else ""),
        "seller": ("From", invoice.seller.name),
        "buyer": (locale.customer[0], invoice.buyer.name),
        "vat_number": (locale.vat_number, invoice.seller.vat_number),
        "iban": ("IBAN", invoice.seller.iban),
        "net": (locale.net[0], locale.money(invoice.net, invoice.currency, 1)),
        "tax": (locale.tax_names[0].format(rate=invoice.items[0].rate), locale.money(invoice.tax, invoice.currency, 1)),
        "total": (locale.total[0], locale.money(invoice.total, invoice.currency, 1)),
    }
    for index, (name, (label, value)) in enumerate(values.items()):
        y = 720 - 34 * index
        canvas.setFont("Helvetica", 10)
        canvas.drawString(60, y + 5, label)
        canvas.acroForm.textfield(
            name=name, value=value, x=220, y=y, width=260, height=20, fontSize=10, borderWidth=0.5
        )
    canvas.save()
    return file.getvalue()
