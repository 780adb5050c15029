"""Signing in with a real browser: with and without a script, and nothing for axe to find, light and dark."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from handrail.console.passwords import Passwords
from handrail_orchestrator.client import Client
from tests.acceptance.console import flows
from tests.acceptance.console.desk import Desk, do, served

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python")

PASSWORD = "correct horse battery"
PAGES = ("/me", "/people", "/people/one?name=ben")


def with_people(desk: Desk) -> None:
    """Let the store know an admin and a reviewer."""
    hashed = do(Passwords().hashed(PASSWORD))

    async def known(client: Client) -> None:
        await client.people.add("ann", roles={"*": "admin"})
        await client.people.add("ben", roles={"*": "reviewer"}, groups=["finance"])
        for name in ("ann", "ben"):
            await client.people.set_password(name, hashed)

    desk.move(known)


def sign_in(page: Any, name: str, password: str = PASSWORD) -> None:
    page.fill("#name", name)
    page.fill("#password", password)
    page.click("form button.main")


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without"])
def test_somebody_signs_in_chooses_a_zone_makes_a_token_and_leaves(
    tmp_path: Path, opened: Callable[..., Any], *, script: bool
) -> None:
    with served(tmp_path, (flows.tickets, "t1", "I was charged twice")) as desk:
        with_people(desk)
        page = opened(f"{desk.address}/queue", java_script_enabled=script)
        page.get_by_role("heading", name="Sign in").wait_for()
        sign_in(page, "ben")
        page.wait_for_url("**/queue")
        page.click("text=ben · reviewer")
        page.select_option("#zone", "Asia/Tokyo")
        page.click("text=Set the zone")
        assert page.locator("#zone").input_value() == "Asia/Tokyo"
        page.fill("#label", "nightly")
        page.click("text=Make a token")
        assert page.locator("#made").input_value().startswith("hrt_")
        page.click("text=Sign out >> nth=0")
        page.get_by_role("heading", name="Sign in").wait_for()
        page.goto(f"{desk.address}/queue")
        page.get_by_role("heading", name="Sign in").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(tmp_path: Path, opened: Callable[..., Any], scheme: str) -> None:
    with served(tmp_path) as desk:
        page = opened(f"{desk.address}/me", color_scheme=scheme)
        found = axe.Axe().run(page).response["violations"]
        with_people(desk)
        page.goto(f"{desk.address}/people")
        found += axe.Axe().run(page).response["violations"]
        sign_in(page, "ann")
        for path in PAGES:
            page.goto(f"{desk.address}{path}")
            found += axe.Axe().run(page).response["violations"]
        page.goto(f"{desk.address}/people/one?name=ben")
        page.click("text=Make a new password")
        page.locator("#made").wait_for()
        found += axe.Axe().run(page).response["violations"]

        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []
