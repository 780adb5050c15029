"""The page for reviewers, walked on a served store: each button, key and word that it names is met on the way."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from html import unescape
from pathlib import Path
from typing import Any, Literal

import httpx2
import pytest

from handrail import Client, Escalation, Orchestrator, Run, workflow
from handrail.console.keys import EXTRACTION, TRIAGE
from tests.acceptance.console import flows
from tests.acceptance.console.desk import PATIENCE_SECONDS, eventually, served
from tests.docs.page_run import ROOT

PAGE = (ROOT / "docs" / "reviews.md").read_text(encoding="utf-8")
QUOTED = {" ".join(each.split()) for each in re.findall(r"\*\*(.+?)\*\*", PAGE, flags=re.DOTALL)} - {"!"}


@workflow(version=1)
async def letters(run: Run, text: str) -> str:
    """Ask two people about a letter with an attachment."""
    context = {"text": text, "attachment": "https://files.example.com/letter.pdf"}
    two = Escalation(queue="letters", reviewers=2)
    answer: Literal["keep", "forward"] = await run.ask(
        "Keep it?", Literal["keep", "forward"], name="keep", context=context, escalate=two
    )
    return answer


class Reviewer:
    """One person at the pages, without a script; what every page said is kept."""

    def __init__(self, http: httpx2.Client, seen: list[str]) -> None:
        self._http = http
        self._seen = seen

    def get(self, path: str) -> str:
        """Open a page."""
        return self._kept(self._http.get(path))

    def send(self, path: str, **fields: str | Sequence[str]) -> str:
        """Send a form."""
        return self._kept(self._http.post(path, data=fields))

    def answer(self, item: int, **fields: str | Sequence[str]) -> str:
        """Answer an item as its page shows it."""
        page = self.get(f"/items/{item}")
        shown = {name: re.findall(rf'name="{name}" value="([^"]*)"', page)[0] for name in ("version", "shown")}
        return self.send(f"/items/{item}/decide", **shown, **fields)

    def _kept(self, answer: httpx2.Response) -> str:
        self._seen.append(answer.text)
        return answer.text


def browser(address: str, token: str) -> httpx2.Client:
    return httpx2.Client(
        base_url=address,
        headers={"authorization": f"Bearer {token}"},
        follow_redirects=True,
        timeout=PATIENCE_SECONDS,
    )


@contextmanager
def desk_with_people(folder: Path, seen: list[str]) -> Iterator[tuple[Any, dict[str, Reviewer]]]:
    options = ("--undo-seconds", "1", "--workflows", f"{flows.__file__}:invoices")
    starts = [(flows.tickets, f"T-{number}", "I was charged twice for my order") for number in range(4)]
    starts += [(flows.invoices, f"I-{number}", flows.SOURCE) for number in range(2)]
    with served(folder, *starts, (flows.labels, "L-1", "one of many"), options=options) as desk:
        tokens = asyncio.run(with_letters_and_people(desk.store))
        with ExitStack() as open_ones:
            yield (
                desk,
                {
                    name: Reviewer(open_ones.enter_context(browser(desk.address, token)), seen)
                    for name, token in tokens.items()
                },
            )


async def with_letters_and_people(store: str) -> dict[str, str]:
    from handrail.console.secret_keys import hash_of, new_token  # noqa: PLC0415 -- beside what makes people of it

    async with Orchestrator(store, workflows=[letters]) as engine:
        await engine.start(letters, "Dear all", id="E-1")
        await engine.idle()
    tokens = {name: new_token() for name in ("ann", "ben", "eve")}
    async with Client(store) as client:
        for name, role in (("ann", "admin"), ("ben", "senior"), ("eve", "viewer")):
            await client.people.add(name, roles={"*": role}, by="ann")  # type: ignore[dict-item]
            await client.people.let_in(name, hash_of(tokens[name]), "token", label="walk", seconds=None, by="ann")
    return tokens


def text_of(pages: list[str]) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)) for page in pages)


def items_of(desk: Any, flow: str) -> list[int]:
    return sorted(each.id for each in desk.items("open", "leased") if each.workflow == flow)


@pytest.mark.slow
def test_everything_that_the_page_for_reviewers_names_is_met_on_the_pages(tmp_path: Path) -> None:
    seen: list[str] = []
    with desk_with_people(tmp_path, seen) as (desk, people):
        ann, ben, eve = people["ann"], people["ben"], people["eve"]
        tickets, invoices = items_of(desk, "tickets"), items_of(desk, "invoices")
        (letter,) = items_of(desk, "letters")

        # the queue, and a question with one answer, taken back and given again
        ann.get("/queue?state=decided")
        assert "Start reviewing" in ann.get("/queue?queue=desk")
        ann.get("/batch?queue=desk")
        ann.answer(tickets[0], choice='"billing"')
        ann.send(f"/items/{tickets[0]}/undo")
        assert desk.item(tickets[0]).state == "leased"
        ann.answer(tickets[0], choice='"billing"')
        eventually(lambda: desk.item(tickets[0]).state == "decided")
        ann.get(f"/items/{tickets[0]}")
        eventually(lambda: "Decided before, similar" in ann.get(f"/items/{tickets[1]}"))

        # handed on
        ann.send(f"/items/{tickets[1]}/skip", note="not now")
        assert desk.item(tickets[1]).history[-1].action == "skip"
        ann.send(f"/items/{tickets[1]}/snooze", **{"for": "4h"})
        assert desk.item(tickets[1]).snoozed_until is not None
        ann.send(f"/items/{tickets[2]}/send_up", code="not_my_area")
        ann.send(f"/items/{tickets[2]}/note", note="who knows them?")
        ann.send(f"/items/{tickets[2]}/assign", to="ben")
        assert (desk.item(tickets[2]).tier, desk.item(tickets[2]).assignee) == (2, "ben")

        # somebody else was faster; a guard objects; two people
        assert "Somebody else was faster." in ben.send(
            f"/items/{tickets[0]}/decide", version="1", choice='"refund"', note="mine"
        )
        read = flows.READ.model_copy(update={"total": "99.00"})
        filled = {f"a.{name}": str(getattr(read, name)) for name in ("vendor", "number", "dated", "total")}
        filled |= lines_of(ben.get(f"/items/{invoices[0]}"))
        objected = ben.answer(invoices[0], **filled)
        assert "Guards object to this answer." in objected
        assert desk.item(invoices[0]).answers == ()
        named = re.findall(r'name="despite" value="([^"]*)"', objected)
        ben.answer(invoices[0], despite=named, **filled)
        eventually(lambda: "sums" in desk.item(invoices[0]).answers[-1].despite)
        ben.get(f"/items/{invoices[1]}?done={invoices[0]}")
        ann.answer(letter, choice='"keep"')
        eventually(lambda: desk.item(letter).state == "open")
        assert "Your answer stands" in ann.get(f"/items/{letter}")
        assert "keep" not in re.findall(r"<q[^>]*>(.*?)</q>", ben.get(f"/items/{letter}"))

        # no role for it; nobody needs it any more
        assert "You may not do that" in eve.send(f"/items/{tickets[3]}/take")
        ann.send(f"/runs/{desk.item(tickets[3]).run_id}", do="cancel", reason="sent twice")
        eventually(lambda: desk.item(tickets[3]).state == "cancelled")
        ann.get(f"/items/{tickets[3]}")
        ann.get(f"/items/{items_of(desk, 'labels')[0]}")

    met = text_of(seen)
    assert [each for each in sorted(QUOTED) if each not in met] == []
    bound = set(re.findall(r'data-key2?="([^"]+)"', " ".join(seen)))
    assert {*TRIAGE.values(), *"123456789", *EXTRACTION.values()} - bound - {"Alt+o"} == set()


@pytest.mark.slow
def test_the_pictures_of_the_page_can_be_taken_anew(tmp_path: Path) -> None:
    pytest.importorskip("playwright", reason="playwright drives the browser: pip install playwright")
    from docs import review_pictures  # noqa: PLC0415 -- needs the browser's driver

    if review_pictures.CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    taken = review_pictures.take_pictures(tmp_path, ("dark",))
    assert [file.name for file in taken] == ["review-triage-dark.png", "review-extraction-dark.png"]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in taken)


def lines_of(page: str) -> dict[str, str]:
    """Return the fields of a form's lists as the page has them."""
    boxes = re.findall(r'<(?:input|textarea)[^>]*name="(a\.lines[^"]*)"[^>]*?(?:value="([^"]*)")?[^>]*>', page)
    return {name: unescape(value) for name, value in boxes}
