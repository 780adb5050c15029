"""Values as documents write them: read with every reading, found on the page, never with the sign lost."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.figure import Figure, at_least, at_most, percent
from handrail import Document
from handrail.documents import Date, Money
from handrail.guards import locate

CREDIT_NOTE = "381"
"""Its amounts are positive in the data of an invoice, and negative on most pages."""

AMOUNTS: dict[str, str] = {
    "1234.56": "1234.56", "1,234.56": "1234.56", "1.234,56 €": "1234.56", "1 234,56": "1234.56", "1'234.56": "1234.56",
    "42'987,56": "42987.56", "1,23,456.00": "123456.00", "1.234.567,89": "1234567.89", "1 .234,56": "1234.56",
    "0.025 €": "0.025", ".89": "0.89", "5.-": "5", "3,50.-": "3.50", "10,- kr": "10", "12,50 Euro": "12.50",
    "US$ 1,007.50": "1007.50", "RM8.20": "8.20", "1.5M": "1500000", "2,5 Mio. €": "2500000", "١٬٢٣٤٫٥٦": "1234.56",
    "१,२३,४५६.००": "123456.00", "１２３４．５０": "1234.50", "1 2 3 4 . 5 0": "1234.50", "-1.234,56 €": "-1234.56",
    "−12,00": "-12.00", "1,00-": "-1.00", "(12.00)": "-12.00", "($12.00)": "-12.00", "-€5": "-5",
    "108.43 CR": "-108.43",
    "1,234": "1234 1.234", "1.234 €": "1234 1.234", "8.20K": "8.20 8200",
}  # fmt: skip
"""What amounts are written like, with every reading."""
DATES: dict[str, str] = {
    "03/04/2024": "2024-03-04 2024-04-03", "7.5.2014": "2014-05-07 2014-07-05", "2024-03-04": "2024-03-04",
    "4. März 2024": "2024-03-04", "4 de marzo de 2024": "2024-03-04", "March 4th, 2024": "2024-03-04",
    "2024年3月4日": "2024-03-04", "４ March ２０２４": "2024-03-04", "04/03/2567": "2024-03-04 2024-04-03",
    "4 มีนาคม 2567": "2024-03-04", "٤ مارس ٢٠٢٤": "2024-03-04", "10 10 2024": "2024-10-10", "13/08/2018": "2018-08-13",
    "12-06-2018 14:03:11": "2018-06-12 2018-12-06", "März 2024": "", "27.08": "", "30.02.2024": "", "2024": "",
}  # fmt: skip
"""What dates are written like, with every reading; none for what is no day."""


def value_rows(data: Path) -> list[Figure]:
    """Measure on the documents in this folder, the receipts beside it, and a table of our own."""
    return [*_table(), *_hybrids(data), _rows_of_receipts(data.parent / "receipts" / "receipts.dev.jsonl")]


def _table() -> Iterator[Figure]:
    wrong = [each for each, readings in AMOUNTS.items() if _amounts(each) != set(map(Decimal, readings.split()))]
    wrong += [each for each, readings in DATES.items() if _days(each) != set(map(date.fromisoformat, readings.split()))]
    total = len(AMOUNTS) + len(DATES)
    note = f"{total - len(wrong)} of {total}" + (f"; not {', '.join(wrong)}" if wrong else "")
    share = percent(total - len(wrong), total)
    yield Figure("values", "amounts and dates: every reading", share, bar=at_least(100), note=note)
    lost = [each for each, readings in AMOUNTS.items() if {read < 0 for read in _amounts(each)} != {"-" in readings}]
    yield Figure("values", "signs lost", float(len(lost)), "amounts", bar=at_most(0), note=f"of {len(AMOUNTS)}")
    days = [each for each, readings in DATES.items() if not readings and _days(each)]
    yield Figure("values", "days invented", float(len(days)), "dates", bar=at_most(0))


def _amounts(text: str) -> set[Decimal]:
    try:
        return set(Money.read(text).readings)
    except ValueError:
        return set()


def _days(text: str) -> set[date]:
    try:
        return set(Date.read(text).readings)
    except ValueError:
        return set()


def _hybrids(data: Path) -> Iterator[Figure]:
    """Yield how many values of the data in an invoice are found on its page, of those that stand there."""
    said: list[tuple[str, str, bool]] = []
    for row in map(json.loads, (data / "truth.jsonl").read_text(encoding="utf-8").splitlines()):
        if "xml_fields" not in row:
            continue
        text = Document.open(data / row["file"]).text
        absent = {(field, value) for field, value in row["xml_values_not_on_page"]}
        is_credit = row["xml_fields"].get("type") == CREDIT_NOTE
        for field, value in _stated(row["xml_fields"]):
            if (field, value) not in absent:
                said.append((row["file"], field, _is_found(field, value, text, is_credit=is_credit)))
    values = [each for each in said if each[1] != "currency"]
    for name, rows, least in (
        ("values on the page are found", values, 99.5),
        ("currencies are found", [each for each in said if each[1] == "currency"], 97.0),
    ):
        missed = [f"{file}: {field}" for file, field, found in rows if not found]
        note = f"{len(rows) - len(missed)} of {len(rows)}" + (f"; not {', '.join(missed)}" if missed else "")
        yield Figure("values", name, percent(len(rows) - len(missed), len(rows)), bar=at_least(least), note=note)


def _stated(fields: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for field, value in fields.items():
        if field != "type":
            yield from ((field, each) for each in (value if isinstance(value, list) else [value]))


def _is_found(field: str, value: str, text: str, *, is_credit: bool) -> bool:
    if field in {"issued", "due_date"}:
        return bool(locate(date(int(value[:4]), int(value[4:6]), int(value[6:8])), text))
    if field.endswith("Amount") or field == "lines":
        amount = Decimal(value)
        return bool(locate(amount, text)) or (is_credit and bool(locate(-amount, text)))
    return bool(locate(value, text))


def _rows_of_receipts(receipts: Path) -> Figure:
    """Return in how many rows both a quantity and the price beside it are found, joined by one blank."""
    rows = list(_quantities_and_prices(receipts))
    wrong = [f"{one} {price}" for one, price in rows if not _both(one, price)]
    note = f"{len(rows) - len(wrong)} of {len(rows)}" + (f"; not {', '.join(wrong)}" if wrong else "")
    name = "a quantity and a price in one row, both found"
    return Figure("values", name, percent(len(rows) - len(wrong), len(rows)), bar=at_least(100), note=note)


def _both(quantity: str, price: str) -> bool:
    row = f"{quantity} {price}"
    spans = locate(Decimal(price), row)
    return bool(spans) and row[spans[0].start : spans[0].end] == price and bool(locate(int(quantity), row))


def _quantities_and_prices(receipts: Path) -> Iterator[tuple[str, str]]:
    """Yield a number of up to three digits with the price to its right that begins with three."""
    for record in map(json.loads, receipts.read_text(encoding="utf-8").splitlines()):
        cells = [(line["text"].strip(), *_box(line["box"])) for line in record["lines"]]
        for text, _, top, right, bottom in cells:
            middle = (top + bottom) / 2
            beside = sorted((each for each in cells if each[1] >= right and each[2] <= middle <= each[4]), key=_left)
            if re.fullmatch(r"[1-9]\d{0,2}", text) and beside and re.fullmatch(r"\d{3}\.\d\d", beside[0][0]):
                yield text, beside[0][0]


def _box(corners: Sequence[float]) -> tuple[float, float, float, float]:
    return min(corners[0::2]), min(corners[1::2]), max(corners[0::2]), max(corners[1::2])


def _left(cell: tuple[str, float, float, float, float]) -> float:
    return cell[1]
