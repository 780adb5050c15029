"""The cells of an Excel sheet as a person sees their values: numbers by their format, dates as ISO dates."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from io import BytesIO
from typing import Any

from handrail_ai_steps.documents.errors import BrokenDocument
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetCell:
    """A cell that has something."""

    place: str
    text: str = ""
    hidden: bool = False
    unknown: bool = False
    """It has a formula, and nobody saved its value."""


class CellFormats:
    """How numbers are shown, by the cells' styles."""

    def __init__(self, styles: "etree._Element | None", *, since_1904: bool) -> None:
        own: dict[int, str] = {}
        self._codes: list[str] = []
        self._epoch = days.MAC_EPOCH if since_1904 else days.WINDOWS_EPOCH
        for each in styles.iter() if styles is not None else ():
            name = local_name(each)
            if name == "numFmt":
                own[_whole(each.get("numFmtId"))] = each.get("formatCode") or ""
            elif name == "xf" and local_name(each.getparent()) == "cellXfs":
                key = _whole(each.get("numFmtId"))
                self._codes.append(own.get(key) or numbers.BUILTIN_FORMATS.get(key, "General"))

    def shown(self, value: str, style: str | None) -> str:
        """Return a number as its cell shows it, without signs between thousands."""
        at = _whole(style)
        code = self._codes[at] if at < len(self._codes) else "General"
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


def cells_of(sheet: bytes, strings: Sequence[str], formats: CellFormats) -> Iterator[tuple[list[SheetCell], bool]]:
    """Yield the rows of a sheet, the cells that are left out filled in, each with whether the row is hidden.

    Raises:
        BrokenDocument: its XML is damaged.
    """
    hidden_columns: set[int] = set()
    try:
        for _, element in etree.iterparse(
            BytesIO(sheet), events=("end",), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
        ):
            name = local_name(element)
            if name == "col" and element.get("hidden") in {"1", "true"}:
                first, last = _whole(element.get("min")), min(_whole(element.get("max")), MOST_COLUMNS)
                hidden_columns.update(range(first, last + 1))
            elif name == "row":
                yield _row(element, strings, formats, hidden_columns), element.get("hidden") in {"1", "true"}
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise BrokenDocument(f"the XML of a sheet is damaged ({error}): ask for the file again") from error


def plain_strings(root: "etree._Element | None") -> list[str]:
    """Return the texts that cells share, without the signs that say how to pronounce them."""
    if root is None:
        return []
    return ["".join(_texts(each)) for each in root if local_name(each) == "si"]


def local_name(element: Any) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def _row(row: Any, strings: Sequence[str], formats: CellFormats, hidden: set[int]) -> list[SheetCell]:
    found: list[SheetCell] = []
    column = 0
    for element in row:
        if local_name(element) != "c":
            continue
        place = element.get("r") or ""
        column = _column(place) or column + 1
        while len(found) < column - 1:
            found.append(SheetCell(place="", hidden=len(found) + 1 in hidden))
        found.append(_cell(element, place, strings, formats, hidden=column in hidden))
    while found and not found[-1].text and not found[-1].unknown:
        found.pop()
    return found


def _cell(element: Any, place: str, strings: Sequence[str], formats: CellFormats, *, hidden: bool) -> SheetCell:
    parts = {local_name(each): each for each in element}
    value = parts["v"].text if "v" in parts else None
    kind = element.get("t") or "n"
    if kind == "inlineStr":
        text = "".join(_texts(parts["is"])) if "is" in parts else ""
    elif value is None:
        return SheetCell(place=place, hidden=hidden, unknown="f" in parts)
    elif kind == "s":
        at = _whole(value)
        text = strings[at] if at < len(strings) else ""
    elif kind == "b":
        text = "TRUE" if value == "1" else "FALSE"
    elif kind in {"str", "e", "d"}:
        text = value
    else:
        text = formats.shown(value, element.get("s"))
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
    section = code.split(";")
    chosen = section[1] if number < 0 and len(section) > 1 and section[1] else section[0]
    bare = _BRACKETS.sub("", _LITERAL.sub("", chosen))
    percent = "%" in bare
    digits = re.search(r"[0#?]([.][0#?]*)?", bare.replace(",", ""))
    if digits is None or "E" in bare or "/" in bare:
        text = _general(number, written)
    else:
        places = re.search(r"\.([0#?]+)", bare)
        text = f"{number * 100 if percent else number:.{len(places[1]) if places else 0}f}"
    before, after = _signs(chosen)
    return f"{before}{text}{'%' if percent else ''}{after}".strip()


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


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0
