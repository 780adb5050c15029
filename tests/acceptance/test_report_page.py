"""The report in a real browser: it opens from disk, asks for nothing, and fits both schemes and a phone."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handrail_evals.decide.comparison import compare
from handrail_evals.decide.gate import Terms
from handrail_evals.numbers.statistics.intervals import Certainty
from handrail_evals.numbers.summary.summary import Options, summarize
from handrail_evals.show.report.page import write_html
from tests.unit.evals.show.report_samples import HOSTILE, attacked, extracted, routed, worked

playwright = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser: pip install playwright")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUICK = Options(certainty=Certainty(resamples=100))
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
"""What a fresh Chromium would otherwise look up by itself."""

CONTRAST = """() => {
  const channel = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = (rgb) => { const [r, g, b] = rgb.map(channel); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const colour = (text) => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return [[r, g, b], a]; };
  const behind = (node) => {
    for (let each = node; each; each = each.parentElement) {
      const [rgb, alpha] = colour(getComputedStyle(each).backgroundColor);
      if (alpha === 1) return rgb;
    }
    return [255, 255, 255];
  };
  const ratio = (a, b) => {
    const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const found = {};
  const note = (name, value) => { found[name] = Math.min(found[name] ?? 99, value); };
  for (const cell of document.querySelectorAll("svg text.cell")) {
    const box = cell.previousElementSibling;
    const fills = [cell, box].map((each) => colour(getComputedStyle(each).fill)[0]);
    note(`cell ${box.getAttribute("class")}`, ratio(...fills));
  }
  for (const text of document.querySelectorAll("svg text:not(.cell)"))
    note(`chart ${text.getAttribute("class")}`, ratio(colour(getComputedStyle(text).fill)[0], behind(text)));
  for (const node of document.querySelectorAll("h1, h2, p, td, th, dt, dd, span, strong, summary, mark"))
    if (node.textContent.trim() && node.checkVisibility())
      note(`${node.tagName} ${node.className}`, ratio(colour(getComputedStyle(node).color)[0], behind(node)));
  return found;
}"""

OUTSIDE = """() => [...document.querySelectorAll("svg text")].filter((each) => {
  const text = each.getBoundingClientRect(), svg = each.closest("svg").getBoundingClientRect();
  return text.width && (text.left < svg.left - 8 || text.right > svg.right + 8);
}).map((each) => each.textContent)"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a page of each kind."""
    folder = tmp_path_factory.mktemp("pages")
    baseline, result = routed(wrong=(3, 4)), routed(must_pass=(4, 5))
    comparison = compare(baseline, result, {"exact": Terms(margin=0.02)})
    write_html(
        folder / "routed.html",
        result,
        summarize(result, QUICK),
        baseline=baseline,
        comparison=comparison,
        target_risk=0.02,
    )
    for name, made in (("extracted", extracted()), ("worked", worked()), ("attacked", attacked())):
        write_html(folder / f"{name}.html", made, summarize(made, QUICK))
    return folder


@pytest.fixture(scope="module")
def browser(pages: Path) -> Iterator[Any]:  # noqa: ARG001 -- the driver's loop runs on this thread: no other can then
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser: Any, pages: Path) -> Iterator[Any]:
    """Return a function that opens a page and keeps what the browser has to say about it."""
    contexts = []

    def open_page(name: str, **settings: Any) -> Any:
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.said = []
        page.asked = []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("dialog", lambda dialog: (page.said.append("dialog"), dialog.dismiss()))
        page.on("request", lambda request: page.asked.append(request.url))
        page.add_init_script(
            "addEventListener('securitypolicyviolation', (e) => console.error(`refused ${e.violatedDirective}`))"
        )
        page.goto((pages / f"{name}.html").as_uri())
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        page.wait_for_timeout(100)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", ["routed", "extracted", "worked", "attacked"])
def test_a_page_opens_from_disk_without_an_error_or_a_request(opened: Any, pages: Path, name: str) -> None:
    page = opened(name)

    assert page.said == []
    assert page.asked == [(pages / f"{name}.html").as_uri()]


def test_the_content_policy_is_in_force(opened: Any) -> None:
    page = opened("routed")

    page.evaluate(
        "document.body.append(Object.assign(document.createElement('img'), {src: 'https://example.com/x.png'}))"
    )
    page.wait_for_timeout(200)

    assert any("refused img-src" in each for each in page.said)


def test_hostile_text_does_nothing(opened: Any) -> None:
    page = opened("attacked")

    assert page.evaluate("window.ran") is None
    assert page.locator("body img, body iframe, body base, body meta, body link, body style").count() == 0
    assert page.evaluate("getComputedStyle(document.body).display") != "none"
    assert page.locator("#failing .case").count() == len(HOSTILE)
    assert HOSTILE[0] in page.inner_text("body")


def test_the_dark_scheme_is_dark(opened: Any) -> None:
    colours = [
        opened("routed", color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]

    assert colours == ["rgb(255, 255, 255)", "rgb(20, 22, 26)"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["routed", "extracted", "worked"])
def test_every_text_stands_out_from_what_is_behind_it(opened: Any, name: str, scheme: str) -> None:
    ratios = opened(name, color_scheme=scheme).evaluate(CONTRAST)

    assert ratios
    assert {words: ratio for words, ratio in ratios.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("name", ["routed", "extracted", "worked", "attacked"])
def test_a_phone_shows_everything_without_scrolling_sideways(opened: Any, name: str) -> None:
    page = opened(name, viewport={"width": 360, "height": 800})

    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate(OUTSIDE) == []


def test_the_page_is_complete_without_its_script(opened: Any) -> None:
    page = opened("routed", java_script_enabled=False)

    assert page.locator("#failing .case").count() == 4
    assert not page.locator(".tools").is_visible()
    assert page.said == []


def test_the_script_filters_and_sorts_the_failing_cases(opened: Any) -> None:
    page = opened("routed")
    shown = page.locator("#failing .case:visible .name")
    everything = shown.all_inner_texts()

    page.fill("#words", "ticket 25")
    assert shown.all_inner_texts() == ["ticket-25"]

    page.fill("#words", "")
    page.select_option("#kind", "must-pass")
    assert shown.all_inner_texts() == ["ticket-4"]

    page.select_option("#kind", "")
    page.select_option("#order", "name")
    assert sorted(everything) == sorted(shown.all_inner_texts())
    assert shown.all_inner_texts() == ["ticket-3", "ticket-4", "ticket-11", "ticket-25"]


def test_a_click_on_a_cell_and_on_a_name_opens_the_case(opened: Any) -> None:
    page = opened("routed")
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = false; })")
    page.select_option("#kind", "must-pass")
    assert page.locator(".behind:visible").count() == 0

    page.locator("svg a[aria-label^='expected billing, got cards']").click()
    assert page.locator(".behind:visible").count() == 1
    page.locator(".behind:visible a", has_text="ticket-3").click()

    case = page.locator(".case", has_text="ticket-3").first
    assert case.get_attribute("open") is not None
    assert case.locator(".inside").is_visible()


def test_a_slice_leads_to_a_passing_case_without_the_script(opened: Any) -> None:
    page = opened("routed", java_script_enabled=False)

    page.locator("td a", has_text="mail").click()
    page.locator(".behind:visible p", has_text="passing").locator("a").first.click()

    assert page.locator(".case .inside:target").is_visible()
