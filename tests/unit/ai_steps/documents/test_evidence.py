"""The place shown first is the one that the labels, the other amounts and the layout point at; the others follow."""

import hashlib
import json
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from handrail import Accepted, Document, Doubtful, Says, ScriptedModel, confidence, extract, grounded
from handrail.documents import Box, Date, HiddenText, Money, Page, TextLine, on_page
from handrail_ai_steps.documents.evidence import evidence_of, line_heights, ranked_places
from handrail_guards.grounding import locate
from handrail_guards.outcome import SourceDocument

BENCHMARKS = Path(__file__).parents[4] / "benchmarks"
SHARED = Path(__file__).parents[4].parent / "shared" / "data" / "documents"

INVOICES = {
    "en": "Invoice INV-7 dated 04 March 2024\nDelivery date 04 March 2024\nDue date 04 April 2024\n"
    "Pens 100.00\nSubtotal 100.00\nVAT 20% 20.00\nTotal 120.00\nAmount due 120.00\n",
    "de": "Rechnung Nr. INV-7 vom 04.03.2024\nLeistungsdatum 04.03.2024\nFällig am 04.04.2024\nStifte 100,00\n"
    "Netto 100,00\nUSt. 20 % 20,00\nGesamtbetrag 120,00\nZahlbetrag 120,00\n",
    "fr": "Facture n° INV-7\nDate de livraison 04/03/2024\nDate de facture 04/03/2024\nÉchéance 04/04/2024\n"
    "Stylos 100,00\nTotal HT 100,00\nTVA 20 % 20,00\nTotal TTC 120,00\nNet à payer 120,00\n",
    "es": "Factura nº INV-7\nFecha de entrega 04/03/2024\nFecha de factura 04/03/2024\nVencimiento 04/04/2024\n"
    "Base imponible 100,00\nIVA 20 % 20,00\nTotal factura 120,00\nTotal a pagar 120,00\n",
    "it": "Fattura n. INV-7\nData di consegna 04/03/2024\nData fattura 04/03/2024\nScadenza 04/04/2024\n"
    "Imponibile 100,00\nIVA 20 % 20,00\nTotale fattura 120,00\nTotale da pagare 120,00\n",
    "nl": "Factuurnummer INV-7\nLeverdatum 04-03-2024\nFactuurdatum 04-03-2024\nVervaldatum 04-04-2024\n"
    "Subtotaal 100,00\nBTW 20% 20,00\nTotaal 120,00\nTe betalen 120,00\n",
}
RECORD = {
    "number": "INV-7",
    "issued": date(2024, 3, 4),
    "due_date": date(2024, 4, 4),
    "net": Decimal(100),
    "tax": Decimal(20),
    "total": Decimal(120),
    "amount_due": Decimal(120),
}
FIRST = {
    "en": ("Invoice", "Invoice", "Due", "Subtotal", "VAT", "Total", "Amount due"),
    "de": ("Rechnung", "Rechnung", "Fällig", "Netto", "USt", "Gesamtbetrag", "Zahlbetrag"),
    "fr": ("Facture", "Date de facture", "Échéance", "Total HT", "TVA", "Total TTC", "Net à payer"),
    "es": ("Factura", "Fecha de factura", "Vencimiento", "Base", "IVA", "Total factura", "Total a pagar"),
    "it": ("Fattura", "Data fattura", "Scadenza", "Imponibile", "IVA", "Totale fattura", "Totale da pagare"),
    "nl": ("Factuurnummer", "Factuurdatum", "Vervaldatum", "Subtotaal", "BTW", "Totaal", "Te betalen"),
}


WIDE = "\uff11\uff0c\uff12\uff13\uff14\uff0e\uff15\uff16"  # 1,234.56 in full width


def line_of(source: str, start: int) -> str:
    return source[source.rfind("\n", 0, start) + 1 :].split("\n", 1)[0]


@pytest.mark.parametrize("language", INVOICES)
def test_the_first_place_is_the_one_with_the_label_of_the_field(language: str) -> None:
    source = INVOICES[language]
    found = evidence_of(RECORD, source)
    for field, label in zip(RECORD, FIRST[language], strict=True):
        assert line_of(source, found[field][0].start).startswith(label), field
    assert len(found["total"]) == len(found["amount_due"]) == 2  # the others follow


def test_a_label_may_stand_above_in_the_same_column() -> None:
    source = "Invoice Date:\tDue Date:\tDelivery date:\n03/20/2023\t04/04/2023\t03/20/2023\n"
    found = evidence_of({"invoice_date": date(2023, 3, 20)}, source)
    assert [span.start for span in found["invoice_date"]] == [source.index("03/20"), source.rindex("03/20")]


def test_a_value_alone_in_its_line_has_the_label_of_the_line_above() -> None:
    source = "Net\n50.00\nAmount due\n50.00\nCash\n50.00\n"
    assert evidence_of({"amount_due": Decimal(50)}, source)["amount_due"][0].start == source.index("50.00", 12)


def test_the_parts_of_one_item_stand_together_and_two_items_have_two_places() -> None:
    source = "Tea 5.00\nMilk 5.00\nBread 5.00\nTotal 15.00\nGiven 5.00\n"
    lines = [{"name": name, "amount": Decimal(5)} for name in ("Tea", "Milk", "Bread")]
    found = evidence_of({"lines": lines, "total": Decimal(15)}, source)
    assert [line_of(source, found[f"lines.{row}.amount"][0].start) for row in range(3)] == [
        "Tea 5.00", "Milk 5.00", "Bread 5.00",
    ]  # fmt: skip
    unnamed = evidence_of({"lines": [{"amount": Decimal(5)}, {"amount": Decimal(5)}]}, "5.00\n5.00\n")
    assert [unnamed[f"lines.{row}.amount"][0].start for row in range(2)] == [0, 5]


def test_the_field_s_own_name_counts_where_nobody_knows_it() -> None:
    source = "Room 7\nCar plate 7\nFloor 7\n"
    assert line_of(source, evidence_of({"floor": 7}, source)["floor"][0].start) == "Floor 7"
    assert line_of(source, evidence_of({"carPlate": 7}, source)["carPlate"][0].start) == "Car plate 7"


def test_numbers_joined_over_a_blank_come_last() -> None:
    source = "Qty 2 120.00\nSum 2120.00\n"
    places = evidence_of({"x": Decimal("2120.00")}, source)["x"]
    assert [source[each.start : each.end] for each in places] == ["2120.00", "2 120.00"]


def test_places_are_counted_in_code_points() -> None:
    source = f"\U0001f9fe 合計 \U0001f600\n合計 {WIDE}\nTotal 1,234.56\n"
    places = evidence_of({"total": Decimal("1234.56")}, source)["total"]
    assert {source[each.start : each.end] for each in places} == {WIDE, "1,234.56"}
    assert places[0].start == source.index("1,234.56")


def test_what_stands_in_no_document_comes_last() -> None:
    source = "Total 5.00 says the prompt\nPaper: 5.00\n"
    document = SourceDocument(id="0" * 64, name="a", document_kind="text", start=27)
    assert [each.start for each in evidence_of({"total": Decimal(5)}, source)["total"]] == [6, 34]
    found = evidence_of({"total": Decimal(5)}, source, documents=[document])
    assert [each.start for each in found["total"]] == [34, 6]


def test_a_taller_line_counts_more() -> None:
    text = "ACME 7\nsome words\nACME 7\n"
    boxes = (Box(0, 0, 50, 10), Box(0, 12, 50, 22), Box(0, 24, 90, 44))
    lines = tuple(
        TextLine(start, end, box) for (start, end), box in zip(((0, 6), (7, 17), (18, 24)), boxes, strict=True)
    )
    document = paper(text, lines=lines)
    where = SourceDocument(id=document.id, name="a", document_kind="pdf", start=0)
    heights = line_heights([document], [where])
    assert heights == {0: 10, 7: 10, 18: 20}
    assert evidence_of({"shop": "ACME"}, text)["shop"][0].start == 0
    assert evidence_of({"shop": "ACME"}, text, documents=[where], heights=heights)["shop"][0].start == 18


@given(
    st.lists(
        st.sampled_from(["Total 5.00", "VAT 5.00", "5.00", "x\t5.00", "Due 4 March 2024", "\f", "7 5.00"]), max_size=9
    ),
    st.sampled_from(["total", "tax", "lines", "x"]),
)
def test_ranking_neither_loses_nor_invents_a_place(lines: list[str], field: str) -> None:
    source = "\n".join(lines)
    places = ranked_places({field: Decimal(5)}, source)
    assert {place.span for place in places.get(field, ())} == set(locate(Decimal(5), source))
    assert [place.score for place in places.get(field, ())] == sorted(
        (place.score for place in places.get(field, ())), reverse=True
    )


@pytest.mark.slow
def test_the_first_place_is_right_on_real_invoices() -> None:
    if not SHARED.is_dir():
        pytest.skip("the documents are not beside the project")
    sys.path.insert(0, str(BENCHMARKS))
    try:
        from documents_bench.places import path_of, places_of, stands_in  # noqa: PLC0415 -- found from here on
    finally:
        sys.path.remove(str(BENCHMARKS))
    right = total = 0
    for name, rows in json.loads((BENCHMARKS / "documents_bench" / "right_places.json").read_text("utf-8")).items():
        text = Document.open(path_of(name, SHARED)).text
        found = places_of(rows, text)
        total += len(rows)
        right += sum(bool(found.get(field)) and stands_in(found[field][0], text, lines) for field, _, lines in rows)
    assert right / total >= 0.97, f"{right} of {total}"


class Invoice(BaseModel):
    number: str
    issued: Date
    total: Money


def paper(text: str, *, hidden: str = "", lines: tuple[TextLine, ...] = ()) -> Document:
    unseen = (HiddenText(text=hidden, by="same_colour"),) if hidden else ()
    page = Page(number=1, text=text, hidden=unseen, lines=lines)
    return Document(id=hashlib.sha256(text.encode()).hexdigest(), name="a.pdf", kind="pdf", pages=(page,))


def reading(total: str = "120,00 €", **options: Any) -> Any:
    answer = Says({"number": "INV-7", "issued": "04.03.2024", "total": total}, confidence=0.9)
    return extract(
        "read", Invoice, "Read it.", models=ScriptedModel([answer]), accept=confidence(at_least=0.5), **options
    )


async def test_a_step_on_a_document_shows_the_likeliest_place_first() -> None:
    outcome = await reading()(paper(INVOICES["de"]))
    assert isinstance(outcome, Accepted)
    source = outcome.judgement.source
    first = {field: line_of(source, spans[0].start) for field, spans in outcome.judgement.evidence.items()}
    assert first == {
        "number": "Rechnung Nr. INV-7 vom 04.03.2024",
        "issued": "Rechnung Nr. INV-7 vom 04.03.2024",
        "total": "Gesamtbetrag 120,00",
    }
    assert len(outcome.judgement.evidence["total"]) == 2


async def test_what_guards_found_is_ranked_too_and_other_inputs_are_left_as_they_were() -> None:
    outcome = await reading(guards=[grounded(fields="total")])(paper(INVOICES["de"]))
    assert line_of(outcome.judgement.source, outcome.judgement.evidence["total"][0].start) == "Gesamtbetrag 120,00"
    plain = await reading(guards=[grounded(fields="total")])(INVOICES["de"])
    assert list(plain.judgement.evidence) == ["total"]
    starts = [span.start for span in plain.judgement.evidence["total"]]
    assert starts == sorted(starts)


@pytest.mark.parametrize("guard", [on_page(), grounded()])
async def test_hidden_text_is_no_place_so_a_value_that_is_only_there_is_doubtful(guard: Any) -> None:
    document = paper(INVOICES["de"], hidden="Gesamtbetrag 1,00")
    assert isinstance(await reading(guards=[guard])(document), Accepted)
    outcome = await reading("1,00 €", guards=[guard])(document)
    assert isinstance(outcome, Doubtful)
    assert outcome.reason.startswith(guard.name)
    assert "total" not in outcome.judgement.evidence


async def test_what_stands_beside_the_documents_is_on_no_page() -> None:
    hint = "The total is probably 99,00 €."
    outcome = await reading("99,00 €", guards=[on_page(fields="total")])(hint, paper(INVOICES["de"]))
    assert isinstance(outcome, Doubtful)
    assert "is on no page" in outcome.reason
    assert isinstance(
        await reading("99,00 €", guards=[grounded(fields="total")])(hint, paper(INVOICES["de"])), Accepted
    )


def test_a_person_s_answer_is_held_to_the_page_too() -> None:
    step = reading(guards=[on_page()])
    given_by_person = Invoice(number="INV-8", issued=Date(date(2024, 3, 4)), total=Money("120", "EUR"))
    assert [each.field for each in step.objections(given_by_person, paper(INVOICES["de"]))] == ["number"]
