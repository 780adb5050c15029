"""A page in sight shows signs of life, by which the time at an item is counted; one out of sight does not."""

from pathlib import Path
from typing import Any

from tests.acceptance.console import flows
from tests.acceptance.console.desk import answer_to, eventually, key, served

QUICK_SECONDS = "0.2"
HIDE = """(hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def beating_quickly(page: Any) -> None:
    """Have the pages that the browser gets ask for more signs of life than the server does."""

    def hurried(route: Any) -> None:
        answer = route.fetch()
        body = answer.text()
        assert 'data-beat="60.0"' in body
        route.fulfill(response=answer, body=body.replace('data-beat="60.0"', f'data-beat="{QUICK_SECONDS}"'))

    page.route("**/items/*", hurried)


def test_time_at_an_item_in_sight_is_counted_until_it_is_answered(tmp_path: Path, opened: Any) -> None:
    with served(tmp_path, (flows.tickets, "T-1", "ticket 1")) as desk:
        page = opened("about:blank")
        beating_quickly(page)
        page.goto(f"{desk.address}/items/1")
        page.locator('#work[data-standing="mine"]').wait_for()
        first = eventually(lambda: desk.item(1).hands_on)
        until = desk.item(1).lease_until
        more = eventually(lambda: desk.item(1).hands_on if desk.item(1).hands_on > first else 0.0)
        assert (desk.item(1).lease_until or 0.0) > (until or 0.0)
        key(page, "Enter")
        given = answer_to(desk, 1)
        page.close()  # or it would ask for a server that has ended
        counted = desk.item(1)
        assert more <= counted.hands_on <= given.at - (counted.first_taken or 0.0) + 1.0


def test_a_page_out_of_sight_shows_no_sign_of_life(tmp_path: Path, opened: Any) -> None:
    with served(tmp_path, (flows.tickets, "T-1", "ticket 1")) as desk:
        page = opened("about:blank")
        beating_quickly(page)
        page.goto(f"{desk.address}/items/1")
        page.locator('#work[data-standing="mine"]').wait_for()
        eventually(lambda: desk.item(1).hands_on)
        page.evaluate(HIDE, True)
        page.wait_for_timeout(500)  # what was on its way has arrived
        counted = desk.item(1).hands_on
        page.wait_for_timeout(1_500)
        assert desk.item(1).hands_on == counted
        page.evaluate(HIDE, False)
        with_more = eventually(lambda: desk.item(1).hands_on if desk.item(1).hands_on > counted else 0.0)
        assert with_more < counted + 1.5, "the time out of sight is not counted"
        page.close()  # or it would ask for a server that has ended
