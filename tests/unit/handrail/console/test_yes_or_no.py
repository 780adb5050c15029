"""Questions of yes and no: what a step is called with stands there whole, and y and n mean the same every day."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handrail import Escalation, Run, action, workflow
from handrail_orchestrator.links import link_for
from handrail_orchestrator.secret import signing_secret
from handrail_orchestrator.store.address import path_of
from tests.unit.handrail.console.served import Site, approvals, opened, text_of
from tests.unit.handrail.console.test_keys_page import everything

MANY = {f"argument_{number}": f"value {number}" for number in range(30)}


@action(approval=Escalation(queue="money"))
def pay(payee: str, amount: int, lines: list[str], message: str, more: dict[str, str]) -> str:
    return f"{amount} to {payee}: {lines} {message} {more}"


@action(on_failure="review")
def look_up(payee: str) -> str:
    raise OSError(f"no answer about {payee}")


@workflow(version=1)
async def settle(run: Run, payee: str) -> str:
    return await run.step(pay, payee, 82_000, ["rent", "heat"], "first line\nsecond line " + "x" * 200, MANY)


@workflow(version=1)
async def searching(run: Run, payee: str) -> str:
    return await run.step(look_up, payee)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with opened(tmp_path, flows=[settle, searching, approvals]) as found:
        yield found


def arguments(page: str) -> dict[str, str]:
    """Return what a page shows as the arguments of a step."""
    return {name: text_of(value) for name, value in re.findall(r"<dt>(.*?)</dt><dd[^>]*>(.*?)</dd>", page, re.DOTALL)}


def keys_of(page: str) -> list[tuple[str, str]]:
    """Return the answers of a page with the letter that chooses each."""
    return re.findall(r'name="choice" value="(\w+)"[^>]* data-key="(\w)"', page)


async def test_all_that_is_approved_stands_there_by_name_and_whole(site: Site) -> None:
    (item,) = await site.ask(settle, "ACME")
    token = link_for(
        site.engine.review(item),
        audience="ann",
        expires=site.engine.now() + 60,
        secret=signing_secret(path_of(site.engine.store)),
    )
    for path in (f"/items/{item}", f"/link/{token}"):
        page = await site.page(path)
        shown = arguments(page)
        assert list(shown) == ["payee", "amount", "lines", "message", "more"]
        assert shown["payee"] == "ACME"
        assert shown["amount"] == "82000"
        assert shown["lines"] == '[ "rent", "heat" ]'
        assert shown["message"] == "first line second line " + "x" * 200
        assert all(f'"{value}"' in shown["more"] for value in MANY.values())
        assert "Execute pay with these arguments?" in text_of(page)


async def test_a_step_that_failed_shows_what_it_was_called_with_and_why_it_is_asked(site: Site) -> None:
    (item,) = await site.ask(searching, "ACME")
    page = await site.page(f"/items/{item}")
    assert arguments(page) == {"payee": "ACME"}
    assert "no answer about ACME" in text_of(page)
    assert "What is the result of look_up?" in text_of(page)
    await site.post(f"/items/{item}/decide", {"a": "found by hand", **site.looked_at(item)})
    assert site.engine.review(item).answers[-1].value == "found by hand"


async def test_y_and_n_answer_however_often_the_other_was_said(site: Site) -> None:
    for item in await site.ask(approvals, "one", "two", "three"):
        await site.engine.decide(item, value=False, by="ann")
    (item,) = await site.ask(approvals, "four")
    assert keys_of(await site.page(f"/items/{item}")) == [("true", "y"), ("false", "n")]
    (paying,) = await site.ask(settle, "ACME")
    assert keys_of(await site.page(f"/items/{paying}")) == [("true", "y"), ("false", "n")]


async def test_a_letter_that_was_given_to_something_else_answers_nothing(site: Site) -> None:
    (item,) = await site.ask(approvals, "one")
    await site.post("/keys", everything(triage__skip="y"))
    assert keys_of(await site.page(f"/items/{item}")) == [("true", "1"), ("false", "n")]
    await site.post("/keys", everything(single_keys="off"))
    assert keys_of(await site.page(f"/items/{item}")) == []
