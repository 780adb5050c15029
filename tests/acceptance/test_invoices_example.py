"""The example of invoices, run whole: how every file of its inbox ends, and that nothing is posted twice or lost."""

import json
import shutil
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pypdfium2")
pytest.importorskip("lxml")

from examples.invoices.pipeline import READERS, inbox_with, kind_of
from examples.invoices.suite import suite
from handrail import Document, Orchestrator, run_suite
from handrail.demo.ledger import Ledger
from handrail.orchestrator import AnswerRefused, ReviewItem
from tests.acceptance.processes import kill

HANDRAIL = Path(sys.executable).parent / "handrail"
EXAMPLE = Path(__file__).parents[2] / "examples" / "invoices"
INBOX = EXAMPLE / "inbox"
LATER = "64"
"""From this file on, invoices come again; those before are in the books by then."""

TOLD: dict[str, tuple[str, str]] = {
    "above_limit": ("approval", "only when people say yes"),
    "contradiction": ("contradiction", "the data says"),
    "other_account": ("contradiction", "THE PAGE NAMES ANOTHER ACCOUNT"),
    "sums": ("guard", "tax_is_printed: "),
    "due_before_issue": ("guard", "due_after_issue: "),
    "wrong_number": ("guard", "is no valid account number"),
    "ambiguous_date": ("guard", "may be 2026-03-04 or 2026-04-03"),
    "no_text_layer": ("unreadable", ""),
    "garbled_text": ("unreadable", "does not say what it shows"),
    "hidden_text": ("asked", "all.0/odd"),
    "unreadable": ("unreadable", ""),
}
"""By the truth's reason: the code of the question to people, and words of its reason or its step."""


def truths() -> dict[str, list[dict[str, Any]]]:
    by_file: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in (EXAMPLE / "truth.jsonl").read_text(encoding="utf-8").splitlines():
        truth = json.loads(line)
        by_file[truth["file"]].append(truth)
    return by_file


TRUTHS = truths()


def booked(*outcomes: str) -> Counter[tuple[str, Decimal, str]]:
    return Counter(
        (truth["fields"]["number"], Decimal(truth["posts"]), truth["fields"]["currency"])
        for listed in TRUTHS.values()
        for truth in listed
        if truth["outcome"] in outcomes and truth["posts"] is not None
    )


def posted(ledger: Ledger) -> Counter[tuple[str, Decimal, str]]:
    return Counter((entry.number, entry.amount, entry.currency) for entry in ledger.entries())


@asynccontextmanager
async def books(folder: Path) -> AsyncIterator[tuple[Orchestrator, Ledger]]:
    """Run the whole inbox, until every file has ended or waits for a person."""
    ledger = Ledger(folder / "ledger.db")
    workflow = inbox_with([READERS], ledger)
    async with Orchestrator(f"sqlite:///{folder / 'runs.db'}", workflows=[workflow]) as orchestrator:
        for first in (True, False):
            for name in sorted(TRUTHS):
                if (name < LATER) is first:
                    file = await orchestrator.keep_file((INBOX / name).read_bytes(), name=name)
                    await orchestrator.start(workflow, file, id=name)
            await orchestrator.idle()
        yield orchestrator, ledger


def waits_as(item: ReviewItem, reason: str) -> bool:
    code, words = TOLD[reason]
    if reason == "unreadable" and item.step.endswith("attachment"):
        return True
    return item.code == code and words in f"{item.reason} {item.step}"


@pytest.mark.slow
async def test_every_file_of_the_inbox_ends_as_its_truth_says(tmp_path: Path) -> None:
    async with books(tmp_path) as (orchestrator, ledger):
        assert posted(ledger) == booked("posted")
        questions: dict[str, list[ReviewItem]] = defaultdict(list)
        for item in orchestrator.reviews():
            questions[item.run_id].append(item)
        for name, listed in TRUTHS.items():
            run = orchestrator.run(name)
            asked = [truth["reason"] for truth in listed if truth["outcome"] in {"review", "approval"}]
            assert len(questions[name]) == len(asked), (name, questions[name], run)
            for reason in asked:
                assert any(waits_as(item, reason) for item in questions[name]), (name, reason, questions[name])
            if asked:
                assert run.status == "waiting", name
            else:
                assert [ending["outcome"] for ending in run.output] == [truth["outcome"] for truth in listed], name
                for ending, truth in zip(run.output, listed, strict=True):
                    assert truth["reason"].partition("_")[0] in ending["reason"], (name, ending)


def answer_of(item: ReviewItem) -> Any:
    """Return what somebody says who has the paper before their eyes."""
    if item.kind == "approve" or item.step.endswith("odd"):
        return True
    if item.step.endswith("attachment"):
        return "asked for another"
    (truth,) = (each for each in TRUTHS[item.run_id] if each["outcome"] == "review")
    if item.step == "read/review":
        return {"kind": "set_aside", "why": "asked for another"}
    if "/kind/" in item.step:
        return truth["kind"]
    fields = {name: truth["fields"][name] for name in ("number", "issued", "due", "seller", "vat_number", "iban")}
    money = {name: f"{truth['fields'][name]} {truth['fields']['currency']}" for name in ("net", "total")}
    return {**fields, **money}


async def decided(orchestrator: Orchestrator, item: ReviewItem) -> None:
    answer = answer_of(item)
    try:
        await orchestrator.decide(item.id, answer, by="ann", version=item.version, shown=item.digest)
    except AnswerRefused as refused:  # it is printed wrong: whoever has asked the seller says so
        despite = [verdict.guard for verdict in refused.verdicts]
        await orchestrator.decide(item.id, answer, by="ann", despite=despite)


@pytest.mark.slow
async def test_with_people_every_invoice_that_can_be_read_is_in_the_ledger_once(tmp_path: Path) -> None:
    async with books(tmp_path) as (orchestrator, ledger):
        while items := orchestrator.reviews():
            for item in items:
                await decided(orchestrator, item)
            await orchestrator.idle()
        assert {run.status for run in orchestrator.runs()} == {"completed"}
        endings = [ending for run in orchestrator.runs() for ending in run.output]
        assert sum(ending["outcome"] == "posted" for ending in endings) == len(ledger.entries())
        assert all(ending["reason"] for ending in endings)
        assert posted(ledger) == booked("posted", "approval", "review")


async def test_somebody_who_says_no_keeps_a_large_invoice_out_of_the_ledger(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    workflow = inbox_with([READERS], ledger)
    name = next(name for name, (truth, *_) in TRUTHS.items() if truth["outcome"] == "approval")
    async with Orchestrator("sqlite:///:memory:", workflows=[workflow]) as orchestrator:
        file = await orchestrator.keep_file((INBOX / name).read_bytes(), name=name)
        for run in ("first", "second"):  # what was given up may come again
            handle = await orchestrator.start(workflow, file, id=run)
            await orchestrator.idle()
            (item,) = orchestrator.reviews()
            await orchestrator.decide(item.id, value=False, by="ann", version=item.version, shown=item.digest)
            (ending,) = await handle.result()
            assert (ending.outcome, ending.reason) == ("set_aside", "declined by person:ann")
    assert ledger.entries() == []


def watching(folder: Path, *more: str) -> subprocess.Popen[str]:
    command = [str(HANDRAIL), "watch", "inbox", "pipeline.py:inbox", "--store", "sqlite:///runs.db"]
    return subprocess.Popen(
        [*command, "--settle", "0", *more], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.slow
def test_killed_in_the_middle_and_begun_again_nothing_is_posted_twice_or_lost(tmp_path: Path) -> None:
    shutil.copytree(INBOX, tmp_path / "inbox")
    shutil.copy(EXAMPLE / "pipeline.py", tmp_path)
    ledger = Ledger(tmp_path / "ledger.db")
    for least in (1, 15):
        watcher = watching(tmp_path)
        try:
            deadline = time.monotonic() + 100
            while len(ledger.entries()) < least and watcher.poll() is None and time.monotonic() < deadline:
                time.sleep(0.01)
        finally:
            kill(watcher)
    for _ in range(2):  # the second time, there is nothing left to do
        last = watching(tmp_path, "--until-idle")
        _, errors = last.communicate(timeout=110)
        assert last.returncode == 0, errors
        assert posted(ledger) == booked("posted")
        shutil.copytree(INBOX, tmp_path / "inbox", dirs_exist_ok=True)
    done = {file.name for file in (tmp_path / "inbox" / "done").iterdir()}
    failed = {file.name for file in (tmp_path / "inbox" / "failed").iterdir()}
    assert set(TRUTHS) <= done | failed
    assert {name[:8] for name in failed} == {"78-empty"}


@pytest.mark.slow
async def test_the_suite_finds_every_field_of_an_invoice_that_nothing_is_odd_about() -> None:
    result = (await run_suite(suite())).result
    ordinary = [case for case in result.cases if case.metadata["expected"] == "nothing odd"]
    assert len(ordinary) >= 25
    assert {case.case for case in ordinary if set(case.scores.values()) != {1.0}} == set()


PAPER = """Nordwind Ltd
{heading}
Invoice number: A-1
Invoice date: 14 March 2025
Invoice\tQty\tUnit price\tAmount
Net total\t{sign}100.00 {currency}
VAT 20 %\t{sign}20.00 {currency}
Total\t{sign}120.00 {currency}
"""


async def papers(folder: Path, *texts: str) -> tuple[Ledger, list[str]]:
    """Run papers, one after the other; return the ledger and the steps that ask people."""
    ledger = Ledger(folder / "ledger.db")
    workflow = inbox_with([READERS], ledger)
    async with Orchestrator(f"sqlite:///{folder / 'runs.db'}", workflows=[workflow]) as orchestrator:
        for at, text in enumerate(texts):
            file = await orchestrator.keep_file(text.encode(), name=f"{at}.txt")
            await orchestrator.start(workflow, file, id=str(at))
            await orchestrator.idle()
        return ledger, [item.step for item in orchestrator.reviews()]


@pytest.mark.parametrize(
    "heading",
    ["Credit Memorandum", "CREDIT NOTE - return of goods", "Gutschrift zur Rechnung", "Stornorechnung", "Pro forma"],
)
async def test_a_paper_that_names_an_invoice_and_something_else_is_not_posted_as_one(
    tmp_path: Path, heading: str
) -> None:
    ledger, asked = await papers(tmp_path, PAPER.format(heading=heading, sign="", currency="EUR"))
    assert ledger.entries() == []
    assert [step for step in asked if "/kind/" in step] == asked != []


def test_data_and_a_page_that_say_two_things_say_neither() -> None:
    invoice = Document.open(INBOX / "33-brandmller-zugferd.pdf")
    headed = replace(invoice.pages[0], text=f"Gutschrift\n{invoice.pages[0].text}")
    assert kind_of(invoice) == "invoice"
    assert kind_of(replace(invoice, pages=(headed, *invoice.pages[1:]))) is None


async def test_the_same_number_with_a_minus_is_no_duplicate(tmp_path: Path) -> None:
    plain, minus = (PAPER.format(heading="Invoice", sign=sign, currency="EUR") for sign in ("", "-"))
    ledger, asked = await papers(tmp_path, plain, minus)
    assert [entry.amount for entry in ledger.entries()] == [Decimal("120.00")]
    assert [step for step in asked if "conflict" in step] == asked != []


async def test_dollars_of_another_country_are_posted_as_those(tmp_path: Path) -> None:
    ledger, asked = await papers(tmp_path, PAPER.format(heading="Invoice", sign="$", currency="CAD"))
    assert [(entry.amount, entry.currency) for entry in ledger.entries()] == [(Decimal("120.00"), "CAD")]
    assert asked == []
