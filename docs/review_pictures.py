"""Take the pictures of docs/reviews.md from the real pages: ``make pictures``.

It needs Chromium (``apt-get install chromium``) and what ``make setup`` installs. Everything in them is made up.
"""

import asyncio
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, sync_playwright
from pydantic import BaseModel

from docs.small_png import with_few_colours
from handrail import (
    Client,
    Escalation,
    Orchestrator,
    Run,
    Says,
    ScriptedModel,
    classify,
    confidence,
    extract,
    grounded,
    rule,
    workflow,
)
from handrail.console.secret_keys import hash_of, new_token
from handrail.guards import GuardContext, Span, Verdict, sums

PICTURES = Path(__file__).with_name("pictures")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WIDTH, HEIGHT = 1200, 760
SETTLED_MS = 700
"""After which a page shows all that it shows; less than an answer can be taken back for."""

Topic = Literal["billing", "refund", "fraud", "account access", "bug", "feature request"]
TICKET = """Charged twice for March

Hi, my card shows two charges of 49.00 EUR on 3 March, but we have only one workspace. Please refund one of them and \
confirm that it will not happen again in April."""
BEFORE = (
    ("Two charges on my card this month, we have one workspace", "billing"),
    ("Charged twice, please refund one of the charges", "refund"),
    ("My card shows a charge for March although we left", "billing"),
)
AFTER = ("The export is empty since this morning", "The link to reset my password has expired")
INVOICE = """NORDIC OFFICE SUPPLY AB
Invoice no: 2024-00817        Date: 03/04/2024

 4 x Desk lamp LED                    118.00
 2 x Paper A4 (box)                    48.00

                         Net    SEK   166.00
                         VAT 25 %      41.50
                         TOTAL  SEK   207,50
"""


@dataclass(frozen=True)
class SpeaksFor:
    """Says which words of a ticket speak for which label: what is lit in the picture."""

    name: str = "words"
    cost: Literal["free"] = "free"
    on_fail: Literal["observe"] = "observe"

    def check(self, value: Any, context: GuardContext) -> tuple[Verdict, ...]:  # noqa: ARG002 -- the port's names
        """Return the places of two phrases."""
        found = []
        for label, phrase in (("billing", "two charges of 49.00 EUR"), ("refund", "Please refund one of them")):
            start = context.source.find(phrase)
            if start >= 0:
                found.append(Verdict(self.name, passed=True, field=label, spans=(Span(start, start + len(phrase)),)))
        return tuple(found) or (Verdict(self.name, passed=True),)


class Invoice(BaseModel):
    """What is read from an invoice."""

    vendor: str
    invoice_number: str
    invoice_date: str
    net: Decimal
    vat: Decimal
    total: Decimal


READ = Invoice(
    vendor="NORDIC OFFICE SUPPLY AB",
    invoice_number="2024-00817",
    invoice_date="2024-04-03",
    net=Decimal("166.00"),
    vat=Decimal("41.50"),
    total=Decimal("207.50"),
)
SURE = {"vendor": 0.99, "invoice_number": 0.98, "invoice_date": 0.52, "net": 0.97, "vat": 0.96, "total": 0.61}

topic = classify(
    "category",
    Topic,
    "Category",
    models=ScriptedModel(lambda _: Says("billing", 0.64, alternatives={"refund": 0.31, "fraud": 0.04})),
    accept=confidence(at_least=0.75),
    guards=[SpeaksFor()],
    escalate=Escalation(queue="triage", due_hours=1),
)
read = extract(
    "invoice",
    Invoice,
    "Read this invoice.",
    models=ScriptedModel(lambda _: Says(READ, 0.9, fields=SURE)),
    accept=confidence(at_least=0.95),
    guards=[
        grounded(fields=["vendor", "invoice_number", "invoice_date", "net", "vat", "total"]),
        sums(["net", "vat"], "total"),
    ],
    escalate=Escalation(queue="invoices", due_hours=8),
)


@rule
def is_spam(text: str) -> bool:
    """Return whether a ticket sells something."""
    return "lottery" in text


@workflow(version=7)
async def tickets(run: Run, text: str) -> str:
    """Ask what a ticket is about."""
    if await run.step(is_spam, text):
        return "spam"
    decided: str = await run.decide(topic, text)
    return decided


@workflow(version=3)
async def invoices(run: Run, text: str) -> Decimal:
    """Read an invoice."""
    return (await run.decide(read, text)).total


async def stocked(store: str) -> str:
    """Put questions into a store, and people who have answered some; return a token of ann's."""
    async with Orchestrator(store, workflows=[tickets, invoices]) as engine:
        for number, (text, label) in enumerate(BEFORE, 48_190):
            await engine.start(tickets, text, id=f"Ticket {number}")
            await engine.idle()
            await engine.decide(engine.reviews()[0].id, label, by="ann" if number % 2 else "ben")
        await engine.idle()
        await engine.start(tickets, "Somebody pays with my card", id="Ticket 48209")
        await engine.start(tickets, TICKET, id="Ticket 48213")
        await engine.idle()
        for number, text in enumerate(AFTER, 48_217):
            await engine.start(tickets, text, id=f"Ticket {number}")
        await engine.start(invoices, INVOICE, id="Invoice 817")
        await engine.start(invoices, INVOICE, id="Invoice 818")
        await engine.idle()
    token = new_token()
    async with Client(store) as client:
        await client.people.add("ann", roles={"*": "admin"})
        await client.people.add("ben", roles={"*": "senior"}, by="ann")
        await client.people.let_in("ann", hash_of(token), "token", label="pictures", seconds=None, by="ann")
        (ticket,) = [each for each in client.reviews() if each.run_id == "Ticket 48213"]
        await client.add_note(ticket.id, by="ben", text="Check whether this is the double billing of March.")
    return token


@contextmanager
def served(store: str) -> Iterator[str]:
    """Serve a store and give its address."""
    command = [sys.executable, "-m", "handrail", "serve", "--store", store, "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            yield re.findall(r"http://[^/\s]+", process.stderr.readline())[0]
        finally:
            process.send_signal(signal.SIGTERM)


def take_pictures(folder: Path, names: Sequence[str] = ("light", "dark")) -> list[Path]:
    """Take a picture of both review pages in each scheme, and return their files."""
    taken = []
    for scheme in names:
        with tempfile.TemporaryDirectory() as place:
            store = f"sqlite:///{place}/reviews.db"
            token = asyncio.run(stocked(store))
            with served(store) as address, sync_playwright() as driver:
                browser = driver.chromium.launch(executable_path=CHROMIUM)
                for page, queue in (("triage", "triage"), ("extraction", "invoices")):
                    file = folder / f"review-{page}-{scheme}.png"
                    _take(browser, f"{address}/queue?queue={queue}", token, scheme, file)
                    taken.append(file)
                browser.close()
    return taken


def _take(browser: Browser, address: str, token: str, scheme: Any, file: Path) -> None:
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT},
        color_scheme=scheme,
        locale="en-GB",
        timezone_id="Europe/Berlin",
        extra_http_headers={"authorization": f"Bearer {token}"},
    )
    page = context.new_page()
    page.goto(address)
    page.get_by_role("button", name="Start reviewing").click()
    page.locator('#work[data-standing="mine"]').wait_for()
    page.wait_for_timeout(SETTLED_MS)
    if "triage" in address:  # one is answered, so that the picture shows how it can be taken back
        before = page.locator("#work").get_attribute("data-item")
        page.keyboard.press("3")
        page.locator(f'#work:not([data-item="{before}"])').wait_for()
        page.locator('#work[data-standing="mine"]').wait_for()
        page.wait_for_timeout(SETTLED_MS)
        page.locator("#toast button").wait_for()
    file.write_bytes(with_few_colours(page.screenshot()))
    context.close()


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    for made in take_pictures(PICTURES):
        print(f"{made.name}: {made.stat().st_size:,} bytes")
