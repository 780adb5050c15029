"""A client that follows every link changes nothing, as scanners of mail, search engines and browsers do."""

import hashlib
import posixpath
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from handrail_orchestrator.store.address import path_of
from tests.acceptance.console.crawling import Crawl, crawled
from tests.acceptance.console.stock import PASSWORD, Stock, stocked_desk

pytestmark = pytest.mark.slow

SCANNER = {"user-agent": "SafeLinks/1.0 (link scanner)"}
PREFETCH = {"sec-purpose": "prefetch;prerender", "purpose": "prefetch", "x-moz": "prefetch"}


ROLLED_UP = {"figures", "rolled_up", "not_rolled_up"}
"""Tables that a chore of the server writes by and by, whoever looks."""


def content_of(store: str) -> dict[str, str]:
    """Return a hash of what each table holds, but for when a pass last let somebody in, and for what chores roll up."""
    found = {}
    with closing(sqlite3.connect(f"file:{path_of(store)}?mode=ro", uri=True)) as db:
        db.row_factory = sqlite3.Row
        tables = {table for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table in tables - ROLLED_UP:
            rows = [dict(row) for row in db.execute(f"SELECT * FROM {table}")]  # noqa: S608 -- its own table's name
            if table == "passes":
                rows = [{**row, "used": None} for row in rows]
            found[table] = hashlib.sha256("\n".join(sorted(map(repr, rows))).encode()).hexdigest()
    assert {"reviews", "review_log", "runs", "steps", "people", "passes", "links"} <= set(found)
    return found


def api_paths(http: httpx2.Client, stock: Stock) -> Iterator[str]:
    """Return an address of every operation that is got, from the document itself."""
    run, item = "triage%2Fopen", str(stock.items["triage/open"])
    for path, methods in http.get("/api/v1/openapi.json").json()["paths"].items():
        if "get" in methods:
            filled = path.replace("{item}", item).replace("{id}", run).replace("promises/{target}", "promises/1")
            filled = filled.replace("{target}", "greet@2").replace("triggers/{name}", "triggers/sorry")
            filled = filled.replace("{name}", "not-found")
            assert "{" not in filled, f"what stands in {path}?"
            asked = [
                each["name"]
                for each in methods["get"].get("parameters", ())
                if each["in"] == "query" and each["required"]
            ]
            yield f"{filled}?{'&'.join(f'{name}=tickets' for name in asked)}" if asked else filled


def looked_everywhere(http: httpx2.Client, base: str, starts: list[str]) -> Crawl:
    """Follow every link as a browser, as a scanner and as a browser that loads ahead, and look at where forms go."""
    crawl = crawled(http.get, starts, base, lambda path: path[:1] == "/")
    for path in crawl.pages:
        assert http.head(path).status_code == crawl.pages[path].status_code, path
        http.get(path, headers=PREFETCH)
    for path in {posixpath.basename(each): each for each in crawl.sent_to}.values():  # one of each kind of form
        assert http.get(path).status_code in {200, 404, 405}, path
        assert http.head(path).status_code in {200, 404, 405}, path
    return crawl


@pytest.mark.parametrize("people", [True, False], ids=["signed in", "single user"])
def test_following_every_link_changes_nothing(tmp_path: Path, people: bool) -> None:  # noqa: FBT001 -- a parameter
    with stocked_desk(tmp_path, people=people) as (desk, stock):
        with httpx2.Client(base_url=desk.address, timeout=60) as http:
            if people:
                http.post("/signin", data={"name": "ann", "password": PASSWORD})
            before = content_of(desk.store)
            starts = ["/", "/queue?state=any", "/batch", *(f"/items/{number}" for number in stock.items.values())]
            crawl = looked_everywhere(http, desk.address, [*starts, *api_paths(http, stock)])
            assert len(crawl.pages) > 100
            assert crawl.foreign == set()
            assert all(each.status_code in {200, 303, 304, 307} for each in crawl.pages.values()), {
                path: each.status_code for path, each in crawl.pages.items() if each.status_code >= 400
            }
        assert content_of(desk.store) == before


def test_a_scanner_of_mail_may_follow_a_signed_link_as_often_as_it_likes(tmp_path: Path) -> None:
    with stocked_desk(tmp_path, people=True) as (desk, stock):
        before = content_of(desk.store)
        with httpx2.Client(base_url=desk.address, timeout=60, headers=SCANNER) as http:
            for token in stock.links.values():
                answers = [
                    http.get(f"/link/{token}"),
                    http.head(f"/link/{token}"),
                    http.get(f"/link/{token}", headers=PREFETCH),
                    http.request("OPTIONS", f"/link/{token}"),
                    http.get(f"/link/{token}?choice=%22refund%22"),
                ]
                assert len({answers[place].status_code for place in (0, 1, 2, 4)}) == 1
                for path in ("/queue", f"/items/{stock.items['triage/open']}", "/runs"):  # a link lets nobody in
                    assert http.get(path).status_code == 303
            assert content_of(desk.store) == before
            link = f"/link/{stock.links['triage/open for ann']}"
            assert http.post(link, data={"choice": '"refund"'}).status_code == 303
            assert http.post(link, data={"choice": '"fraud"'}).status_code == 410
        assert content_of(desk.store) != before
        decided = desk.item(stock.items["triage/open"])
        assert (decided.decision, decided.decided_by) == ("refund", "person:ann")
