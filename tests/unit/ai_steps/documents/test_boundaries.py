"""Several papers in one file are told apart by what their pages say; where one says nothing, a person is asked."""

from pathlib import Path

import pytest

from handrail import Accepted, Client, Document, Doubtful, Escalation, Orchestrator, Run, workflow
from handrail.documents import Page, PageRange, Separating, boundaries


def document_of(*pages: str) -> Document:
    told = tuple(Page(number=number, text=text) for number, text in enumerate(pages, 1))
    return Document(id="0" * 64, name="stack.pdf", kind="pdf", pages=told)


THREE = (
    "ACME Ltd\nInvoice No: A-17\nPage 1 of 2\nPaper\t10.00",
    "ACME Ltd\nPage 2 of 2\nTotal\t10.00",
    "Muster GmbH\nRechnungsnummer: 2024/18\nGesamt\t7,00 €",
    "Dupont SA\nFacture n° F-3\nPage 1 de 2",
    "Report de la page 1\t90,00\nFacture n° F-3\nPage 2 de 2\nTotal 99,00",
)


async def test_each_paper_of_a_file_has_its_pages() -> None:
    outcome = await Separating()(document_of(*THREE))
    assert isinstance(outcome, Accepted), outcome.reason
    assert outcome.value == [PageRange(1, 2), PageRange(3, 3), PageRange(4, 5)]
    assert outcome.confidence.source == "rule"


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        ("Terms and conditions", "page 2 has neither a count of pages nor the number of an invoice"),
        ("Übertrag 10,00\nRechnung Nr. 18", "contradicts itself"),
        ("Page 3 of 4\nInvoice number 17", "missing or out of order"),
        ("Page 1 of 2\nInvoice number 17", "contradicts itself"),
    ],
)
async def test_what_a_page_does_not_say_is_put_to_people_and_no_page_is_dropped(second: str, reason: str) -> None:
    outcome = await Separating()(document_of("Invoice number 17\nPage 1 of 4", second))
    assert isinstance(outcome, Doubtful)
    assert reason in outcome.reason
    assert outcome.suggestion == [PageRange(1, 2)]


@pytest.mark.parametrize(
    "second",
    [
        "Credit Note No: CN-7\nfor Invoice No: A-17",
        "Credit Note No: A-17",
        "Invoice No: A-18\nIt replaces Invoice No: A-17",
    ],
)
def test_a_paper_that_names_the_one_before_is_never_joined_to_it_unasked(second: str) -> None:
    found = boundaries(document_of("Invoice No: A-17\nTotal 10.00", second))
    assert [each.page for each in found.unsure] == [2]
    assert "as before" in found.unsure[0].reasons[0]


def test_one_page_is_one_paper_and_none_is_none() -> None:
    assert boundaries(document_of("anything")).ranges == (PageRange(1, 1),)
    assert boundaries(document_of()).ranges == ()


def test_some_pages_keep_their_numbers_and_are_the_same_file() -> None:
    document = document_of(*THREE)
    part = document.only(4, 5)
    assert [page.number for page in part.pages] == [4, 5]
    assert part.id == document.id
    assert part.text == "\f".join(THREE[3:])


separate = Separating("separate", escalate=Escalation(queue="stacks"))


@workflow(version=1)
async def stack(run: Run, document: Document) -> list[str]:
    ranges = await run.decide(separate, document)
    return [document.only(each.first, each.last).text for each in ranges]


@pytest.mark.dear
async def test_a_person_says_which_pages_belong_together(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/runs.db"
    async with Orchestrator(store, workflows=[stack]) as orchestrator:
        run = await orchestrator.start(stack, document_of("a", "b", "c"), id="one")
        await orchestrator.idle()
        async with Client(store) as client:
            [item] = client.reviews()
            assert item.queue == "stacks"
            await client.decide(item.id, [{"first": 1, "last": 2}, {"first": 3, "last": 3}], by="ann")
        await orchestrator.idle()
        assert await run.result() == ["a\fb", "c"]
