"""The door of the console: who reaches it, what every answer carries, and what changes nothing."""

import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from starlette.types import Message

from handrail import Client
from handrail.console.app import console
from handrail.console.context import ConsoleSettings
from handrail.console.render import STATIC, environment
from tests.unit.handrail.console.served import BASE, opened, tickets

HTMX_SHA256 = "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"
"""Of htmx.min.js of htmx.org 4.0.1."""


def test_the_vendored_script_is_the_published_one_and_its_licence_is_beside_it() -> None:
    assert hashlib.sha256((STATIC / "htmx.min.js").read_bytes()).hexdigest() == HTMX_SHA256
    assert (STATIC / "htmx.LICENSE").read_text(encoding="utf-8").startswith("Zero-Clause BSD")


def test_no_template_has_a_script_or_style_of_its_own_or_marks_a_text_as_safe() -> None:
    for name in environment().list_templates():
        text = (STATIC.parent / "templates" / name).read_text(encoding="utf-8")
        assert re.findall(r"<style|<script(?! src=)|\sstyle=|\son[a-z]+=|\|\s*safe\b|javascript:", text) == [], name


@pytest.mark.parametrize("path", ["/queue", "/nowhere", "/static/console.css", "/static/nothing.css", "/api/nowhere"])
async def test_every_answer_carries_the_headers(tmp_path: Path, path: str) -> None:
    async with opened(tmp_path) as site:
        headers = (await site.http.get(path)).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8377", "[::2]", "", "a b", "evil@localhost"]
)
async def test_another_host_name_reaches_nothing_while_nobody_is_configured(tmp_path: Path, host: str) -> None:
    async with opened(tmp_path) as site:
        refused = await site.http.get("/queue", headers={"host": host})
    assert refused.status_code == 421
    assert "localhost only" in refused.text


@pytest.mark.parametrize(
    "host",
    ["localhost/evil", "localhost?evil", "localhost#evil", "localhost:8377, evil.example", "localhost:x", "localhost."],
)
async def test_what_only_begins_like_the_loopback_is_none_of_its_names(tmp_path: Path, host: str) -> None:
    async with opened(tmp_path) as site:
        assert (await site.http.get("/queue", headers={"host": host})).status_code == 421


@pytest.mark.parametrize("host", ["localhost:8377", "127.0.0.1", "[::1]:8377", "LOCALHOST"])
async def test_names_of_the_loopback_reach_it(tmp_path: Path, host: str) -> None:
    async with opened(tmp_path) as site:
        assert (await site.http.get("/queue", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_a_form_of_another_site_changes_nothing_even_with_the_token(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    async with opened(tmp_path) as site:
        await site.ask(tickets, "help")
        refused = await site.post("/queue/next", headers=headers)
        assert refused.status_code == 403
        assert site.engine.review(1).state == "open"


@pytest.mark.parametrize("data", [{}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": "é"}])
async def test_a_form_without_the_token_changes_nothing(tmp_path: Path, data: dict[str, str]) -> None:
    async with opened(tmp_path) as site:
        await site.ask(tickets, "help")
        refused = await site.http.post("/queue/next", data=data)
        assert refused.status_code == 403
        assert "out of date" in refused.text
        assert site.engine.review(1).state == "open"


async def test_a_page_that_was_open_while_the_server_was_restarted_still_sends_its_forms(tmp_path: Path) -> None:
    async with opened(tmp_path) as before:
        await before.ask(tickets, "help")
        token = before.token_in(await before.page("/items/1"))
    async with opened(tmp_path) as after:
        taken = await after.http.post("/items/1/take", data={"csrf": token})
        assert taken.status_code == 303
        assert after.engine.review(1).state == "leased"


async def test_a_form_of_another_stores_console_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    async with opened(tmp_path / "other") as other:
        token = other.token_in(await other.page("/queue"))
    async with opened(tmp_path) as site:
        await site.ask(tickets, "help")
        assert (await site.http.post("/items/1/take", data={"csrf": token})).status_code == 403
        assert site.engine.review(1).state == "open"


async def test_a_body_over_the_limit_is_refused_whether_its_size_is_said_or_not(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        said = await site.http.post("/queue/next", content=b"x" * 1_000_001)

        async def parts() -> AsyncIterator[bytes]:
            for _ in range(11):
                yield b"x" * 100_000

        unsaid = await site.http.post("/queue/next", content=parts())
        wrong = await site.http.post("/queue/next", headers={"content-length": "-5"})
    assert [said.status_code, unsaid.status_code, wrong.status_code] == [413, 413, 413]


@pytest.mark.parametrize("path", ["/queue/views", "/items/1/decide", "/signin", "/link/none"])
async def test_a_form_with_a_file_is_refused_as_one_that_cannot_be_read(tmp_path: Path, path: str) -> None:
    async with opened(tmp_path) as site:
        await site.ask(tickets, "help")
        refused = await site.http.post(path, files={"csrf": ("a.txt", b"x")})
        assert refused.status_code in {303, 400}  # with nobody to sign in, the way to the form leads home
        assert "Internal" not in refused.text
        assert site.engine.review(1).state == "open"


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json"])
async def test_half_of_a_request_is_no_request(tmp_path: Path, kind: str) -> None:
    async with opened(tmp_path) as site:
        await site.ask(tickets, "help")
        app = console(site.engine)
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=BASE) as http:
            token = re.search(r'name="csrf" value="([0-9a-f]+)"', (await http.get("/items/1")).text)
        assert token is not None
        whole = f"csrf={token[1]}&version=1&choice=%22billing%22&note=pay+820000"
        parts: list[Message] = [{"type": "http.request", "body": whole[:-4].encode(), "more_body": True}]
        sent: list[Message] = []

        async def receive() -> Message:
            return parts.pop() if parts else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        headers = [(b"host", b"127.0.0.1"), (b"content-type", kind.encode()), (b"content-length", b"%d" % len(whole))]
        scope = {
            "type": "http", "method": "POST", "path": "/items/1/decide", "query_string": b"", "headers": headers,
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8377), "scheme": "http", "root_path": "",
        }  # fmt: skip
        await app(scope, receive, send)
        assert sent == []
        assert site.engine.review(1).state == "open"
        parts.append({"type": "http.request", "body": whole.encode(), "more_body": False})
        if kind != "application/json":  # the same in one piece is one
            await app(scope, receive, send)
            assert sent[0]["status"] == 303, sent
            assert site.engine.review(1).state == "pending"
            assert (site.engine.review_log(1)[-1].data or {})["note"] == "pay 820000"


async def test_no_answer_names_the_host_that_a_request_names(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        for path in ("/link/a.b/", "/queue/", "/api/v1/reviews/"):
            answer = await site.http.get(path, follow_redirects=False)
            assert (answer.status_code, "location" in answer.headers) == (404, False), path


async def test_an_unknown_path_of_the_api_is_a_problem_document(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        answer = await site.http.get("/api/nowhere")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code == 404


@pytest.mark.parametrize("prefix", ["", "/review"])
async def test_links_hold_under_a_root_path_whether_the_proxy_takes_it_away_or_not(tmp_path: Path, prefix: str) -> None:
    async with opened(tmp_path, ConsoleSettings(root_path="/review")) as site:
        page = await site.page(f"{prefix}/queue")
        links = set(re.findall(r'(?:href|src|action)="(/[^"]*)"', page))
        assert links
        assert [link for link in links if not link.startswith("/review/")] == []
        for link in re.findall(r'(?:href|src)="(/[^"]*)"', page):
            assert (await site.http.get(f"{BASE}{link}")).status_code == 200


@pytest.mark.parametrize("path", ["/queue", "/items/1", "/api/v1/reviews", "/api/v1/stats"])
async def test_a_store_that_is_gone_says_so_before_it_is_known_who_asks(tmp_path: Path, path: str) -> None:
    async with opened(tmp_path) as site:
        await site.ask(tickets, "it is broken")
    file = tmp_path / "runs.db"
    async with (
        Client(f"sqlite:///{file}") as client,
        httpx2.AsyncClient(transport=httpx2.ASGITransport(console(client)), base_url=BASE) as http,
    ):
        moved = file.rename(tmp_path / "moved")
        gone = await http.get(path)
        states = [(await http.get(each)).status_code for each in ("/healthz", "/readyz", "/static/console.css")]
        moved.rename(file)
        back = await http.get("/queue")
    assert (gone.status_code, "deleted or replaced" in gone.text, file.name in gone.text) == (503, True, False)
    assert states == [200, 503, 200]
    assert back.status_code == 200
