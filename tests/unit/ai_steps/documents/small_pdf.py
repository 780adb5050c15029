"""PDF files of a few lines, as bytes written out here: what is in them is what a test says, and nothing else."""

from collections.abc import Mapping, Sequence


def pdf(
    *pages: str | bytes,
    size: tuple[float, float] = (300, 200),
    page_entries: str = "",
    catalog_entries: str = "",
    others: Mapping[int, str | bytes] | None = None,
) -> bytes:
    """Return a PDF with these content streams, one for each page.

    The font is ``/F1`` (Helvetica). Further objects have numbers from 100 on, which ``others`` gives.
    """
    first = 4
    kids = " ".join(f"{first + 2 * index} 0 R" for index in range(len(pages)))
    objects: dict[int, str | bytes] = {
        1: f"<< /Type /Catalog /Pages 2 0 R {catalog_entries} >>",
        2: f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        3: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    }
    for index, content in enumerate(pages):
        number = first + 2 * index
        objects[number] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {size[0]} {size[1]}] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {number + 1} 0 R {page_entries} >>"
        )
        objects[number + 1] = stream(content)
    return built({**objects, **(others or {})})


def stream(content: str | bytes, entries: str = "") -> bytes:
    """Return a stream object."""
    data = content.encode("latin-1") if isinstance(content, str) else content
    return f"<< /Length {len(data)} {entries} >>\nstream\n".encode() + data + b"\nendstream"


def built(objects: Mapping[int, str | bytes]) -> bytes:
    """Return a PDF of these objects, the first of which is its root."""
    out = bytearray(b"%PDF-1.7\n")
    places: dict[int, int] = {}
    for number, content in sorted(objects.items()):
        places[number] = len(out)
        body = content.encode("latin-1") if isinstance(content, str) else content
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number, place in places.items():
        out += f"{number} 1\n{place:010} 00000 n \n".encode()
    return bytes(out) + f"trailer\n<< /Size {max(places) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()


def shown(*lines: tuple[float, float, str], font_size: float = 12) -> str:
    """Return a content stream with these texts, each at its place (from the lower left corner)."""
    return "\n".join(f"BT /F1 {font_size} Tf 1 0 0 1 {x} {y} Tm ({text}) Tj ET" for x, y, text in lines)


def lines_down(texts: Sequence[str], *, left: float = 20, top: float = 180, step: float = 14) -> str:
    """Return a content stream with one text under the other."""
    return shown(*((left, top - step * index, text) for index, text in enumerate(texts)))


def attached(*files: tuple[str, bytes]) -> bytes:
    """Return a PDF of one page with files in it."""
    names = " ".join(f"({name}) {100 + 2 * index} 0 R" for index, (name, _) in enumerate(files))
    others: dict[int, str | bytes] = {}
    for index, (name, data) in enumerate(files):
        others[100 + 2 * index] = f"<< /Type /Filespec /F ({name}) /UF ({name}) /EF << /F {101 + 2 * index} 0 R >> >>"
        others[101 + 2 * index] = stream(data, "/Type /EmbeddedFile")
    return pdf(
        lines_down(["See the attachments"]),
        catalog_entries=f"/Names << /EmbeddedFiles << /Names [{names}] >> >>",
        others=others,
    )
