"""Excel files whose cells hide what they hold by their looks, or show something else."""

import io
import zipfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.colors import Color

from handrail.documents import open_document
from tests.unit.ai_steps.documents.test_office import hidden_in, workbook

if TYPE_CHECKING:
    from collections.abc import Callable


def looks(cell: Any, *, font: Font | None = None, fill: str = "", code: str = "") -> None:
    if font is not None:
        cell.font = font
    if code:
        cell.number_format = code
    if fill:
        cell.fill = PatternFill("solid", fgColor=fill)


@pytest.mark.parametrize(
    ("change", "by"),
    [
        (lambda sheet: looks(sheet["A2"], font=Font(color="FFFFFFFF")), "same_colour"),
        (lambda sheet: looks(sheet["A2"], font=Font(color="FFFEFEFE")), "same_colour"),
        (lambda sheet: looks(sheet["A2"], font=Font(color=Color(theme=0))), "same_colour"),
        (lambda sheet: looks(sheet["A2"], fill="FF000000"), "same_colour"),
        (lambda sheet: looks(sheet["A2"], font=Font(size=1)), "tiny"),
        (lambda sheet: looks(sheet["A2"], code=";;;"), "marked"),
        (lambda sheet: setattr(sheet.row_dimensions[2], "height", 0.1), "cropped"),
        (lambda sheet: setattr(sheet.column_dimensions["A"], "width", 0.1), "cropped"),
    ],
)
def test_cells_that_nobody_can_read_are_hidden_text(change: "Callable[[Any], None]", by: str) -> None:
    def write(book: openpyxl.Workbook) -> None:
        sheet = book.active
        sheet["B1"], sheet["A2"] = "seen", "secret"
        change(sheet)

    document = workbook(write)

    assert document.text.split() == ["Sheet", "seen"]
    assert hidden_in(document) == [("secret", by)]


def test_cells_that_can_be_read_stay_in_their_columns() -> None:
    def write(book: openpyxl.Workbook) -> None:
        sheet = book.active
        sheet.append(["a", "b", "c"])
        looks(sheet["A1"], font=Font(color="FFFFFFFF"), fill="FF003366")
        looks(sheet["B1"], font=Font(color="FFFFFFFF"))

    document = workbook(write)

    assert document.text == "Sheet\na\t\tc"
    assert hidden_in(document) == [("b", "same_colour")]


@pytest.mark.parametrize(
    ("value", "code", "shown", "hidden"),
    [
        (120, '"900"', "900", [("120", "marked")]),
        (120, ";;;", "", [("120", "marked")]),
        (-120, "0;", "", [("-120", "marked")]),
        (1234567, '0.0,,"M"', "1.2M", []),
        (1234567, "#,##0", "1234567", []),
        (0, '0;-0;"-"', "-", []),
        (-5, "0.00;(0.00)", "-5.00", []),
    ],
)
def test_a_number_is_what_its_format_shows(value: int, code: str, shown: str, hidden: list[tuple[str, str]]) -> None:
    def write(book: openpyxl.Workbook) -> None:
        sheet = book.active
        sheet["A1"], sheet["B1"] = "Total", value
        looks(sheet["B1"], code=code)

    document = workbook(write)

    assert document.text == f"Sheet\nTotal\t{shown}".rstrip("\t")
    assert hidden_in(document) == hidden


def test_comments_on_cells_are_beside_the_text() -> None:
    def write(book: openpyxl.Workbook) -> None:
        book.active["A1"] = "Total"
        book.active["A1"].comment = Comment("pay twice", "a")

    document = workbook(write)

    assert (document.text, hidden_in(document)) == ("Sheet\nTotal", [("pay twice", "comment")])


def test_text_of_shapes_on_a_sheet_is_read() -> None:
    drawing = "http://schemas.openxmlformats.org/drawingml/2006/"
    shape = (
        f'<d:wsDr xmlns:d="{drawing}spreadsheetDrawing" xmlns:a="{drawing}main"><d:sp><d:txBody>'
        "<a:p><a:r><a:t>Amount due </a:t></a:r><a:r><a:t>120.00</a:t></a:r></a:p></d:txBody></d:sp></d:wsDr>"
    )
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    related = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{kinds}drawing" Target="../drawings/drawing1.xml"/></Relationships>'
    )
    saved = io.BytesIO()
    book = openpyxl.Workbook()
    book.active["A1"] = "Total"
    book.save(saved)
    with zipfile.ZipFile(saved, "a") as added:
        added.writestr("xl/worksheets/_rels/sheet1.xml.rels", related)
        added.writestr("xl/drawings/drawing1.xml", shape)

    assert open_document(saved.getvalue(), name="a.xlsx").text == "Sheet\nTotal\nAmount due 120.00"


STRINGS = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>Paid</t></si></sst>'


def sheet(**changes: tuple[str, str]) -> bytes:
    """Return a workbook of ``Total 120`` with one place of some of its parts changed."""
    saved, changed = io.BytesIO(), io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["Total", 120])
    book.save(saved)
    with zipfile.ZipFile(saved) as before, zipfile.ZipFile(changed, "w") as after:
        for name in before.namelist():
            text, (was, now) = before.read(name).decode(), changes.get(PurePosixPath(name).stem, ("", ""))
            assert was in text
            after.writestr(name, text.replace(was, now, 1))
        after.writestr("xl/sharedStrings.xml", STRINGS)
    return changed.getvalue()


@pytest.mark.parametrize("number", ["²", "9" * 5_000, "-1", "x"])
@pytest.mark.parametrize(
    ("at", "was", "now"),
    [
        ("sheet1", '<c r="B1"', '<c s="{}" r="B1"'),
        ("sheet1", "<sheetData>", '<cols><col min="{0}" max="{0}" hidden="1"/></cols><sheetData>'),
        ("styles", 'fontId="0"', 'fontId="{}"'),
    ],
)
def test_a_number_of_a_style_that_is_none_loses_no_cell(at: str, was: str, now: str, number: str) -> None:
    document = open_document(sheet(**{at: (was, now.format(number))}), name="a.xlsx")

    assert document.text == "Sheet\nTotal\t120"


@pytest.mark.parametrize("number", ["²", "9" * 5_000, "-1", "x"])
def test_a_cell_whose_text_cannot_be_found_shows_no_other_ones(number: str) -> None:
    cell = ('t="inlineStr"><is><t>Total</t></is>', f't="s"><v>{number}</v>')
    told = sheet(sheet1=cell, sharedStrings=("/>", "><si><t>Paid</t></si></sst>"))

    assert open_document(told, name="a.xlsx").text == "Sheet\n\t120"
