"""Ordinary pages in many looks: everything on them is to be seen, and nothing of it may be taken for hidden."""

import io
import random
from collections.abc import Callable, Iterator
from typing import Any

from PIL import Image
from reportlab.lib.colors import CMYKColor, Color, HexColor
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = 595, 842
ITEMS = ("Akkuschrauber", "Steel pipe", "Fachbuch", "Consulting", "Câble", "Hex bolt M8", "Delivery", "Service fee")


def ordinary_pages(count: int, *, seed: int = 1) -> Iterator[bytes]:
    """Yield so many files of one page, each with a look of its own."""
    chance = random.Random(seed)
    for number in range(count):
        out = io.BytesIO()
        canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), pageCompression=number % 2)
        LOOKS[number % len(LOOKS)](canvas, chance)
        canvas.showPage()
        canvas.save()
        yield out.getvalue()


def _letter(canvas: Any, chance: random.Random, size: float = 11) -> None:
    canvas.setFont(chance.choice(("Helvetica", "Times-Roman", "Courier")), size)
    for row in range(chance.randint(10, 40)):
        canvas.drawString(60, 760 - row * size * 1.4, f"Line {row} of a letter about {chance.choice(ITEMS)} {row * 7}")


def _plain(canvas: Any, chance: random.Random) -> None:
    _letter(canvas, chance)


def _small_print(canvas: Any, chance: random.Random) -> None:
    _letter(canvas, chance, chance.choice((3.0, 4.5, 6.0)))


def _grey(canvas: Any, chance: random.Random) -> None:
    canvas.setFillGray(chance.choice((0.4, 0.6, 0.75, 0.85)))
    _letter(canvas, chance)


def _coloured(canvas: Any, chance: random.Random) -> None:
    canvas.setFillColor(chance.choice((HexColor("#c00000"), CMYKColor(1, 0.4, 0, 0.1), HexColor("#e0a000"))))
    _letter(canvas, chance)


def _table(canvas: Any, chance: random.Random) -> None:
    """An invoice: a dark head with white letters, striped rows, lines between them, a boxed total."""
    canvas.setFillColor(HexColor("#1f4e79"))
    canvas.rect(50, 600, 495, 22, stroke=0, fill=1)
    canvas.setFillColor(HexColor("#ffffff"))
    canvas.setFont("Helvetica-Bold", 10)
    for across, head in ((55, "Item"), (300, "Quantity"), (380, "Price"), (470, "Amount")):
        canvas.drawString(across, 607, head)
    for row in range(chance.randint(3, 18)):
        top = 578 - row * 20
        canvas.setFillColor(HexColor("#eef3f8" if row % 2 else "#ffffff"))
        canvas.rect(50, top - 5, 495, 20, stroke=0, fill=1)
        canvas.setFillGray(0)
        canvas.setFont("Helvetica", 9)
        for across, cell in ((55, chance.choice(ITEMS)), (300, "2"), (380, "120.00"), (470, f"{row * 3}240.00")):
            canvas.drawString(across, top, cell)
        canvas.setLineWidth(0.4)
        canvas.line(50, top - 5, 545, top - 5)
    canvas.setLineWidth(1.5)
    canvas.drawString(400, 120, "Total 1,240.00 EUR")
    canvas.rect(390, 110, 155, 25)


def _underlined(canvas: Any, chance: random.Random) -> None:
    _letter(canvas, chance)
    canvas.setLineWidth(0.7)
    for row in range(6):
        canvas.line(60, 758 - row * 15.4, 240, 758 - row * 15.4)
        canvas.rect(60, 757.2 - row * 15.4, 180, 0.5, stroke=0, fill=1)


def _struck_out(canvas: Any, chance: random.Random) -> None:
    _letter(canvas, chance)
    for row in range(3):
        canvas.line(60, 763.5 - row * 15.4, 200, 763.5 - row * 15.4)


def _highlighted(canvas: Any, chance: random.Random) -> None:
    _letter(canvas, chance)
    canvas.setFillColor(Color(1, 1, 0, alpha=0.4))
    for row in range(5):
        canvas.rect(58, 757 - row * 15.4, 200, 13, stroke=0, fill=1)


def _watermark(canvas: Any, chance: random.Random) -> None:
    """A large word across the page, under the text or over it."""
    is_over = chance.random() < 0.5
    if is_over:
        _letter(canvas, chance)
    canvas.saveState()
    canvas.setFillColor(Color(0.6, 0.6, 0.6, alpha=0.3) if is_over else HexColor("#e0e0e0"))
    canvas.translate(150, 250)
    canvas.rotate(50)
    canvas.setFont("Helvetica-Bold", 110)
    canvas.drawString(0, 0, "DRAFT")
    canvas.restoreState()
    if not is_over:
        _letter(canvas, chance)


def _picture(chance: random.Random, base: int = 215, width: int = 60, height: int = 85) -> ImageReader:
    """Return a soft picture, pale or dark."""
    picture = Image.new("RGB", (width, height))
    picture.putdata([(base + chance.randint(0, 30), base + (x % 30), base + (x % 20)) for x in range(width * height)])
    return ImageReader(picture)


def _background(canvas: Any, chance: random.Random) -> None:
    """Text over a picture as large as the page, dark on pale or white on dark."""
    is_dark = chance.random() < 0.5
    canvas.drawImage(_picture(chance, 60 if is_dark else 215), 0, 0, WIDTH, HEIGHT)
    canvas.setFillGray(1 if is_dark else 0)
    _letter(canvas, chance, 12)


def _logo(canvas: Any, chance: random.Random) -> None:
    canvas.drawImage(_picture(chance), 420, 770, 120, 50)
    canvas.setFillGray(0)
    canvas.setFont("Helvetica", 9)
    canvas.drawString(425, 775, "Nordlicht")
    _letter(canvas, chance)


def _dark(canvas: Any, chance: random.Random) -> None:
    canvas.setFillColor(HexColor("#101418"))
    canvas.rect(0, 0, WIDTH, HEIGHT, stroke=0, fill=1)
    canvas.setFillColor(chance.choice((HexColor("#ffffff"), HexColor("#9fd3ff"), HexColor("#8a8f98"))))
    _letter(canvas, chance)


def _gradient(canvas: Any, chance: random.Random) -> None:
    canvas.linearGradient(0, 0, WIDTH, HEIGHT, (HexColor("#ffffff"), HexColor("#9fb8d8")))
    canvas.setFillGray(0)
    _letter(canvas, chance)


def _shadow(canvas: Any, chance: random.Random) -> None:
    for shift, grey in ((0.8, 0.75), (0, 0.1)):
        canvas.setFillGray(grey)
        canvas.setFont("Helvetica-Bold", 18)
        canvas.drawString(60 + shift, 780 - shift, "Annual report")
    _letter(canvas, chance)


def _white_glow(canvas: Any, chance: random.Random) -> None:
    """A caption on a picture, with a white copy of itself below, as slides have it."""
    canvas.drawImage(_picture(chance), 60, 600, 300, 150)
    for shift, grey in ((0.5, 1), (0, 0)):
        canvas.setFillGray(grey)
        canvas.setFont("Helvetica", 14)
        canvas.drawString(70 + shift, 610 - shift, "View of the harbour in the morning")
    canvas.setFillGray(0)
    canvas.drawString(60, 560, "The harbour of Kiel")


def _bold_twice(canvas: Any, chance: random.Random) -> None:
    for shift in (0, 0.3):
        canvas.drawString(60 + shift, 790, "Drawn twice to be bold")
    _letter(canvas, chance)


def _outlined(canvas: Any, chance: random.Random) -> None:
    text = canvas.beginText(60, 790)
    text.setFont("Helvetica-Bold", 16)
    text.setTextRenderMode(chance.choice((1, 2)))
    text.textLine("Outlined heading")
    text.setTextRenderMode(0)
    canvas.drawText(text)
    _letter(canvas, chance)


def _turned(canvas: Any, chance: random.Random) -> None:
    canvas.setPageRotation(chance.choice((90, 180, 270)))
    canvas.setFillColor(HexColor("#224466"))
    canvas.rect(40, 500, 400, 60, stroke=0, fill=1)  # the library swaps width and height of such a page
    canvas.setFillGray(1)
    canvas.setFont("Helvetica", 14)
    canvas.drawString(60, 520, "White heading on blue")
    canvas.setFillGray(0)
    canvas.saveState()
    canvas.translate(570, 100)
    canvas.rotate(90)
    canvas.setFont("Helvetica", 6)
    canvas.drawString(0, 0, "Form 4711 printed in 2024")
    canvas.restoreState()
    canvas.drawString(60, 400, "Text below the heading")


def _clipped(canvas: Any, chance: random.Random) -> None:
    """Each cell in a clip of its own, as office programs print."""
    for row in range(10):
        canvas.saveState()
        path = canvas.beginPath()
        path.rect(55, 700 - row * 30, 400, 26)
        canvas.clipPath(path, stroke=0, fill=0)
        canvas.drawString(60, 708 - row * 30, f"Cell {row} {chance.choice(ITEMS)}")
        canvas.restoreState()


def _round_clip(canvas: Any, chance: random.Random) -> None:
    canvas.saveState()
    path = canvas.beginPath()
    path.circle(300, 500, 200)
    canvas.clipPath(path, stroke=0, fill=0)
    canvas.setFillColor(HexColor("#ffe8c0"))
    canvas.rect(100, 300, 400, 400, stroke=0, fill=1)
    canvas.setFillGray(0)
    canvas.drawString(220, 500, f"Inside the circle: {chance.choice(ITEMS)}")
    canvas.restoreState()


def _letterhead(canvas: Any, chance: random.Random) -> None:
    """Head and foot as a form that every page draws."""
    canvas.beginForm("head")
    canvas.setFillColor(HexColor("#336699"))
    canvas.rect(0, 800, WIDTH, 42, stroke=0, fill=1)
    canvas.setFillGray(1)
    canvas.drawString(60, 815, "Nordlicht Werkzeuge GmbH")
    canvas.setFillGray(0.5)
    canvas.setFont("Helvetica", 7)
    canvas.drawString(60, 20, "Register court Kiel HRB 4711")
    canvas.endForm()
    canvas.doForm("head")
    _letter(canvas, chance)


def _chart(canvas: Any, chance: random.Random) -> None:
    """Bars with their values inside, in white or black."""
    for bar in range(6):
        height = chance.randint(60, 300)
        canvas.setFillColor(HexColor(chance.choice(("#2e75b6", "#ffc000", "#70ad47"))))
        canvas.rect(80 + bar * 70, 300, 50, height, stroke=0, fill=1)
        canvas.setFillGray(bar % 2)
        canvas.drawString(88 + bar * 70, 310, f"{height}.5")
        canvas.setFillGray(0)
        canvas.drawString(88 + bar * 70, 285, f"Q{bar}")


def _stamp(canvas: Any, chance: random.Random) -> None:
    _letter(canvas, chance)
    canvas.saveState()
    canvas.setStrokeColor(HexColor("#c00000"))
    canvas.setFillColor(HexColor("#c00000"))
    canvas.setLineWidth(2)
    canvas.translate(380, 600)
    canvas.rotate(15)
    canvas.roundRect(0, 0, 120, 36, 6)
    canvas.setFont("Helvetica-Bold", 18)
    canvas.drawString(25, 12, "PAID")
    canvas.restoreState()


def _signature(canvas: Any, chance: random.Random) -> None:
    _letter(canvas, chance)
    path = canvas.beginPath()
    path.moveTo(60, 300)
    for step in range(40):
        path.lineTo(60 + step * 5, 300 + chance.randint(-25, 25))
    canvas.setStrokeColor(HexColor("#102080"))
    canvas.drawPath(path)
    canvas.drawString(70, 300, "for Nordlicht Werkzeuge")


def _boxes(canvas: Any, chance: random.Random) -> None:
    """A form: frames around fields, tick boxes, shaded labels."""
    for row in range(12):
        canvas.setFillGray(0.92)
        canvas.rect(50, 700 - row * 30, 150, 24, stroke=1, fill=1)
        canvas.setFillGray(0)
        canvas.drawString(55, 707 - row * 30, chance.choice(ITEMS))
        canvas.rect(200, 700 - row * 30, 300, 24)
        canvas.drawString(205, 707 - row * 30, f"{row * 111}.00")
        canvas.rect(510, 705 - row * 30, 12, 12)


def _pale_on_white(canvas: Any, chance: random.Random) -> None:
    canvas.setFillColor(chance.choice((HexColor("#dddddd"), HexColor("#fff2a8"), HexColor("#d8e8ff"))))
    canvas.setFont("Helvetica", 14)
    canvas.drawString(60, 800, "Pale and still to be seen")
    canvas.setFillGray(0)
    _letter(canvas, chance)


def _edge(canvas: Any, chance: random.Random) -> None:
    canvas.drawString(1, 3, "At the lower edge")
    canvas.drawRightString(WIDTH - 1, HEIGHT - 10, "At the upper edge")
    _letter(canvas, chance)


def _links(canvas: Any, chance: random.Random) -> None:
    _letter(canvas, chance)
    canvas.linkURL("https://example.org", (60, 740, 300, 780))
    canvas.textAnnotation("seen", Rect=(500, 780, 520, 800))


LOOKS: tuple[Callable[[Any, random.Random], None], ...] = (
    _plain,
    _small_print,
    _grey,
    _coloured,
    _table,
    _underlined,
    _struck_out,
    _highlighted,
    _watermark,
    _background,
    _logo,
    _dark,
    _gradient,
    _shadow,
    _white_glow,
    _bold_twice,
    _outlined,
    _turned,
    _clipped,
    _round_clip,
    _letterhead,
    _chart,
    _stamp,
    _signature,
    _boxes,
    _pale_on_white,
    _edge,
    _links,
)
