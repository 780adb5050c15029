"""Invoices made by chance, for the inbox and, with other companies, for training."""

import random
from datetime import date, timedelta
from decimal import Decimal

from examples.make_inbox.companies import ITEMS, Pool, company
from examples.make_inbox.invoice import Company, Invoice, Item, cents
from examples.make_inbox.locales import LOCALES

NUMBERS = ("{year}-{serial:04}", "RE{year}{serial:05}", "INV-{serial:05}", "{serial}/{short}", "F{short}-{serial:04}")
CURRENCIES = {"GB": "GBP", "US": "USD", "CH": "CHF"}
BUYERS = {
    "inbox": Company(name="Brambledesk Ltd", street="14 Foundry Yard", town="Bristol BS2 0TE", country="GB"),
    "training": Company(name="Tollgate Mills Ltd", street="3 Canal Row", town="Leeds LS10 1LE", country="GB"),
}


def invoice_of(seed: str, locale: str, *, pool: Pool = "inbox", lines: int = 0) -> Invoice:
    """Return an invoice; the same seed gives the same one, on every machine and Python."""
    rng = random.Random(f"{pool}/{seed}")
    country = locale[-2:]
    seller = company(rng, country, pool)
    buyer = BUYERS["inbox"] if pool == "inbox" else company(rng, rng.choice(("GB", country)), pool)
    issued = date(2026, 1, 5) + timedelta(days=rng.randrange(260))
    return Invoice(
        number=_number(rng, issued),
        issued=issued,
        due=issued + timedelta(days=rng.choice((14, 30, 30, 45))) if rng.random() < 0.85 else None,
        seller=seller,
        buyer=buyer,
        currency=CURRENCIES.get(country, "EUR"),
        items=_items(rng, locale, lines or rng.randint(1, 7)),
        locale=locale,
        order=f"PO-{rng.randint(1000, 9999)}" if rng.random() < 0.4 else "",
    )


def _items(rng: random.Random, locale: str, lines: int) -> tuple[Item, ...]:
    sold = [each.split("=") for each in ITEMS[locale[:2]].split("|")]
    rates = [Decimal(rate) for rate in LOCALES[locale].rates]
    made: list[Item] = []
    for _ in range(lines):
        description, price = rng.choice(sold)
        varied = cents(Decimal(price) * Decimal(rng.randint(85, 115)) / 100)
        quantity = Decimal(rng.choice((1, 1, 2, 3, 4, 5, 8, 10, 12))) + (Decimal("0.5") if rng.random() < 0.1 else 0)
        made.append(Item(description, quantity, varied, rates[rng.random() < 0.2]))
    return tuple(made)


def _number(rng: random.Random, issued: date) -> str:
    patterns = (
        "{year}-{serial:04}",
        "RE{year}{serial:05}",
        "INV-{serial:05}",
        "{serial}/{short}",
        "F{short}-{serial:04}",
    )
    return rng.choice(patterns).format(year=issued.year, short=issued.year % 100, serial=rng.randint(7, 9800))
