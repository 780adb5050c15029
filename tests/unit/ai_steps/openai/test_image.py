"""A picture is an input like any other: looked at before anything is paid, sent without its secrets, kept as a hash."""

import base64
import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from handrail import Accepted, Document, Doubtful, RecordedModel, ScriptedModel, classify, confidence, extract, grounded
from handrail.ai_steps import Image, InvalidTask, Limits, Prompt, agreement, ocr_agreement
from handrail.documents import (
    BrokenDocument,
    DocumentError,
    EmptyDocument,
    LanguageMissing,
    OcrPage,
    TooHeavy,
    TruncatedDocument,
    WrongKind,
    tesseract_ocr,
)
from handrail.documents import ReadingLimits as Reading
from handrail.guards import Always, InvalidGuard
from handrail_ai_steps.errors import InvalidInput
from handrail_ai_steps.model import Answer, ModelRequest
from handrail_guards.confidence import Confidence
from tests.stub_server import Stub, completion, reply
from tests.unit.ai_steps.documents.pictures import picture
from tests.unit.ai_steps.documents.small_pdf import pdf, shown
from tests.unit.ai_steps.openai.given import MakeModel

pil = pytest.importorskip("PIL.Image")
ANSWER = '{"number":"4711"}'


class Numbered(BaseModel):
    number: str


def file(picture: Any, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def gradient(size: tuple[int, int] = (40, 30)) -> Any:
    return pil.linear_gradient("L").resize(size)


@pytest.fixture(scope="module")
def scan() -> Image:
    return Image(file(gradient(), "PNG"), name="scan.png")


def step(model: Any, **options: Any) -> Any:
    return extract("number", Numbered, "Read the number.", models=model, accept=Always(), **options)


def content_of(stub: Stub) -> Any:
    return stub.requests()[-1]["body"]["messages"][1]["content"]


# What a picture is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF"])
def test_what_it_is_shows_its_content(kind: str) -> None:
    data = file(gradient(), kind)
    made = Image(data, name="named.wrongly.pdf")
    assert made.id == hashlib.sha256(data).hexdigest()
    assert (made.media_type, made.width, made.height, made.page) == ("image/png", 40, 30, None)
    assert made.data is not None
    assert made.size == len(made.data)


def test_it_stands_upright_is_small_enough_and_says_nothing_beside_its_pixels(tmp_path: Path) -> None:
    about = pil.Exif()
    about[0x0112], about[0x010E] = 6, "taken at home"
    path = tmp_path / "photo.jpg"
    path.write_bytes(file(gradient((3000, 200)).convert("RGB"), "JPEG", exif=about, comment=b"of my own"))
    made = Image(path)
    assert made.data is not None
    assert (made.name, made.height) == ("photo.jpg", 2048)
    assert made.width < made.height
    sent = pil.open(io.BytesIO(made.data))
    assert sent.size == (made.width, made.height)
    assert not sent.getexif()
    assert b"home" not in made.data
    assert b"of my own" not in made.data


@pytest.mark.dear
def test_a_photograph_goes_as_a_photograph() -> None:
    made = Image(file(pil.frombytes("RGB", (900, 900), os.urandom(900 * 900 * 3)), "PNG", compress_level=0))
    assert made.media_type == "image/jpeg"
    assert made.size < 1_500_000


def test_fine_shades_of_grey_are_no_white_paper() -> None:
    made = Image(file(pil.new("I;16", (40, 30), 0x4000), "PNG"))
    assert made.data is not None
    assert pil.open(io.BytesIO(made.data)).getpixel((5, 5)) == 0x40


@pytest.mark.parametrize(
    ("data", "error", "told"),
    [
        (b"", EmptyDocument, "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><rect/></svg>", WrongKind, "no picture of pixels"),
        (b"hello", WrongKind, "no picture of pixels"),
        (b"PK\x03\x04abc", WrongKind, "ZIP"),
        (b"\x89PNG\r\n\x1a\nnothing", BrokenDocument, "ask for it again"),
        (file(gradient((300, 300)), "JPEG")[:900], TruncatedDocument, "too early"),
        (file(gradient(), "GIF", save_all=True, append_images=[gradient().rotate(90)]), WrongKind, "moves"),
        (file(gradient(), "TIFF", save_all=True, append_images=[gradient()]), WrongKind, "2 pictures"),
        (file(pil.new("1", (9000, 9000)), "PNG"), TooHeavy, "50 million"),
        (file(pil.new("F", (9, 9), 0.5), "TIFF"), BrokenDocument, "measured values"),
    ],
    ids=["empty", "svg", "text", "zip", "broken", "cut", "moving", "several", "pixels", "floats"],
)
def test_what_cannot_be_shown_is_refused_and_says_what_to_do(data: bytes, error: Any, told: str) -> None:
    with pytest.raises(DocumentError, match=told) as raised:
        Image(data, name="given")
    assert type(raised.value) is error
    assert str(raised.value).startswith("given: ")


def test_what_is_too_long_or_no_source_at_all_is_refused() -> None:
    with pytest.raises(TooHeavy):
        Image(file(gradient(), "PNG"), limits=Reading(bytes=50))
    with pytest.raises(InvalidInput, match="NoneType"):
        Image(None)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="Document"):
        Image.of_page("letter.pdf", 1)  # type: ignore[arg-type]


def test_a_page_and_one_of_several_pictures_are_taken_by_number() -> None:
    pytest.importorskip("pypdfium2")
    letter = Document.open(pdf(shown((20, 100, "one")), shown((20, 100, "two"))), name="letter.pdf")
    page = Image.of_page(letter, 2, dpi=72)
    assert (page.id, page.name, page.page) == (letter.id, "letter.pdf", 2)
    assert (page.width, page.height) == (round(letter.pages[1].width), round(letter.pages[1].height))
    for wrong in (0, 3, True, "2"):
        with pytest.raises(InvalidInput, match="pages 1 to 2"):
            Image.of_page(letter, wrong)  # type: ignore[arg-type]
    for dpi in (0, 5000, float("nan"), "fine"):
        with pytest.raises(InvalidInput, match="dpi"):
            Image.of_page(letter, 1, dpi=dpi)  # type: ignore[arg-type]
    moving = Document.open(file(gradient(), "GIF", save_all=True, append_images=[gradient().rotate(90)]))
    assert Image.of_page(moving, 1).page == 1


# In a step ---------------------------------------------------------------------------------------------------------


async def test_it_is_sent_and_its_hash_is_kept(stub: Stub, make_model: MakeModel, scan: Image, tmp_path: Path) -> None:
    stub.play(reply(completion(ANSWER)))
    live = RecordedModel.record(tmp_path / "answers.jsonl", live=make_model(confidence="none"))
    outcome = await step(live)(scan)
    assert isinstance(outcome, Accepted)
    assert scan.data is not None
    encoded = base64.b64encode(scan.data).decode()
    sent = {"url": f"data:image/png;base64,{encoded}", "detail": "high"}
    assert content_of(stub) == [
        {"type": "text", "text": "[picture]"},
        {"type": "text", "text": "[picture]"},
        {"type": "image_url", "image_url": sent},
    ]
    assert outcome.judgement.prompt_version.endswith("+pictures")
    [kept] = outcome.judgement.pictures
    assert (kept.id, kept.name, kept.width, kept.height, kept.size) == (scan.id, "scan.png", 40, 30, scan.size)

    line = (tmp_path / "answers.jsonl").read_text()
    assert scan.id in line
    assert encoded[:40] not in line
    assert encoded[:40] not in TypeAdapter(Accepted[Numbered]).dump_json(outcome).decode()
    assert encoded[:40] not in step(live).input_json([scan], {})
    again = await step(RecordedModel.replay(tmp_path / "answers.jsonl"))(scan)
    assert again == outcome
    other = Image(file(gradient().rotate(180), "PNG"))
    stub.reset()
    stub.play(reply(completion('{"number":"0815"}')))
    assert (await step(live)(other)).value.number == "0815"  # another picture is another question


@dataclass
class Claim:
    text: str
    photo: Image


class Filed(BaseModel):
    photos: list[Image]


@pytest.mark.parametrize("inside", ["values", "list", "mapping", "dataclass", "model", "named", "template"])
async def test_it_is_found_wherever_it_is(scan: Image, inside: str) -> None:
    other = Image(file(gradient().rotate(90), "PNG"))
    model = ScriptedModel([{"number": "1"}])
    asked = step(model)
    if inside == "template":
        asked = asked.reworded(prompt=Prompt(user="{{ named.two }} after {{ named.one }}: {{ values[0] }}"))
        await asked("which?", one=scan, two=other)
        assert model.requests[0].text == "[second picture] after [first picture]: which?"
    else:
        given: Any = {
            "values": (scan, other),
            "list": ([scan, "and", other],),
            "mapping": ({"old": scan, "new": [other]},),
            "dataclass": (Claim("broken", scan), Claim("mended", other)),
            "model": (Filed(photos=[scan, other]),),
            "named": (),
        }[inside]
        await asked(*given, **({"old": scan, "new": other} if inside == "named" else {}))
        text = model.requests[0].text
        assert text.index("[first picture]") < text.index("[second picture]")
    assert model.requests[0].pictures == (scan, other)
    assert scan.id not in model.requests[0].text


class Blind:
    name = "blind"

    async def answer(self, _: ModelRequest) -> Answer:
        return Answer(value=Numbered(number="4711"), raw=ANSWER, confidence=Confidence(1.0, "stated"), model="blind")


async def test_what_may_not_or_cannot_be_shown_is_in_doubt_and_costs_nothing(
    stub: Stub, make_model: MakeModel, scan: Image
) -> None:
    adapter = TypeAdapter(Image)
    from_record = adapter.validate_json(adapter.dump_json(scan))
    assert from_record == scan
    model = make_model(confidence="none")
    for asked, given, told in (
        (step(Blind()), [scan], "takes text alone"),
        (step(model, mask=["email"]), [scan], "personal data"),
        (step(model), [[scan] * 21], "21 pictures"),
        (step(model), [from_record], "read from a record"),
    ):
        outcome = await asked(*given)
        assert isinstance(outcome, Doubtful)
        assert (outcome.code, outcome.suggestion) == ("refused", None)
        assert told in outcome.reason
        assert outcome.judgement.pictures[0].id == scan.id
    dear = await step(model, limits=Limits(tokens=scan.tokens))(scan)
    assert dear.code == "over_budget"
    assert stub.requests() == []


async def test_a_model_that_cannot_see_leaves_it_to_one_that_can(scan: Image) -> None:
    outcome = await step([Blind(), ScriptedModel([{"number": "4711"}], name="seeing")])(scan)
    assert isinstance(outcome, Accepted)
    assert outcome.judgement.model == "seeing"
    second = ScriptedModel([{"number": "4711"}])
    both = await step(ScriptedModel([{"number": "4711"}]), guards=[agreement(second)])(scan)
    assert isinstance(both, Accepted)
    assert second.requests[0].pictures == (scan,)
    assert isinstance(await step(ScriptedModel([{"number": "1"}]), guards=[agreement(Blind())])(scan), Doubtful)


async def test_nothing_is_grounded_in_the_word_for_a_picture(scan: Image) -> None:
    asked = step(ScriptedModel(lambda _: {"number": "1"}), guards=[grounded()])
    assert (await asked(scan)).code == "guard"
    assert (await asked([scan, scan])).code == "guard"


async def test_the_name_of_its_file_is_not_kept_where_inputs_are_not(scan: Image) -> None:
    outcome = await step(ScriptedModel([{"number": "1"}]), keep_source=False)(scan)
    assert [(each.id, each.name) for each in outcome.judgement.pictures] == [(scan.id, "")]


async def test_votes_are_cast_about_the_picture(stub: Stub, make_model: MakeModel, scan: Image) -> None:
    stub.play(reply(completion('{"label":"true"}', '{"label":"true"}', '{"label":"false"}')))
    asked = classify("paid", bool, "Is it paid?", models=make_model(confidence="vote"), accept=confidence(at_least=0.5))
    outcome = await asked(scan)
    assert isinstance(outcome, Accepted)
    assert (outcome.value, outcome.confidence.source) == (True, "vote")
    assert len(content_of(stub)) == 3


def test_an_example_with_a_picture_is_refused(scan: Image) -> None:
    with pytest.raises(InvalidTask, match="example holds a picture"):
        step(ScriptedModel([]), examples=[(scan, {"number": "1"})])


async def test_a_batch_holds_it_and_a_run_does_not(make_model: MakeModel, scan: Image) -> None:
    question = await step(make_model(confidence="none")).batch_question(scan)
    assert question is not None
    assert question.holds_pictures


# Against what OCR reads --------------------------------------------------------------------------------------------


@dataclass
class Reader:
    text: str = "Invoice No. 4711"
    error: DocumentError | None = None
    asked: int = 0

    def read_page(self, picture: bytes, limits: Reading) -> OcrPage:  # noqa: ARG002 -- as the port has it
        assert picture.startswith(b"\x89PNG")
        self.asked += 1
        if self.error is not None:
            raise self.error
        return OcrPage(text=self.text, width=40, height=30)


@pytest.mark.dear
async def test_an_answer_that_ocr_reads_too_passes_and_points_nowhere(scan: Image) -> None:
    reader = Reader()
    asked = step(ScriptedModel(lambda _: {"number": "4711"}), guards=[ocr_agreement(reader)])
    photo = Image(file(pil.frombytes("RGB", (900, 900), os.urandom(900 * 900 * 3)), "PNG", compress_level=0))
    for _ in range(2):
        outcome = await asked([scan, photo])
        assert isinstance(outcome, Accepted)
        assert [(each.guard, each.passed) for each in outcome.judgement.verdicts] == [("ocr_agreement", True)]
        assert outcome.judgement.evidence == {}
    assert reader.asked == 2


@pytest.mark.parametrize(
    ("reader", "given", "told"),
    [
        (Reader("Invoice 4712"), None, "'4711' is not in the text that was read in the picture"),
        (Reader(" \n"), None, "no text was read"),
        (Reader(error=TooHeavy("it took too long")), None, "it took too long"),
        (Reader(), "4711", "no picture to hold it against"),
    ],
    ids="another nothing failing text".split(),  # noqa: SIM905
)
async def test_what_ocr_does_not_read_is_in_doubt(scan: Image, reader: Reader, given: Any, told: str) -> None:
    guard = ocr_agreement(reader, fields="number")
    outcome = await step(ScriptedModel([{"number": "4711"}]), guards=[guard])(given or scan)
    assert isinstance(outcome, Doubtful)
    assert outcome.code == "guard"
    assert told in outcome.reason


def test_a_field_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidGuard, match="did you mean 'number'"):
        step(ScriptedModel([]), guards=[ocr_agreement(Reader(), fields="nmber")])


@pytest.mark.dear
async def test_a_real_engine_agrees_about_a_real_page() -> None:
    pytest.importorskip("tesserocr", reason="engines are in no environment of the lowest versions")
    try:
        engine = tesseract_ocr()
    except LanguageMissing as missing:
        pytest.skip(str(missing))
    page = Image(picture(["Corner Shop Limited", "Invoice number 4711"]))
    try:
        for number, kind in (("4711", "accepted"), ("4717", "doubtful")):
            asked = step(ScriptedModel([{"number": number}]), guards=[ocr_agreement(engine)])
            assert (await asked(page)).kind == kind
    finally:
        engine.close()
