"""A real browser: from a key to the next item in sight and focused, decision after decision."""

import shutil
from pathlib import Path
from typing import Any

from bench.figure import Figure, at_most
from bench.pairs import Pairs
from console_bench.served import Served, ServedByHand

ITEMS_A_DECISION, LEAST_DECISIONS = 1_000, 30
"""One decision for so many open items, and how many at least."""
PAUSE_MS = 450
"""Between two keys: longer than an item must have been in sight."""
WARM_UP = 5
"""Decisions before those that count."""
MIDDLE_BAR, LATE_BAR = at_most(2.5, 1.0), at_most(3.0, 1.5)

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
    """Decide items by keys and take the time in the page: after the next one is painted.

    The desk by hand has turns with ours, in the same browser: a page that decides, and shows what it gets for that.
    """
    part = f"a browser, {items:,} open items"
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        return [Figure(part, "key to next item focused", None, "ms", note="no Chromium on this machine")]
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 -- only where there is a browser

    copy = file.with_name("by-hand.db")
    shutil.copyfile(file, copy)
    decisions = max(LEAST_DECISIONS, items // ITEMS_A_DECISION)
    with Served(file) as served, ServedByHand(copy) as by_hand, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        ours, plain = chromium.new_page(), chromium.new_page()
        ours.goto(f"{served.url}/queue?queue=triage")
        ours.get_by_role("button", name="Start reviewing").click()
        plain.goto(f"{by_hand.url}/work")
        times = _in_turn(ours, plain, decisions)
        chromium.close()
    for each in file.parent.glob(f"{copy.name}*"):
        each.unlink()
    name = "key to next item focused ÷ a page by hand"
    return [
        times.figure(part, f"{name}, p50", MIDDLE_BAR, note=f"{len(times.ours)} decisions"),
        times.late(part, f"{name}, p95", LATE_BAR),
    ]


def _in_turn(ours: Any, plain: Any, decisions: int) -> Pairs:
    for page in (ours, plain):
        page.wait_for_selector("#work")
        page.evaluate(WATCH)
    for number in range(decisions):
        for page in (ours, plain) if number % 2 == 0 else (plain, ours):
            page.bring_to_front()
            page.wait_for_timeout(PAUSE_MS)
            page.keyboard.press("12"[number % 2])
            page.wait_for_function(f"() => window.__times.length > {number}", timeout=30_000)  # nothing is evaluated
    mine, theirs = (page.evaluate("window.__times")[WARM_UP:] for page in (ours, plain))
    return Pairs(tuple(mine), tuple(theirs))
