"""Receipts of our own, of many shops in several countries, as OCR lines with boxes and with their true fields."""

import random
from dataclasses import dataclass
from typing import Any

FIRST = ("Golden", "Harbour", "Sunrise", "Old Town", "Corner", "Green", "Royal", "Seaside", "Maple", "Union", "Station")
SECOND = ("Bakery", "Hardware", "Stationery", "Market", "Books", "Pharmacy", "Coffee", "Trading", "Noodles", "Garden")
LEGAL = ("Ltd", "GmbH", "Sdn Bhd", "Inc", "Limited", "S.L.", "")
STREETS = ("Mill Lane", "Hauptstrasse", "Jalan Merdeka", "Station Road", "Calle Mayor", "Market Street", "Oak Avenue")
TOWNS = ("Springfield", "Neustadt", "Shah Alam", "Oakham", "Valencia", "Riverside", "Lakeview", "Johor Bahru")
GOODS = ("PEN BLUE", "BREAD WHOLE", "COFFEE 250G", "NAILS 50MM", "NOTEBOOK A5", "TEA GREEN", "SOAP BAR", "RICE 5KG")
TOTALS = ("TOTAL", "GRAND TOTAL", "Total due", "AMOUNT PAYABLE", "TOTAL INCL TAX")
DATES = ("{d:02}/{m:02}/{y}", "{d:02}-{m:02}-{y}", "{y}-{m:02}-{d:02}")


@dataclass(frozen=True)
class Shop:
    """One shop and how its receipts look."""

    name: str
    address: tuple[str, ...]
    tax_number: str
    phone: str
    total: str
    date: str
    seed: int


def shop(number: int) -> Shop:
    """Return a shop; the same number gives the same."""
    chance = random.Random(number)
    legal = chance.choice(LEGAL)
    name = f"{chance.choice(FIRST)} {chance.choice(SECOND)} {legal}".strip().upper()
    street = f"{chance.randint(1, 200)}, {chance.choice(STREETS)} {chance.randint(1, 30)},"
    town = f"{chance.randint(10000, 99999)} {chance.choice(TOWNS)}"
    address = (street, town) if chance.random() < 0.6 else (f"Unit {chance.randint(1, 40)}, Block B,", street, town)
    return Shop(
        name,
        address,
        f"{chance.randint(10**8, 10**9 - 1)}",
        f"0{chance.randint(1, 9)}-{chance.randint(1000000, 9999999)}",
        chance.choice(TOTALS),
        chance.choice(DATES),
        number,
    )


def receipt(of: Shop, number: int, *, name: str | None = None) -> dict[str, Any]:
    """Return a receipt of a shop, as a line of a training file; ``name`` is what it prints instead of the shop's."""
    chance = random.Random(of.seed * 1000 + number)
    prices = [chance.randint(100, 9000) for _ in range(chance.randint(1, 5))]
    total = sum(prices)
    paid = total + chance.choice((0, 500, 1000))
    day = of.date.format(d=chance.randint(1, 28), m=chance.randint(1, 12), y=chance.randint(2019, 2025))
    printed = name or of.name
    rows: list[tuple[str, str]] = [(printed, "")]
    rows += [(line, "") for line in of.address]
    rows += [(f"Tel: {of.phone}", ""), (f"Tax ID: {of.tax_number}", ""), ("TAX INVOICE", "")]
    rows += [("Invoice No:", f"A{of.seed:02}{number:05}"), (f"Date: {day}", f"{chance.randint(8, 20)}:15")]
    rows += [(chance.choice(GOODS), _money(each)) for each in prices]
    rows += [("SUBTOTAL", _money(total)), (of.total, _money(total)), ("CASH", _money(paid))]
    rows += [("CHANGE", _money(paid - total)), ("Thank you, please come again", "")]
    return {
        "id": f"made-{of.seed}-{number}",
        "lines": list(_lines(rows, chance)),
        "fields": {
            "company": printed,
            "address": " ".join(of.address),
            "date": day,
            "total": _money(total),
            "invoice": f"A{of.seed:02}{number:05}",
        },
    }


def receipts(shops: int, each: int, *, first: int = 0) -> list[dict[str, Any]]:
    """Return so many receipts of each of so many shops."""
    return [receipt(shop(number), index) for number in range(first, first + shops) for index in range(each)]


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def _lines(rows: list[tuple[str, str]], chance: random.Random) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    top = 40.0
    for left, right in rows:
        start = 300 - 6 * len(left) if not right and top < 300 else 40
        lines.append(_line(left, start, top, chance))
        if right:
            lines.append(_line(right, 560 - 12 * len(right), top, chance))
        top += 34
    return lines


def _line(text: str, left: float, top: float, chance: random.Random) -> dict[str, Any]:
    low = top + chance.uniform(-2, 2)
    right = left + 12 * len(text)
    return {"text": text, "box": [left, low, right, low, right, low + 26, left, low + 26]}
