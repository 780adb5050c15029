"""The page of a question about a document, in a browser: pictures of its pages, and boxes where evidence stands."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from handrail import Orchestrator
from tests.acceptance.console.desk import PATIENCE_SECONDS, Desk, answer_to, do, serving
from tests.acceptance.console.document_flows import HIDDEN, invoice_pdf, papers

pytest.importorskip("pypdfium2", reason="reads PDF: pip install 'handrail[documents]'")
pytest.importorskip("reportlab", reason="makes PDF: pip install reportlab")


@contextmanager
def desk_with(folder: Path, *files: tuple[str, bytes]) -> Iterator[Desk]:
    """Serve a store with questions about files."""
    store = f"sqlite:///{folder / 'runs.db'}"

    async def asked() -> None:
        async with Orchestrator(store, workflows=[papers]) as engine:
            for name, data in files:
                await engine.start(papers, await engine.keep_file(data, name=name), id=name)
            await engine.idle()

    do(asked())
    with serving(store, folder) as desk:
        yield desk


def loaded(page: Any, number: int = 1) -> None:
    """Wait for the picture of a page, which is drawn when it comes into sight."""
    picture = page.locator(".paper img").nth(number - 1)
    picture.scroll_into_view_if_needed()
    page.wait_for_function(
        "image => image.complete && image.naturalWidth > 0",
        arg=picture.element_handle(),
        timeout=PATIENCE_SECONDS * 1000,
    )


def lit(page: Any) -> list[tuple[str, str]]:
    """Return which boxes are lit, and how."""
    found = page.locator(".paper rect.lit, .paper rect.also")
    return [
        (each.get_attribute("data-fields"), "lit" if "lit" in each.get_attribute("class").split() else "also")
        for each in found.all()
    ]


def is_in_sight(page: Any, selector: str) -> bool:
    """Return whether an element is within what its scrolled box shows."""
    found: bool = page.evaluate(
        """selector => {
            const inner = document.querySelector(selector).getBoundingClientRect();
            const outer = document.querySelector(".documents").getBoundingClientRect();
            return inner.top >= outer.top && inner.bottom <= outer.bottom;
        }""",
        selector,
    )
    return found


def test_the_box_of_the_field_in_hand_is_lit_and_scrolled_to(tmp_path: Path, opened: Any) -> None:
    with desk_with(tmp_path, ("invoice.pdf", invoice_pdf())) as desk:
        page = opened(f"{desk.address}/items/1", viewport={"width": 1300, "height": 800})
        loaded(page)
        assert page.locator("#work").get_attribute("data-kind") == "extraction"
        assert page.locator(":focus").get_attribute("name").endswith("total"), "the doubtful field comes first"
        assert sorted(lit(page)) == [("total", "also"), ("total", "lit")]

        page.locator("[data-path=vendor] input").focus()
        assert lit(page) == [("vendor", "lit")]
        page.wait_for_function("() => document.querySelector('.documents').scrollTop < 100")

        page.locator("[data-path=total] input").focus()
        first = page.locator("rect[data-fields=total][data-rank='0']")
        assert first.count() == 1
        assert is_in_sight(page, "rect[data-fields=total][data-rank='0']")
        link = page.locator("[data-path=total] a.evidence")
        assert link.inner_text().startswith("page ")


def test_a_box_on_a_page_far_down_is_scrolled_to_and_its_picture_drawn(tmp_path: Path, opened: Any) -> None:
    with desk_with(tmp_path, ("invoice.pdf", invoice_pdf())) as desk:
        page = opened(f"{desk.address}/items/1", viewport={"width": 1300, "height": 800})
        page.locator(".page-links a").nth(2).click()
        loaded(page, 3)
        assert page.locator(".paper figcaption").nth(2).inner_text() == "page 3 of 3"


def test_what_is_not_to_be_seen_is_told_apart(tmp_path: Path, opened: Any) -> None:
    with desk_with(tmp_path, ("invoice.pdf", invoice_pdf())) as desk:
        page = opened(f"{desk.address}/items/1")
        page.locator(".hidden-text summary").click()
        assert HIDDEN in page.locator(".hidden-text").inner_text()
        assert "in the colour of what is behind it" in page.locator(".hidden-text").inner_text()
        assert HIDDEN not in page.locator(".text.numbered").text_content()


def test_pages_are_enlarged_and_the_text_is_there_instead_of_them(tmp_path: Path, opened: Any) -> None:
    with desk_with(tmp_path, ("invoice.pdf", invoice_pdf())) as desk:
        page = opened(f"{desk.address}/items/1", viewport={"width": 1300, "height": 800})
        loaded(page)
        paper = page.locator(".paper").first
        before = paper.bounding_box()["width"]
        page.get_by_label("200 %").check()
        assert paper.bounding_box()["width"] == pytest.approx(2 * before, rel=0.05)

        assert not page.locator(".text.numbered").is_visible()
        page.get_by_label("Text", exact=True).check()
        assert page.locator(".text.numbered").is_visible()
        assert not paper.is_visible()
        page.locator("[data-path=number] input").focus()
        assert page.locator("mark.lit").inner_text() == "2024-00817"


def test_a_field_is_corrected_and_saved_by_the_keys_that_every_page_has(tmp_path: Path, opened: Any) -> None:
    with desk_with(tmp_path, ("invoice.pdf", invoice_pdf())) as desk:
        page = opened(f"{desk.address}/items/1")
        loaded(page)
        page.locator("[data-path=total] input").fill("208.00")
        page.wait_for_timeout(300)
        page.keyboard.press("Control+Enter")
        assert answer_to(desk, 1).value["total"] == "208.00"


@pytest.mark.parametrize("script", [True, False])
def test_pages_are_seen_without_a_script(tmp_path: Path, opened: Any, *, script: bool) -> None:
    with desk_with(tmp_path, ("invoice.pdf", invoice_pdf())) as desk:
        page = opened(f"{desk.address}/items/1", java_script_enabled=script)
        picture = page.locator(".paper img").first
        picture.scroll_into_view_if_needed()
        assert picture.bounding_box()["height"] > 200
        answer = page.request.get(page.url.rsplit("/items", 1)[0] + picture.get_attribute("src"))
        assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
        assert page.locator(".paper rect").count() >= 3


def test_a_file_that_cannot_be_read_can_be_fetched_and_typed_off(tmp_path: Path, opened: Any) -> None:
    with desk_with(tmp_path, ("broken.pdf", b"%PDF-1.7 and no more")) as desk:
        page = opened(f"{desk.address}/items/1")
        assert "broken.pdf: it ends too early" in page.locator(".chips").inner_text()
        with page.expect_download() as fetched:
            page.get_by_role("link", name="broken.pdf").click()
        assert fetched.value.suggested_filename == "broken.pdf"
        assert Path(fetched.value.path()).read_bytes() == b"%PDF-1.7 and no more"

        page.get_by_label("Typed by hand").check()
        page.get_by_role("button", name="Show the fields").click()
        page.locator("#fields textarea").fill("NORDIC OFFICE SUPPLY AB\nInvoice no: 2024-00817\nTotal 207.50")
        page.wait_for_timeout(300)
        page.locator("#save").click()
        assert answer_to(desk, 1).value["kind"] == "typed"
