"""Texts of others are text: on every page, in the API, in exports, in the terminal."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx2
import pytest

from handrail import Orchestrator
from handrail.orchestrator import OrchestratorError
from handrail_ground.text import KEPT, UNSEEN, harmless
from tests.acceptance.console.corpus import HOSTILE
from tests.acceptance.console.crawling import crawled
from tests.acceptance.console.desk import Desk, do, in_the_shell, serving
from tests.acceptance.console.hostile_flows import FOUND, SHORT, WORKFLOWS, asking, failing, labelling, reading

pytestmark = pytest.mark.slow

TAGS = {
    "a", "b", "body", "br", "button", "caption", "code", "datalist", "dd", "details", "dialog", "div",
    "dl", "dt", "fieldset", "form", "h1", "h2", "h3", "head", "header", "html", "input", "kbd",
    "label", "legend", "li", "link", "main", "mark", "meta", "nav", "ol", "optgroup", "option", "output",
    "p", "pre", "progress", "q", "script", "section", "select", "small", "span", "strong", "summary", "table",
    "tbody", "td", "textarea", "th", "thead", "time", "title", "tr", "ul",
    "circle", "figcaption", "figure", "g", "path", "rect", "svg", "text",
}  # fmt: skip
"""The elements that our own pages have."""
LINKS = {"href", "src", "action", "formaction", "data-hx-get"}


class Page(HTMLParser):
    """A page as a browser reads it: its texts, and what is wrong with its elements."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.wrong: list[str] = []
        self.scripts: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.scripts.append(dict(attrs).get("src") or "of its own")
        if tag not in TAGS:
            self.wrong.append(tag)
        for name, value in attrs:
            if (
                name.startswith(("on", "hx-", "style", "srcdoc"))
                or "hx-on" in name
                or not re.fullmatch("[a-z0-9-]+", name)
            ):
                self.wrong.append(f"{tag} {name}")
            if name in LINKS and not (value or "").startswith(("/", "#", "data:,", "?")):
                self.wrong.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)


def unseen_in(text: str) -> set[str]:
    """Return what nobody sees in a text, and what turns it around."""
    return {repr(each) for each in text if each not in KEPT and unicodedata.category(each) in UNSEEN}


async def _fill(store: str) -> None:
    async with Orchestrator(store, workflows=WORKFLOWS) as engine:
        for number, text in enumerate(HOSTILE):
            await engine.start(asking, number, id=f"ask-{number}")
            if len(text) < 100 and text.isprintable():  # an id that can be
                await engine.start(failing, text, id=text)
        await engine.start(failing, HOSTILE[-1], id="long")
        for text in (SHORT[0], "\n".join(SHORT)):
            await engine.start(labelling, text)
            await engine.start(reading, text)
        await engine.idle()
        for item in engine.reviews()[:40]:
            text = HOSTILE[item.id % len(HOSTILE)]
            for name in (text, "ben"):
                with suppress(OrchestratorError):  # what can be no name
                    await engine.add_note(item.id, by=name, text=text)
            if item.id % 3 == 0 and item.kind == "ask":
                await engine.decide(item.id, text, by="ben", note=text)
            elif item.id % 3 == 1:
                await engine.put_view(harmless(text)[:50], f"text={item.id}", by="ann")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Return a served store full of hostile texts."""
    folder = tmp_path_factory.mktemp("hostile")
    store = f"sqlite:///{folder / 'runs.db'}"
    do(_fill(store))
    with serving(store, folder) as found:
        yield found


def test_every_page_shows_them_as_text(desk: Desk) -> None:
    with httpx2.Client(base_url=desk.address, timeout=60) as http:
        starts = ["/queue?state=any", "/runs", "/batch", *(f"/items/{number}" for number in range(1, len(HOSTILE) + 5))]
        crawl = crawled(http.get, starts, desk.address, lambda path: path[:1] == "/" and path[:8] != "/static/")
    assert crawl.foreign == set()
    ours = Page(crawl.pages["/runs"].text).scripts
    more = [each for each in Page(crawl.pages["/operations"].text).scripts if each not in ours]  # one of its own
    assert [each.partition("?")[0] for each in more] == ["/static/operations.js"]
    assert all(re.fullmatch(r"/static/[a-z.]+\.js\?v=[0-9a-f]+", each) for each in ours)
    texts = []
    for path, answer in crawl.pages.items():
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        page = Page(answer.text)
        texts.append(page.text)
        assert page.wrong == [], path
        assert [each for each in page.scripts if each not in more] == (ours if "<html" in answer.text else []), path
        assert unseen_in(page.text.replace("\r", "")) == set(), path
        assert not {"set-cookie", "x-pwned"} & set(answer.headers), path
    everything = " ".join(" ".join(texts).split())
    for text in SHORT:
        assert " ".join(harmless(text).split()) in everything, text


def test_no_page_does_what_they_say(desk: Desk, opened: Callable[..., Any]) -> None:
    page = opened(f"{desk.address}/queue?state=any")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    last = len(HOSTILE) + 4
    paths = [*(f"/items/{number}" for number in (1, 4, 6, 31, 34, 44, *range(last - 4, last + 1))), "/runs", "/batch"]
    for path in paths:
        page.goto(f"{desk.address}{path}")
        assert page.evaluate("window.pwned") is None, path
        assert page.title().endswith("Handrail"), path
        assert page.locator("#main").is_visible(), path
    assert [each for each in asked if not each.startswith((f"{desk.address}/", "data:,"))] == []


def test_the_api_gives_them_back_as_they_are(desk: Desk) -> None:
    with httpx2.Client(base_url=f"{desk.address}/api/v1", timeout=60) as http:
        for path in ("/reviews?limit=200&state=open&state=decided", "/runs?limit=200"):
            answer = http.get(path).raise_for_status()
            assert answer.headers["content-type"].startswith("application/json")
            assert answer.headers["x-content-type-options"] == "nosniff"
        titles = {each["title"] for each in http.get("/reviews?limit=200&state=open&state=decided").json()["reviews"]}
        assert set(HOSTILE) <= titles
        for text in HOSTILE:
            unknown = http.post("/reviews/1/decide", json={"value": "x", "version": 1, text: text})
            assert unknown.status_code in {409, 422}
            assert unknown.headers["content-type"] == "application/problem+json"
        doubtful = http.get("/reviews?kind=decide").json()["reviews"]
        suggested = [each["suggestion"] for each in doubtful if isinstance(each["suggestion"], dict)]
        assert suggested[0] == FOUND.model_dump()


COMMANDS = (
    ("review", "list", "--state", "all", "--limit", "200"),
    ("runs", "list"),
    *(("review", "show", str(number)) for number in (1, 6, 43, 44, 45, 46, 47, len(HOSTILE) + 1, len(HOSTILE) + 2)),
    ("runs", "show", "long"),
    ("runs", "show", SHORT[0]),
    ("review", "stats"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("how", [(), ("--json",)], ids=["for people", "for programs"])
def test_the_terminal_gets_no_control_of_theirs(desk: Desk, command: tuple[str, ...], how: tuple[str, ...]) -> None:
    ended = in_the_shell(*command, *how, "--store", desk.store)
    assert ended.exit_code == 0, ended.output
    assert unseen_in(ended.stdout) == set()
    if how:
        for line in ended.stdout.splitlines():
            json.loads(line)


def test_exports_hold_them_as_data_and_pages_as_text(desk: Desk, tmp_path: Path) -> None:
    out = tmp_path / "cases.jsonl"
    exported = in_the_shell("review", "export", "--kind", "ask", "--out", str(out), "--store", desk.store)
    assert exported.exit_code == 0, exported.output
    cases = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert len(cases) > 5
    assert any("window.pwned" in json.dumps(case) for case in cases)
    folder = tmp_path / "audit"
    days = ("--from", "2020-01-01", "--to", "2100-01-01")
    told = in_the_shell("audit", "export", *days, "--format", "html", "--output", str(folder), "--store", desk.store)
    assert told.exit_code == 0, told.output
    assert unseen_in(told.output) == set()
    for path in folder.rglob("*.html"):
        page = Page(path.read_text(encoding="utf-8"))
        assert [each for each in page.wrong if " href=" not in each and each not in {"style", "footer", "tfoot"}] == []
        assert page.scripts == []
        assert unseen_in(page.text) == set()
