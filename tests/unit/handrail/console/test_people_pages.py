"""The pages of people: one's own settings, and what admins do with others."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.handrail.console.doors import PASSWORD, Browser, House, house


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as found:
        await found.add("ann", "admin")
        await found.add("ben", "reviewer")
        yield found


async def signed_in(site: House, name: str) -> Browser:
    browser = site.browser()
    assert (await browser.sign_in(name)).status_code == 303
    return browser


def secret_in(page: str) -> str:
    found = re.search(r'class="secret" readonly value="([^"]+)"', page)
    return "" if found is None else found[1]


async def test_a_zone_is_chosen(site: House) -> None:
    ben = await signed_in(site, "ben")

    assert (await ben.post("/me/zone", {"zone": "Asia/Tokyo"})).status_code == 303
    assert "<option selected>Asia/Tokyo</option>" in (await ben.get("/me")).text
    wrong = await ben.post("/me/zone", {"zone": "Middle/Earth"})
    assert (wrong.status_code, "Middle/Earth" in wrong.text) == (422, True)
    assert (await ben.post("/me/zone", {"zone": ""})).status_code == 303
    assert site.people.get("ben").zone is None  # type: ignore[union-attr]


async def test_a_password_is_changed_and_other_browsers_are_signed_out(site: House) -> None:
    here, elsewhere = await signed_in(site, "ben"), await signed_in(site, "ben")
    new = "another horse battery"

    answer = await here.post("/me/password", {"old": PASSWORD, "new": new, "again": new})

    assert answer.status_code == 303
    assert (await here.get("/queue")).status_code == 200
    assert (await elsewhere.get("/queue")).status_code == 303
    assert (await site.browser().sign_in("ben")).status_code == 401
    assert (await site.browser().sign_in("ben", new)).status_code == 303


@pytest.mark.parametrize(
    ("old", "new", "again", "said"),
    [
        ("wrong", "another horse battery", "another horse battery", "is not that one"),
        (PASSWORD, "another horse battery", "another horse", "in two ways"),
        (PASSWORD, PASSWORD, PASSWORD, "is the one that you have"),
        (PASSWORD, "short", "short", "at least 12 characters"),
        (PASSWORD, "x" * 1001, "x" * 1001, "at most 1,000 characters"),
        (PASSWORD, "aaaaaaaaaaaa", "aaaaaaaaaaaa", "too easy"),
        (PASSWORD, "Password1234", "Password1234", "too easy"),
    ],
)
async def test_a_password_that_cannot_be_is_refused_with_the_reason(
    site: House, old: str, new: str, again: str, said: str
) -> None:
    ben = await signed_in(site, "ben")

    answer = await ben.post("/me/password", {"old": old, "new": new, "again": again})

    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{new}"' not in answer.text
    assert (await site.browser().sign_in("ben")).status_code == 303


@pytest.mark.dear
async def test_guessing_the_password_at_ones_own_settings_has_to_wait_too(site: House) -> None:
    ben = await signed_in(site, "ben")
    form = {"old": "wrong", "new": "another horse battery", "again": "another horse battery"}

    answers = [(await ben.post("/me/password", form)).status_code for _ in range(11)]

    assert answers == [422] * 10 + [429]


@pytest.mark.usefixtures("either_store")
async def test_a_token_is_shown_once_and_lets_a_program_in_until_it_is_revoked(site: House) -> None:
    ben = await signed_in(site, "ben")

    made = await ben.post("/me/token", {"label": "nightly", "days": "7"})
    token = secret_in(made.text)
    assert token.startswith("hrt_")
    assert made.headers["cache-control"] == "no-store"
    assert token not in (await ben.get("/me")).text
    headers = {"authorization": f"Bearer {token}"}
    assert (await site.browser().get("/queue", headers=headers)).status_code == 200

    one = next(each for each in site.people.passes("ben") if each.kind == "token")
    assert one.expires == site.clock.now() + 7 * 86_400
    assert (await ben.post("/me/end", {"pass": one.id})).status_code == 303
    assert (await site.browser().get("/queue", headers=headers)).status_code == 401


@pytest.mark.parametrize(
    "form",
    [{"label": ""}, {"label": "x", "days": "0"}, {"label": "x", "days": "-1"}, {"label": "x", "days": "9999999"}],
)
async def test_a_token_needs_a_label_and_days_that_there_are(site: House, form: dict[str, str]) -> None:
    ben = await signed_in(site, "ben")

    assert (await ben.post("/me/token", form)).status_code == 422
    assert [each.kind for each in site.people.passes("ben")] == ["session"]


async def test_nobody_ends_the_passes_of_somebody_else_at_their_own_settings(site: House) -> None:
    await signed_in(site, "ann")
    ben = await signed_in(site, "ben")
    of_ann = site.people.passes("ann")[0]

    await ben.post("/me/end", {"pass": of_ann.id})

    assert len(site.people.passes("ann")) == 1


async def test_signing_out_everywhere_is_everywhere(site: House) -> None:
    here, elsewhere = await signed_in(site, "ben"), await signed_in(site, "ben")
    token = await site.token("ben")

    assert (await here.post("/me/end-all")).headers["location"] == "/signin"

    assert [(await each.get("/queue")).status_code for each in (here, elsewhere)] == [303, 303]
    kept = await site.browser().get("/queue", headers={"authorization": f"Bearer {token}"})
    assert kept.status_code == 200  # programs go on: a token is revoked by itself


# -- admins


ADMIN_FORMS = [
    ("/people/add", {"name": "eve", "role": "admin"}),
    ("/people/change/role", {"name": "ben", "role": "admin"}),
    ("/people/change/groups", {"name": "ben", "groups": "finance"}),
    ("/people/change/email", {"name": "ben", "email": "eve@example.com"}),
    ("/people/change/disable", {"name": "ann"}),
    ("/people/change/enable", {"name": "ben"}),
    ("/people/change/end", {"name": "ann"}),
    ("/people/password", {"name": "ann"}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("path", "form"), ADMIN_FORMS)
@pytest.mark.parametrize("role", ["viewer", "reviewer", "senior"])
async def test_only_admins_change_people(site: House, role: str, path: str, form: dict[str, str]) -> None:
    await site.people.set_roles("ben", {"*": role})  # type: ignore[dict-item]
    before = [each.as_json() for each in site.people.all()]
    ben = await signed_in(site, "ben")

    assert (await ben.get("/people")).status_code == 403
    assert (await ben.get("/people/one?name=ann")).status_code == 403
    assert (await ben.post(path, form)).status_code == 403
    assert [each.as_json() for each in site.people.all()] == before
    assert site.people.get("ann").password.startswith("$argon2id$")  # type: ignore[union-attr]


@pytest.mark.parametrize(("path", "form"), ADMIN_FORMS)
async def test_nobody_who_is_not_signed_in_changes_people(site: House, path: str, form: dict[str, str]) -> None:
    assert (await site.browser().post(path, form)).status_code == 401


@pytest.mark.usefixtures("either_store")
async def test_an_admin_adds_changes_and_keeps_out(site: House) -> None:
    ann = await signed_in(site, "ann")
    await ann.get("/people")

    added = await ann.post(
        "/people/add", {"name": "Léa Ö", "role": "senior", "queue": "refunds", "email": "lea@example.com"}
    )
    assert added.status_code == 303
    assert "Léa Ö" in (await ann.get(added.headers["location"])).text
    assert (await ann.post("/people/change/role", {"name": "Léa Ö", "role": "viewer"})).status_code == 303
    assert (
        await ann.post("/people/change/role", {"name": "Léa Ö", "role": "none", "queue": "refunds"})
    ).status_code == 303
    assert (await ann.post("/people/change/groups", {"name": "Léa Ö", "groups": "a, b,,a"})).status_code == 303
    lea = site.people.get("Léa Ö")
    assert lea is not None
    assert (lea.roles, lea.groups, lea.email) == ({"*": "viewer"}, ("a", "b"), "lea@example.com")

    assert (await ann.post("/people/change/disable", {"name": "Léa Ö"})).status_code == 303
    assert "disabled" in (await ann.get("/people")).text
    assert (await ann.post("/people/change/enable", {"name": "Léa Ö"})).status_code == 303


@pytest.mark.parametrize(
    ("path", "form", "said"),
    [
        ("/people/add", {"name": "ben", "role": "viewer"}, "already"),
        ("/people/add", {"name": "x", "role": "boss"}, "no role"),
        ("/people/add", {"name": "", "role": "viewer"}, "1 to 100 characters"),
        ("/people/change/disable", {"name": "ann"}, "no admin"),
        ("/people/change/role", {"name": "ann", "role": "senior"}, "no admin"),
        ("/people/change/email", {"name": "ben", "email": "x"}, "no e-mail address"),
    ],
)
async def test_what_cannot_be_is_said_on_the_page(site: House, path: str, form: dict[str, str], said: str) -> None:
    ann = await signed_in(site, "ann")
    before = [each.as_json() for each in site.people.all()]

    answer = await ann.post(path, form)

    assert answer.status_code == 422
    assert said in answer.text
    assert [each.as_json() for each in site.people.all()] == before


async def test_somebody_who_is_not_there_is_not_found(site: House) -> None:
    ann = await signed_in(site, "ann")

    assert (await ann.get("/people/one?name=eve")).status_code == 404
    assert (await ann.post("/people/change/disable", {"name": "eve"})).status_code == 404
    assert (await ann.post("/people/change/anything", {"name": "ben"})).status_code == 404
    assert (await ann.post("/people/password", {"name": "eve"})).status_code == 404


@pytest.mark.usefixtures("either_store")
async def test_an_admin_ends_somebodys_sessions(site: House) -> None:
    ann, ben = await signed_in(site, "ann"), await signed_in(site, "ben")
    one = site.people.passes("ben")[0]

    await ann.post("/people/change/end", {"name": "ben", "pass": one.id})
    assert (await ben.get("/queue")).status_code == 303
    await ben.sign_in("ben")
    await ann.post("/people/change/end", {"name": "ben"})
    assert (await ben.get("/queue")).status_code == 303


@pytest.mark.parametrize(
    "name", ["<b>x</b>", '" onfocus=alert(1) x="', "'; DROP TABLE people; --", "{{7*7}}", "a/b?c#d&e"]
)
async def test_names_are_text(site: House, name: str) -> None:
    ann = await signed_in(site, "ann")
    await ann.get("/people")
    added = await ann.post("/people/add", {"name": name, "role": "viewer", "queue": "<i>q</i>"})
    assert added.status_code == 303

    for page in ((await ann.get("/people")).text, (await ann.get(added.headers["location"])).text):
        assert "<b>x</b>" not in page
        assert "<i>q</i>" not in page
        assert " onfocus=alert(1)" not in page.replace("&#34; onfocus", "")
        assert "49" not in re.sub(r"\d{3,}|:49|csrf\" value=\"[0-9a-f]+", "", page) or name != "{{7*7}}"


async def test_looking_changes_nothing(site: House, tmp_path: Path) -> None:
    ann = await signed_in(site, "ann")

    def dump() -> list[object]:
        return [site.people.all(), site.people.passes("ann"), site.people.passes("ben")]

    before = dump()
    for path in ("/me", "/people", "/people/one?name=ben", "/signin", "/signin?next=/me", "/signout", "/me/end-all",
                 "/people/change/disable?name=ben", "/signin/provider", "/signin/back?code=x&state=y"):  # fmt: skip
        await ann.get(path)
    assert dump() == before
    assert (tmp_path / "runs.db").exists()
