"""Documents beside a question: whose pages may be seen, by whom, and what is shown when they cannot be."""

import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from handrail import Document, Escalation, File, Run, Says, ScriptedModel, confidence, extract, workflow
from handrail.console.context import ConsoleSettings
from handrail.console.page_pictures import PagePictures
from handrail.documents import read_document
from tests.acceptance.console.document_flows import HIDDEN, READ, Letter, invoice_pdf, papers, read_letter
from tests.unit.handrail.console.api_site import API, api_site
from tests.unit.handrail.console.served import Site, opened, text_of

pytest.importorskip("pypdfium2", reason="reads PDF: pip install 'handrail[documents]'")
pytest.importorskip("reportlab", reason="makes PDF: pip install reportlab")

PNG = b"\x89PNG"
blind = extract(
    "blind",
    Letter,
    "Read this invoice.",
    models=ScriptedModel(lambda _: Says(READ, 0.5)),
    accept=confidence(at_least=0.95),
    escalate=Escalation(queue="desk", reviewers=2),
)


@workflow(version=1)
async def twice(run: Run, file: File) -> str:
    return (await run.decide(blind, await run.step(read_document, file))).total


@workflow(version=1)
async def attached(run: Run, file: File) -> str:
    """Extract from the first attachment of a mail."""
    mail = await run.step(read_document, file)
    inside = [part.document for part in mail.parts if part.role == "attachment" and part.document is not None]
    return (await run.decide(read_letter, inside[0])).total


FLOWS = (papers, twice, attached)
PEOPLE = {"ann": [200, 200, 200], "otto": [403, 403, 403], "nobody": [401, 401, 401]}


@asynccontextmanager
async def desk(folder: Path, settings: ConsoleSettings = ConsoleSettings()) -> AsyncIterator[Site]:
    async with opened(folder, settings, FLOWS) as site:
        yield site


async def asked(site: Any, flow: Any, data: bytes, name: str = "invoice.pdf") -> tuple[int, str]:
    """Start a run with a file; return the number of its question, and the file's id."""
    file = await site.engine.keep_file(data, name=name)
    before = {item.id for item in site.engine.reviews()}
    await site.engine.start(flow, file)
    await site.engine.idle()
    (item,) = {item.id for item in site.engine.reviews()} - before
    return item, file.id


def pictures_on(page: str) -> list[str]:
    return re.findall(r'<img src="([^"]+)"', page)


@pytest.mark.dear
async def test_each_page_has_a_picture_with_the_boxes_of_what_was_found(tmp_path: Path) -> None:
    async with desk(tmp_path) as site:
        item, file = await asked(site, papers, invoice_pdf())
        page = await site.page(f"/items/{item}")
        pictures = pictures_on(page)
        assert pictures == [f"/items/{item}/documents/{file}/pages/{number}.png" for number in (1, 2, 3)]
        boxes = re.findall(r'data-fields="(\w+)" data-rank="(\d)"', page)
        assert sorted(boxes) == [("number", "0"), ("total", "0"), ("total", "1"), ("vendor", "0")]
        got = await site.http.get(pictures[0])
        assert (got.status_code, got.content[:4], got.headers["content-type"]) == (200, PNG, "image/png")
        again = await site.http.get(pictures[0], headers={"if-none-match": got.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        said = text_of(page)
        assert f"page 1, in the colour of what is behind it: {HIDDEN}" in said


@pytest.mark.dear
@pytest.mark.parametrize(
    "path",
    ["documents/{file}/pages/4.png", "documents/{file}/pages/0.png", "documents/{other}/pages/1.png", "files/{other}"],
)
async def test_what_the_question_is_not_about_is_not_there(tmp_path: Path, path: str) -> None:
    async with desk(tmp_path) as site:
        item, file = await asked(site, papers, invoice_pdf())
        other = await site.engine.keep_file(invoice_pdf(1), name="other.pdf")
        await site.page(f"/items/{item}/{path.format(file=file, other=other.id)}", status=404)


async def test_another_runs_document_is_not_seen_through_an_item_that_one_may_see(tmp_path: Path) -> None:
    async with desk(tmp_path) as site:
        _, secret = await asked(site, papers, invoice_pdf(1))
        item, _ = await asked(site, papers, invoice_pdf(2))
        await site.page(f"/items/{item}/documents/{secret}/pages/1.png", status=404)
        await site.page(f"/items/{item}/files/{secret}", status=404)


@pytest.mark.dear
async def test_behind_a_proxy_pictures_are_asked_for_there(tmp_path: Path) -> None:
    async with desk(tmp_path, ConsoleSettings(root_path="/desk/review")) as site:
        item, file = await asked(site, papers, invoice_pdf())
        page = await site.page(f"/items/{item}")
        assert pictures_on(page)[0] == f"/desk/review/items/{item}/documents/{file}/pages/1.png"
        assert f'href="/desk/review/items/{item}/files/{file}"' in page
        assert (await site.http.get(pictures_on(page)[0])).status_code == 200


async def test_without_the_bytes_the_text_is_shown_and_why(tmp_path: Path) -> None:
    async with desk(tmp_path) as site:
        item, file = await asked(site, papers, invoice_pdf())
        with closing(sqlite3.connect(tmp_path / "runs.db")) as store, store:
            store.execute("UPDATE files SET purged = 1000000000.0")
        page = await site.page(f"/items/{item}")
        assert pictures_on(page) == []
        said = text_of(page)
        assert "Its pages cannot be shown" in said
        assert "its bytes were removed on 2001-09-09" in said
        assert "Total 207.50" in said
        await site.page(f"/items/{item}/documents/{file}/pages/1.png", status=404)


async def test_whoever_decides_blind_sees_the_page(tmp_path: Path) -> None:
    async with desk(tmp_path) as site:
        item, file = await asked(site, twice, invoice_pdf(1))
        page = await site.page(f"/items/{item}")
        assert pictures_on(page) == [f"/items/{item}/documents/{file}/pages/1.png"]


@pytest.mark.dear
async def test_an_attachment_is_seen_although_only_its_mail_is_kept(tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "Invoice", "a@example.com", "b@example.com"
    mail.set_content("Please find our invoice.")
    mail.add_attachment(invoice_pdf(1), maintype="application", subtype="pdf", filename="invoice.pdf")
    async with desk(tmp_path) as site:
        item, whole = await asked(site, attached, bytes(mail), "mail.eml")
        page = await site.page(f"/items/{item}")
        (picture,) = pictures_on(page)
        assert whole not in picture
        assert (await site.http.get(picture)).content[:4] == PNG
        fetched = await site.http.get(re.findall(r'href="(/items/\d+/files/[^"]+)"', page)[0])
        assert fetched.content.startswith(b"%PDF")


async def test_a_file_is_fetched_and_never_shown(tmp_path: Path) -> None:
    async with desk(tmp_path) as site:
        item, file = await asked(site, papers, b"%PDF-1.7 <script>alert(1)</script>", "a\n'\u202e.pdf")
        assert f'href="/items/{item}/files/{file}"' in await site.page(f"/items/{item}")
        got = await site.http.get(f"/items/{item}/files/{file}")
        assert got.content == b"%PDF-1.7 <script>alert(1)</script>"
        assert got.headers["content-type"] == "application/octet-stream"
        assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''a%0A%27%E2%80%AE.pdf"
        assert got.headers["x-content-type-options"] == "nosniff"


@pytest.mark.dear
async def test_pages_are_for_those_who_may_see_the_item(tmp_path: Path) -> None:
    async with api_site(tmp_path, flows=FLOWS, with_people=True) as site:
        await site.engine.people.add("otto", roles={"other": "reviewer"})
        item, file = await asked(site, papers, invoice_pdf(1))
        picture = f"/items/{item}/documents/{file}/pages/1.png"
        seen = {
            name: [(await site.http.get(path, headers={"x-person": name})).status_code for path in (
                picture, f"/items/{item}/files/{file}", f"{API}/reviews/{item}/documents"
            )]
            for name in PEOPLE
        }  # fmt: skip
    assert seen == PEOPLE


@pytest.mark.dear
async def test_the_api_tells_pages_places_and_what_is_not_to_be_seen(tmp_path: Path) -> None:
    async with api_site(tmp_path, ConsoleSettings(root_path="/desk"), flows=FLOWS) as site:
        item, file = await asked(site, papers, invoice_pdf())
        (told,) = (await site.get(f"/reviews/{item}/documents")).json()["documents"]
        broken, _ = await asked(site, papers, b"%PDF-1.7 and no more")
        none = (await site.get(f"/reviews/{broken}/documents")).json()["documents"]
    assert (told["id"], told["name"], told["kind"], told["page_count"], told["problem"]) == (
        file, "invoice.pdf", "pdf", 3, None,
    )  # fmt: skip
    assert told["pages"][0]["picture"] == f"/desk/items/{item}/documents/{file}/pages/1.png"
    first = next(each for each in told["places"] if each["field"] == "vendor")
    assert (first["rank"], first["page"]) == (0, 1)
    left, top, right, bottom = first["box"]
    assert 0 < left < right < told["pages"][0]["width"]
    assert 0 < top < bottom < told["pages"][0]["height"]
    assert told["hidden"] == [{"page": 1, "by": "same_colour", "text": HIDDEN}]
    assert none == []


def test_pictures_have_a_bound_and_are_drawn_once() -> None:
    drawn: list[int] = []

    class Drawn:
        def page_image(self, number: int, _dpi: float) -> bytes:
            drawn.append(number)
            return b"x" * 400

    def opened_one() -> Document:
        made: Any = Drawn()
        return made  # type: ignore[no-any-return]

    pictures = PagePictures(most_bytes=1_000)
    for number in (1, 1, 2, 1, 3, 1, 2):
        assert pictures.picture("a", number, opened_one) == b"x" * 400
    assert drawn == [1, 2, 3, 2], "2 was looked at longest ago when 3 came"
