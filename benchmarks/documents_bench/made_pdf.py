"""A PDF of many pages, written out here, so that reading can be measured without any data."""

import random

WORDS = [
    "invoice",
    "total",
    "amount",
    "due",
    "date",
    "customer",
    "number",
    "delivery",
    "service",
    "hours",
    "price",
    "quantity",
    "tax",
    "net",
    "gross",
    "payment",
    "terms",
    "account",
    "bank",
    "reference",
    "order",
    "item",
    "description",
    "unit",
    "cent",
    "discount",
    "shipping",
    "handling",
    "agreement",
    "party",
    "notice",
]


def text_pages(pages: int, *, lines: int = 50, seed: int = 1) -> bytes:
    """Return a PDF with so many pages of running text."""
    chance = random.Random(seed)
    return _built([_page([" ".join(chance.choices(WORDS, k=9)) for _ in range(lines)]) for _ in range(pages)])


def table_pages(pages: int, *, rows: int = 40, seed: int = 1) -> bytes:
    """Return a PDF with so many pages of a table of five columns, each cell a piece of text of its own."""
    chance = random.Random(seed)
    return _built([_table(rows, chance) for _ in range(pages)])


def _page(lines: list[str]) -> str:
    return "\n".join(f"BT /F1 10 Tf 1 0 0 1 50 {800 - 14 * row} Tm ({line}) Tj ET" for row, line in enumerate(lines))


def _table(rows: int, chance: random.Random) -> str:
    cells = []
    for row in range(rows):
        texts = (
            (50, str(row + 1)),
            (80, " ".join(chance.choices(WORDS, k=4))),
            (330, str(chance.randint(1, 9))),
            (390, f"{chance.uniform(1, 999):.2f}"),
            (480, f"{chance.uniform(1, 999):.2f}"),
        )
        cells += [f"BT /F1 10 Tf 1 0 0 1 {left} {800 - 18 * row} Tm ({text}) Tj ET" for left, text in texts]
    return "\n".join(cells)


def _built(contents: list[str]) -> bytes:
    kids = " ".join(f"{4 + 2 * index} 0 R" for index in range(len(contents)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(contents)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for index, content in enumerate(contents):
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> "
            f"/Contents {5 + 2 * index} 0 R >>"
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    start = len(out)
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    out += f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n{table}".encode()
    out += f"trailer\n<< /Size {len(places) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)
