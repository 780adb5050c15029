"""What is typed into an answer is not lost by a reload or by going back, and is gone once it was sent."""

from pathlib import Path
from typing import Any

from tests.acceptance.console import flows
from tests.acceptance.console.desk import answer_to, served

VENDOR = "[data-path=vendor] input"


def kept(page: Any) -> None:
    """Wait until the tab keeps a draft."""
    page.wait_for_function("() => Object.keys(sessionStorage).some((key) => key.startsWith('draft '))")


def test_a_reload_brings_back_what_was_typed_and_says_so(tmp_path: Path, opened: Any) -> None:
    with served(tmp_path, (flows.invoices, "I-1", flows.SOURCE)) as desk:
        page = opened(f"{desk.address}/items/1")
        page.locator(VENDOR).fill("Nordic Office AB")
        page.locator("#note").evaluate(
            "box => { box.value = 'asked them'; box.dispatchEvent(new Event('input', {bubbles: true})); }"
        )
        kept(page)
        page.reload()
        page.locator("#restored").wait_for()
        assert "What you had typed before is back." in page.locator("#restored").inner_text()
        assert page.locator(VENDOR).input_value() == "Nordic Office AB"
        assert page.locator("#note").input_value() == "asked them"

        page.get_by_role("button", name="Discard it").click()
        assert page.locator(VENDOR).input_value() == flows.READ.vendor
        page.reload()
        assert page.locator(VENDOR).input_value() == flows.READ.vendor
        assert page.locator("#restored").count() == 0


def test_going_to_another_page_and_back_brings_it_back(tmp_path: Path, opened: Any) -> None:
    with served(tmp_path, (flows.invoices, "I-1", flows.SOURCE)) as desk:
        page = opened(f"{desk.address}/items/1")
        page.locator(VENDOR).fill("Nordic Office AB")
        page.goto(f"{desk.address}/queue")
        page.go_back()
        page.locator("#restored").wait_for()
        assert page.locator(VENDOR).input_value() == "Nordic Office AB"


def test_what_was_sent_is_kept_no_longer_and_the_next_item_has_nothing_of_it(tmp_path: Path, opened: Any) -> None:
    starts = [(flows.invoices, f"I-{number}", flows.SOURCE) for number in (1, 2)]
    with served(tmp_path, *starts) as desk:
        page = opened(f"{desk.address}/items/1")
        page.locator(VENDOR).fill("Nordic Office AB")
        kept(page)
        page.wait_for_timeout(300)
        page.locator("#save").click()
        assert answer_to(desk, 1).value["vendor"] == "Nordic Office AB"
        page.locator('#work[data-item="2"]').wait_for()
        assert page.locator(VENDOR).input_value() == flows.READ.vendor
        page.wait_for_function("() => !Object.keys(sessionStorage).some((key) => key.startsWith('draft '))")


def test_an_answer_that_was_not_taken_stays_a_draft(tmp_path: Path, opened: Any) -> None:
    with served(tmp_path, (flows.invoices, "I-1", flows.SOURCE)) as desk:
        page = opened(f"{desk.address}/items/1")
        page.locator("[data-path=total] input").fill("no number")
        kept(page)
        page.wait_for_timeout(300)
        page.locator("#save").click()
        page.locator("#problem").wait_for()
        page.goto(f"{desk.address}/items/1")
        page.locator("#restored").wait_for()
        assert page.locator("[data-path=total] input").input_value() == "no number"
