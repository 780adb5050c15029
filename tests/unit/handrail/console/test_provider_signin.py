"""Signing in with an identity provider at the pages: who gets in as whom."""

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from joserfc import jwk

from handrail.console.context import ConsoleSettings
from handrail.console.signin_settings import OidcSettings, SignInSettings
from handrail_orchestrator.records.person import Role
from tests.unit.handrail.console import provider as stub
from tests.unit.handrail.console.doors import Browser, House, house
from tests.unit.handrail.console.provider import CLIENT_ID, SECRET, StubProvider


@pytest.fixture(scope="module")
def key() -> jwk.Key:
    return stub.new_key("first")


@pytest.fixture
def there(key: jwk.Key) -> Iterator[StubProvider]:
    with stub.running(key) as found:
        yield found


def settings_for(there: StubProvider, role: Role | None = None, **more: str) -> ConsoleSettings:
    oidc = OidcSettings(issuer=there.issuer, client_id=CLIENT_ID, secret=SECRET, role=role, label="Example Login")
    return ConsoleSettings(sign_in=SignInSettings(oidc=oidc, **more))  # type: ignore[arg-type]


@pytest.fixture
async def site(tmp_path: Path, there: StubProvider) -> AsyncIterator[House]:
    async with house(tmp_path, settings_for(there)) as found:
        await found.add("admin", "admin")
        await found.add("ann", password=None)
        found.clock.move_to(time.time())
        yield found


async def back_from(browser: Browser, path: str = "/signin/provider") -> str:
    """Go to the provider, sign in there, and return where it sends the browser."""
    sent = await browser.get(path)
    assert sent.status_code == 303, sent.text
    async with httpx2.AsyncClient() as outside:
        back = await outside.get(sent.headers["location"])
    parts = urlsplit(back.headers["location"])
    return f"{parts.path}?{parts.query}"


async def through(browser: Browser, path: str = "/signin/provider") -> httpx2.Response:
    return await browser.get(await back_from(browser, path))


@pytest.mark.dear
async def test_who_an_admin_expects_is_let_in_by_their_address_and_from_then_on_by_their_subject(
    site: House, there: StubProvider
) -> None:
    await site.people.set_email("ann", "ann@example.com", by="admin")
    browser = site.browser()
    assert "Sign in with Example Login" in (await browser.get("/signin")).text

    answer = await through(browser, "/signin/provider?next=/me")

    assert (answer.status_code, answer.headers["location"]) == (303, "/me")
    assert "ann · reviewer" in (await browser.get("/me")).text
    there.person["email"] = "married@example.com"
    assert (await through(site.browser())).status_code == 303
    there.person |= {"sub": "u-2", "email": "ann@example.com"}  # the address now belongs to somebody else
    refused = await through(site.browser())
    assert refused.status_code == 403
    assert "not known here" in refused.text


async def test_whom_nobody_added_is_refused(site: House) -> None:
    browser = site.browser()
    answer = await through(browser)

    assert answer.status_code == 403
    assert "ann@example.com is not known here" in answer.text
    assert (await browser.get("/queue")).status_code == 303
    assert len(site.people.all()) == 2


async def test_an_address_that_is_not_verified_lets_nobody_in(site: House, there: StubProvider) -> None:
    await site.people.set_email("ann", "ann@example.com", by="admin")
    there.person["email_verified"] = False

    assert (await through(site.browser())).status_code == 403
    assert site.people.get("ann").subject is None  # type: ignore[union-attr]


async def test_who_is_disabled_is_refused_by_address_and_by_subject(site: House) -> None:
    await site.people.set_email("ann", "ann@example.com", by="admin")
    await site.people.disable("ann", by="admin")
    assert (await through(site.browser())).status_code == 403
    await site.people.enable("ann", by="admin")
    assert (await through(site.browser())).status_code == 303
    await site.people.disable("ann", by="admin")
    assert (await through(site.browser())).status_code == 403


async def test_with_a_role_for_newcomers_they_are_added_under_a_name_of_their_own(
    tmp_path: Path, there: StubProvider
) -> None:
    async with house(tmp_path, settings_for(there, "viewer")) as site:
        await site.add("admin", "admin")
        site.clock.move_to(time.time())
        there.person = {"sub": "u-9", "preferred_username": "Admin"}  # as somebody else is called
        browser = site.browser()
        assert (await through(browser)).status_code == 303
        there.person = {"sub": "u-1", "email": "ann@example.com", "email_verified": True}
        assert (await through(site.browser())).status_code == 303
        assert (await through(site.browser())).status_code == 303
        there.person = {"sub": "u-7"}  # of whom nothing else is told
        assert (await through(site.browser())).status_code == 303

        assert {each.name: dict(each.roles) for each in site.people.all()} == {
            "admin": {"*": "admin"},
            "Admin (u-9)": {"*": "viewer"},
            "ann@example.com": {"*": "viewer"},
            "u-7": {"*": "viewer"},
        }


async def test_an_answer_for_another_browser_lets_nobody_in(site: House) -> None:
    await site.people.set_email("ann", "ann@example.com", by="admin")
    mine, theirs = site.browser(), site.browser()
    back = await back_from(mine)

    assert (await theirs.get(back)).status_code == 400  # it has begun nothing
    await back_from(theirs)
    assert (await theirs.get(back)).status_code == 403  # it has begun something else
    assert site.people.passes("ann") == []


async def test_of_two_tabs_the_one_that_began_last_is_let_in_whichever_comes_back_first(site: House) -> None:
    await site.people.set_email("ann", "ann@example.com", by="admin")
    browser = site.browser()
    first, last = await back_from(browser), await back_from(browser)

    refused = await browser.get(first)
    assert (refused.status_code, "begin again" in refused.text) == (403, True)
    assert (await browser.get(last)).status_code == 303
    assert len(site.people.passes("ann")) == 1


async def test_a_link_back_is_good_once(site: House) -> None:
    await site.people.set_email("ann", "ann@example.com", by="admin")
    browser = site.browser()
    back = await back_from(browser)

    assert (await browser.get(back)).status_code == 303
    await browser.get("/me")
    await browser.post("/signout")
    assert (await browser.get(back)).status_code == 400
    assert (await browser.get("/queue")).status_code == 303


async def test_a_lie_of_the_provider_is_said_without_its_insides(site: House, there: StubProvider) -> None:
    await site.people.set_email("ann", "ann@example.com", by="admin")
    there.sign = stub.unsigned
    answer = await through(site.browser())

    assert answer.status_code == 403
    assert "did not let you in" in answer.text
    assert SECRET not in answer.text
    assert site.people.passes("ann") == []


async def test_a_provider_that_is_down_is_said_to_be(tmp_path: Path, key: jwk.Key) -> None:
    with stub.running(key) as there:
        settings = settings_for(there)
    async with house(tmp_path, settings) as site:
        await site.add("admin", "admin")
        answer = await site.browser().get("/signin/provider")

    assert answer.status_code == 502
    assert "cannot be reached" in answer.text


async def test_the_way_back_is_the_public_address_under_its_path(tmp_path: Path, there: StubProvider) -> None:
    settings = settings_for(there, public_url="https://review.example.com")
    settings = ConsoleSettings(root_path="/r", sign_in=settings.sign_in)
    async with house(tmp_path, settings) as site:
        await site.add("admin", "admin")
        sent = await site.browser("http://10.0.0.7:8377").get("/r/signin/provider")

    assert "redirect_uri=https%3A%2F%2Freview.example.com%2Fr%2Fsignin%2Fback" in sent.headers["location"]
    cookie = sent.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/r/"))


async def test_the_way_on_stays_at_this_console(site: House) -> None:
    await site.people.set_email("ann", "ann@example.com", by="admin")

    answer = await through(site.browser(), "/signin/provider?next=//evil.example")

    assert answer.headers["location"] == "/"


async def test_without_a_provider_its_paths_lead_to_the_form(tmp_path: Path) -> None:
    async with house(tmp_path) as site:
        await site.add("admin", "admin")
        assert (await site.browser().get("/signin/provider")).headers["location"] == "/signin"
        assert (await site.browser().get("/signin/back?code=x&state=y")).status_code == 400
        assert "Sign in with" not in (await site.browser().get("/signin")).text
