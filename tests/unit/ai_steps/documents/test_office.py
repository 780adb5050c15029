"""Word and Excel files: what a person sees of them."""

import io
import zipfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docx
import openpyxl
import pytest
from docx.oxml.ns import qn
from docx.oxml.parser import parse_xml
from docx.shared import Pt, RGBColor

from handrail import Document
from handrail.documents import BrokenDocument, ReadingLimits, TooHeavy, open_document
from tests.unit.ai_steps.documents.pictures import picture

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


if TYPE_CHECKING:
    from collections.abc import Callable

BOX_TEXT = "<w:txbxContent><w:p><w:r><w:t>IBAN DE1</w:t></w:r></w:p></w:txbxContent>"
BOX = f"""<w:r {W} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"
  xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"
  xmlns:v="urn:schemas-microsoft-com:vml">
  <mc:AlternateContent><mc:Choice Requires="wps"><wps:wsp><wps:txbx>{BOX_TEXT}</wps:txbx></wps:wsp></mc:Choice>
  <mc:Fallback><w:pict><v:textbox>{BOX_TEXT}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"""


def last(document: "docx.document.Document") -> Any:
    """Return the XML of the last paragraph."""
    return document.element.body.findall(qn("w:p"))[-1]


def word(write: "Callable[[docx.document.Document], None]") -> Document:
    document = docx.Document()
    write(document)
    saved = io.BytesIO()
    document.save(saved)
    return open_document(saved.getvalue(), name="a.docx")


def hidden_in(document: Document) -> list[tuple[str, str]]:
    return [(each.text, each.by) for page in document.pages for each in page.hidden]


def test_word_text_is_in_order_with_tables_between_header_and_footer() -> None:
    def write(document: "docx.document.Document") -> None:
        document.sections[0].header.paragraphs[0].text = "Shop Ltd"
        document.sections[0].footer.paragraphs[0].text = "Page 1"
        document.add_paragraph("Invoice\t4711")
        table = document.add_table(rows=2, cols=2)
        for at, text in enumerate(["Qty", "Price", "2", "120.00"]):
            table.cell(at // 2, at % 2).text = text
        document.add_paragraph("Thank you")

    document = word(write)

    assert document.kind == "docx"
    assert document.text == "Shop Ltd\n\nInvoice\t4711\nQty\tPrice\n2\t120.00\nThank you\n\nPage 1"
    assert document.notes == ()


def test_deleted_text_is_kept_out_and_inserted_text_is_told() -> None:
    # ui-insight/vandalizer 822: deleted text reached the model as content
    def write(document: "docx.document.Document") -> None:
        document.add_paragraph("The total is ")
        for xml in (
            f'<w:del {W} w:id="1" w:author="a"><w:r><w:delText>$90,000</w:delText></w:r></w:del>',
            f'<w:ins {W} w:id="2" w:author="a"><w:r><w:t>$80,000</w:t></w:r></w:ins>',
        ):
            last(document).append(parse_xml(xml))

    document = word(write)

    assert document.text == "The total is $80,000"
    assert hidden_in(document) == [("$90,000", "deleted")]
    assert sorted(note.code for note in document.notes) == ["hidden_text", "tracked_changes"]


def test_what_word_does_not_show_is_kept_out() -> None:
    # ui-insight/vandalizer 777: "the official total is $1"
    def write(document: "docx.document.Document") -> None:
        document.add_paragraph("seen ").add_run("hidden").font.hidden = True
        document.add_paragraph().add_run("white").font.color.rgb = RGBColor(255, 255, 255)
        document.add_paragraph().add_run("tiny").font.size = Pt(1)
        style = document.styles.add_style("Secret", 1)
        style.font.hidden = True
        document.add_paragraph("by style", style="Secret")
        shaded = document.add_paragraph()
        run = shaded.add_run("white on black")
        run.font.color.rgb = RGBColor(255, 255, 255)
        last(document).find(f".//{qn('w:rPr')}").append(parse_xml(f'<w:shd {W} w:fill="000000"/>'))

    document = word(write)

    assert document.text.split() == ["seen", "white", "on", "black"]
    assert hidden_in(document) == [
        ("hidden", "marked"), ("white", "same_colour"), ("tiny", "tiny"), ("by style", "marked"),
    ]  # fmt: skip


WHITE_RUN = '<w:p><w:r><w:rPr><w:color w:val="FFFFFF"/></w:rPr><w:t>seen</w:t></w:r></w:p>'
BLACK = '<w:shd w:val="clear" w:fill="000000"/>'


def run_of(properties: str, text: str) -> str:
    return f"<w:p><w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r></w:p>"


def placed(properties: str, text: str) -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def row_of(properties: str, text: str) -> str:
    return (
        f"<w:tbl><w:tr><w:trPr>{properties}</w:trPr><w:tc><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    )


def with_styles(body: str, styles: str = "") -> Document:
    """Return a document with this body, opened, whose styles are these too."""

    def write(document: "docx.document.Document") -> None:
        wrapped = parse_xml(f"<w:body {W}>{body}</w:body>")
        for each in reversed(list(wrapped)):
            document.element.body.insert(0, each)
        for each in parse_xml(f"<w:styles {W}>{styles}</w:styles>"):
            document.styles.element.append(each)

    return word(write)


@pytest.mark.parametrize(
    ("body", "by"),
    [
        (run_of('<w:color w:val="FEFEFE"/>', "secret"), "same_colour"),
        (run_of('<w:color w:val="auto" w:themeColor="background1"/>', "secret"), "same_colour"),
        (run_of(f'{BLACK}<w:color w:val="000000"/>', "secret"), "same_colour"),
        (run_of('<w:color w:val="000000"/><w:highlight w:val="black"/>', "secret"), "same_colour"),
        (run_of('<w:highlight w:val="black"/>', "secret"), "same_colour"),
        (run_of('<w:w w:val="1"/>', "secret"), "tiny"),
        (run_of('<w:rStyle w:val="Faint"/>', "secret"), "same_colour"),
        (placed('<w:pStyle w:val="Small"/>', "secret"), "tiny"),
        (placed('<w:spacing w:line="1" w:lineRule="exact"/>', "secret"), "cropped"),
        (placed('<w:ind w:left="-20000"/>', "secret"), "off_page"),
        (placed('<w:framePr w:x="-20000"/>', "secret"), "off_page"),
        (row_of("<w:hidden/>", "secret"), "marked"),
        (row_of('<w:trHeight w:val="1" w:hRule="exact"/>', "secret"), "cropped"),
    ],
)
def test_letters_of_word_that_nobody_can_read_are_hidden_text(body: str, by: str) -> None:
    styles = """<w:style w:type="character" w:styleId="Faint"><w:rPr><w:color w:val="FFFFFF"/></w:rPr></w:style>
    <w:style w:type="paragraph" w:styleId="Base"><w:rPr><w:sz w:val="1"/></w:rPr></w:style>
    <w:style w:type="paragraph" w:styleId="Small"><w:basedOn w:val="Base"/></w:style>"""

    document = with_styles(run_of("", "before") + body, styles)

    assert document.text == "before"
    assert hidden_in(document) == [("secret", by)]


@pytest.mark.parametrize(
    "body",
    [
        run_of(f'{BLACK}<w:color w:val="FFFFFF"/>', "seen"),
        run_of(BLACK, "seen"),
        run_of('<w:color w:val="FFFFFF"/><w:highlight w:val="darkBlue"/>', "seen"),
        run_of('<w:color w:val="auto" w:themeColor="background1" w:themeShade="80"/>', "seen"),
        run_of('<w:rStyle w:val="Faint"/><w:color w:val="333333"/>', "seen"),
        placed('<w:pStyle w:val="Head"/>', "seen"),
        placed('<w:spacing w:line="240" w:lineRule="exact"/><w:ind w:left="-720"/>', "seen"),
        row_of('<w:trHeight w:val="1" w:hRule="atLeast"/>', "seen"),
        f"<w:tbl><w:tr><w:tc><w:tcPr>{BLACK}</w:tcPr>{WHITE_RUN}</w:tc></w:tr></w:tbl>",
        run_of("<w:vanish w:val='0'/>", "seen"),
    ],
)
def test_letters_of_word_that_can_be_read_stay(body: str) -> None:
    styles = f"""<w:style w:type="character" w:styleId="Faint"><w:rPr><w:color w:val="FFFFFF"/></w:rPr></w:style>
    <w:style w:type="paragraph" w:styleId="Head">
      <w:pPr>{BLACK}</w:pPr><w:rPr><w:color w:val="FFFFFF"/></w:rPr></w:style>"""

    document = with_styles(body, styles)

    assert (document.text, hidden_in(document)) == ("seen", [])


def test_a_file_that_word_shows_as_a_piece_of_the_text_is_a_part_and_the_text_in_doubt() -> None:
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    related = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{kinds}aFChunk" Target="piece.htm"/></Relationships>'
    )
    body = f"<w:document {W}><w:body><w:p><w:r><w:t>before</w:t></w:r></w:p><w:altChunk/></w:body></w:document>"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", body)
        archive.writestr("word/_rels/document.xml.rels", related)
        archive.writestr("word/piece.htm", "<html><body><p>Total 120.00</p></body></html>")

    document = open_document(packed.getvalue(), name="a.docx")

    (part,) = document.parts
    assert part.document is not None
    assert (document.text, part.document.text) == ("before", "Total 120.00")
    assert [note.code for note in document.blocking] == ["broken_page"]


def test_what_is_in_a_content_control_is_read_wherever_it_stands() -> None:
    # thomas-villani/all2md 487, python-openxml/python-docx 155: around blocks, runs, tables, rows and cells
    def control(inside: str) -> str:
        return f"<w:sdt {W}><w:sdtPr/><w:sdtContent>{inside}</w:sdtContent></w:sdt>"

    def paragraph(text: str) -> str:
        return f"<w:p {W}><w:r><w:t>{text}</w:t></w:r></w:p>"

    def table(rows: str) -> str:
        return f"<w:tbl {W}>{rows}</w:tbl>"

    run = control("<w:r><w:t>run</w:t></w:r>")
    cells = control(f"<w:tc>{paragraph('cell')}</w:tc>")

    def write(document: "docx.document.Document") -> None:
        for each in (
            control(paragraph("block")),
            f"<w:p {W}>{run}</w:p>",
            control(table(f"<w:tr><w:tc>{paragraph('table')}</w:tc></w:tr>")),
            table(control(f"<w:tr><w:tc>{paragraph('row')}</w:tc></w:tr>")),
            table(f"<w:tr><w:tc>{control(paragraph('in a cell'))}</w:tc>{cells}</w:tr>"),
            control(control(paragraph("twice"))),
        ):
            document.element.body.append(parse_xml(each))

    assert word(write).text == "block\nrun\ntable\nrow\nin a cell\tcell\ntwice"


def test_text_boxes_are_read_once_and_fields_are_their_results() -> None:
    field = f'<w:r {W}><w:instrText>HYPERLINK "https://x.example"</w:instrText></w:r>'

    def write(document: "docx.document.Document") -> None:
        document.add_paragraph("before")
        last(document).append(parse_xml(BOX))
        document.add_paragraph("a link ")
        last(document).append(parse_xml(field))

    assert word(write).text.split("\n") == ["before", "IBAN DE1", "", "a link"]


def test_comments_are_beside_the_text() -> None:
    def write(document: "docx.document.Document") -> None:
        paragraph = document.add_paragraph("Total 120.00")
        document.add_comment(paragraph.runs, text="ask Ann first", author="Bob", initials="B")

    document = word(write)

    assert document.text == "Total 120.00"
    assert hidden_in(document) == [("ask Ann first", "comment")]


def test_a_file_in_a_word_file_is_a_part_and_pictures_alone_are_no_text() -> None:
    def write(document: "docx.document.Document") -> None:
        document.add_picture(io.BytesIO(picture(["Invoice 4711"])))

    document = word(write)

    assert [(part.name, part.role) for part in document.parts] == [("image1.png", "inline")]
    assert "no_text_layer" in [note.code for note in document.blocking]


def test_the_real_word_file_is_read_with_its_tables(shared_data: Path) -> None:
    document = open_document(shared_data / "documents" / "docling-word_tables.docx")

    assert "Cell 1.0\tMerged Cell 1.1 1.2\nCell 2.0\tMerged Cell 2.1 2.2" in document.text
    assert document.notes == ()


def bomb(part: str, size: int) -> bytes:
    """Return an Office file with a part that is long when it is unpacked, and with nothing else."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open(part, "w") as file:
            for _ in range(size // 1_000_000):
                file.write(b" " * 1_000_000)
    return packed.getvalue()


@pytest.mark.dear
@pytest.mark.parametrize("part", ["word/document.xml", "xl/workbook.xml"])
def test_a_zip_bomb_is_counted_before_it_is_unpacked(part: str) -> None:
    data = bomb(part, 30_000_000)

    assert len(data) < 40_000
    with pytest.raises(TooHeavy, match=r"unpacked it has 30 MB .*ReadingLimits\.bytes"):
        open_document(data, name="a.docx", limits=ReadingLimits(bytes=10_000_000))


def test_an_office_file_that_defines_entities_is_refused() -> None:
    """What stands behind an entity that is not resolved would be lost without a word; the standard allows no DTD."""
    dtd = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    text = f"{dtd}<w:document {W}><w:body><w:p><w:r><w:t>total &x; EUR</w:t></w:r></w:p></w:body></w:document>"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", text)
    book, written = openpyxl.Workbook(), io.BytesIO()
    book.active["A1"] = "total EUR"
    book.save(written)
    sheets = io.BytesIO()
    with zipfile.ZipFile(written) as old, zipfile.ZipFile(sheets, "w") as new:
        for name in old.namelist():
            before = dtd.encode() if name == "xl/worksheets/sheet1.xml" else b""
            new.writestr(name, before + old.read(name))

    for data, name in ((packed, "a.docx"), (sheets, "a.xlsx")):
        with pytest.raises(BrokenDocument, match="DTD"):
            open_document(data.getvalue(), name=name)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_parts_of_the_same_name_are_refused() -> None:
    """Programs differ in which of the two they show."""
    out = io.BytesIO()
    docx.Document().save(out)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("word/document.xml", archive.read("word/document.xml"))

    with pytest.raises(BrokenDocument, match="same name"):
        open_document(out.getvalue(), name="twice.docx")


def workbook(write: "Callable[[openpyxl.Workbook], None]") -> Document:
    book = openpyxl.Workbook()
    write(book)
    saved = io.BytesIO()
    book.save(saved)
    return open_document(saved.getvalue(), name="a.xlsx")


def test_sheets_are_pages_and_cells_are_their_values_as_they_are_shown() -> None:
    def write(book: openpyxl.Workbook) -> None:
        first = book.active
        first.title = "Bill"
        first.append(["Item", "Qty", "Price", "Tax", "On", None, "Total"])
        first.append(["Screws", 2, 0.1 + 0.2, 0.19, date(2024, 3, 12), None, -1234.5])
        for place, code in (("C2", "0.00"), ("D2", "0%"), ("E2", "dd.mm.yyyy"), ("G2", '#,##0.00\\ "€"')):
            first[place].number_format = code
        first["H2"], first["I2"], first["J2"] = 1_000_000, 0.1 + 0.2, True
        book.create_sheet("Second")["B3"] = "note"
        book.create_sheet("Nothing")

    document = workbook(write)

    assert document.kind == "xlsx"
    assert [page.text for page in document.pages] == [
        "Bill\nItem\tQty\tPrice\tTax\tOn\t\tTotal\nScrews\t2\t0.30\t19%\t2024-03-12\t\t-1234.50 €\t1000000\t0.3\tTRUE",
        "Second\n\tnote",
        "",
    ]
    assert document.notes == ()


def test_a_formula_is_its_value_and_one_without_a_value_blocks() -> None:
    def write(book: openpyxl.Workbook) -> None:
        book.active.append([1, 2, "=A1+B1"])

    document = workbook(write)

    assert document.text == "Sheet\n1\t2"
    assert [(note.code, note.page) for note in document.blocking] == [("formula_without_value", 1)]
    assert "C1" in document.blocking[0].message


def test_hidden_sheets_rows_and_columns_are_kept_out() -> None:
    # dtjohnson/xlsx-populate 83
    def write(book: openpyxl.Workbook) -> None:
        book.active.append(["seen", "column", "end"])
        book.active.append(["row", "x", "y"])
        book.active.column_dimensions["B"].hidden = True
        book.active.row_dimensions[2].hidden = True
        secret = book.create_sheet("Secret")
        secret["A1"] = "sheet"
        secret.sheet_state = "veryHidden"

    document = workbook(write)

    assert document.text == "Sheet\nseen\tend\f"
    assert [text for text, _ in hidden_in(document)] == ["column", "row\tx\ty", "Secret\nsheet"]
    assert {note.code for note in document.notes} == {"hidden_text"}


def test_a_sheet_that_says_it_is_endless_is_as_long_as_it_is() -> None:
    def write(book: openpyxl.Workbook) -> None:
        book.active["A1"] = "first"
        book.active["XFD1048576"] = "last"

    assert workbook(write).text.split() == ["Sheet", "first", "last"]


def changed(document: bytes, **texts: tuple[str, str]) -> bytes:
    """Return a ZIP file with other texts in place of some, in all of its files."""
    saved = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as old, zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            for one, other in texts.values():
                data = data.replace(one.encode(), other.encode())
            new.writestr(name, data)
    return saved.getvalue()


def saved_workbook() -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["Total", 120])
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def test_cells_whose_texts_are_not_in_the_file_are_told_and_block() -> None:
    shared = ('t="inlineStr"><is><t>Total</t></is>', 't="s"><v>7</v>')
    document = open_document(changed(saved_workbook(), shared=shared), name="a.xlsx")

    assert document.text == "Sheet\n\t120"
    assert [(note.code, note.page) for note in document.blocking] == [("broken_page", 1)]
    assert "1 cells of Sheet have texts that are not in the file (A1)" in document.blocking[0].message


def test_a_sheet_that_the_file_does_not_say_where_it_is_is_told() -> None:
    document = open_document(changed(saved_workbook(), change=('Target="/xl/worksheets', 'Bullseye="')), name="a.xlsx")

    assert [note.code for note in document.blocking][:1] == ["broken_page"]


def test_a_workbook_of_the_strict_form_is_read_as_any_other() -> None:
    # what Excel saves as "Strict Open XML Spreadsheet"
    strict = changed(
        saved_workbook(),
        sheets=(
            "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
            "http://purl.oclc.org/ooxml/spreadsheetml/main",
        ),
        related=(
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
            "http://purl.oclc.org/ooxml/officeDocument/relationships",
        ),
    )

    document = open_document(strict, name="a.xlsx")

    assert (document.text, document.notes) == ("Sheet\nTotal\t120", ())


@pytest.mark.dear
def test_a_sheet_that_memory_does_not_hold_is_too_heavy_and_not_damaged() -> None:
    cells = '<c r="A1"><v>1</v></c>' * 500_000
    heavy = changed(saved_workbook(), cells=("<sheetData>", f"<sheetData><row>{cells}</row>"))

    with pytest.raises(TooHeavy):
        open_document(heavy, name="a.xlsx", limits=ReadingLimits(memory=250_000_000))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("kind", ["docx", "xlsx"])
def test_office_files_that_were_cut_off_are_named(kind: str, share: float) -> None:
    saved = io.BytesIO()
    if kind == "docx":
        docx.Document().save(saved)
    else:
        openpyxl.Workbook().save(saved)

    with pytest.raises(BrokenDocument, match="ask for it again"):
        open_document(saved.getvalue()[: int(len(saved.getvalue()) * share)], name=f"a.{kind}")
