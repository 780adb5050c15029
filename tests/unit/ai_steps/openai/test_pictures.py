"""A language model may be shown pictures of pages, beside their text or in its place; what is hidden is in neither."""

import base64
import io
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from handrail import Accepted, Document, Doubtful, extract
from handrail.ai_steps import Limits
from handrail.guards import Always
from handrail_ai_steps.errors import ModelNotReady
from tests.stub_server import Stub, completion, reply
from tests.unit.ai_steps.documents.small_pdf import pdf, shown
from tests.unit.ai_steps.openai.given import MakeModel

ANSWER = '{"number":"4711"}'


class Numbered(BaseModel):
    number: str


@pytest.fixture(scope="module")
def letter() -> Document:
    pytest.importorskip("pypdfium2")
    return Document.open(pdf_of("Invoice 4711", "Total 120.00"), name="letter.pdf")


def pdf_of(*pages: str) -> bytes:
    return pdf(*(shown((20, 100, each)) for each in pages))


def step(model: Any, **options: Any) -> Any:
    return extract("number", Numbered, "Read the number.", models=model, accept=Always(), **options)


def user_content(stub: Stub) -> Any:
    return stub.requests()[-1]["body"]["messages"][1]["content"]


def pictures_in(content: Any) -> list[bytes]:
    urls = [part["image_url"]["url"] for part in content if part["type"] == "image_url"]
    assert all(url.startswith("data:image/png;base64,") for url in urls)
    return [base64.b64decode(url.partition(",")[2]) for url in urls]


async def test_text_alone_is_sent_unless_pictures_are_asked_for(
    stub: Stub, make_model: MakeModel, letter: Document
) -> None:
    stub.play(reply(completion(ANSWER)))
    outcome = await step(make_model(confidence="none"))(letter)
    assert user_content(stub) == letter.text
    assert "+" not in outcome.judgement.prompt_version


async def test_each_page_is_a_picture_in_place_of_its_text(stub: Stub, make_model: MakeModel, letter: Document) -> None:
    """pydantic-ai #126, #198 and instructor #1363: there was no way to show a model the pages of a PDF."""
    pil = pytest.importorskip("PIL.Image")
    stub.play(reply(completion(ANSWER)))
    outcome = await step(make_model(confidence="none", pages="image", dpi=72))(letter)
    assert isinstance(outcome, Accepted)
    content = user_content(stub)
    assert "4711" not in content[0]["text"]
    assert "2 page(s)" in content[0]["text"]
    drawn = pictures_in(content)
    assert len(drawn) == 2
    width, height = pil.open(io.BytesIO(drawn[0])).size
    assert (width, height) == (round(letter.pages[0].width), round(letter.pages[0].height))
    assert outcome.judgement.prompt_version.endswith("+pages-image-72dpi")


async def test_both_are_sent_where_both_are_asked_for(stub: Stub, make_model: MakeModel, letter: Document) -> None:
    stub.play(reply(completion(ANSWER)))
    outcome = await step(make_model(confidence="none", pages="both"))(letter, note="urgent")
    content = user_content(stub)
    assert letter.text in content[0]["text"]
    assert "urgent" in content[0]["text"]
    assert len(pictures_in(content)) == 2
    assert outcome.judgement.prompt_version.endswith("+pages-both-100dpi")


async def test_pictures_go_with_every_sample_and_every_question_again(
    stub: Stub, make_model: MakeModel, letter: Document
) -> None:
    stub.play(reply(completion('{"number":4711}')), reply(completion(ANSWER)))
    outcome = await step(make_model(confidence="none", pages="image"))(letter)
    assert isinstance(outcome, Accepted)
    sent = [each["body"]["messages"] for each in stub.requests() if "messages" in each["body"]]
    assert [len(pictures_in(each[1]["content"])) for each in sent] == [2, 2]


async def test_what_a_page_hides_is_neither_in_its_text_nor_asked(
    stub: Stub, make_model: MakeModel, shared_data: Any
) -> None:
    """vandalizer #777: a text that nobody sees told the model what the official total is."""
    hidden = Document.open(shared_data / "documents" / "docling-invisible_text_layer.pdf")
    [invisible] = [each.text for page in hidden.pages for each in page.hidden]
    stub.play(reply(completion(ANSWER)))
    await step(make_model(confidence="none", pages="both"))(hidden)
    assert invisible not in str(stub.requests()[-1]["body"]["messages"])


async def test_a_document_from_a_record_has_no_pictures_and_says_what_to_do(
    stub: Stub, make_model: MakeModel, letter: Document
) -> None:
    adapter = TypeAdapter(Document)
    recorded = adapter.validate_json(adapter.dump_json(letter))
    outcome = await step(make_model(confidence="none", pages="image"))(recorded)
    assert isinstance(outcome, Doubtful)
    assert "opened(data)" in outcome.reason
    assert stub.requests() == []
    assert letter.data is not None
    stub.play(reply(completion(ANSWER)))
    assert isinstance(await step(make_model(confidence="none", pages="image"))(recorded.opened(letter.data)), Accepted)


async def test_personal_data_that_is_masked_in_the_text_is_not_shown_in_a_picture(
    stub: Stub, make_model: MakeModel, letter: Document
) -> None:
    outcome = await step(make_model(confidence="none", pages="both"), mask=["email"])(letter)
    assert isinstance(outcome, Doubtful)
    assert "picture" in outcome.reason
    assert stub.requests() == []


async def test_too_many_pages_are_no_answer_and_never_fewer_pages(stub: Stub, make_model: MakeModel) -> None:
    """langchain #30391: pictures without a limit."""
    long = Document.open(pdf_of(*[f"Page {number}" for number in range(21)]))
    outcome = await step(make_model(confidence="none", pages="image"))(long)
    assert isinstance(outcome, Doubtful)
    assert "21 pages" in outcome.reason
    assert stub.requests() == []


async def test_pictures_count_against_the_budget(stub: Stub, make_model: MakeModel, letter: Document) -> None:
    limits = Limits(tokens=2_500)
    outcome = await step(make_model(confidence="none", pages="image"), limits=limits)(letter)
    assert isinstance(outcome, Doubtful)
    assert outcome.code == "over_budget"
    assert stub.requests() == []


async def test_a_text_without_documents_is_sent_as_it_is(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion(ANSWER)))
    outcome = await step(make_model(confidence="none", pages="image"))("Invoice 4711")
    assert user_content(stub) == "Invoice 4711"
    assert "+" not in outcome.judgement.prompt_version


@pytest.mark.parametrize("settings", [{"pages": "pictures"}, {"dpi": 0}, {"dpi": 1200}, {"dpi": float("nan")}])
def test_settings_that_cannot_work_are_refused(make_model: MakeModel, settings: dict[str, Any]) -> None:
    with pytest.raises(ModelNotReady):
        make_model(**settings)
