"""A local extractor: what it reads, how sure it is, where, and what it says where it cannot."""

import asyncio
import json
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from handrail import Accepted, Document, Doubtful, classify, confidence, each_field, extract
from handrail.ai_steps import Answer, LabelledDocument, LocalExtractor, ModelRequest, NoAnswer
from handrail_ai_steps.documents.page import Page
from handrail_ai_steps.errors import InvalidTrainingData, UnreadableModel
from handrail_ai_steps.learn_extractor import learn_extractor, read_documents
from tests.unit.ai_steps.extractor.made_receipts import receipt, receipts, shop

pytest.importorskip("scipy")

pytestmark = pytest.mark.dear

EVERYTHING = each_field(at_least=0.0)


class Receipt(BaseModel):
    """The fields of a receipt, typed."""

    company: str
    date: date
    address: str
    total: Decimal


class WithTable(BaseModel):
    """A record with a field that nothing was learned of."""

    total: Decimal
    table: str | None = None


class Dated(BaseModel):
    """A record of one day."""

    date: date


class Row(BaseModel):
    """A line item."""

    description: str
    quantity: Decimal | None
    unit_price: Decimal | None
    total: Decimal


class WithRows(BaseModel):
    """A record with line items."""

    total: Decimal
    lines: list[Row]


class Maybe(BaseModel):
    """A record whose total may be missing."""

    total: Decimal | None


def written(path: Path, lines: list[dict[str, Any]]) -> Path:
    """Return a file of these lines."""
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return path


def opened(line: dict[str, Any]) -> Document:
    """Return a receipt as a document that was opened."""
    return Document.open(json.dumps({"lines": line["lines"]}).encode(), name="receipt.json", places=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where an extractor is saved that learned from 80 receipts of 20 shops."""
    place = tmp_path_factory.mktemp("extractor")
    learn_extractor(written(place / "receipts.jsonl", receipts(20, 4)), place / "models" / "receipts", folds=0)
    return place / "models" / "receipts"


@pytest.fixture(scope="module")
def model(folder: Path) -> LocalExtractor:
    """Return that extractor as it was loaded."""
    return LocalExtractor.load(folder)


@pytest.mark.slow
def test_fields_of_shops_never_seen_are_read_as_typed_values(model: LocalExtractor) -> None:
    step = extract("receipt", Receipt, "Read the receipt.", models=model, accept=EVERYTHING)
    right = 0
    for line in receipts(10, 1, first=100):
        outcome = step.sync(opened(line))
        assert isinstance(outcome, Accepted)
        true = line["fields"]
        value = outcome.value
        right += (
            value.company == true["company"],
            value.address == true["address"],
            value.total == Decimal(true["total"]),
        ) == (True, True, True)
    assert right >= 8


def test_every_field_has_a_confidence_and_the_place_where_it_was_read(model: LocalExtractor) -> None:
    line = receipt(shop(3), 9)
    outcome = extract("receipt", Receipt, "Read.", models=model, accept=EVERYTHING).sync(opened(line))
    judgement = outcome.judgement
    assert judgement.model == model.full_name
    assert set(judgement.fields) == {"company", "date", "address", "total"}
    assert all(each.source == "local" and each.value is not None for each in judgement.fields.values())
    first = judgement.evidence["total"][0]
    assert judgement.source[first.start : first.end] == line["fields"]["total"]
    place = judgement.evidence["address"][0]
    assert " ".join(judgement.source[place.start : place.end].split()) == line["fields"]["address"]


def test_a_text_without_boxes_is_read_too(model: LocalExtractor) -> None:
    line = receipt(shop(5), 9)
    text = opened(line).text
    value = extract("receipt", Receipt, "Read.", models=model, accept=EVERYTHING).sync(text)
    assert isinstance(value, Accepted)
    assert value.value.total == Decimal(line["fields"]["total"])
    assert value.value.company == line["fields"]["company"]


@pytest.mark.slow
def test_a_saved_extractor_gives_the_same_answers_after_loading(folder: Path, tmp_path: Path) -> None:
    source = written(tmp_path / "same.jsonl", receipts(20, 4))
    again = LocalExtractor.fit(read_documents(source).examples, name="receipts")
    loaded = LocalExtractor.load(folder)
    for line in receipts(4, 2, first=18):
        document = opened(line)
        mine, other = again.read(document), loaded.read(document)
        assert {name: (each.value, each.sure, each.ranked) for name, each in mine.items()} == {
            name: (each.value, each.sure, each.ranked) for name, each in other.items()
        }
    assert again.full_name == loaded.full_name
    assert sum(each.stat().st_size for each in folder.iterdir()) < 3_000_000
    assert {each.name for each in folder.iterdir()} == {"model.json", "weights.npz"}


def test_a_field_that_was_not_learned_is_no_answer_and_says_so(model: LocalExtractor) -> None:
    step = extract("receipt", WithTable, "Read.", models=model, accept=EVERYTHING)
    outcome = step.sync(opened(receipt(shop(1), 1)))
    assert isinstance(outcome, Doubtful)
    assert "was not trained on 'table'" in outcome.reason
    assert "'company'" in outcome.reason


HEADER = "Description Qty Unit price Amount"
INK, PAPER = "Ink 2 5.00 10.00", "Paper 1 4.00 4.00"


def table_of(*pages: str) -> Document:
    """Return a document of these pages."""
    made = tuple(Page(number=number, text=text) for number, text in enumerate(pages, 1))
    return Document(id="c" * 64, name="invoice.pdf", kind="pdf", pages=made)


def rows_read(model: LocalExtractor, document: Document) -> Answer | NoAnswer:
    """Return what an extractor answers of a document's total and its line items."""
    request = ModelRequest(
        task="rows",
        prompt_version="0",
        system="Read.",
        text=document.text,
        documents=(document,),
        output_type=WithRows,
    )
    return asyncio.run(model.answer(request))


def test_line_items_are_read_over_pages_and_sure_where_their_sum_is_printed(model: LocalExtractor) -> None:
    pages = (f"{HEADER}\n{INK}\nCarried forward 10.00", f"{HEADER}\nBrought forward 10.00\n{PAPER}\nTotal 14.00")
    document = table_of(*pages)
    answer = rows_read(model, document)
    assert isinstance(answer, Answer)
    rows = [(each.description, each.quantity, each.unit_price, each.total) for each in answer.value.lines]
    assert rows == [("Ink", 2, 5, 10), ("Paper", 1, 4, 4)]
    sure = {path: each for path, each in answer.fields.items() if path.startswith("lines.")}
    assert {(each.source, each.value) for each in sure.values()} == {("rule", 1.0)}
    assert {"lines.#", "lines.0.quantity", "lines.1.total"} <= sure.keys()
    [place] = answer.evidence["lines.1.total"]
    assert document.text[place.start : place.end] == PAPER


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (f"{INK}\nTotal 14.00", "its rows add up to 10.00, which nothing below them says"),
        (f"{INK}\nPaper 3 4.00 4.00\nTotal 14.00", "its quantity times its price is not its amount"),
    ],
)
def test_line_items_of_which_one_may_be_lost_or_misread_have_no_confidence(
    model: LocalExtractor, rows: str, why: str
) -> None:
    answer = rows_read(model, table_of(f"{HEADER}\n{rows}"))
    assert isinstance(answer, Answer)
    assert answer.fields["lines.#"].value is None
    assert why in answer.fields["lines.0.total"].detail


def test_line_items_without_a_table_are_no_answer(model: LocalExtractor) -> None:
    answer = rows_read(model, table_of("Ink for 10.00\nTotal 10.00"))
    assert isinstance(answer, NoAnswer)
    assert "no document has rows under a header" in answer.reason


def test_a_field_that_may_be_missing_is_none_where_nothing_may_be_it(model: LocalExtractor) -> None:
    step = extract("receipt", Maybe, "Read.", models=model, accept=EVERYTHING)
    outcome = step.sync("nothing here is an amount of money")
    value = outcome.value if isinstance(outcome, Accepted) else outcome.suggestion
    assert value == Maybe(total=None)


def test_a_field_that_must_be_there_is_no_answer_where_nothing_may_be_it(model: LocalExtractor) -> None:
    outcome = extract("receipt", Dated, "Read.", models=model, accept=EVERYTHING).sync("no day is written here")
    assert isinstance(outcome, Doubtful)
    assert "nothing in the document may be its 'date'" in outcome.reason


@pytest.mark.parametrize("text", ["a 1.00", "TOTAL 1.00", "\n".join(["Ω≈ç√∫ 1.00"] * 40)])
def test_a_document_unlike_those_learned_from_gets_no_confidence(model: LocalExtractor, text: str) -> None:
    class Total(BaseModel):
        total: Decimal

    outcome = extract("total", Total, "Read.", models=model, accept=EVERYTHING).sync(text)
    assert isinstance(outcome, Doubtful)
    assert outcome.code == "no_confidence"
    assert outcome.judgement.fields["total"].value is None


@pytest.mark.slow
def test_documents_without_a_value_teach_that_there_may_be_none(tmp_path: Path) -> None:
    lines = receipts(12, 4)
    for index, line in enumerate(lines):
        if index % 3 == 0:
            kept = [each for each in line["lines"] if not each["text"].startswith("Date:")]
            line |= {"lines": kept, "fields": {**line["fields"], "date": None}}
    learned = LocalExtractor.fit(read_documents(written(tmp_path / "some.jsonl", lines)).examples, name="some")

    class MayBeDated(BaseModel):
        date: date | None

    step = extract("dated", MayBeDated, "Read.", models=learned, accept=EVERYTHING)
    outcome = step.sync(opened(lines[0]))
    value = outcome.value if isinstance(outcome, Accepted) else outcome.suggestion
    assert value == MayBeDated(date=None)


def test_the_register_suggests_what_it_knows_and_never_rewrites(model: LocalExtractor) -> None:
    known = shop(2)
    odd = receipt(known, 7, name="HARBOUR BAKEY LTD")
    read = model.read(opened(odd))["company"]
    assert known.name not in (read.value or "")
    outcome = extract("receipt", Receipt, "Read.", models=model, accept=EVERYTHING).sync(opened(odd))
    assert isinstance(outcome, Accepted)
    assert outcome.value.company in " ".join(opened(odd).text.split())
    said = [each for each in outcome.judgement.field_alternatives["company"] if each.source == "register"]
    assert [each.value for each in said] == [known.name]
    assert "had another" in outcome.judgement.fields["company"].detail


@pytest.mark.slow
def test_a_day_that_may_be_two_is_given_half_the_confidence_and_both_readings() -> None:
    lines: list[dict[str, Any]] = []
    for line in receipts(15, 3):
        days = [each for each in line["lines"] if each["text"].startswith("Date:")]
        day = f"0{len(lines) % 9 + 1}/0{len(lines) % 8 + 1}/2023"  # never tells whether the day or the month is first
        days[0]["text"] = f"Date: {day}"
        lines.append({**line, "fields": {**line["fields"], "date": day}})
    examples = [LabelledDocument(opened(line), line["fields"]) for line in lines]
    learned = LocalExtractor.fit(examples, name="unclear")
    line = lines[9]
    outcome = extract("dated", Dated, "Read.", models=learned, accept=EVERYTHING).sync(opened(line))
    sure = outcome.judgement.fields["date"]
    assert sure.value is not None
    assert sure.value <= 0.5
    assert "it may be" in sure.detail
    assert outcome.judgement.field_alternatives["date"]


def test_what_is_masked_in_the_text_is_not_read_from_the_document(model: LocalExtractor) -> None:
    line = receipt(shop(4), 8, name="MARY@EXAMPLE.COM")
    step = extract("receipt", Receipt, "Read.", models=model, accept=EVERYTHING, mask=["email"])
    document = opened(line)
    outcome = step.sync(document)
    assert outcome.judgement.source.startswith("MARY@EXAMPLE.COM")

    seen: list[str] = []

    class Watching:
        """Asks the extractor, and keeps what it says."""

        name = model.name

        async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
            said = await model.answer(request)
            seen.append(said.raw if isinstance(said, Answer) else said.reason)
            return said

    step.using(Watching()).sync(document)
    assert "MARY@EXAMPLE.COM" not in seen[0]


def test_a_name_finds_an_extractor_or_a_classifier_by_what_was_saved(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parents[1])
    step = extract("receipt", Receipt, "Read.", models="local:receipts", accept=EVERYTHING)
    assert isinstance(step.models[0], LocalExtractor)
    outcome = classify("kind", bool, "Is it?", models="local:receipts", accept=confidence(at_least=0.5)).sync("a text")
    assert isinstance(outcome, Doubtful)
    assert "reads the fields of a record" in outcome.reason


@pytest.mark.parametrize("file", ["model.json", "weights.npz"])
def test_a_damaged_extractor_is_refused_with_what_to_do(folder: Path, tmp_path: Path, file: str) -> None:
    copy = tmp_path / "damaged"
    shutil.copytree(folder, copy)
    whole = (copy / file).read_bytes()
    (copy / file).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableModel, match="train the model again"):
        LocalExtractor.load(copy)


def test_an_extractor_of_a_newer_release_is_refused(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "newer"
    shutil.copytree(folder, copy)
    head = json.loads((copy / "model.json").read_text(encoding="utf-8"))
    (copy / "model.json").write_text(json.dumps({**head, "version": 99}), encoding="utf-8")
    with pytest.raises(UnreadableModel, match="upgrade"):
        LocalExtractor.load(copy)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2: "),
        ("[1]", "a list where a JSON object belongs"),
        ('{"lines": []}', "no field 'fields'"),
        ('{"lines": [], "fields": 3}', "field 'fields' is a int"),
        ('{"fields": {"total": "1.00"}}', "no document, but 'fields'"),
        ('{"lines": [{"text": "A"}], "fields": {"total": "1.00"}}', "no line with a text and a box"),
        ('{"file": "missing.pdf", "fields": {"total": "1.00"}}', "missing.pdf cannot be read"),
        ('{"document": {"a": 1}, "fields": {"total": "1.00"}}', "neither a text nor a document"),
        ('{"text": "a", "issuer": 3, "fields": {"total": "1.00"}}', "field 'issuer'"),
    ],
)
def test_a_bad_line_is_named_with_its_place(tmp_path: Path, line: str, message: str) -> None:
    source = tmp_path / "bad.jsonl"
    source.write_text(f"{json.dumps(receipt(shop(1), 1))}\n{line}\n", encoding="utf-8")
    with pytest.raises(InvalidTrainingData, match="line 2") as raised:
        read_documents(source)
    assert message in str(raised.value)


def test_too_few_documents_and_fields_nobody_knows_are_refused(tmp_path: Path) -> None:
    few = written(tmp_path / "few.jsonl", receipts(1, 3))
    with pytest.raises(InvalidTrainingData, match="3 documents"):
        learn_extractor(few, tmp_path / "m")
    empty = written(tmp_path / "empty.jsonl", [{"text": "a", "fields": {"total": None}}] * 12)
    with pytest.raises(InvalidTrainingData, match="total in 0"):
        learn_extractor(empty, tmp_path / "m")
    with pytest.raises(InvalidTrainingData, match="none of the fields 'sum'"):
        read_documents(few, fields=["sum"])
    assert not (tmp_path / "m").exists()


def test_corrections_train_but_for_those_that_were_drawn(tmp_path: Path) -> None:
    lines = []
    for index, line in enumerate(receipts(6, 2)):
        document = opened(line)
        recorded = {
            "id": document.id,
            "name": document.name,
            "kind": document.kind,
            "pages": [{"number": 1, "text": document.text}],
        }
        lines.append(
            {
                "input": recorded if index % 2 else document.text,
                "expected": {**line["fields"], "rows": [1, 2]},
                "metadata": {"drawn": index < 3, "step": "receipt"},
                "provenance": {"reviewer": "a"},
            }
        )
    read = read_documents(written(tmp_path / "decided.jsonl", lines))
    assert read.set_apart == 3
    assert len(read.examples) == 9
    assert "a list" in read.left_out["rows"]
    assert {type(each.document) for each in read.examples} == {str, Document}


@pytest.mark.slow
def test_the_report_measures_issuers_never_seen_apart(tmp_path: Path) -> None:
    lines = [*receipts(10, 3), *receipts(6, 1, first=50)]
    trained = learn_extractor(written(tmp_path / "all.jsonl", lines), tmp_path / "models" / "m", folds=2)
    by_name = {each.name: each for each in trained.report}
    total = by_name["total"]
    assert len(total.readings) == 36
    assert len(total.unseen.readings) >= 6
    assert len(total.known.readings) + len(total.unseen.readings) == 36
    assert total.share() is not None
    assert 0 <= total.calibration_error() <= 1
    assert {each.kind for each in trained.report} == {"text", "date", "amount", "word"}
    assert trained.issuers == 16
