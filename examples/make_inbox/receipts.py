"""Receipts as the lines that reading a picture gave: text with its corners, in pixels."""

import json
import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from examples.make_inbox.invoice import cents

Language = Literal["en", "de", "fr"]

_SHOPS: dict[Language, str] = {
    "en": "The Copper Kettle Cafe|Hobbs Hardware|Station Books|Marrow & Leek Grocers|Quay Pharmacy|Pine Street Deli",
    "de": "Bäckerei Ährenkorn|Eisenwaren Pohlke|Café Zeitlos|Drogerie am Tor",
    "fr": "Boulangerie du Canal|Café des Platanes|Quincaillerie Morel|Librairie du Pont",
}
_STREETS: dict[Language, str] = {
    "en": "4 Market Row, Bristol BS1 3BX|18 Quayside, York YO1 9TT|221 High Street, Leeds LS1 4AP",
    "de": "Torgasse 3, 99084 Erfurt|Hafenstr. 41, 28195 Bremen",
    "fr": "12 quai Nord, 44000 Nantes|5 place du Marché, 69002 Lyon",
}
_GOODS: dict[Language, str] = {
    "en": "FLAT WHITE=3.4|CHEESE TOASTIE=6.5|A5 NOTEBOOK=4.25|SCREWS 4X40=2.99|PAINT BRUSH=5.75|APPLES 1KG=2.6",
    "de": "Roggenbrot=4.2|Kaffee=3.1|Dübel 8mm=2.49|Heft A5=1.95|Brezel=0.95|Seife=2.25",
    "fr": "Baguette=1.3|Café=2.2|Croissant=1.5|Cahier A5=3.4|Vis 4x40=2.9|Savon=2.75",
}
_WORDS: dict[Language, tuple[str, str, str, str, str]] = {
    "en": ("SUBTOTAL", "VAT 20% INCL.", "TOTAL", "CASH", "CHANGE"),
    "de": ("Zwischensumme", "enth. MwSt 19%", "SUMME EUR", "BAR", "Rückgeld"),
    "fr": ("Sous-total", "dont TVA 20%", "TOTAL TTC", "ESPECES", "RENDU"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A receipt and what is true of it."""

    company: str
    address: str
    bought: date
    total: Decimal
    currency: str
    lines: tuple[tuple[str, tuple[int, ...]], ...]

    def file(self, name: str) -> bytes:
        """Return the lines as a file."""
        lines = [{"text": text, "box": list(box)} for text, box in self.lines]
        return (json.dumps({"id": name, "lines": lines}, ensure_ascii=False) + "\n").encode()

    def fields(self) -> dict[str, Any]:
        """Return what there is to read."""
        return {
            "company": self.company,
            "address": self.address,
            "date": self.bought.isoformat(),
            "total": str(self.total),
            "currency": self.currency,
        }


def receipt_of(seed: str, language: Language, *, wrong_sum: bool = False, short: bool = False) -> Receipt:
    """Return a receipt made by chance; ``wrong_sum``: its total is not what was bought; ``short``: it is torn off."""
    rng = random.Random(f"receipt/{seed}")
    company, address = (rng.choice(each[language].split("|")) for each in (_SHOPS, _STREETS))
    bought = date(2026, 2, 1) + timedelta(days=rng.randrange(240))
    goods = [rng.choice(_GOODS[language].split("|")).split("=") for _ in range(rng.randint(2, 6))]
    bill = [(name, count, cents(Decimal(price) * count)) for name, price in goods for count in [rng.randint(1, 3)]]
    total = sum((price for _, _, price in bill), Decimal(0)) + (Decimal("1.10") if wrong_sum else 0)
    shown = _Paper(rng, language)
    street, _, town = address.partition(", ")
    for text in (company.upper() if rng.random() < 0.5 else company, street, town):
        shown.centred(text)
    shown.pair(shown.date(bought), f"{rng.randint(8, 19):02}:{rng.randint(0, 59):02}")
    for name, count, price in bill:
        shown.pair(f"{count} x {name}" if count > 1 else name, shown.amount(price))
    subtotal, tax, total_word, cash, change = _WORDS[language]
    rate = Decimal(19 if language == "de" else 20)
    if not short:
        shown.pair(subtotal, shown.amount(total))
        shown.pair(tax, shown.amount(cents(total * rate / (100 + rate))))
        shown.pair(total_word, shown.amount(total))
        note = Decimal(-(-int(total + 1) // 10) * 10)
        shown.pair(cash, shown.amount(note))
        shown.pair(change, shown.amount(note - total))
    return Receipt(
        company=company,
        address=address,
        bought=bought,
        total=total,
        currency="GBP" if language == "en" else "EUR",
        lines=tuple(shown.lines),
    )


class _Paper:
    """A strip of paper, 620 pixels wide, while it is printed and read."""

    def __init__(self, rng: random.Random, language: Language) -> None:
        self.rng, self.language, self.y = rng, language, 40
        self.lines: list[tuple[str, tuple[int, ...]]] = []

    def centred(self, text: str) -> None:
        """Print a line in the middle."""
        self._at((620 - 14 * len(text)) // 2, text)
        self.y += 38

    def pair(self, left: str, right: str) -> None:
        """Print a label and a value on one line, which reading gives as two."""
        self._at(30, left)
        self._at(590 - 14 * len(right), right)
        self.y += 36

    def date(self, day: date) -> str:
        """Return a date as a till prints it."""
        return f"{day:%d.%m.%Y}" if self.language == "de" else f"{day:%d/%m/%Y}"

    def amount(self, amount: Decimal) -> str:
        """Return an amount as a till prints it."""
        return f"{amount:.2f}" if self.language == "en" else f"{amount:.2f}".replace(".", ",")

    def _at(self, x: int, text: str) -> None:
        left, top = x + self.rng.randint(-2, 2), self.y + self.rng.randint(-2, 2)
        right, foot = left + 14 * len(text), top + 28
        self.lines.append((text, (left, top, right, top, right, foot, left, foot)))
