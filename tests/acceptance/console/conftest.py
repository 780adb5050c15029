"""A browser for the tests of a module, each with pages of its own whose complaints are kept."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.console.desk import PATIENCE_SECONDS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
"""What a fresh Chromium would otherwise look up by itself."""
REFUSED = "addEventListener('securitypolicyviolation', (e) => console.error(`refused ${e.violatedDirective}`))"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Return a browser, or skip where there is none; while it is open, no event loop can run on this thread.

    Starting one takes longer than most tests of a page; what a page keeps, it keeps in a context of its own.
    """
    api = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser: pip install playwright")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with api.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser: Any) -> Iterator[Any]:
    """Return a function that opens a page; at the end no page may have had anything to complain of."""
    contexts: list[Any] = []
    said: list[str] = []

    def open_page(address: str, **settings: Any) -> Any:
        context = browser.new_context(**settings)
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        contexts.append(context)
        page = context.new_page()
        page.said = said
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(f"dialog: {dialog.message}"))
        if settings.get("java_script_enabled", True):
            page.add_init_script(REFUSED)
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    # what the browser says of answers that were not taken, and of a server or page that ended under a request
    expected = ("409 (Conflict)", "422 (Unprocessable", "ERR_CONNECTION_", "ERR_EMPTY_RESPONSE", "Failed to fetch")
    assert [each for each in said if not any(part in each for part in expected)] == []
