"""A real browser: from a key to the next item in sight and focused, decision after decision."""

import shutil
import statistics
from pathlib import Path
from typing import Any

from bench.figure import Figure, at_most
from console_bench.served import Served

ITEMS_A_DECISION, LEAST_DECISIONS = 1_000, 30
"""One decision for so many open items, and how many at least."""
PAUSE_MS = 450
"""Between two keys: longer than an item must have been in sight."""

WATCH = """
() => {
  window.__times = [];
  let begun = 0, item = null;
  addEventListener('keydown', () => {
    begun = performance.now();
    item = document.getElementById('work').dataset.item;
  }, true);
  const look = () => {
    const work = document.getElementById('work');
    if (begun && work && work.dataset.item !== item && work.contains(document.activeElement)) {
      requestAnimationFrame(() => window.__times.push(performance.now() - window.__begun));
      window.__begun = begun;
      begun = 0;
    }
  };
  new MutationObserver(look).observe(document.body, {childList: true, subtree: true});
  addEventListener('focusin', look);
}
"""


def browser_rows(file: Path, items: int) -> list[Figure]:
    """Decide items by keys and take the time in the page: after the next one is painted."""
    part = f"a browser, {items:,} open items"
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        return [Figure(part, "key to next item focused", None, "ms", note="no Chromium on this machine")]
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 -- only where there is a browser

    with Served(file) as served, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = chromium.new_page()
        times = _decide(page, served.url, max(LEAST_DECISIONS, items // ITEMS_A_DECISION))
        chromium.close()
    return [
        Figure(part, "key to next item focused, p50", statistics.median(times), "ms", bar=at_most(60)),
        Figure(
            part, "key to next item focused, p95", statistics.quantiles(times, n=20)[-1], "ms",
            bar=at_most(120), note=f"{len(times)} decisions",
        ),
    ]  # fmt: skip


def _decide(page: Any, url: str, decisions: int) -> list[float]:
    page.goto(f"{url}/queue?queue=triage")
    page.get_by_role("button", name="Start reviewing").click()
    page.wait_for_selector("#work")
    page.evaluate(WATCH)
    for number in range(decisions):
        page.wait_for_timeout(PAUSE_MS)
        page.keyboard.press("12"[number % 2])
        page.wait_for_function(f"() => window.__times.length > {number}", timeout=30_000)  # no text is evaluated there
    times: list[float] = page.evaluate("window.__times")
    return times[5:]
