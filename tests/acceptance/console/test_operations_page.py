"""The operations page in a browser: it follows what happens, but not where somebody is, and works without scripts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handrail import Orchestrator
from tests.acceptance.console.desk import Desk, do, serving
from tests.acceptance.console.flows import tickets
from tests.acceptance.console.stock_flows import failures

pytestmark = pytest.mark.slow

LOOK_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"
"""What the page does at once when it comes into sight, and every five seconds otherwise."""


@pytest.fixture(name="desk")
def _desk(tmp_path: Path) -> Iterator[Desk]:
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    run(store, tickets, "a", "b")
    run(store, failures, "x", "y")
    with serving(store, tmp_path) as desk:
        yield desk


def run(store: str, flow: Any, *ids: str) -> None:
    async def executed() -> None:
        async with Orchestrator(store, workflows=[flow]) as engine:
            await engine.start_many(flow, [(each, "the same text") for each in ids])
            await engine.idle()

    do(executed())


def test_the_page_follows_what_happens_but_not_under_the_pointer(desk: Desk, opened: Any) -> None:
    page = opened(f"{desk.address}/operations?workflow=tickets", viewport={"width": 480, "height": 800})
    steps, funnel = page.locator("[data-part=steps]"), page.locator("[data-part=funnel]")
    assert "topic/review" in steps.inner_text()
    page.locator("summary").click()
    page.evaluate("document.activeElement.blur()")
    page.locator("[data-part=map] [data-scroll]").evaluate("each => { each.scrollLeft = 150; }")
    steps.locator("h2").hover()

    run(desk.store, tickets, "c")
    page.evaluate(LOOK_AGAIN)
    funnel.get_by_text("3", exact=True).first.wait_for()

    assert "+ 2 open" in steps.inner_text()  # under the pointer it stays as it was, and the page says so
    assert page.locator("[data-paused]").is_visible()
    assert page.locator("[data-part=map] details").get_attribute("open") is not None
    assert page.locator("[data-part=map] [data-scroll]").evaluate("each => each.scrollLeft") == 150
    page.mouse.move(0, 0)
    page.evaluate(LOOK_AGAIN)
    steps.get_by_text("+ 3 open").wait_for()
    assert not page.locator("[data-paused]").is_visible()


def test_a_hidden_page_asks_for_nothing(desk: Desk, opened: Any) -> None:
    page = opened(f"{desk.address}/operations")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true, configurable: true })")
    page.evaluate(LOOK_AGAIN)
    page.evaluate("delete document.hidden")
    with page.expect_request("**/operations/live*"):
        page.evaluate(LOOK_AGAIN)

    assert len(asked) == 1


def test_everything_works_without_scripts_and_by_keyboard(desk: Desk, opened: Any) -> None:
    page = opened(f"{desk.address}/operations", java_script_enabled=False)
    page.get_by_label("Workflow").select_option("failures")
    page.get_by_role("button", name="Show").press("Enter")
    assert "workflow=failures" in page.url
    assert page.get_by_role("img", name="Process map of failures").is_visible()
    assert page.get_by_role("region", name="Process map, as a picture").get_attribute("tabindex") == "0"
    page.get_by_role("button", name="Retry these").focus()
    page.keyboard.press("Enter")

    page.get_by_text("Due again: 2.").wait_for()
    page.get_by_text("No run has failed so any more").wait_for()


def test_what_failed_alike_is_forked_before_a_step(desk: Desk, opened: Any) -> None:
    page = opened(f"{desk.address}/operations?workflow=failures")
    page.get_by_role("link", name="2", exact=True).click()
    page.get_by_label("Before step").fill("(all)")
    page.get_by_role("button", name="Fork these").click()

    page.get_by_text("New runs, started from them: 2.").wait_for()
    page.get_by_role("link", name="Back to operations").click()
    assert "4\n" in page.locator("[data-part=funnel]").inner_text()
