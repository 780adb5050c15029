"""Pages with text that is not to be seen, of each kind, among text that is."""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from tests.unit.ai_steps.documents.small_pdf import pdf, stream


class HiddenPage(NamedTuple):
    """A file of one page, and what is on it."""

    data: bytes
    hidden: str
    shown: tuple[str, ...]


Kind = Callable[[random.Random, str, float, float], tuple[str, str]]
"""Given a chance, a text and its place: what paints it so that nobody sees it, and what the page says beside."""


def _text(text: str, x: float, y: float, size: float = 11, *, before: str = "") -> str:
    return f"q {before} BT /F1 {size} Tf 1 0 0 1 {x} {y} Tm ({text}) Tj ET Q\n"


def _colour(chance: random.Random) -> str:
    return " ".join(f"{chance.random():.2f}" for _ in range(3))


def _render_mode(chance: random.Random, text: str, x: float, y: float) -> tuple[str, str]:
    return _text(text, x, y, before=f"{_colour(chance)} rg {chance.choice((3, 3, 7))} Tr"), ""


def _white(chance: random.Random, text: str, x: float, y: float) -> tuple[str, str]:
    return _text(text, x, y, before=chance.choice(("1 g", "1 1 1 rg", "0 0 0 0 k", ".98 g", "1 .99 .98 rg"))), ""


def _as_behind(chance: random.Random, text: str, x: float, y: float) -> tuple[str, str]:
    colour = _colour(chance)
    return f"q {colour} rg {x - 5} {y - 5} 260 20 re f Q\n" + _text(text, x, y, before=f"{colour} rg"), ""


def _covered(chance: random.Random, text: str, x: float, y: float) -> tuple[str, str]:
    cover = chance.choice(("0 g", "1 g", f"{_colour(chance)} rg"))
    if chance.random() < 0.3:
        return _text(text, x, y) + f"q 260 0 0 20 {x - 5} {y - 5} cm /P Do Q\n", ""
    return _text(text, x, y) + f"q {cover} {x - 5} {y - 5} 260 20 re f Q\n", ""


def _cropped(chance: random.Random, text: str, x: float, y: float) -> tuple[str, str]:
    if chance.random() < 0.5:
        return f"q {x} {y + 50} 40 40 re W n " + _text(text, x, y) + "Q\n", ""
    return _text(text, x, chance.choice((5.0, 775.0))), "/CropBox [0 30 595 760]"


def _off_page(chance: random.Random, text: str, x: float, y: float) -> tuple[str, str]:
    return _text(text, *chance.choice(((x, -50.0), (x, 900.0), (-400.0, y), (700.0, y), (30_000.0, y)))), ""


def _tiny(chance: random.Random, text: str, x: float, y: float) -> tuple[str, str]:
    size = chance.choice((0.01, 0.3, 0.9))
    if chance.random() < 0.5:
        return _text(text, x, y, size), ""
    return f"q {size} 0 0 {size} {x} {y} cm BT /F1 1 Tf ({text}) Tj ET Q\n", ""


def _transparent(chance: random.Random, text: str, x: float, y: float) -> tuple[str, str]:
    return _text(text, x, y, before=f"/{chance.choice(('A', 'M'))} gs"), ""


def _switched_off(chance: random.Random, text: str, x: float, y: float) -> tuple[str, str]:
    return f"/OC /L BDC {_text(text, x, y, chance.choice((8, 11)))} EMC\n", ""


HIDDEN: Mapping[str, Kind] = {
    "render mode 3": _render_mode,
    "white on white": _white,
    "colour of what is behind": _as_behind,
    "covered": _covered,
    "cropped": _cropped,
    "off the page": _off_page,
    "smaller than a point": _tiny,
    "transparent": _transparent,
    "layer switched off": _switched_off,
}

_RESOURCES = (
    "/Resources << /Font << /F1 3 0 R >> /XObject << /P 102 0 R >> /Properties << /L 103 0 R >>"
    " /ExtGState << /A << /ca 0 /CA 0 >> /M << /SMask << /S /Luminosity /G 101 0 R >> >> >> >>"
)
_MASK = stream(
    "0 g 0 0 595 790 re f",
    "/Type /XObject /Subtype /Form /BBox [0 0 595 790] /Group << /S /Transparency /CS /DeviceGray >>",
)
_PICTURE = stream(
    "\x40\x80\xc0\x60",
    "/Type /XObject /Subtype /Image /Width 2 /Height 2 /ColorSpace /DeviceGray /BitsPerComponent 8",
)


def hidden_pages(kind: str, count: int, *, seed: int = 1) -> Iterator[HiddenPage]:
    """Yield so many files of one page with a text hidden in one way."""
    chance = random.Random(f"{kind} {seed}")
    for number in range(count):
        hidden = f"Secret{number} total {chance.randint(100, 999)}.00"
        shown = tuple(f"Row{row} of {chance.randint(1000, 9999)}" for row in range(12))
        lines = [_text(each, 60, 700 - 40 * row, chance.choice((9, 11, 14))) for row, each in enumerate(shown)]
        painted, entries = HIDDEN[kind](
            chance, hidden, 60.0 + 5 * chance.randint(0, 9), 80.0 + 5 * chance.randint(0, 20)
        )
        lines.insert(chance.randint(0, len(lines)), painted)
        data = pdf(
            "".join(lines),
            size=(595, 790),
            page_entries=f"{_RESOURCES} {entries} /Rotate {chance.choice((0, 0, 90, 180, 270))}",
            catalog_entries="/OCProperties << /OCGs [103 0 R] /D << /OFF [103 0 R] >> >>",
            others={101: _MASK, 102: _PICTURE, 103: "<< /Type /OCG /Name (Draft) >>"},
        )
        yield HiddenPage(data, hidden, shown)
