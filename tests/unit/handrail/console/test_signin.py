"""Signing in and out: who is let in, who is not, and that nobody learns why."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from handrail.console.attempts import BY_ADDRESS, BY_NAME
from handrail.console.context import ConsoleSettings
from handrail.console.secret_keys import new_session_secret, new_token
from handrail.console.signin import local_path
from handrail.console.signin_settings import SignInSettings
from tests.unit.handrail.console.doors import BASE, PASSWORD, QUICK, House, house


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as found:
        await found.add("ann", "admin")
        await found.add("ben", "reviewer")
        yield found


async def test_somebody_signs_in_and_out(site: House) -> None:
    browser = site.browser()
    first = await browser.get("/queue")
    assert (first.status_code, first.headers["location"]) == (303, "/signin?next=%2Fqueue")

    answer = await browser.sign_in("ben", next="/queue")
    assert (answer.status_code, answer.headers["location"]) == (303, "/queue")
    page = await browser.get("/queue")
    assert page.status_code == 200
    assert "ben · reviewer" in page.text

    out = await browser.post("/signout")
    assert (out.status_code, out.headers["location"]) == (303, "/signin")
    assert (await browser.get("/queue")).status_code == 303
    assert site.people.passes("ben") == []


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ben", "wrong horse battery"),
        ("ben", ""),
        ("ben", PASSWORD + " "),
        ("Ben", PASSWORD),
        ("nobody", PASSWORD),
        ("", ""),
        ("ben\x00", PASSWORD),
        ("ben", "x" * 5_000),
    ],
)
async def test_what_does_not_match_is_told_the_same(site: House, name: str, password: str) -> None:
    browser = site.browser()

    answer = await browser.sign_in(name, password)

    assert answer.status_code == 401
    assert "Name and password do not match." in answer.text
    assert "set-cookie" not in answer.headers
    assert password == "" or password not in answer.text


async def test_people_without_a_password_and_disabled_ones_are_told_the_same(site: House) -> None:
    await site.add("carl", password=None)
    await site.people.disable("ben")

    for name in ("carl", "ben"):
        answer = await site.browser().sign_in(name)
        assert (answer.status_code, "do not match" in answer.text) == (401, True)


async def test_a_session_begins_anew_at_each_sign_in(site: House) -> None:
    browser = site.browser()
    await browser.sign_in("ben")
    before = browser.http.cookies["handrail-8377"]
    planted = site.browser()
    planted.http.cookies.set("handrail-8377", before, domain="127.0.0.1")  # by somebody else
    await planted.sign_in("ann")

    assert planted.http.cookies["handrail-8377"] != before
    assert (await browser.get("/queue")).status_code == 303
    assert "ann · admin" in (await planted.get("/queue")).text


async def test_the_cookie_is_as_strict_as_its_place_allows(tmp_path: Path) -> None:
    async with house(tmp_path) as site:
        await site.add("ann", "admin")
        plain = await site.browser().sign_in("ann")
        secure = await site.browser("https://review.example.com").sign_in("ann")

    assert plain.headers["set-cookie"].startswith("handrail-8377=")
    assert "Secure" not in plain.headers["set-cookie"]
    assert secure.headers["set-cookie"].startswith("__Host-handrail=")
    assert "Secure" in secure.headers["set-cookie"]
    for answer in (plain, secure):
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Path=/;" in f"{cookie};"
        assert "Domain" not in cookie


async def test_under_a_path_the_cookie_is_for_that_path(tmp_path: Path) -> None:
    async with house(tmp_path, ConsoleSettings(root_path="/review")) as site:
        await site.add("ann", "admin")
        browser = site.browser("https://tools.example.com")
        first = await browser.get("/review/queue")
        answer = await browser.http.post("/review/signin", data={"name": "ann", "password": PASSWORD, "next": "/queue"})
        page = await browser.get("/review/queue")

    assert first.headers["location"] == "/review/signin?next=%2Fqueue"
    assert answer.headers["location"] == "/review/queue"
    assert "Path=/review/" in answer.headers["set-cookie"]
    assert not answer.headers["set-cookie"].startswith("__Host-")
    assert page.status_code == 200


async def test_a_public_address_of_https_makes_the_cookie_secure_behind_a_proxy(tmp_path: Path) -> None:
    settings = ConsoleSettings(sign_in=SignInSettings(public_url="https://review.example.com"))
    async with house(tmp_path, settings) as site:
        await site.add("ann", "admin")
        answer = await site.browser("http://review.example.com").sign_in("ann")

    assert answer.headers["set-cookie"].startswith("__Host-handrail=")
    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize("cookie", ["", "x", "x" * 43, new_session_secret(), new_token(), "é" * 43], ids=range(6))
async def test_a_cookie_that_was_not_given_lets_nobody_in(site: House, cookie: str) -> None:
    browser = site.browser()

    answer = await browser.get("/queue", headers={"cookie": f"handrail-8377={cookie}".encode()})

    assert answer.status_code == 303


async def test_a_token_is_no_session_and_a_session_is_no_token(site: House) -> None:
    browser, token = site.browser(), await site.token("ben")
    await browser.sign_in("ben")
    session = browser.http.cookies["handrail-8377"]

    as_cookie = await site.browser().get("/queue", headers={"cookie": f"handrail-8377={token}"})
    as_token = await site.browser().get("/queue", headers={"authorization": f"Bearer {session}"})

    assert (as_cookie.status_code, as_token.status_code) == (303, 401)


async def test_a_program_comes_with_a_token(site: House) -> None:
    token = await site.token("ben", seconds=3600)
    headers = {"authorization": f"Bearer {token}"}

    assert "ben · reviewer" in (await site.browser().get("/queue", headers=headers)).text
    site.clock.move_to(site.clock.now() + 3601)
    late = await site.browser().get("/queue", headers=headers)
    assert late.status_code == 401
    assert late.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "given", ["Bearer", "Bearer x", "Basic YW5uOng=", "bearer " + new_token(), "x", ""], ids=range(6)
)
async def test_a_token_that_does_not_fit_is_not_made_up_for_by_a_session(site: House, given: str) -> None:
    browser = site.browser()
    await browser.sign_in("ann")

    answer = await browser.get("/queue", headers={"authorization": given})

    assert answer.status_code == 401


async def test_a_program_that_is_not_let_in_gets_a_problem_document(site: House) -> None:
    for method in ("GET", "POST"):
        answer = await site.browser().http.request(method, "/api/reviews")
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == 401


@pytest.mark.dear
async def test_a_session_ends_by_its_age_and_when_nothing_happens_in_it(tmp_path: Path) -> None:
    settings = ConsoleSettings(sign_in=SignInSettings(session_seconds=3600, idle_seconds=600))
    async with house(tmp_path, settings) as site:
        await site.add("ann", "admin")
        active, idle = site.browser(), site.browser()
        await active.sign_in("ann")
        await idle.sign_in("ann")
        for _ in range(6):
            site.clock.move_to(site.clock.now() + 590)
            assert (await active.get("/queue")).status_code == 200
        assert (await idle.get("/queue")).status_code == 303
        site.clock.move_to(site.clock.now() + 61)
        assert (await active.get("/queue")).status_code == 303


async def test_who_is_disabled_is_out_with_the_next_request(site: House) -> None:
    browser, token = site.browser(), await site.token("ben")
    await browser.sign_in("ben")

    await site.people.disable("ben", by="ann")

    assert (await browser.get("/queue")).status_code == 303
    answer = await site.browser().get("/queue", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    await site.people.enable("ben", by="ann")
    assert (await browser.get("/queue")).status_code == 303


@pytest.mark.dear
async def test_a_store_that_is_locked_lets_in_who_has_a_session(site: House, tmp_path: Path) -> None:
    browser = site.browser()
    await browser.sign_in("ben")
    site.clock.move_to(site.clock.now() + 120)  # the use is due to be noted
    with closing(sqlite3.connect(tmp_path / "runs.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        assert (await browser.get("/queue")).status_code == 200
        assert (await browser.get("/queue")).status_code == 200
        other.rollback()
    site.clock.move_to(site.clock.now() + 120)
    while site.people.passes("ben")[0].used != site.clock.now():
        assert (await browser.get("/queue")).status_code == 200
        await asyncio.sleep(0.01)


async def test_a_form_needs_the_token_of_its_session(site: House) -> None:
    ann, ben = site.browser(), site.browser()
    await ann.sign_in("ann")
    await ben.sign_in("ben")

    for csrf in ("", "x", ann.csrf, ben.http.cookies["handrail-8377"]):
        answer = await ben.http.post("/me/zone", data={"csrf": csrf, "zone": "Asia/Tokyo"})
        assert answer.status_code == 403
    assert site.people.get("ben").zone is None  # type: ignore[union-attr]
    assert (await ben.post("/me/zone", {"zone": "Asia/Tokyo"})).status_code == 303


async def test_another_site_can_neither_sign_somebody_in_nor_out(site: House) -> None:
    browser = site.browser()
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}

    into = await browser.http.post("/signin", data={"name": "ben", "password": PASSWORD}, headers=foreign)
    assert (into.status_code, "set-cookie" in into.headers) == (403, False)
    await browser.sign_in("ben")
    assert (await browser.post("/signout", headers=foreign)).status_code == 403
    assert (await browser.get("/queue")).status_code == 200


@pytest.mark.dear
async def test_too_many_tries_for_a_name_have_to_wait_whether_it_exists_or_not(site: House) -> None:
    for name in ("ben", "nobody"):
        for number in range(BY_NAME.most):
            site.address = f"10.1.0.{number}"
            assert (await site.browser().sign_in(name, "wrong horse battery")).status_code == 401
        refused = await site.browser().sign_in(name)
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) <= BY_NAME.seconds
        assert "set-cookie" not in refused.headers
    site.clock.move_to(site.clock.now() + BY_NAME.seconds)
    assert (await site.browser().sign_in("ben")).status_code == 303


@pytest.mark.dear
async def test_too_many_tries_from_an_address_have_to_wait_whatever_the_names(site: House) -> None:
    for number in range(BY_ADDRESS.most):
        assert (await site.browser().sign_in(f"somebody {number}", "x")).status_code == 401
    assert (await site.browser().sign_in("ben")).status_code == 429
    site.address = "10.0.0.2"
    assert (await site.browser().sign_in("ben")).status_code == 303


@pytest.mark.dear
async def test_signing_in_rightly_uses_nothing_up(site: House) -> None:
    for _ in range(BY_ADDRESS.most + BY_NAME.most):
        assert (await site.browser().sign_in("ben")).status_code == 303


async def test_a_password_hashed_with_other_parameters_is_hashed_anew(site: House) -> None:
    weak = type(QUICK)(time_cost=2, memory_cost=16, parallelism=1)
    await site.people.set_password("ben", weak.hash(PASSWORD))
    await site.browser().sign_in("ben", "wrong horse battery")
    before = site.people.get("ben")
    await site.browser().sign_in("ben")
    after = site.people.get("ben")

    assert before is not None
    assert after is not None
    assert weak.check_needs_rehash(str(before.password)) is False
    assert QUICK.check_needs_rehash(str(after.password)) is False
    assert (await site.browser().sign_in("ben")).status_code == 303


@pytest.mark.dear
async def test_somebody_whose_password_an_admin_made_chooses_one_first(site: House) -> None:
    ann = site.browser()
    await ann.sign_in("ann")
    made = await ann.post("/people/password", {"name": "ben"})
    password = made.text.partition('class="secret" readonly value="')[2].partition('"')[0]
    assert len(password) > 20

    ben = site.browser()
    assert (await ben.sign_in("ben", PASSWORD)).status_code == 401
    assert (await ben.sign_in("ben", password)).status_code == 303
    assert (await ben.get("/queue")).headers["location"] == "/me"
    assert (await ben.post("/me/token", {"label": "ci"})).headers["location"] == "/me"
    assert site.people.passes("ben")[0].kind == "session"
    assert "Somebody else made your password" in (await ben.get("/me")).text
    form = {"old": password, "new": "another horse battery", "again": "another horse battery"}
    assert (await ben.post("/me/password", form)).status_code == 303
    assert (await ben.get("/queue")).status_code == 200
    assert (await site.browser().sign_in("ben", "another horse battery")).status_code == 303


async def test_whoever_is_signed_in_is_not_shown_the_form(site: House) -> None:
    browser = site.browser()
    await browser.sign_in("ben")

    assert (await browser.get("/signin?next=/me")).headers["location"] == "/me"


@pytest.mark.parametrize(
    ("given", "onward"),
    [
        ("/queue?queue=a%20b", "/queue?queue=a%20b"),
        ("", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/queue\r\nset-cookie: a=b", "/"),
        ("/queue\\..\\", "/"),
        ("queue", "/"),
        ("/" + "x" * 3000, "/"),
    ],
)
def test_the_way_on_leads_to_this_console(given: str, onward: str) -> None:
    assert local_path(given) == onward


async def test_nothing_secret_is_logged_or_stored(
    site: House, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    browser, token = site.browser(), await site.token("ben")
    await browser.sign_in("ben")
    await browser.sign_in("hunter2 in the wrong box", "hunter2 is my password")
    await browser.get("/queue", headers={"authorization": f"Bearer {token}"})
    session = browser.http.cookies["handrail-8377"]

    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in (PASSWORD, "hunter2", token, token[4:], session, browser.csrf):
        assert secret not in caplog.text
        assert secret.encode() not in kept


# -- nobody is configured


async def test_without_people_this_machine_may_do_everything_and_is_told_so(tmp_path: Path) -> None:
    async with house(tmp_path) as site:
        browser = site.browser()
        for path in ("/queue", "/me"):
            page = await browser.get(path)
            assert page.status_code == 200
            assert "Single-user mode" in page.text
        assert (await browser.get("/signin")).headers["location"] == "/"
        assert (await browser.get("/people")).headers["location"] == "/me"


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-for": "203.0.113.9"},
        {"forwarded": "for=203.0.113.9"},
        {"via": "1.1 proxy"},
        {"x-real-ip": "203.0.113.9"},
        {"x-forwarded-proto": "https"},
    ],
)
async def test_without_people_nobody_comes_through_a_proxy(tmp_path: Path, headers: dict[str, str]) -> None:
    async with house(tmp_path) as site:
        page = await site.browser(headers=headers).get("/queue")
        problem = await site.browser(headers=headers).get("/api/reviews")

    assert page.status_code == 403
    assert "people must sign in" in page.text
    assert problem.status_code == 403


async def test_the_first_person_ends_single_user_mode_at_once(tmp_path: Path) -> None:
    async with house(tmp_path) as site:
        browser = site.browser()
        assert (await browser.get("/queue")).status_code == 200
        await site.add("ann", "admin")
        assert (await browser.get("/queue")).status_code == 303
        assert (await browser.post("/me/zone", {"zone": "UTC"})).status_code == 401
        assert (await browser.sign_in("ann")).status_code == 303


def test_the_base_of_these_tests_is_loopback() -> None:
    assert BASE.startswith("http://127.0.0.1:")
