"""Which doubt about a document a person is told first, where there are several."""

from dataclasses import replace

from handrail import Document, Doubtful, Says, ScriptedModel, each_field, grounded
from handrail.documents import DocumentNote, embedded
from handrail_ai_steps.documents.page import Page
from tests.unit.ai_steps.documents.invoice_xml import Written, page
from tests.unit.ai_steps.test_sources import OTHER_IBAN, READ, hybrid, says, step

GARBLED = DocumentNote(code="garbled_text", page=1, message="its text is no language")


def read(text: str) -> Document:
    return Document(id="a" * 64, name="a.pdf", kind="pdf", pages=(Page(number=1, text=text),), notes=(GARBLED,))


async def doubt_of(document: Document, model: ScriptedModel) -> Doubtful[object]:
    outcome = await step(model)(document)
    assert isinstance(outcome, Doubtful)
    return outcome


async def test_an_accepted_answer_from_an_illegible_document_is_doubtful() -> None:
    outcome = await doubt_of(read(page()), says())
    assert (outcome.code, outcome.reason) == ("unreadable", "a.pdf, page 1: its text is no language")
    assert outcome.suggestion is not None


async def test_what_is_said_of_many_pages_is_said_once() -> None:
    notes = tuple(replace(GARBLED, page=number) for number in range(1, 21))
    outcome = await doubt_of(replace(read(page()), notes=notes), says())
    assert outcome.reason == "a.pdf, pages 1, 2, 3, 4, 5 and 15 more: its text is no language"


async def test_that_a_document_is_illegible_is_told_before_what_a_model_made_of_it() -> None:
    unsure = ScriptedModel([Says(READ, 0.95, fields=dict.fromkeys(READ, 0.2))])
    outcome = await doubt_of(read(page()), unsure)
    assert outcome.code == "unreadable"
    assert outcome.reason.startswith("a.pdf, page 1: its text is no language; invoice_number: confidence 0.20")


async def test_another_account_is_told_before_a_guard_that_misses_it_and_before_what_is_illegible() -> None:
    document = replace(hybrid(text=page(Written(iban=OTHER_IBAN, total="831.90", payable="831.90"))), notes=(GARBLED,))
    outcome = await step(embedded(), guards=[grounded()], accept=each_field(at_least=0.9))(document)
    assert isinstance(outcome, Doubtful)
    assert outcome.code == "contradiction"
    alarm, guard, note = (outcome.reason.find(each) for each in ("ANOTHER ACCOUNT", "grounded: ", "is no language"))
    assert 0 <= alarm < guard < note
