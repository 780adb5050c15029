"""Behind a reverse proxy that speaks https and shows the console under a path of its own, everything stays there."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.acceptance.console.crawling import crawled
from tests.acceptance.console.desk import Desk, answer_to, key, next_after, serving, shown
from tests.acceptance.console.stock import PASSWORD, Stock, stocked_desk

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[3]
ROOT = "/desk/review"
OPTIONS = ("--root-path", ROOT, "--behind-proxy", "127.0.0.1")


@contextmanager
def proxied(folder: Path, how: str) -> Iterator[tuple[str, Desk, Stock]]:
    """Serve a store with people, and show it under a path of a proxy."""
    with stocked_desk(folder, people=True, options=OPTIONS) as (desk, stock):
        port = str(urlsplit(desk.address).port)
        command = [sys.executable, "-m", "tests.acceptance.console.proxy", port, ROOT, how]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT)
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}{ROOT}", desk, stock
        finally:
            os.kill(process.pid, signal.SIGTERM)
            process.communicate()


@pytest.mark.parametrize("how", ["keeps", "strips"])
def test_every_link_form_redirect_and_cookie_stays_under_the_path(tmp_path: Path, how: str) -> None:
    with proxied(tmp_path, how) as (base, _, stock), httpx2.Client(timeout=60) as http:
        refused = http.get(f"{base}/queue?state=any")
        assert refused.headers["location"] == f"{ROOT}/signin?next=%2Fqueue%3Fstate%3Dany"
        let_in = http.post(f"{base}/signin", data={"name": "ann", "password": PASSWORD, "next": "/queue?state=any"})
        assert let_in.headers["location"] == f"{ROOT}/queue?state=any"
        cookie = let_in.headers["set-cookie"]
        assert {"Secure", "HttpOnly", f"Path={ROOT}/", "SameSite=lax"} <= set(cookie.split("; "))
        held = {"cookie": cookie.partition(";")[0]}  # a browser sends it, as it has come by https

        items = [f"/items/{stock.items[name]}" for name in ("triage/free", "extraction/free", "triage/undoable", "ask")]
        starts = ["/", "/queue", "/queue?state=any&end=1", "/batch", "/runs", "/keys", "/me", "/people", *items]
        links = [f"/link/{token}" for token in stock.links.values()]
        crawl = crawled(lambda path: http.get(f"{base}{path}", headers=held), [*starts, *links], base)
        assert crawl.foreign == set()
        assert len(crawl.pages) > 100
        assert {path for path, each in crawl.pages.items() if each.status_code >= 400} <= set(links)
        assert [path for path in crawl.sent_to if not path.startswith(f"{ROOT}/")] == []
        assert any(path.startswith("/static/keys.js") for path in crawl.pages)
        for answer in crawl.pages.values():
            assert answer.headers.get("location", ROOT).startswith(ROOT)
            assert answer.text != "outside"
        _check_api(http, base, held)
        left = http.post(f"{base}/signout", headers=held, data={"csrf": "0"})
        assert left.status_code == 403  # no page of ours has sent it


def _check_api(http: httpx2.Client, base: str, held: dict[str, str]) -> None:
    document = http.get(f"{base}/api/v1/openapi.json", headers=held).json()
    (server,) = document["servers"]
    assert server["url"].startswith(ROOT)
    problem = http.get(f"{base}/api/v1/reviews/999999", headers=held)
    assert (problem.status_code, problem.json()["type"].partition("/problems/")[0]) == (404, f"{ROOT}/api/v1")
    assert http.get(f"{base.removesuffix(ROOT)}{problem.json()['type']}", headers=held).status_code == 200
    forked = http.post(f"{base}/api/v1/runs/ask/fork", headers=held, json={})
    assert forked.status_code == 201
    assert http.get(f"{base.removesuffix(ROOT)}{forked.headers['location']}", headers=held).status_code == 200


@pytest.mark.parametrize("how", ["keeps", "strips"])
def test_a_browser_reviews_by_keys_under_the_path(tmp_path: Path, opened: Callable[..., Any], how: str) -> None:
    with proxied(tmp_path, how) as (base, desk, stock):
        asked: list[str] = []
        page = opened(f"{base}/signin?next=%2Fqueue%3Fqueue%3Ddesk")
        page.on("request", lambda request: asked.append(request.url))
        page.fill("#name", "sue")
        page.fill("#password", PASSWORD)
        page.click("form button.main")
        page.wait_for_url(f"{base}/queue?queue=desk")
        page.goto(f"{base}/items/{stock.items['triage/noted']}?queue=desk")
        page.locator('#work[data-standing="mine"]').wait_for()
        item = shown(page)
        key(page, "2")
        following = next_after(page, item)
        assert answer_to(desk, int(item)).value == "refund"
        key(page, "u")
        page.locator(f'#work[data-item="{item}"]').wait_for()
        assert following != item
        page.goto(f"{base}/queue")
        page.fill("#text", "triage/free")
        page.wait_for_url(f"{base}/queue?*triage%2Ffree*")
        (cookie,) = [each for each in page.context.cookies() if each["name"].startswith("handrail")]
        assert (cookie["secure"], cookie["httpOnly"], cookie["path"]) == (True, True, f"{ROOT}/")
        assert [each for each in asked if not each.startswith((f"{base}/", "data:"))] == []


def test_a_single_user_console_lets_nobody_in_through_a_proxy(tmp_path: Path) -> None:
    with stocked_desk(tmp_path, people=False) as (desk, _), httpx2.Client(base_url=desk.address) as http:
        assert http.get("/queue").status_code == 200
        assert http.get("/queue", headers={"x-forwarded-for": "203.0.113.9"}).status_code == 403
    with pytest.raises(AssertionError, match="nobody is configured"), serving(desk.store, tmp_path, OPTIONS):
        pass
