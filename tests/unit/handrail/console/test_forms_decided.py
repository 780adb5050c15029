"""An answer of several parts is typed at the page of its item: with rows that are added, and every digit kept."""

import re
from datetime import date
from decimal import Decimal
from html import unescape
from pathlib import Path

from pydantic import BaseModel

from handrail import Run, workflow
from tests.unit.handrail.console.served import Site, opened, text_of


class OrderLine(BaseModel):
    text: str
    amount: Decimal


class Order(BaseModel):
    number: str
    due: date | None = None
    lines: list[OrderLine]


@workflow(version=1)
async def orders(run: Run, text: str) -> Order:
    return await run.ask("What was ordered?", Order, context=text)


async def press(site: Site, item: int, page: str, typed: dict[str, str], **more: str) -> str:
    """Send the answer on a page with some boxes filled in; return the page that comes back."""
    data: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(version|shown|queue)"[^>]* value="([^"]*)"', page):
        data[name] = [value]
    parts = re.findall(r'<input type="(?:text|hidden)"[^>]*?name="(a[.~][^"]*)" value="([^"]*)"', page)
    for name, value in parts:
        data.setdefault(unescape(name), []).append(typed.get(unescape(name), unescape(value)))
    got = await site.post(f"/items/{item}/decide", {**data, **more})
    assert got.status_code in {200, 303, 422}, got.text
    return str(got.text)


async def test_an_order_is_typed_line_by_line_and_answers_the_item_exactly(tmp_path: Path) -> None:
    async with opened(tmp_path, flows=(orders,)) as site:
        (item,) = await site.ask(orders, "two lamps")
        page = await site.page(f"/items/{item}")
        page = await press(site, item, page, {"a.number": "817"}, _op="a.lines.add")
        page = await press(site, item, page, {"a.lines.0.text": "lamp", "a.lines.0.amount": "59,00"}, _op="a.lines.add")
        assert site.engine.review(item).state != "decided"

        typed = {"a.lines.1.text": "tape", "a.lines.1.amount": "3,1000", "a.due": "03/04/2024"}
        page = await press(site, item, page, typed)
        assert "3 April 2024" in text_of(page)
        assert 'value="03/04/2024"' in page
        await press(site, item, page, {"a.due": "3 April 2024"})

        answer = site.engine.review(item).answers[-1].value
        assert answer == {
            "number": "817",
            "due": "2024-04-03",
            "lines": [{"text": "lamp", "amount": "59.00"}, {"text": "tape", "amount": "3.1000"}],
        }
        assert Order.model_validate(answer).lines[1].amount.as_tuple() == Decimal("3.1000").as_tuple()
