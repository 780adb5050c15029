"""Broken, hostile and odd files that are no PDF, made here: what each does to a reader is in its name."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from email.message import EmailMessage

from tests.documents.hostile_pdfs import MEGABYTE, PAGE, SAID, many
from tests.unit.ai_steps.documents.small_pdf import pdf

TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
)
RELATIONS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    "{relations}</Relationships>"
)
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    """Return a ZIP archive of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def bombed(files: Mapping[str, bytes | str], name: str, beginning: str, ending: str, megabytes: int) -> bytes:
    """Return an archive with one more file, which has so many megabytes of blanks between its beginning and end."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, content in files.items():
            archive.writestr(each, content)
        with archive.open(name, "w", force_zip64=True) as file:
            file.write(beginning.encode())
            for _ in range(megabytes):
                file.write(b" " * MEGABYTE)
            file.write(ending.encode())
    return out.getvalue()


def word_parts(body: str = "", more: Mapping[str, bytes | str] = {}) -> dict[str, str | bytes]:
    """Return the parts of a Word file."""
    override = f'<Override PartName="/word/document.xml" ContentType="{WORD}"/>'
    relation = f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="word/document.xml"/>'
    return {
        "[Content_Types].xml": TYPES.format(overrides=override),
        "_rels/.rels": RELATIONS.format(relations=relation),
        "word/document.xml": body or word_body(f"<w:p><w:r><w:t>{SAID}</w:t></w:r></w:p>"),
        **more,
    }


def word_body(inside: str, before: str = "") -> str:
    """Return the main part of a Word file."""
    return f'<?xml version="1.0"?>{before}<w:document {W}><w:body>{inside}</w:body></w:document>'


def sheet_parts(cells: str, before: str = "") -> dict[str, str | bytes]:
    """Return the parts of an Excel file with one sheet."""
    overrides = (
        f'<Override PartName="/xl/workbook.xml" ContentType="{SHEETS}"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{SHEET}"/>'
    )
    book = f'<workbook {S} xmlns:r="{OFFICE}"><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>'
    return {
        "[Content_Types].xml": TYPES.format(overrides=overrides),
        "_rels/.rels": RELATIONS.format(
            relations=f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        ),
        "xl/workbook.xml": book,
        "xl/_rels/workbook.xml.rels": RELATIONS.format(
            relations=f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        ),
        "xl/worksheets/sheet1.xml": f'<?xml version="1.0"?>{before}<worksheet {S}>{cells}</worksheet>',
    }


CELL = f'<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>{SAID}</t></is></c></row></sheetData>'

FAR = CELL.replace("</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')

ENTITIES = (
    '<!DOCTYPE a [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12))
    + "]>"
)
"""``&m;`` says ``lol`` a million million times."""


def outside_entity(address: str) -> str:
    """Return a declaration that asks for what is elsewhere."""
    return f'<!DOCTYPE a [<!ENTITY x SYSTEM "{address}"><!ENTITY % y SYSTEM "{address}"> %y;]>'


def _mail(*, depth: int = 0, parts: int = 0, filename: str = "invoice.pdf") -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "a@example.org", SAID
    message.set_content(SAID)
    for number in range(parts):
        message.add_attachment(f"{number}".encode(), maintype="application", subtype="x-odd", filename=f"{number}.bin")
    message.add_attachment(pdf(PAGE), maintype="application", subtype="pdf", filename=filename)
    for _ in range(depth):
        outer = EmailMessage()
        outer["From"], outer["Subject"] = "b@example.org", "forwarded"
        outer.set_content("see below")
        outer.add_attachment(message)
        message = outer
    return message.as_bytes()


def _multiparts(depth: int) -> bytes:
    opening = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    closing = "".join(f"\n--b{n}--" for n in reversed(range(depth)))
    return f"From: a@example.org\nSubject: {SAID}\n{opening}Content-Type: text/plain\n\n{SAID}{closing}\n".encode()


def _raw_mail(head: str, body: str) -> bytes:
    return f"From: a@example.org\nSubject: {SAID}\nMIME-Version: 1.0\n{head}\n\n{body}".encode(
        "utf-8", "surrogateescape"
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, data: bytes) -> bytes:
    """Return a grey picture that says it has this size."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def small_png() -> bytes:
    """Return a white picture of 40 by 20 pixels."""
    return png(40, 20, zlib.compress((b"\0" + b"\xff" * 40) * 20))


def _text_chunk_bomb() -> bytes:
    bomb = _chunk(b"zTXt", b"Comment\0\0" + many(b" ", 400 * MEGABYTE))
    picture = small_png()
    return picture[:33] + bomb + picture[33:]


def _outlook(size: int) -> bytes:
    """Return a file that says that it is of Outlook, and is nothing."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "__properties_version1.0".encode("utf-16-le") + b"\xff" * size


ERRORS: Mapping[str, Callable[[], bytes]] = {
    "empty.eml": lambda: b"",
    "old.doc": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 4096,
    "with password.docx": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") * 40,
    "archive of itself.zip": lambda: zipped({"a.zip": zipped({"a.zip": b"PK\x03\x04"})}),
    "bomb.zip": lambda: bombed({}, "a.txt", "", "", 300),
    "slip.zip": lambda: zipped({"../../../../tmp/slip.txt": b"out"}),
    "page.rtf": lambda: rb"{\rtf1 {\object\objocx} text}",
    "script.exe": lambda: b"\x7fELF" + b"\0" * 500,
    "truncated archive.docx": lambda: zipped(word_parts())[:300],
    "no directory.docx": lambda: zipped(word_parts()).split(b"PK\x01\x02", 1)[0],
    "not really.msg": lambda: _outlook(4096),
    "truncated.png": lambda: small_png()[:50],
}
"""Files that nobody can read: each is one error."""

COSTLY: Mapping[str, Callable[[], bytes]] = {
    "entities.xml": f'<?xml version="1.0"?>{ENTITIES}<a>{SAID} &m;</a>'.encode,
    "long entity.xml": f'<!DOCTYPE a [<!ENTITY x "{"A" * 100_000}">]><a>{SAID} {"&x;" * 100_000}</a>'.encode,
    "attributes.xml": lambda: (
        b'<?xml version="1.0"?><Invoice '
        + b" ".join(b'a%d=""' % each for each in range(800_000))
        + f">{SAID}</Invoice>".encode()
    ),
    "elements.xml": lambda: (
        f'<?xml version="1.0"?><Invoice>{SAID}'.encode() + b"<b a='1' b='2'/>" * 290_000 + b"</Invoice>"
    ),
    "nested.xml": lambda: b"<a>" * 500_000 + SAID.encode() + b"</a>" * 500_000,
    "nested.html": lambda: b"<html><body>" + b"<div>" * 500_000 + SAID.encode(),
    "nested tables.html": lambda: b"<html><body>" + b"<table><tr><td>" * 50_000 + SAID.encode(),
    "bomb.docx": lambda: bombed(
        {k: v for k, v in word_parts().items() if k != "word/document.xml"},
        "word/document.xml",
        f'<?xml version="1.0"?><w:document {W}><w:body><w:p><w:r><w:t>',
        "</w:t></w:r></w:p></w:body></w:document>",
        400,
    ),
    "entities.docx": lambda: zipped(word_parts(word_body(f"<w:p><w:r><w:t>{SAID} &m;</w:t></w:r></w:p>", ENTITIES))),
    "entities.xlsx": lambda: zipped(sheet_parts(CELL.replace(SAID, f"{SAID} &m;"), ENTITIES)),
    "bomb.xlsx": lambda: bombed(
        {k: v for k, v in sheet_parts(CELL).items() if k != "xl/worksheets/sheet1.xml"},
        "xl/worksheets/sheet1.xml",
        f'<?xml version="1.0"?><worksheet {S}><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>',
        "</t></is></c></row></sheetData></worksheet>",
        400,
    ),
    "a cell far away.xlsx": lambda: zipped(sheet_parts(f'<dimension ref="A1:XFD1048576"/>{FAR}')),
    "huge.png": lambda: png(100_000, 100_000, many(b"\0", 10 * MEGABYTE)),
    "comment that grows.png": _text_chunk_bomb,
    "one long line.txt": lambda: b"Total 120.00 " * 400_000,
    "many lines.txt": lambda: b"a\n" * 500_000,
    "ten thousand parts.eml": lambda: _mail(parts=10_000),
    "mails in mails.eml": lambda: _mail(depth=60),
    "multiparts in multiparts.eml": lambda: _multiparts(5_000),
    "long header.eml": lambda: _raw_mail("X-Odd: " + "a" * 5_000_000, SAID),
    "many addresses.eml": lambda: _raw_mail("To: " + ", ".join(f"a{n}@example.org" for n in range(100_000)), SAID),
    "quoted words.eml": lambda: _raw_mail("X-Odd: " + "=?utf-8?q?a?= " * 200_000, SAID),
    "brackets.md": lambda: b"# Total\n" + b"[" * 200_000 + b"](" * 100_000,
    "unclosed.html": lambda: b"<html><body>" + SAID.encode() + b"<!--" * 200_000 + b"<a href='" * 100_000,
    "ocr lines.json": lambda: b'{"lines": ' + b"[" * 500_000 + b"]" * 500_000 + b"}",
}
"""Small files that cost much: each is one error, or is read with a note, or cheaply."""

NOTED: Mapping[str, Callable[[], bytes]] = {
    "not really.dat": lambda: b"\x78\x9f\x3e\x22" + b"\xff" * 4096,
    "a picture.png": small_png,
    "a picture.pdf": small_png,
    "broken attachment.eml": lambda: _raw_mail(
        'Content-Type: multipart/mixed; boundary="b"',
        "--b\nContent-Type: text/plain\n\nsee attached\n--b\nContent-Type: application/pdf\n"
        'Content-Disposition: attachment; filename="invoice.pdf"\nContent-Transfer-Encoding: base64\n\n'
        "JVBERi0x!!!\n--b--\n",
    ),
    "unknown letters.eml": lambda: _raw_mail("Content-Type: text/plain; charset=x-unknown", f"{SAID} \udcff\udcfe"),
    "not utf-8.txt": lambda: SAID.encode() + b" \xff\xfe\x81 caf\xe9 " * 9,
    "blank.txt": lambda: b" \n\t\n " * 50,
    "blank.html": lambda: b"<html><body><script>var total = 900;</script><style>p {}</style></body></html>",
    "hidden.html": f"<html><body><p>{SAID}</p><p style='display:none'>Total 900.00</p></body></html>".encode,
    "text.pdf": lambda: SAID.encode() * 9,
    "web page.docx": f"<html><body>{SAID}</body></html>".encode,
}
"""Files that are read, with a note that says what is odd, or are one error."""


def reaching_out(address: str) -> Mapping[str, bytes]:
    """Return files that ask for what is elsewhere: nothing of it is to be fetched."""
    remote = (
        f"<html><head><link rel=stylesheet href='{address}/a.css'><script src='{address}/a.js'></script>"
        f"<meta http-equiv=refresh content='0; url={address}/b'><base href='{address}/'></head>"
        f"<body>{SAID}<img src='{address}/c.png'><iframe src='{address}/d'></iframe>"
        f"<object data='{address}/e'></object>"
        "</body></html>"
    )
    template = RELATIONS.format(
        relations=f'<Relationship Id="rId9" Type="{OFFICE}/attachedTemplate" Target="{address}/t.dotm"'
        ' TargetMode="External"/>'
    )
    included = f'<a xmlns:xi="http://www.w3.org/2001/XInclude">{SAID}<xi:include href="{address}/i"/></a>'
    styled = f'<?xml version="1.0"?><?xml-stylesheet href="{address}/s.xsl" type="text/xsl"?><a>{SAID}</a>'
    elsewhere = f'Content-Type: message/external-body; access-type=URL; URL="{address}/body"'
    macro = {"word/vbaProject.bin": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1Sub AutoOpen()"}
    return {
        "outside.xml": f'<?xml version="1.0"?>{outside_entity(address + "/x")}<a>{SAID} &x;</a>'.encode(),
        "own file.xml": f'<?xml version="1.0"?>{outside_entity("file:///etc/hostname")}<a>{SAID} &x;</a>'.encode(),
        "included.xml": included.encode(),
        "styled.xml": styled.encode(),
        "outside.html": remote.encode(),
        "outside.eml": _raw_mail("Content-Type: text/html", remote),
        "body elsewhere.eml": _raw_mail(elsewhere, "Content-Type: text/plain\n\n"),
        "template.docx": zipped(word_parts(more={"word/_rels/document.xml.rels": template, **macro})),
        "outside.docx": zipped(
            word_parts(word_body(f"<w:p><w:r><w:t>{SAID} &x;</w:t></w:r></w:p>", outside_entity(address + "/w")))
        ),
        "outside.xlsx": zipped(sheet_parts(CELL.replace(SAID, f"{SAID} &x;"), outside_entity(address + "/w"))),
        "linked.md": f"# {SAID}\n![a]({address}/m.png) <script src='{address}/m.js'></script>\n".encode(),
    }
