"""Embedded data, form fields and models state a record together: agreement is quiet, disagreement is a person's."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, Field

from handrail import (
    Accepted,
    Document,
    Doubtful,
    RecordedModel,
    Says,
    ScriptedModel,
    confidence,
    each_field,
    extract,
)
from handrail.ai_steps import AIStep, Answer, InvalidTask, Limits, Model, ModelRequest, NoAnswer, sources
from handrail.documents import Date, FormValue, Iban, Identifier, Money, embedded, form_fields
from handrail.guards import Always, Confidence
from tests.unit.ai_steps.documents.invoice_xml import Line, Written, cii, page
from tests.unit.ai_steps.documents.small_pdf import attached
from tests.unit.ai_steps.documents.test_invoice_identity import mail, pdf, xml

OTHER_IBAN = "DE89370400440532013000"


class Row(BaseModel):
    description: str
    quantity: Decimal
    total: Decimal


class Invoice(BaseModel):
    invoice_number: str
    issue_date: date
    due_date: date | None = None
    seller: str
    total: Decimal
    currency: Literal["EUR", "USD"]


class WithLines(BaseModel):
    invoice_number: str
    lines: list[Row]


def step(*models: Model, output: type[BaseModel] = Invoice, **more: object) -> AIStep[BaseModel]:
    options = {"accept": each_field(at_least=0.9), **more}
    return extract("invoice", output, "Read the invoice.", models=list(models), **options)  # type: ignore[arg-type]


def hybrid(said: Written = Written(), text: str = "") -> Document:  # noqa: B008 -- frozen
    return pdf(xml(cii(said)), text=text or page())


READ: dict[str, object] = {
    "invoice_number": "RE-2025-017",
    "issue_date": "2025-03-14",
    "due_date": "2025-04-13",
    "currency": "EUR",
    "seller": "NORDLICHT Werkzeuge GmbH",
    "total": "381.9",
}


def says(**other: object) -> ScriptedModel:
    return ScriptedModel([Says({**READ, **other}, 0.95, fields=dict.fromkeys(READ, 0.95))] * 3, name="reader")


# Embedded data alone ----------------------------------------------------------------------------------------------


async def test_a_record_is_read_from_the_data_exactly_and_for_nothing() -> None:
    outcome = await step(embedded())(hybrid())
    assert isinstance(outcome, Accepted)
    assert outcome.value == Invoice(
        invoice_number="RE-2025-017",
        issue_date=date(2025, 3, 14),
        due_date=date(2025, 4, 13),
        seller="Nordlicht Werkzeuge GmbH",
        total=Decimal("381.90"),
        currency="EUR",
    )
    judgement = outcome.judgement
    assert judgement.model == "embedded"
    assert {(each.value, each.source) for each in judgement.fields.values()} == {(1.0, "rule")}
    assert judgement.confidence.detail == "the invoice data in factur-x.xml"
    assert [each.money for each in judgement.attempts] == [0.0]


async def test_lines_and_nested_parts_are_filled() -> None:
    class Party(BaseModel):
        name: str
        vat_id: str

    class Rate(BaseModel):
        rate: float
        amount: Decimal

    class Deep(BaseModel):
        supplier: Party
        totals: "Totals"
        line_items: list[Row]
        taxes: list[Rate]
        ibans: list[str]

    class Totals(BaseModel):
        net: Decimal
        vat: str
        gross: float = Field(alias="grossTotal")

    Deep.model_rebuild(_types_namespace={"Totals": Totals})
    outcome = await step(embedded(), output=Deep)(hybrid())
    assert isinstance(outcome, Accepted), outcome
    value = outcome.value
    assert isinstance(value, Deep)
    assert (value.supplier.name, value.supplier.vat_id) == ("Nordlicht Werkzeuge GmbH", "DE123456789")
    assert (value.totals.net, value.totals.vat, value.totals.gross) == (Decimal("330.00"), "51.90", 381.9)
    assert [(row.description, row.quantity, row.total) for row in value.line_items] == [
        ("Akkuschrauber 18 V", Decimal(2), Decimal("240.00")),
        ("Fachbuch Holzbau", Decimal(3), Decimal("90.00")),
    ]
    assert [(each.rate, each.amount) for each in value.taxes] == [(19.0, Decimal("45.60")), (7.0, Decimal("6.30"))]
    assert value.ibans == ["DE02120300000000202051"]
    assert "totals.gross" in outcome.judgement.fields


async def test_a_field_may_be_told_which_term_it_is() -> None:
    class Betrag(BaseModel):
        betrag: Decimal

    outcome = await step(embedded({"betrag": "due_payable"}), output=Betrag)(hybrid())
    assert isinstance(outcome, Accepted)
    assert outcome.value == Betrag(betrag=Decimal("381.90"))
    with pytest.raises(InvalidTask, match="'payable'"):
        embedded({"betrag": "payable"})


async def test_a_record_that_the_data_does_not_cover_goes_to_the_next_model() -> None:
    class More(Invoice):
        cost_centre: str

    reader = ScriptedModel([Says({**READ, "cost_centre": "4711"}, fields={"cost_centre": 0.99})])
    outcome = await step(embedded(), reader, output=More, accept=confidence(at_least=0.5))(hybrid())
    assert isinstance(outcome, Accepted)
    assert outcome.judgement.model == "scripted"
    assert outcome.judgement.attempts[0].result == "refused"
    assert "cost_centre" in outcome.judgement.attempts[0].notes[0]


async def test_an_optional_field_that_the_data_lacks_is_none_and_sure() -> None:
    outcome = await step(embedded())(hybrid(Written(due=""), page().replace("Zahlbar bis 13.04.2025", "")))
    assert isinstance(outcome, Accepted)
    assert outcome.value.due_date is None  # type: ignore[attr-defined]
    assert outcome.judgement.fields["due_date"].value == 1.0


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (pdf(), "carries no invoice as data"),
        (pdf(xml("<SCRDMCCBDACIOMessageStructure xmlns='urn:x'/>", "order-x.xml")), "order"),
        (pdf(xml(cii()), xml(cii(Written(number="RE-2025-018")), "b.xml")), "RE-2025-017, RE-2025-018"),
        (pdf(xml(cii()), xml(cii(Written(total="9.00", payable="9.00")), "b.xml")), "several"),
    ],
)
async def test_without_one_invoice_there_is_no_answer_and_the_reason_says_why(document: Document, why: str) -> None:
    outcome = await step(embedded())(document)
    assert isinstance(outcome, Doubtful)
    assert outcome.suggestion is None
    assert why in outcome.reason


async def test_a_page_that_contradicts_makes_the_field_doubtful_with_both_values() -> None:
    text = page(Written(total="831.90", payable="831.90"))
    outcome = await step(embedded(), says(total="831.90"))(hybrid(text=text))
    assert isinstance(outcome, Doubtful)
    assert outcome.code == "contradiction"
    assert outcome.suggestion.total == Decimal("381.90")  # type: ignore[union-attr]
    assert [(each.value, each.source) for each in outcome.judgement.field_alternatives["total"]] == [
        ("381.90", "embedded"),
        ("831,90", "page"),
    ]
    assert "'381.90'" in outcome.reason
    assert "'831,90'" in outcome.reason
    assert "15 October 2024" in outcome.reason
    assert outcome.judgement.fields["total"].value is None
    assert outcome.judgement.fields["seller"].value == 1.0
    assert [each.model for each in outcome.judgement.attempts] == ["embedded"], "no other model settles it"


async def test_no_acceptance_rule_accepts_a_contradiction() -> None:
    text = page(Written(total="831.90", payable="831.90"))
    outcome = await step(embedded(), accept=Always())(hybrid(text=text))
    assert isinstance(outcome, Doubtful)
    assert outcome.code == "contradiction"


async def test_another_account_is_an_alarm_even_where_nobody_asked_for_it() -> None:
    outcome = await step(embedded())(hybrid(text=page(Written(iban=OTHER_IBAN))))
    assert isinstance(outcome, Doubtful)
    assert outcome.reason.startswith("THE PAGE NAMES ANOTHER ACCOUNT")


async def test_a_contradiction_in_what_nobody_asked_for_is_no_doubt_of_this_record() -> None:
    class Numbered(BaseModel):
        invoice_number: str

    outcome = await step(embedded(), output=Numbered)(hybrid(text=page(Written(due="2025-05-13"))))
    assert isinstance(outcome, Accepted)


async def test_data_that_does_not_add_up_is_doubtful() -> None:
    said = Written(total="391.90", payable="391.90")
    outcome = await step(embedded())(hybrid(said, page(said)))
    assert isinstance(outcome, Doubtful)
    assert "BR-CO-15" in outcome.reason


async def test_data_without_a_page_is_read_as_it_is() -> None:
    outcome = await step(embedded())(mail(xml(cii())))
    assert isinstance(outcome, Accepted)


async def test_the_data_in_a_real_pdf_is_found_whatever_its_file_is_called() -> None:
    pytest.importorskip("pypdfium2")
    document = Document.open(attached(("x.bin", cii().encode("utf-16")), ("notes.xml", b"<notes/>")), name="r.pdf")
    outcome = await step(embedded())(document)
    assert outcome.judgement.model == "embedded"
    assert isinstance(outcome, Accepted)
    assert outcome.value.total == Decimal("381.90")  # type: ignore[attr-defined]


async def test_typed_values_are_filled() -> None:
    class Typed(BaseModel):
        total: Money
        issue_date: Date
        iban: Iban

    outcome = await step(embedded(), output=Typed)(hybrid())
    assert isinstance(outcome, Accepted)
    assert outcome.value == Typed(
        total=Money("381.90", "EUR"),
        issue_date=Date.read("14.03.2025"),
        iban=Identifier("iban", "DE02120300000000202051"),
    )
    reader = {"total": "381,90 €", "issue_date": "14.03.2025", "iban": "DE02 1203 0000 0000 2020 51"}
    both = sources(embedded(), ScriptedModel([Says(reader)], name="reader"))
    assert isinstance(await step(both, output=Typed)(hybrid()), Accepted)


# Forms ------------------------------------------------------------------------------------------------------------


def form(**values: str) -> Document:
    filled = tuple(FormValue(name=name, value=value) for name, value in values.items())
    return Document(id="f" * 64, name="f.pdf", kind="pdf", pages=pdf().pages, form=filled)


async def test_a_form_is_read_where_its_fields_can_be_read_in_one_way() -> None:
    class Claim(BaseModel):
        policy: str
        issue_date: date
        total: Decimal

    filled = {"Policy": "A-17", "IssueDate": "14.03.2025", "Betrag": "1.381,90 €"}
    outcome = await step(form_fields({"total": "Betrag"}), output=Claim)(form(**filled))
    assert isinstance(outcome, Accepted)
    assert outcome.value == Claim(policy="A-17", issue_date=date(2025, 3, 14), total=Decimal("1381.90"))
    assert outcome.judgement.confidence.source == "rule"
    for ambiguous in ({"IssueDate": "03/04/2025"}, {"Betrag": "1,381"}):
        outcome = await step(form_fields({"total": "Betrag"}), output=Claim)(form(**{**filled, **ambiguous}))
        assert isinstance(outcome, Doubtful)
        assert outcome.suggestion is None


async def test_a_document_without_a_form_has_no_answer() -> None:
    outcome = await step(form_fields())(pdf())
    assert isinstance(outcome, Doubtful)
    assert "no form" in outcome.reason


# Several sources --------------------------------------------------------------------------------------------------


async def test_sources_that_agree_are_one_answer_and_no_surer() -> None:
    """A name in capitals and an amount without its zero are the same."""
    outcome = await step(sources(embedded(), says()))(hybrid())
    assert isinstance(outcome, Accepted)
    assert outcome.value.seller == "Nordlicht Werkzeuge GmbH"  # type: ignore[attr-defined]
    assert outcome.judgement.model == "embedded+reader"
    assert outcome.judgement.field_alternatives == {}
    assert [each.model for each in outcome.judgement.attempts] == ["embedded", "reader"]
    two = [says(), says()]
    agreed = await step(sources(*two), accept=Always())(hybrid())
    assert {each.value for each in agreed.judgement.fields.values()} == {0.95}


@pytest.mark.parametrize("accept", [Always(), confidence(at_least=0.1), each_field(at_least=0.1)])
async def test_sources_that_disagree_go_to_a_person_with_both(accept: object) -> None:
    outcome = await step(sources(embedded(), says(total="831.90")), accept=accept)(hybrid())
    assert isinstance(outcome, Doubtful)
    assert outcome.code == "contradiction"
    assert outcome.reason == "total: embedded says 381.90; reader says 831.90"
    assert [(each.value, each.source) for each in outcome.judgement.field_alternatives["total"]] == [
        ("381.90", "embedded"),
        ("831.90", "reader"),
    ]
    assert outcome.judgement.fields["total"].value is None
    assert outcome.judgement.fields["invoice_number"].value == 1.0


async def test_a_disagreement_is_final_in_a_cascade() -> None:
    last = says()
    outcome = await step(sources(embedded(), says(total="831.90")), last)(hybrid())
    assert isinstance(outcome, Doubtful)
    assert last.requests == []


async def test_what_the_data_lacks_is_filled_by_who_has_it() -> None:
    class More(Invoice):
        cost_centre: str

    said = Says({**READ, "cost_centre": "4711"}, fields=dict.fromkeys(More.model_fields, 0.8))
    reader = ScriptedModel([said], name="reader")
    outcome = await step(sources(embedded(), reader), output=More, accept=each_field(at_least=0.75))(hybrid())
    assert isinstance(outcome, Accepted)
    sure = outcome.judgement.fields
    assert (sure["total"].source, sure["total"].value) == ("rule", 1.0)
    assert (sure["cost_centre"].source, sure["cost_centre"].value) == ("stated", 0.8)
    assert outcome.judgement.confidence.value == 0.8


async def test_a_source_that_says_null_contradicts_nobody() -> None:
    outcome = await step(sources(embedded(), says(due_date=None)))(hybrid())
    assert isinstance(outcome, Accepted)
    assert outcome.value.due_date == date(2025, 4, 13)  # type: ignore[attr-defined]


async def test_a_default_is_no_statement() -> None:
    class Defaulted(BaseModel):
        invoice_number: str
        currency: str = "USD"

    class Terse:
        """A model that leaves out what its type has a default for."""

        name = "terse"

        async def answer(self, request: ModelRequest) -> Answer:
            value = request.output_type(invoice_number="RE-2025-017")
            sure = Confidence(0.9, "stated")
            return Answer(value=value, raw='{"invoice_number": "RE-2025-017"}', confidence=sure, model="terse")

    outcome = await step(sources(embedded(), Terse()), output=Defaulted, accept=Always())(hybrid())
    assert isinstance(outcome, Accepted)
    assert outcome.value == Defaulted(invoice_number="RE-2025-017", currency="EUR")


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("RE 2025-017", "re2025-017", True),
        ("007", "7", False),
        ("1/23", "12/3", False),
        ("DE02 1203 0000 0000 2020 51", "DE02120300000000202051", True),
        ("Müller & Söhne GmbH", "MÜLLER & SÖHNE GMBH", True),
        ("Müller GmbH", "Müller AG", False),
        ("1.00", "100", False),
        ("381.90 EUR", "381.9", True),
        ("381.90 EUR", "381.90 USD", False),
        ("-12.50", "12.50", False),
        ("2025-03-14", "14.03.2025", True),
        ("2025-03-14", "15.03.2025", False),
    ],
)
async def test_what_is_the_same_however_it_is_written(one: str, other: str, *, agree: bool) -> None:
    class Text(BaseModel):
        text: str

    pair = [ScriptedModel([Says({"text": each})], name=name) for each, name in ((one, "a"), (other, "b"))]
    outcome = await step(sources(*pair), output=Text, accept=Always())(hybrid())
    assert isinstance(outcome, Accepted) == agree


async def test_lists_are_compared_row_by_row_and_by_their_length() -> None:
    def reader(rows: Sequence[dict[str, object]]) -> ScriptedModel:
        return ScriptedModel([Says({"invoice_number": "RE-2025-017", "lines": list(rows)})], name="reader")

    rows: list[dict[str, object]] = [
        {"description": "Akkuschrauber 18 V", "quantity": "2", "total": "240.00"},
        {"description": "Fachbuch Holzbau", "quantity": "3", "total": "90.00"},
    ]
    ends = each_field(at_least=0.9, fields={"lines.#": 0.9})
    same = await step(sources(embedded(), reader(rows)), output=WithLines, accept=ends)(hybrid())
    assert isinstance(same, Accepted)
    other = await step(sources(embedded(), reader([rows[0], {**rows[1], "total": "99.00"}])), output=WithLines)(
        hybrid()
    )
    assert isinstance(other, Doubtful)
    assert list(other.judgement.field_alternatives) == ["lines.1.total"]
    fewer = await step(sources(embedded(), reader(rows[:1])), output=WithLines)(hybrid())
    assert isinstance(fewer, Doubtful)
    assert [each.value for each in fewer.judgement.field_alternatives["lines"]] == ["2 items", "1 items"]


async def test_a_contradiction_on_the_page_stays_one_when_another_source_agrees_with_the_data() -> None:
    outcome = await step(sources(embedded(), says()))(hybrid(text=page(Written(total="831.90", payable="831.90"))))
    assert isinstance(outcome, Doubtful)
    assert {each.source for each in outcome.judgement.field_alternatives["total"]} == {"embedded", "page"}


async def test_later_sources_are_asked_only_for_what_is_missing() -> None:
    reader = says()
    covered = await step(sources(embedded(), reader, ask="missing"))(hybrid())
    assert isinstance(covered, Accepted)
    assert reader.requests == []
    filled = await step(sources(embedded(), reader, ask="missing"))(hybrid(Written(due=""), page()))
    assert len(reader.requests) == 1
    assert isinstance(filled, Accepted)
    assert filled.value.due_date == date(2025, 4, 13)  # type: ignore[attr-defined]


async def test_a_source_that_fails_is_told_and_the_others_answer() -> None:
    failing = ScriptedModel([NoAnswer(result="failed", reason="the server is gone")], name="gone")
    outcome = await step(sources(embedded(), failing))(hybrid())
    assert isinstance(outcome, Accepted)
    assert [each.result for each in outcome.judgement.attempts] == ["answered", "failed"]
    alone = ScriptedModel([NoAnswer(result="failed", reason="the server is gone")], name="gone")
    nothing = await step(sources(embedded(), alone))(pdf())
    assert isinstance(nothing, Doubtful)
    assert "the server is gone" in nothing.reason
    assert "carries no invoice" in nothing.reason


async def test_what_earlier_sources_spent_is_not_left_for_later_ones() -> None:
    dear = ScriptedModel([Says(READ, money=0.7)], name="dear")
    last = says()
    await step(sources(dear, last), limits=Limits(money=1.0), accept=Always())(hybrid())
    assert last.requests[0].max_money == pytest.approx(0.3)


@pytest.mark.parametrize("models", [(), (embedded(),)])
def test_one_source_is_no_merger(models: tuple[Model, ...]) -> None:
    with pytest.raises(InvalidTask, match="two or more"):
        sources(*models)


async def test_a_recording_keeps_the_doubt_and_what_the_others_said(tmp_path: Path) -> None:
    both = sources(embedded(), says(total="831.90"))
    live = await step(RecordedModel.record(tmp_path / "r.jsonl", live=both))(hybrid())
    again = await step(RecordedModel.replay(tmp_path / "r.jsonl"))(hybrid())
    assert isinstance(live, Doubtful)
    assert isinstance(again, Doubtful)
    assert (again.code, again.reason) == (live.code, live.reason)
    assert again.judgement.field_alternatives == live.judgement.field_alternatives


async def test_the_same_text_with_other_data_is_another_recording(tmp_path: Path) -> None:
    recorded = step(RecordedModel.record(tmp_path / "r.jsonl", live=embedded()))
    first = await recorded(hybrid())
    other = pdf(xml(cii(Written(number="RE-2025-018"))), text=page(Written(number="RE-2025-018")), name="other.pdf")
    second = await recorded(other)
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    assert second.value.invoice_number == "RE-2025-018"  # type: ignore[attr-defined]


async def test_rows_with_another_total_on_the_page_are_doubtful_by_row() -> None:
    lines = (
        Line(name="Akkuschrauber 18 V", quantity="2", price="130.00", total="260.00"),
        Line(name="Fachbuch Holzbau", quantity="3", price="30.00", total="90.00", rate="7"),
    )
    outcome = await step(embedded(), output=WithLines)(hybrid(text=page(Written(lines=lines))))
    assert isinstance(outcome, Doubtful)
    assert list(outcome.judgement.field_alternatives) == ["lines.0.total"]


async def test_exact_sources_cost_nothing_and_leave_a_budget_of_money_to_the_next_model() -> None:
    said = {"invoice_number": "X1", "issue_date": "2025-03-14", "seller": "A", "total": "1.00", "currency": "EUR"}
    for source in (embedded(), form_fields()):
        read = ScriptedModel([Says(said, 0.99, money=0.01)], name="text")
        outcome = await step(source, read, accept=confidence(at_least=0.5), limits=Limits(money=1.0))("a plain letter")
        assert outcome.judgement.model == "text", outcome
        assert [attempt.money for attempt in outcome.judgement.attempts] == [0.0, 0.01]
