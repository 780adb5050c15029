"""Every page there is, in a real browser: nothing for axe to find, nothing refused, nothing from elsewhere.

The pages are found by following links and by the table of routes, so that no new one is forgotten.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from handrail_orchestrator.store.address import path_of
from tests.acceptance.console.crawling import crawled, readable_routes, route_of, shape_of
from tests.acceptance.console.stock import PASSWORD, signed_in, stocked_desk

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python")

FITS = {"a.vendor": "What I typed", "a.number": "1", "a.dated": "2024", "a.total": "12"}
LOOKS = [("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)]
LISTS = (
    "/queue", "/queue?state=any", "/queue?text=nothing-has-this", "/queue?queue=desk&late=1&kind=decide&tier=2",
    "/queue?queue=nowhere&end=1", "/batch", "/batch?queue=nowhere", "/runs", "/runs?status=failed",
    "/runs?text=nothing", "/operations", "/operations?workflow=tickets&against=before", "/operations?window=24h",
    "/operations/rollouts/one?target=greet%402&page=2", "/operations/notices?state=sent",
    "/promises", "/promises?earlier=1", "/keys", "/me", "/people", "/people/one?name=ben", "/people/one?name=old",
)  # fmt: skip
NO_PAGE = {
    "static", "healthz", "readyz", "home", "item_work", "strip", "to_provider", "from_provider",
    "page_picture", "item_file", "operations_live", "metrics",
}  # fmt: skip
"""Routes that answer with no page of their own: files, pictures, words for machines, ways on, parts of pages."""
MOST_PAGES = 200
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@dataclass
class Looker:
    """A browser that looks at pages, and notes what is wrong with them."""

    page: Any
    base: str
    wrong: list[object] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def look(self, path: str, *, status: int = 200) -> None:
        """Go to a page and look at it in both schemes, wide and narrow."""
        self.page.set_viewport_size({"width": LOOKS[0][1], "height": 900})
        answer = self.page.goto(f"{self.base}{path}")
        if answer.status != status:
            self.wrong.append((path, answer.status))
        self.examine(path)

    def examine(self, name: str) -> None:
        """Look at the page that is open."""
        self.seen.append(name)
        self.page.evaluate(AXE)
        for scheme, width in LOOKS:
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            self.page.set_viewport_size({"width": width, "height": 900})
            rules = {"runOnly": ["color-contrast"]} if scheme == "dark" else {}  # what else could a colour change?
            found = self.page.evaluate("axe.run", {"resultTypes": ["violations"], **rules})
            for each in found["violations"]:
                nodes = [node["html"][:160] for node in each["nodes"][:3]]
                self.wrong.append((name, scheme, width, each["id"], nodes))
            if self.page.evaluate("document.scrollingElement.scrollWidth") > width:
                self.wrong.append((name, width, "is wider than its window"))

    def send(self, path: str, status: int, **fields: str) -> None:
        """Send a form from the page that is open, and look at the answer."""
        token = self.page.locator("[name=csrf]").first.get_attribute("value")
        with self.page.expect_navigation() as sent:
            self.page.evaluate(SEND, [path, {"csrf": token, **fields}])
        if sent.value.status != status:
            self.wrong.append((path, sent.value.status))
        self.examine(f"{path} with {sorted(fields)}")

    def must_be_clean(self) -> None:
        """Say everything that is wrong, one thing a line."""
        assert not self.wrong, "\n".join(map(str, self.wrong))


AXE = axe.Axe().axe_script
SEND = """([path, fields]) => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = path;
    for (const [name, value] of Object.entries(fields)) {
        const box = document.createElement("input");
        Object.assign(box, { type: "hidden", name, value });
        form.append(box);
    }
    document.body.append(form);
    form.submit();
}"""


def sign_in(page: Any, name: str) -> None:
    """Sign in at the page that is open."""
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("form button.main")
    page.wait_for_url("**/queue*")


@pytest.fixture
def looker(browser: Any) -> Iterator[Callable[[str], Looker]]:
    """Return a browser that goes nowhere else; at the end nothing may have been refused, or asked of anybody else."""
    said: list[str] = []
    contexts: list[Any] = []

    def opened(base: str) -> Looker:
        context = browser.new_context()
        contexts.append(context)

        def only_here(route: Any) -> None:
            if route.request.url.startswith(f"{base}/"):
                route.continue_()
            else:
                said.append(f"asked for {route.request.url}")
                route.abort()

        context.route("**/*", only_here)
        page = context.new_page()
        page.on("console", lambda told: said.append(told.text) if told.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(f"dialog: {dialog.message}"))
        page.add_init_script(
            "addEventListener('securitypolicyviolation', (e) => console.error(`refused ${e.violatedDirective}`))"
        )
        return Looker(page, base)

    yield opened
    for context in contexts:
        context.close()
    expected = "the server responded with a status of"  # what the browser says of error pages that were asked for
    assert [each for each in said if expected not in each] == []


def test_every_page_is_clean_in_both_schemes_wide_and_narrow(tmp_path: Path, looker: Callable[[str], Looker]) -> None:
    with stocked_desk(tmp_path, people=True) as (desk, stock):
        with signed_in(desk.address, "ann") as http:
            links = [f"/link/{token}" for token in stock.links.values()]
            starts = [*LISTS, *links, *(f"/items/{number}" for number in stock.items.values())]
            crawl = crawled(
                http.get, starts, desk.address, lambda path: path[:1] == "/" and not path.startswith("/static")
            )
            assert crawl.foreign == set()
            pages = {path: each.text for path, each in crawl.pages.items() if _is_page(each)}
            routes = list(readable_routes())
            reached = {route_of(path, routes) for path in [*pages, "/signin"]}
            assert {each.name for each in routes} - NO_PAGE == reached - {None}, "a page that nothing leads to"
            by_shape = {(route_of(path, routes), shape_of(text)): path for path, text in reversed(pages.items())}
            assert 30 < len(by_shape) < MOST_PAGES
        look = looker(desk.address)
        look.look("/signin")
        sign_in(look.page, "ann")
        for path in by_shape.values():
            look.look(path, status=crawl.pages[path].status_code)
        look.must_be_clean()


def test_every_error_has_a_clean_page(tmp_path: Path, looker: Callable[[str], Looker]) -> None:
    with stocked_desk(tmp_path, people=True) as (desk, stock):
        items = stock.items
        with closing(sqlite3.connect(path_of(desk.store))) as store, store:  # as a disk that forgot half of it
            store.execute("UPDATE reviews SET rules = '{' WHERE id = ?", (items["extraction/free"],))
        look = looker(desk.address)
        page = look.page
        page.goto(f"{desk.address}/signin")
        page.fill("#name", "ann")
        page.fill("#password", "wrong")
        page.click("form button.main")
        page.get_by_role("alert").wait_for()
        look.examine("a wrong password")
        sign_in(page, "ann")
        look.look("/items/999999", status=404)
        look.look("/nowhere", status=404)
        look.look("/runs/nowhere", status=404)
        look.look("/runs?status=nonsense", status=400)
        look.look("/items/1/decide", status=405)
        look.look("/link/nonsense", status=404)
        look.look(f"/items/{items['extraction/free']}", status=500)
        with signed_in(desk.address, "ann") as http:
            fault = http.get(f"/api/v1/reviews/{items['extraction/free']}")
        assert (fault.status_code, fault.headers["content-type"]) == (500, "application/problem+json")
        page.goto(f"{desk.address}/queue")
        look.send("/queue/next", 403, csrf="0" * 64)
        page.goto(f"{desk.address}/queue")
        look.send("/queue/next", 413, queue="x" * 1_100_000)
        for name, status, fields in (
            ("triage/decided", 409, {"choice": '"fraud"', "note": "What I typed", "version": "1"}),
            ("triage/open", 422, {"choice": '"nonsense"'}),
            ("extraction/open", 422, {"a.vendor": "", "a.total": "twelve"}),
            ("extraction/decided", 409, {**FITS, "version": "1"}),
        ):
            page.goto(f"{desk.address}/items/{items[name]}")
            look.send(f"/items/{items[name]}/decide", status, **fields)
        page.goto(f"{desk.address}/runs/triage/open")
        look.send("/runs/triage/open", 422, do="send", name="")
        page.goto(f"{desk.address}/me")
        page.click("text=Sign out >> nth=0")
        page.get_by_role("heading", name="Sign in").wait_for()
        sign_in(page, "vic")
        look.look("/people", status=403)
        page.goto(f"{desk.address}/queue")
        look.send(f"/items/{items['triage/noted']}/take", 403)
        look.must_be_clean()


def test_every_page_is_clean_while_nobody_is_configured(tmp_path: Path, looker: Callable[[str], Looker]) -> None:
    with stocked_desk(tmp_path, people=False) as (desk, stock):
        look = looker(desk.address)
        for path in ("/queue", "/me", "/people", "/keys", "/runs", "/batch", f"/items/{stock.items['triage/open']}"):
            look.look(path)
        look.must_be_clean()


def _is_ours(path: str) -> bool:
    return path[:1] == "/" and not path.startswith("/static/")


def _is_page(answer: httpx2.Response) -> bool:
    return "text/html" in answer.headers.get("content-type", "") and "<html" in answer.text
