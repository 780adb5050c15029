"""Reviewing in a real browser with nothing but keys."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.acceptance.console import flows
from tests.acceptance.console.desk import DWELL_MS, answer_to, eventually, key, next_after, served, shown

if TYPE_CHECKING:
    from handrail_orchestrator.records.item import ReviewItem

LONG_WINDOW = ("--undo-seconds", "200")
"""So that a test has time to take an answer back, however busy the machine is."""


def begin_by_keyboard(page: Any) -> None:
    """Reach the button that starts reviewing by Tab, and press it."""
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.locator(":focus").inner_text() == "Start reviewing":
            page.keyboard.press("Enter")
            page.locator("#work").wait_for()
            return
    raise AssertionError("no way to the button")


def tickets(count: int) -> list[tuple[Any, str, str]]:
    return [(flows.tickets, f"T-{number}", f"ticket {number}") for number in range(count)]


def test_thirty_items_of_both_kinds_are_decided_by_keys_alone(tmp_path: Path, opened: Any) -> None:
    starts = [
        (flows.tickets, f"T-{number}", f"ticket {number}")
        if number % 2
        else (flows.invoices, f"I-{number}", flows.SOURCE)
        for number in range(30)
    ]
    with served(tmp_path, *starts) as desk:
        page = opened(f"{desk.address}/queue?queue=desk")
        begin_by_keyboard(page)
        wanted: dict[str, str] = {}
        for number in range(30):
            item = shown(page)
            if page.locator("#work").get_attribute("data-kind") == "extraction":
                focused = page.locator(":focus")
                assert focused.get_attribute("name") == "a.dated", "the first field to check has the focus"
                if number % 4 == 0:
                    focused.press_sequentially("2024-03-04")
                wanted[item] = "2024-03-04" if number % 4 == 0 else "2024-04-03"
                key(page, "Enter", "Enter")  # the date, then the total, which is the last
            else:
                place = number % 3
                wanted[item] = ["billing", "refund", "fraud"][place]
                key(page, "Enter" if place == 0 else str(place + 1))
            if number < 29:
                next_after(page, item)
        page.wait_for_url("**/queue?*end=1*")
        decided: dict[str, ReviewItem] = {str(item.id): item for item in desk.items("pending", "decided")}
    assert set(decided) == set(wanted)
    for name, found in decided.items():
        value = found.answers[-1].value
        assert (value["dated"] if isinstance(value, dict) else value) == wanted[name]


def test_a_held_key_decides_once(tmp_path: Path, opened: Any) -> None:
    with served(tmp_path, *tickets(6), options=LONG_WINDOW) as desk:
        page = opened(f"{desk.address}/queue?queue=desk")
        page.get_by_role("button", name="Start reviewing").click()
        page.locator("#work").wait_for()
        item = shown(page)
        page.wait_for_timeout(DWELL_MS)
        for _ in range(30):
            page.keyboard.down("Enter")
        after = next_after(page, item)
        for _ in range(30):
            page.wait_for_timeout(20)
            page.keyboard.down("Enter")
        page.keyboard.up("Enter")
        assert shown(page) == after
        eventually(lambda: [str(each.id) for each in desk.items("pending")] == [item])
        for _ in range(30):  # a digit, too
            page.keyboard.down("2")
        page.keyboard.up("2")
        next_after(page, after)
        eventually(lambda: len(desk.items("pending")) == 2)


def test_two_quick_presses_are_not_two_decisions(tmp_path: Path, opened: Any) -> None:
    with served(tmp_path, *tickets(4), options=LONG_WINDOW) as desk:
        page = opened(f"{desk.address}/items/1?queue=desk")
        page.locator('#work[data-standing="mine"]').wait_for()
        page.wait_for_timeout(DWELL_MS)
        page.evaluate("""() => {
            for (const target of [document.body, document.body, document.body])
                target.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
        }""")
        next_after(page, "1")
        eventually(lambda: [each.id for each in desk.items("pending")] == [1])


def test_an_answer_is_taken_back_by_a_key(tmp_path: Path, opened: Any) -> None:
    with served(tmp_path, *tickets(3), options=LONG_WINDOW) as desk:
        page = opened(f"{desk.address}/items/1?queue=desk")
        page.locator('#work[data-standing="mine"]').wait_for()
        key(page, "2")
        next_after(page, "1")
        page.locator("#toast", has_text="Saved T-0 as “refund”").wait_for()
        eventually(lambda: desk.item(1).state == "pending")
        key(page, "u")
        page.locator('#work[data-item="1"]').wait_for()
        eventually(lambda: desk.item(1).state == "leased" and desk.item(2).state == "open")
        assert desk.item(1).answers == ()
        assert page.locator("#toast .toast-message").count() == 0


def test_a_label_among_many_is_found_by_typing(tmp_path: Path, opened: Any) -> None:
    with served(tmp_path, (flows.labels, "L-1", "one"), (flows.labels, "L-2", "two")) as desk:
        page = opened(f"{desk.address}/items/1?queue=labels")
        page.locator('#work[data-standing="mine"]').wait_for()
        assert page.locator(".label:visible").count() == 9
        key(page, "/")
        page.keyboard.type("141")
        page.locator("#found", has_text="1 found").wait_for()
        key(page, "Enter")
        next_after(page, "1")
        assert answer_to(desk, 1).value == "label 141"


def test_keys_do_nothing_while_a_text_is_typed_and_esc_closes_it(tmp_path: Path, opened: Any) -> None:
    with served(tmp_path, *tickets(2)) as desk:
        page = opened(f"{desk.address}/items/1?queue=desk")
        page.locator('#work[data-standing="mine"]').wait_for()
        key(page, "c")
        page.keyboard.type("s 1 2 x u: see the March incident")
        page.keyboard.press("Escape")
        assert shown(page) == "1"
        assert desk.item(1).state == "leased"
        key(page, "1")
        next_after(page, "1")
        assert answer_to(desk, 1).note == "s 1 2 x u: see the March incident"


def test_an_item_is_sent_up_by_two_keys(tmp_path: Path, opened: Any) -> None:
    with served(tmp_path, *tickets(2)) as desk:
        page = opened(f"{desk.address}/items/1?queue=desk")
        page.locator('#work[data-standing="mine"]').wait_for()
        key(page, "x", "3")
        next_after(page, "1")
        eventually(lambda: desk.item(1).tier == 2)
        sent = desk.item(1)
        assert (sent.tier, (sent.history[-1].data or {})["code"]) == (2, "missing_information")


def test_leaving_the_page_gives_the_item_back(tmp_path: Path, opened: Any) -> None:
    with served(tmp_path, *tickets(2)) as desk:
        page = opened(f"{desk.address}/items/1?queue=desk")
        page.locator('#work[data-standing="mine"]').wait_for()
        assert desk.item(1).lease_owner == "ann"
        key(page, "b")
        page.wait_for_url("**/queue?queue=desk")
        eventually(lambda: desk.item(1).state == "open")


def test_a_page_that_is_loaded_anew_keeps_its_item(tmp_path: Path, opened: Any) -> None:
    with served(tmp_path, *tickets(3)) as desk:
        page = opened(f"{desk.address}/items/1?queue=desk")
        page.locator('#work[data-standing="mine"]').wait_for()
        for _ in range(2):
            with page.expect_response("**/items/1/*"):  # it is kept, or taken again
                page.reload()
        key(page, "2")
        next_after(page, "1")
        assert answer_to(desk, 1).value == "refund"


def test_a_tab_that_is_closed_leaves_the_item_to_the_one_in_sight(tmp_path: Path, opened: Any) -> None:
    with served(tmp_path, *tickets(3)) as desk:
        first = opened(f"{desk.address}/items/1?queue=desk")
        first.locator('#work[data-standing="mine"]').wait_for()
        second = first.context.new_page()
        with second.expect_response("**/extend"):
            second.goto(first.url)
        first.goto(f"{desk.address}/queue")
        key(second, "2")
        next_after(second, "1")
        assert answer_to(desk, 1).value == "refund"


def test_what_a_field_was_found_in_is_lit_and_a_word_of_the_source_fills_it(tmp_path: Path, opened: Any) -> None:
    with served(tmp_path, (flows.invoices, "I-1", flows.SOURCE)) as desk:
        page = opened(f"{desk.address}/items/1")
        page.locator('#work[data-standing="mine"]').wait_for()
        page.locator('[name="a.vendor"]').focus()
        assert page.locator("mark.lit").inner_text() == "NORDIC OFFICE SUPPLY AB"
        page.locator('[name="a.number"]').focus()
        assert page.locator("mark.lit").inner_text() == "2024-00817"
        page.locator(".line", has_text="TOTAL").get_by_text("166.00").dblclick()
        assert page.locator('[name="a.number"]').input_value() == "166.00"


def test_where_a_word_was_picked_is_kept_with_the_answer(tmp_path: Path, opened: Any) -> None:
    with served(tmp_path, (flows.invoices, "I-1", flows.SOURCE)) as desk:
        page = opened(f"{desk.address}/items/1")
        page.locator('#work[data-standing="mine"]').wait_for()
        page.locator('[name="a.total"]').focus()
        page.locator(".line", has_text="TOTAL").get_by_text("166.00").dblclick()
        page.wait_for_timeout(DWELL_MS)
        page.locator("#save").click()
        answer_to(desk, 1)
        (decided,) = [each for each in desk.item(1).history if each.action == "decide"]
        start = flows.SOURCE.rindex("166.00")
        assert decided.data is not None
        assert decided.data["spans"] == {"total": [start, start + 6]}


def test_a_place_is_forgotten_once_something_else_is_typed(tmp_path: Path, opened: Any) -> None:
    with served(tmp_path, (flows.invoices, "I-1", flows.SOURCE)) as desk:
        page = opened(f"{desk.address}/items/1")
        page.locator('#work[data-standing="mine"]').wait_for()
        page.locator('[name="a.number"]').focus()
        page.locator(".line", has_text="TOTAL").get_by_text("166.00").dblclick()
        page.locator("input[name=span]").wait_for(state="attached")
        page.locator('[name="a.number"]').press_sequentially("7")
        assert page.locator("input[name=span]").count() == 0
