"""A picture that a model was shown: what a reviewer is told of it, and where it can be looked at."""

import asyncio
import hashlib
import io
import re
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from handrail import Document, Escalation, File, Run, Says, ScriptedModel, confidence, extract, workflow
from handrail.ai_steps import Image
from handrail.cli import app
from handrail.documents import read_document
from tests.acceptance.console.document_flows import READ, Letter, invoice_pdf
from tests.unit.handrail.console.served import opened, text_of

pytest.importorskip("pypdfium2", reason="reads PDF: pip install 'handrail[documents]'")
pytest.importorskip("reportlab", reason="makes PDF: pip install reportlab")
PIL = pytest.importorskip("PIL.Image", reason="makes pictures: pip install pillow")

look = extract(
    "look",
    Letter,
    "Read this picture.",
    models=ScriptedModel(lambda _: Says(READ, 0.5)),
    accept=confidence(at_least=0.95),
    escalate=Escalation(queue="desk"),
)


def photo() -> bytes:
    made = io.BytesIO()
    PIL.new("RGB", (40, 30), (200, 10, 10)).save(made, "PNG")
    return made.getvalue()


@cache
def invoice() -> bytes:
    return invoice_pdf(1)


@workflow(version=1)
async def photographed(run: Run, name: str) -> str:
    return (await run.decide(look, Image(photo(), name=name))).total


@workflow(version=1)
async def paged(run: Run, file: File) -> str:
    await run.step(read_document, file)
    return (await run.decide(look, Image.of_page(Document.open(invoice(), name="invoice.pdf"), 1))).total


async def test_of_a_picture_that_no_store_keeps_its_kind_size_and_hash_are_told(tmp_path: Path) -> None:
    async with opened(tmp_path, flows=(photographed,)) as site:
        (item,) = await site.ask(photographed, "<b>photo</b>.png")
        page = await site.page(f"/items/{item}")
        said = text_of(page)
        assert "<b>photo</b>.png image/png · 40 × 30 pixels ·" in said
        assert f"SHA-256 {hashlib.sha256(photo()).hexdigest()[:12]}… · its bytes are not kept" in said
        assert hashlib.sha256(photo()).hexdigest() in page
        assert "<b>photo" not in page
        await site.page(f"/items/{item}/files/{hashlib.sha256(photo()).hexdigest()}", status=404)


@pytest.mark.dear
async def test_of_a_page_of_a_document_at_hand_the_page_is_shown(tmp_path: Path) -> None:
    async with opened(tmp_path, flows=(paged,)) as site:
        file = await site.engine.keep_file(invoice(), name="invoice.pdf")
        await site.engine.start(paged, file)
        await site.engine.idle()
        (item,) = site.engine.reviews()
        page = await site.page(f"/items/{item.id}")
        (shown,) = re.findall(r'<img src="([^"]+)"', page)
        assert (await site.http.get(shown)).content.startswith(b"\x89PNG")
        assert "page 1 · image/png" in text_of(page)
        assert "its bytes are not kept" not in text_of(page)
        assert (await site.http.get(f"/items/{item.id}/files/{file.id}")).content == invoice()


@workflow(version=1)
async def compared(run: Run, note: str) -> str:
    return (await run.decide(look, [note, Image(photo(), name="a.png"), Image(photo(), name="b.png")])).total


@pytest.mark.dear
async def test_where_a_picture_was_shown_the_page_and_the_lists_say_which(tmp_path: Path) -> None:
    async with opened(tmp_path, flows=(photographed, compared)) as site:
        (alone,) = await site.ask(photographed, "photo.png")
        (both,) = [each for each in await site.ask(compared, "see <i>both</i>") if each != alone]
        recorded = [site.engine.review(each).context for each in (alone, both)]
        assert "[picture]" in str(recorded[0])
        for path in (f"/items/{alone}", "/queue"):
            said = text_of(await site.page(path))
            assert "[picture: PNG, 40 × 30 pixels" in said, path
        page = await site.page(f"/items/{both}")
        assert re.findall(r"\[(\w+) picture: PNG, 40 × 30 pixels, \d+ bytes\]", page) == ["first", "second"]
        assert "<i>" not in page
        assert [site.engine.review(each).context for each in (alone, both)] == recorded


def test_the_commands_say_what_a_picture_is(tmp_path: Path) -> None:
    async def asked() -> tuple[int, str]:
        async with opened(tmp_path, flows=(photographed,)) as site:
            return (await site.ask(photographed, "photo.png"))[0], site.engine.store

    item, store = asyncio.run(asked())
    for command in (["show", str(item)], ["list"]):
        shown = CliRunner().invoke(app, ["review", *command, "--store", store])
        assert re.search(r"\[picture: PNG, 40 × 30 pixels, \d+ bytes\]", shown.output), command
    listed = CliRunner().invoke(app, ["review", "list", "--json", "--store", store])
    assert "[picture]" in listed.output, "programs get what is recorded"
