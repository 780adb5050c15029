"""The cells of an Excel sheet as a person sees their values: numbers by their format, dates as ISO dates."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from io import BytesIO
from typing import Any

from handrail_ai_steps.documents.errors import BrokenDocument
from handrail_ai_steps.documents.page import HiddenBy
from handrail_ai_steps.documents.readers.office_zip import refuse_dtd
from handrail_ai_steps.documents.readers.sheet_looks import LOW, NARROW, looks_of, measure, whole
from handrail_ground.optional import needs

with needs("office"):
    from lxml import etree
    from openpyxl.styles import numbers
    from openpyxl.utils import cell as cells
    from openpyxl.utils import datetime as days

MOST_COLUMNS = 16_384
"""Of a sheet, as Excel has them."""
_LITERAL = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\]-]*)(?:-[^\]]*)?\]|([€$£¥])|[_*].')
_BRACKETS = re.compile(r"\[[^\]]*\]")
_DIGIT_OR_ANY = re.compile(r"[0#?@]|general", re.IGNORECASE)
_THOUSANDS = re.compile(r"[0#?](,+)(?![0#?,])")
"""Commas behind the last digit: each shows a thousandth."""
TEXT_SECTION = 3
"""Of a format's sections, which are for more than nothing, for less, for nothing and for text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetCell:
    """A cell that has something."""

    place: str
    text: str = ""
    hidden: HiddenBy | None = None
    """Why nobody sees it."""
    lost: bool = False
    """Its text is not in the file."""
    in_hidden_column: bool = False
    beneath: str = ""
    """The number, where the cell's format shows a text in its place."""
    unknown: bool = False
    """It has a formula, and nobody saved its value."""


class CellFormats:
    """How numbers are shown, by the cells' styles."""

    def __init__(self, styles: "etree._Element | None", *, since_1904: bool) -> None:
        own: dict[int, str] = {}
        self._codes: list[str] = []
        self._looks = looks_of(styles)
        self._epoch = days.MAC_EPOCH if since_1904 else days.WINDOWS_EPOCH
        for each in styles.iter() if styles is not None else ():
            name = local_name(each)
            if name == "numFmt":
                own[whole(each.get("numFmtId"))] = each.get("formatCode") or ""
            elif name == "xf" and local_name(each.getparent()) == "cellXfs":
                key = whole(each.get("numFmtId"))
                self._codes.append(own.get(key) or numbers.BUILTIN_FORMATS.get(key, "General"))

    def unseen(self, style: str | None) -> HiddenBy | None:
        """Return why nobody sees the letters of cells in a style; None: they are seen."""
        at = whole(style)
        return self._looks[at] if at < len(self._looks) else None

    def blanks_text(self, style: str | None) -> bool:
        """Return whether cells in a style show no text, as the format ``;;;`` says."""
        sections = self._code(style).split(";")
        return len(sections) == TEXT_SECTION + 1 and not sections[TEXT_SECTION].strip()

    def blanks(self, value: str, style: str | None) -> bool:
        """Return whether cells in a style show nothing, or a text of the format, in place of this number."""
        code = self._code(style)
        try:
            chosen = _section(float(value), code)
        except ValueError:
            return False
        return not numbers.is_date_format(code) and not _DIGIT_OR_ANY.search(
            _BRACKETS.sub("", _LITERAL.sub("", chosen))
        )

    def _code(self, style: str | None) -> str:
        at = whole(style)
        return self._codes[at] if at < len(self._codes) else "General"

    def shown(self, value: str, style: str | None) -> str:
        """Return a number as its cell shows it, without signs between thousands."""
        code = self._code(style)
        try:
            number = float(value)
        except ValueError:
            return value
        if numbers.is_date_format(code):
            return self._day(number, code)
        return _number(number, value, code)

    def _day(self, number: float, code: str) -> str:
        try:
            found = days.from_excel(number, self._epoch, timedelta=numbers.is_timedelta_format(code))
        except (OverflowError, ValueError):
            return f"{number:g}"
        if isinstance(found, datetime):
            moment = found.replace(microsecond=0)
            return moment.date().isoformat() if moment.time() == time() else moment.isoformat(sep=" ")
        return str(timedelta(seconds=round(found.total_seconds())) if isinstance(found, timedelta) else found)


def cells_of(
    sheet: bytes, strings: Sequence[str], formats: CellFormats
) -> Iterator[tuple[list[SheetCell], HiddenBy | None]]:
    """Yield the rows of a sheet, the cells that are left out filled in, each with why nobody sees the row.

    Raises:
        BrokenDocument: its XML is damaged, or defines entities.
        MemoryError: it has more than there is room for.
    """
    hidden_columns: dict[int, HiddenBy] = {}
    is_first = True
    try:
        for _, element in etree.iterparse(
            BytesIO(sheet), events=("end",), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
        ):
            if is_first:
                refuse_dtd(element, "of a sheet")
                is_first = False
            name = local_name(element)
            if name == "col" and element.get("hidden") in {"1", "true"}:
                first, last = whole(element.get("min")), min(whole(element.get("max")), MOST_COLUMNS)
                hidden_columns.update(dict.fromkeys(range(first, last + 1), "marked"))
            elif name == "col" and element.get("width") is not None and measure(element.get("width")) <= NARROW:
                first, last = whole(element.get("min")), min(whole(element.get("max")), MOST_COLUMNS)
                hidden_columns.update(dict.fromkeys(range(first, last + 1), "cropped"))
            elif name == "row":
                yield _row(element, strings, formats, hidden_columns), _row_unseen(element)
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from error
        raise BrokenDocument(f"the XML of a sheet is damaged ({error}): ask for the file again") from error


def plain_strings(root: "etree._Element | None") -> list[str]:
    """Return the texts that cells share, without the signs that say how to pronounce them."""
    if root is None:
        return []
    return ["".join(_texts(each)) for each in root if local_name(each) == "si"]


def local_name(element: Any) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def _row(row: Any, strings: Sequence[str], formats: CellFormats, hidden: dict[int, HiddenBy]) -> list[SheetCell]:
    found: list[SheetCell] = []
    column = 0
    for element in row:
        if local_name(element) != "c":
            continue
        place = element.get("r") or ""
        column = _column(place) or column + 1
        while len(found) < column - 1:
            found.append(SheetCell(place="", in_hidden_column=len(found) + 1 in hidden))
        cell = _cell(element, place, strings, formats, hidden=hidden.get(column))
        found.append(replace(cell, in_hidden_column=column in hidden))
    while found and not (found[-1].text or found[-1].unknown or found[-1].lost or found[-1].beneath):
        found.pop()
    return found


def _row_unseen(row: Any) -> HiddenBy | None:
    if row.get("hidden") in {"1", "true"}:
        return "marked"
    return "cropped" if row.get("ht") is not None and measure(row.get("ht")) <= LOW else None


def _cell(
    element: Any, place: str, strings: Sequence[str], formats: CellFormats, *, hidden: HiddenBy | None
) -> SheetCell:
    parts = {local_name(each): each for each in element}
    value = parts["v"].text if "v" in parts else None
    kind, style = element.get("t") or "n", element.get("s")
    hidden = hidden or formats.unseen(style)
    if kind == "inlineStr":
        text = "".join(_texts(parts["is"])) if "is" in parts else ""
    elif value is None:
        return SheetCell(place=place, hidden=hidden, unknown="f" in parts)
    elif kind == "s":
        at = whole(value, otherwise=len(strings))  # not the first one: that is another cell's
        if at >= len(strings):
            return SheetCell(place=place, hidden=hidden, lost=True)
        text = strings[at]
    elif kind == "b":
        text = "TRUE" if value == "1" else "FALSE"
    elif kind in {"str", "e", "d"}:
        text = value
    elif formats.blanks(value, style):
        beneath = value if float(value) else ""  # a blank or a dash for nothing hides nothing
        return SheetCell(place=place, text=formats.shown(value, style), hidden=hidden, beneath=beneath)
    else:
        return SheetCell(place=place, text=formats.shown(value, style), hidden=hidden)
    if kind in {"inlineStr", "s", "str"} and formats.blanks_text(style):
        hidden = hidden or "marked"
    return SheetCell(place=place, text=text, hidden=hidden)


def _texts(element: Any) -> Iterator[str]:
    for each in element:
        name = local_name(each)
        if name == "t":
            yield each.text or ""
        elif name == "r":
            yield from _texts(each)


def _column(place: str) -> int:
    letters = place.rstrip("0123456789")
    try:
        return min(int(cells.column_index_from_string(letters)), MOST_COLUMNS) if letters else 0
    except ValueError:
        return 0


def _number(number: float, written: str, code: str) -> str:
    """Return a number with the places, the sign of percent and the currency of its format."""
    chosen = _section(number, code)
    bare = _BRACKETS.sub("", _LITERAL.sub("", chosen))
    percent = "%" in bare
    digits = re.search(r"[0#?]([.][0#?]*)?", bare.replace(",", ""))
    if not _DIGIT_OR_ANY.search(bare):  # it shows what it says, whatever the number
        said = _BRACKETS_BUT_CURRENCY.sub("", chosen)
        return _LITERAL.sub(lambda match: next((each for each in match.groups() if each), ""), said).strip()
    if digits is None or "E" in bare or "/" in bare:
        text = _general(number, written)
    else:
        places = re.search(r"\.([0#?]+)", bare)
        scaled = number / 1000 ** sum(len(each) for each in _THOUSANDS.findall(bare))
        text = f"{scaled * 100 if percent else scaled:.{len(places[1]) if places else 0}f}"
    before, after = _signs(chosen)
    return f"{before}{text}{'%' if percent else ''}{after}".strip()


def _section(number: float, code: str) -> str:
    """Return the part of a format that is for a number."""
    sections = code.split(";")
    if number < 0 and len(sections) > 1:
        return sections[1]
    return sections[2] if number == 0 and len(sections) > 2 else sections[0]


def _signs(code: str) -> tuple[str, str]:
    """Return what a format writes before and after its digits, such as a currency."""
    plain = _BRACKETS_BUT_CURRENCY.sub("", code)
    first = re.search(r"[0#?]", _LITERAL.sub(lambda match: " " * len(match.group()), plain))
    at = first.start() if first else len(plain)
    said = [(match.start(), next((each for each in match.groups() if each), "")) for match in _LITERAL.finditer(plain)]
    before = "".join(text for start, text in said if start < at).replace("-", "")  # the number has its own
    after = "".join(text for start, text in said if start > at)
    return before, after


_BRACKETS_BUT_CURRENCY = re.compile(r"\[(?!\$)[^\]]*\]")


def _general(number: float, written: str) -> str:
    """Return a number as Excel shows it without a format: no digits that only its storage has."""
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    return f"{number:.15g}" if "." in written or "E" in written.upper() else written
