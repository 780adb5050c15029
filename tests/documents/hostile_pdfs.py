"""Broken, hostile and odd PDF files, made here: what each does to a reader is in its name."""

import zlib
from collections.abc import Callable, Container, Mapping

from tests.unit.ai_steps.documents.small_pdf import built, lines_down, pdf, shown, stream

SAID = "Invoice 4711"
"""What the harmless part of a file says."""
PAGE = lines_down([SAID, "Total 120.00 EUR"])
MEGABYTE = 1_000_000

ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "lol">'
    + b"".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">'.encode() for n in range(12))
    + b"]><a>&m;</a>"
)
"""XML that says ``lol`` a million million times."""


def many(piece: bytes, times: int, *, first: bytes = b"") -> bytes:
    """Return the same bytes many times, packed; made piece by piece, so that it costs no memory here."""
    packing = zlib.compressobj(6)
    at_once = max(1, MEGABYTE // len(piece))
    whole, rest = divmod(times, at_once)
    pieces = [packing.compress(first)]
    pieces += [packing.compress(piece * at_once) for _ in range(whole)]
    return b"".join([*pieces, packing.compress(piece * rest), packing.flush()])


def packed(data: bytes, entries: str = "", *, filters: int = 1) -> bytes:
    """Return a stream object of packed data."""
    said = " ".join(["/FlateDecode"] * filters)
    return f"<< {entries} /Length {len(data)} /Filter [{said}] >>\nstream\n".encode() + data + b"\nendstream"


def with_content(content: bytes, *, resources: str = "", **others: str | bytes) -> bytes:
    """Return a page whose content is a stream object given whole."""
    return built(
        {
            1: "<< /Type /Catalog /Pages 2 0 R >>",
            2: "<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
            3: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            4: "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 5 0 R "
            f"/Resources << /Font << /F1 3 0 R >> {resources} >> >>",
            5: content,
            **{int(name.removeprefix("o")): each for name, each in others.items()},
        }
    )


def _packed_three_times() -> bytes:
    return with_content(packed(zlib.compress(zlib.compress(many(b" ", 300 * MEGABYTE), 9), 9), filters=3))


def _a_million_lines() -> bytes:
    return with_content(packed(many(b"BT /F1 12 Tf 20 100 Td (Total 120.00 and more) Tj ET\n", 1_000_000)))


def _a_million_shapes(count: int = 1_000_000) -> bytes:
    """Return a page with white text over very many shapes."""
    return with_content(_shapes(count))


def _shapes(count: int) -> bytes:
    first = f"{PAGE}\n1 g BT /F1 12 Tf 20 100 Td (Total 900.00) Tj ET\n".encode()
    return packed(many(b"0 0 m 300 200 l 150 20 l f\n", count, first=first))


def many_pages(count: int, *, costly: Container[int]) -> bytes:
    """Return a PDF of so many pages, some of which (numbers from 1 on) have a million shapes."""
    page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Resources << /Font << /F1 3 0 R >> >> /Contents"
    numbers = range(1, count + 1)
    return built(
        {
            1: "<< /Type /Catalog /Pages 2 0 R >>",
            2: f"<< /Type /Pages /Kids [{' '.join(f'{9 + number} 0 R' for number in numbers)}] /Count {count} >>",
            3: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            4: stream(PAGE),
            5: _shapes(1_000_000),
            **{9 + number: f"{page} {5 if number in costly else 4} 0 R >>" for number in numbers},
        }
    )


def _pages(count: int, said: int | None = None, kids: str = "4 0 R ") -> bytes:
    page = (
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Resources << /Font << /F1 3 0 R >> >> /Contents 5 0 R >>"
    )
    return built(
        {
            1: "<< /Type /Catalog /Pages 2 0 R >>",
            2: f"<< /Type /Pages /Kids [{kids * count}] /Count {said if said is not None else count} >>",
            3: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            4: page,
            5: stream(PAGE),
        }
    )


def _tree_in_itself() -> bytes:
    return built(
        {
            1: "<< /Type /Catalog /Pages 2 0 R >>",
            2: "<< /Type /Pages /Kids [3 0 R] /Count 1 /Parent 3 0 R >>",
            3: "<< /Type /Pages /Kids [2 0 R] /Count 1 /Parent 2 0 R >>",
        }
    )


def _form_in_itself() -> bytes:
    form = stream(
        "/X Do " * 50, "/Type /XObject /Subtype /Form /BBox [0 0 300 200] /Resources << /XObject << /X 100 0 R >> >>"
    )
    return with_content(stream(PAGE + " /X Do"), resources="/XObject << /X 100 0 R >>", o100=form)


def _forms_in_forms() -> bytes:
    """Return a page that draws a form that draws ten, each of which draws ten, and so on: ten thousand millions."""
    others: dict[str, str | bytes] = {}
    for level in range(10):
        inner = f"/Resources << /XObject << /X {101 + level} 0 R >> >>"
        others[f"o{100 + level}"] = stream("/X Do " * 10, f"/Type /XObject /Subtype /Form /BBox [0 0 300 200] {inner}")
    others["o110"] = stream("0 0 m 9 9 l S", "/Type /XObject /Subtype /Form /BBox [0 0 300 200]")
    return with_content(stream(PAGE + " /X Do"), resources="/XObject << /X 100 0 R >>", **others)


def _object_stream_in_itself() -> bytes:
    inside = b"100 0 << /Type /Catalog /Pages 2 0 R >>"
    content = zlib.compress(inside)
    head = f"<< /Type /ObjStm /N 1 /First 6 /Extends 7 0 R /Filter /FlateDecode /Length {len(content)} >>"
    return with_content(stream(PAGE), o7=head.encode() + b"\nstream\n" + content + b"\nendstream")


def _attachment(name: str, content: bytes) -> bytes:
    """Return a page with a file inside."""
    return pdf(
        PAGE,
        catalog_entries=f"/Names << /EmbeddedFiles << /Names [({name}) 100 0 R] >> >>",
        others={
            100: f"<< /Type /Filespec /F ({name}) /UF ({name}) /EF << /F 101 0 R >> >>",
            101: stream(content, "/Type /EmbeddedFile"),
        },
    )


def _attachments_in_attachments(depth: int = 12) -> bytes:
    data = pdf(PAGE)
    for _ in range(depth):
        data = _attachment("inside.pdf", data)
    return data


def _attachment_that_grows() -> bytes:
    return pdf(
        PAGE,
        catalog_entries="/Names << /EmbeddedFiles << /Names [(bomb.txt) 100 0 R] >> >>",
        others={
            100: "<< /Type /Filespec /F (bomb.txt) /EF << /F 101 0 R >> >>",
            101: packed(many(b" ", 400 * MEGABYTE), "/Type /EmbeddedFile"),
        },
    )


def with_actions(address: str) -> bytes:
    """Return a page that wants to run programs and scripts, and to fetch from an address."""
    actions = (
        "/OpenAction 100 0 R /AA << /WC 101 0 R >> "
        "/Names << /JavaScript << /Names [(a) 100 0 R] >> >> /URI << /Base (" + address + ") >>"
    )
    page = "/AA << /O 101 0 R >> /Annots [105 0 R]"
    return pdf(
        PAGE,
        page_entries=page,
        catalog_entries=actions,
        others={
            100: f"<< /S /JavaScript /JS (app.launchURL\\('{address}/js'\\); while\\(true\\){{}}) /Next 102 0 R >>",
            101: "<< /S /Launch /F (/bin/sh) /Win << /F (cmd.exe) /P (/c calc) >> >>",
            102: f"<< /S /SubmitForm /F << /FS /URL /F ({address}/submit) >> /Next 103 0 R >>",
            103: f"<< /S /ImportData /F << /FS /URL /F ({address}/import) >> /Next 104 0 R >>",
            104: f"<< /S /GoToR /F << /FS /URL /F ({address}/other.pdf) >> /D [0 /Fit] >>",
            105: f"<< /Type /Annot /Subtype /Link /Rect [0 0 300 200] /A << /S /URI /URI ({address}/link) >> >>",
        },
    )


def with_outside_content(address: str) -> bytes:
    """Return a page whose content and picture are said to be elsewhere."""
    outside = f"<< /Length 0 /F << /FS /URL /F ({address}/content) >> >>\nstream\n\nendstream"
    picture = (
        f"<< /Type /XObject /Subtype /Image /Width 9 /Height 9 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 0"
        f" /F << /FS /URL /F ({address}/picture) >> /FFilter /DCTDecode >>\nstream\n\nendstream"
    )
    return pdf(
        PAGE + " q 300 0 0 200 0 0 cm /P Do Q",
        page_entries="/Resources << /Font << /F1 3 0 R >> /XObject << /P 100 0 R >> >>",
        others={100: picture, 101: outside},
    )


def _form_without_appearance() -> bytes:
    return pdf(
        PAGE,
        page_entries="/Annots [100 0 R]",
        catalog_entries="/AcroForm << /Fields [100 0 R] /DA (/F1 12 Tf 0 g) /DR << /Font << /F1 3 0 R >> >> >>",
        others={
            100: "<< /Type /Annot /Subtype /Widget /FT /Tx /T (iban) /V (DE89370400440532013000) "
            "/Rect [20 20 280 40] /DA (/F1 12 Tf 0 g) >>"
        },
    )


def _declared_gigabyte() -> bytes:
    return pdf(PAGE).replace(b"/Length ", b"/Length 1000000000 /Ignored ", 1)


def _nested(depth: int, what: str) -> bytes:
    opening, closing = {"array": ("[", "]"), "dictionary": ("<< /A ", " >>")}[what]
    return pdf(PAGE, page_entries=f"/Odd {opening * depth}{closing * depth}")


def _mesh() -> bytes:
    """Return a page with white text over a pattern of very many tiles."""
    tile = stream(
        "0 0 1 1 re f",
        "/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 1 1] /XStep .001 /YStep .001"
        " /Resources << >>",
    )
    content = PAGE + " /Pattern cs /T scn 0 0 300 120 re f 1 g BT /F1 12 Tf 20 100 Td (Total 900.00) Tj ET"
    return with_content(stream(content), resources="/Pattern << /T 100 0 R >>", o100=tile)


def _huge_picture() -> bytes:
    entries = "/Type /XObject /Subtype /Image /Width 100000 /Height 100000 /ColorSpace /DeviceGray /BitsPerComponent 8"
    content = PAGE + " q 300 0 0 200 0 0 cm /P Do Q 1 g BT /F1 12 Tf 20 100 Td (Total 900.00) Tj ET"
    picture = packed(many(b"\0", 100 * MEGABYTE), entries)
    return with_content(stream(content), resources="/XObject << /P 100 0 R >>", o100=picture)


def _broken_page_among_others() -> bytes:
    one = pdf(PAGE, others={6: "(this is no page)"})
    return one.replace(b"[4 0 R]", b"[4 0 R 6 0 R 4 0 R]").replace(b"/Count 1", b"/Count 3")


def _two_columns() -> bytes:
    left = [(20.0, 180.0 - 14 * row, f"left {row}") for row in range(8)]
    right = [(170.0, 180.0 - 14 * row, f"right {row}") for row in range(8)]
    return pdf(shown(*(each for pair in zip(left, right, strict=True) for each in pair)))


ERRORS: Mapping[str, Callable[[], bytes]] = {
    "empty.pdf": lambda: b"",
    "only zeros.pdf": lambda: b"\0" * 20_000,
    "no pdf.pdf": lambda: b"\x01\x02\x03\x04 this is nothing" * 100,
    "header only.pdf": lambda: b"%PDF-1.7\n",
    "header and noise.pdf": lambda: b"%PDF-1.7\n" + bytes((7 * n * n + n) % 256 for n in range(20_000)),
    "truncated.pdf": lambda: pdf(PAGE, PAGE)[:500],
    "root is a number.pdf": lambda: built({1: "42"}),
    "a program.pdf": lambda: b"MZ\x90\0" + b"\0" * 1000,
    "an archive.pdf": lambda: b"7z\xbc\xaf\x27\x1c" + b"\0" * 1000,
}
"""Files that nobody can read: each is one error."""

COSTLY: Mapping[str, Callable[[], bytes]] = {
    "form in itself.pdf": _form_in_itself,
    "packed three times.pdf": _packed_three_times,
    "a million lines.pdf": _a_million_lines,
    "a million shapes.pdf": _a_million_shapes,
    "forms in forms.pdf": _forms_in_forms,
    "pattern without end.pdf": _mesh,
    "huge picture.pdf": _huge_picture,
}
"""Small files that cost much: each is one error, or is read with a note, or cheaply."""

NOTED: Mapping[str, Callable[[], bytes]] = {
    "no pages.pdf": lambda: _pages(0),
    "page tree in itself.pdf": _tree_in_itself,
    "says a million pages.pdf": lambda: _pages(1, said=1_000_000),
    "six thousand pages.pdf": lambda: _pages(6_000),
    "a broken page.pdf": _broken_page_among_others,
    "empty page.pdf": lambda: pdf(""),
    "attachments in attachments.pdf": _attachments_in_attachments,
    "attachment that grows.pdf": _attachment_that_grows,
    "attachment of entities.pdf": lambda: _attachment("invoice.xml", ENTITIES),
    "wrong name.docx": lambda: pdf(PAGE),
    "form without appearance.pdf": _form_without_appearance,
    "white.pdf": lambda: pdf(PAGE + " 1 g BT /F1 12 Tf 20 100 Td (Total 900.00) Tj ET"),
    "covered.pdf": lambda: pdf(PAGE + " BT /F1 12 Tf 20 100 Td (Total 900.00) Tj ET 1 g 0 90 300 30 re f"),
    "render mode 3.pdf": lambda: pdf(PAGE + " 3 Tr BT /F1 12 Tf 20 100 Td (Total 900.00) Tj ET"),
    "outside the crop box.pdf": lambda: pdf(
        PAGE + shown((20, 20, "Total 900.00")), page_entries="/CropBox [0 100 300 200]"
    ),
    "off the page.pdf": lambda: pdf(PAGE + shown((20, 2000, "Total 900.00"))),
}
"""Files that are read, with a note that says what is odd, or are one error."""

READ: Mapping[str, Callable[[], bytes]] = {
    "no size.pdf": lambda: pdf(PAGE, size=(0, 0)),
    "a hundred thousand shapes.pdf": lambda: _a_million_shapes(100_000),
    "actions.pdf": lambda: with_actions("http://127.0.0.1:9"),
    "outside content.pdf": lambda: with_outside_content("http://127.0.0.1:9"),
    "page of a field.pdf": lambda: pdf(PAGE, size=(567_000, 567_000)),
    "turned corners.pdf": lambda: pdf(PAGE).replace(b"/MediaBox [0 0 300 200]", b"/MediaBox [300 200 0 0]"),
    "negative corner.pdf": lambda: pdf(PAGE).replace(b"/MediaBox [0 0 300 200]", b"/MediaBox [-9 -9 300 200]"),
    "no media box.pdf": lambda: pdf(PAGE).replace(b"/MediaBox [0 0 300 200]", b""),
    "object stream in itself.pdf": _object_stream_in_itself,
    "nested arrays.pdf": lambda: _nested(100_000, "array"),
    "nested dictionaries.pdf": lambda: _nested(100_000, "dictionary"),
    "nested states.pdf": lambda: pdf("q " * 500_000 + PAGE + " Q" * 500_000),
    "no font.pdf": lambda: pdf(PAGE).replace(b"/F1 3 0 R", b"/F1 99 0 R"),
    "no table of objects.pdf": lambda: pdf(PAGE).split(b"xref\n", 1)[0] + b"trailer << /Root 1 0 R >>\n%%EOF\n",
    "table of objects is wrong.pdf": lambda: pdf(PAGE).replace(b"\n00000", b"\n99999"),
    "previous table is itself.pdf": lambda: pdf(PAGE).replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev 999"),
    "declared gigabyte.pdf": _declared_gigabyte,
    "blanks before.pdf": lambda: b"\n\n  " + pdf(PAGE),
    "archive behind.pdf": lambda: pdf(PAGE) + b"PK\x03\x04" + b"\0" * 500,
    "web page behind.pdf": lambda: pdf(PAGE) + b"<html><script>while(true){}</script></html>",
    "two columns.pdf": _two_columns,
    "drawn twice.pdf": lambda: pdf(PAGE + "\n" + PAGE),
}
"""Files that look dangerous, and say what they show; some readers refuse them, which is right, too."""
