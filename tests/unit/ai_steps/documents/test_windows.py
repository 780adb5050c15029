"""Long documents are read in windows: no row is lost or doubled, and what windows do not agree about is in doubt."""

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import BaseModel

from handrail import Accepted, Document, Doubtful, Says, ScriptedModel, confidence, extract, grounded
from handrail.ai_steps import AIStep, InvalidTask, Limits, ModelRequest
from handrail.documents import Page, in_windows
from handrail.guards import sums

ROW = re.compile(r"(\w+)\t(\d+\.\d\d)")
TOTAL = re.compile(r"Total: (\d+\.\d\d)")
NUMBER = re.compile(r"Invoice: (\w+)")


class Item(BaseModel):
    what: str
    amount: Decimal


class Invoice(BaseModel):
    number: str
    lines: list[Item]
    total: Decimal


def document_of(*pages: str) -> Document:
    told = tuple(Page(number=number, text=text) for number, text in enumerate(pages, 1))
    return Document(id="0" * 64, name="long.pdf", kind="pdf", pages=told)


def reads(request: ModelRequest) -> Any:
    """Answer as a perfect reader of the pages that it is shown."""
    total, number = TOTAL.search(request.text), NUMBER.search(request.text)
    return Says(
        {
            "number": None if number is None else number[1],
            "lines": [{"what": what, "amount": amount} for what, amount in ROW.findall(request.text)],
            "total": None if total is None else total[1],
        },
        0.9,
    )


def step_of(model: ScriptedModel, characters: int = 1_000, overlap: int = 1, **options: Any) -> AIStep[Invoice]:
    return extract(
        "invoice",
        Invoice,
        "Take the invoice out.",
        models=in_windows(model, characters=characters, overlap=overlap),
        accept=confidence(at_least=0.8),
        **options,
    )


def invoice_of(rows: list[list[tuple[str, str]]]) -> Document:
    pages = ["\n".join(["x" * 400, *(f"{what}\t{amount}" for what, amount in each)]) for each in rows]
    total = sum((Decimal(amount) for each in rows for _, amount in each), Decimal("0.00"))
    return document_of(f"Invoice: R77\n{pages[0]}", *pages[1:], f"{'y' * 300}\nTotal: {total}")


ROWS = st.lists(
    st.lists(
        st.tuples(st.sampled_from(["fee", "paper", "ink"]), st.sampled_from(["1.00", "2.50", "10.00"])), max_size=5
    ),
    min_size=3,
    max_size=9,
)


@pytest.mark.dear
@given(rows=ROWS, characters=st.integers(1_000, 2_500), overlap=st.integers(0, 3))
def test_every_row_is_there_once_and_in_order(rows: list[list[tuple[str, str]]], characters: int, overlap: int) -> None:
    assume(any(rows))
    document = invoice_of(rows)
    guards = [sums("lines.*.amount", "total")]
    outcome = step_of(ScriptedModel(reads), characters, overlap, guards=guards).sync(document)
    assert isinstance(outcome, Accepted), outcome.reason
    assert [(each.what, str(each.amount)) for each in outcome.value.lines] == [row for page in rows for row in page]
    assert outcome.value.number == "R77"


def test_every_window_has_whole_pages_and_the_last_of_the_one_before() -> None:
    model = ScriptedModel(reads)
    document = invoice_of([[("fee", "1.00")]] * 5)
    step_of(model).sync(document)
    shown = [[page.number for page in request.documents[0].pages] for request in model.requests]
    assert shown == [[1, 2], [2, 3], [3, 4], [4, 5], [5, 6]]
    assert all(request.text == request.documents[0].text for request in model.requests)


def test_what_two_windows_say_differently_is_in_doubt_with_both() -> None:
    document = document_of("Invoice: R77\n" + "x" * 900, "Invoice: R78\nfee\t1.00\nTotal: 1.00" + "x" * 500)
    outcome = step_of(ScriptedModel(reads), overlap=0).sync(document)
    assert isinstance(outcome, Doubtful)
    assert outcome.code == "contradiction"
    assert outcome.reason == "number: R77 (page 1), R78 (page 2)"
    assert [each.value for each in outcome.judgement.field_alternatives["number"]] == ["R78"]
    assert outcome.suggestion is not None
    assert outcome.suggestion.number == "R77"


def test_one_window_without_an_answer_leaves_the_whole_without_one() -> None:
    def fails(request: ModelRequest) -> Any:
        return reads(request) if "Total" in request.text else Says({"lines": "none"})

    outcome = step_of(ScriptedModel(fails)).sync(invoice_of([[("fee", "1.00")]] * 3))
    assert isinstance(outcome, Doubtful)
    assert outcome.code == "invalid"
    assert "pages 1 to 2" in outcome.reason


def test_a_field_that_no_window_has_leaves_the_whole_without_an_answer() -> None:
    outcome = step_of(ScriptedModel(reads)).sync(document_of("Invoice: R77\n" + "x" * 900, "x" * 900))
    assert isinstance(outcome, Doubtful)
    assert outcome.code == "invalid"
    assert "total" in outcome.reason


def test_places_are_those_in_the_whole_document() -> None:
    document = invoice_of([[("fee", "1.00")], [("ink", "2.50")], [("paper", "10.00")]])
    outcome = step_of(ScriptedModel(reads), guards=[grounded()]).sync(document)
    assert isinstance(outcome, Accepted)
    first = outcome.judgement.evidence["lines.2.amount"][0]
    assert document.text[first.start : first.end] == "10.00"


def test_windows_share_what_may_be_spent() -> None:
    model = ScriptedModel(reads)
    step_of(model, limits=Limits(tokens=1_000)).sync(invoice_of([[("fee", "1.00")]] * 5))
    assert sum(request.max_tokens or 0 for request in model.requests[:4]) <= 1_000


def test_a_short_document_and_a_text_are_asked_about_as_they_are() -> None:
    model = ScriptedModel(reads)
    short = document_of("Invoice: R77\nfee\t1.00", "Total: 1.00")
    assert isinstance(step_of(model).sync(short), Accepted)
    assert isinstance(step_of(model).sync(short.text), Accepted)
    assert [request.output_type for request in model.requests] == [Invoice, Invoice]


@pytest.mark.parametrize("wrong", [{"characters": 10}, {"overlap": -1}, {"characters": True}])
def test_a_number_that_cannot_work_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidTask, match="in_windows"):
        in_windows(ScriptedModel(reads), **wrong)
