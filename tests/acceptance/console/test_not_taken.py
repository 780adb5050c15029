"""What comes back to a reviewer whose answer was not taken, in a real browser, with a script and without one."""

from pathlib import Path
from typing import Any

from tests.acceptance.console import flows
from tests.acceptance.console.desk import answer_to, key, next_after, served, shown


def ready(page: Any) -> None:
    page.locator('#work[data-standing="mine"]').wait_for()


def test_of_two_people_at_one_item_the_second_keeps_what_was_typed(tmp_path: Path, opened: Any) -> None:
    with served(tmp_path, (flows.invoices, "I-1", flows.SOURCE), (flows.invoices, "I-2", flows.SOURCE)) as desk:
        page = opened(f"{desk.address}/items/1?queue=desk")
        ready(page)
        page.locator('[name="a.vendor"]').fill("What I typed")
        desk.move(lambda client: client.release(1, by="ann"))
        desk.move(lambda client: client.decide(1, flows.READ.model_dump(mode="json"), by="ben"))
        key(page, "Control+Enter")
        page.get_by_text("Somebody else was faster.").wait_for()
        assert page.locator("output", has_text="What I typed").count() == 1
        assert shown(page) == "1"
        assert desk.item(1).decided_by == "person:ben"
        assert len([change for change in desk.item(1).history if change.action == "decide"]) == 1


def test_a_value_that_does_not_fit_is_named_and_can_be_mended(tmp_path: Path, opened: Any) -> None:
    with served(tmp_path, (flows.invoices, "I-1", flows.SOURCE), (flows.invoices, "I-2", flows.SOURCE)) as desk:
        page = opened(f"{desk.address}/items/1?queue=desk")
        ready(page)
        page.locator('[name="a.total"]').fill("twelve")
        page.locator('[name="a.vendor"]').fill("Another vendor")
        key(page, "Control+Enter")
        page.locator("#problem").wait_for()
        assert page.locator('[name="a.total"]').input_value() == "twelve"
        assert page.locator('[name="a.total"]').get_attribute("aria-invalid") == "true"
        assert page.locator('[name="a.vendor"]').input_value() == "Another vendor"
        assert desk.item(1).answers == ()
        page.locator('[name="a.total"]').fill("166.00")
        key(page, "Control+Enter")
        next_after(page, "1")
        assert answer_to(desk, 1).value["vendor"] == "Another vendor"


def test_an_answer_that_guards_object_to_is_confirmed_by_name(tmp_path: Path, opened: Any) -> None:
    options = ("--workflows", f"{flows.__file__}:invoices")
    starts = [(flows.invoices, f"I-{number}", flows.SOURCE) for number in (1, 2)]
    with served(tmp_path, *starts, options=options) as desk:
        page = opened(f"{desk.address}/items/1?queue=desk")
        ready(page)
        page.locator('[name="a.total"]').fill("99.00")
        page.locator('[name="a.vendor"]').focus()
        page.locator("#checked", has_text="sums").wait_for()  # said beside the fields, before anything is saved
        key(page, "Control+Enter")
        page.get_by_text("Guards object to this answer.").wait_for()
        assert desk.item(1).answers == ()
        for box in page.locator("#despite input").all():
            box.check()
        key(page, "Control+Enter")
        next_after(page, "1")
        answer = answer_to(desk, 1)
        assert answer.value["total"] == "99.00"
        assert "sums" in answer.despite


def test_what_is_not_saved_because_the_server_is_gone_stays_in_the_page(tmp_path: Path, opened: Any) -> None:
    with served(tmp_path, (flows.invoices, "I-1", flows.SOURCE), (flows.invoices, "I-2", flows.SOURCE)) as desk:
        page = opened(f"{desk.address}/items/1?queue=desk")
        ready(page)
        page.locator('[name="a.vendor"]').fill("What I typed")
        page.route("**/decide", lambda route: route.abort())
        key(page, "Control+Enter")
        page.locator("#toast", has_text="Not saved").wait_for()
        assert shown(page) == "1"
        assert page.locator('[name="a.vendor"]').input_value() == "What I typed"
        page.unroute("**/decide")
        key(page, "Control+Enter")
        next_after(page, "1")
        assert all("ERR_FAILED" in said for said in page.said)
        page.said.clear()
        assert answer_to(desk, 1).value["vendor"] == "What I typed"


def test_everything_works_without_a_script(tmp_path: Path, opened: Any) -> None:
    starts = [
        (flows.tickets, "T-1", "one"),
        (flows.invoices, "I-1", flows.SOURCE),
        (flows.labels, "L-1", "many"),
    ]
    with served(tmp_path, *starts, options=("--undo-seconds", "200")) as desk:
        page = opened(f"{desk.address}/queue", java_script_enabled=False)
        page.get_by_role("button", name="Start reviewing").click()
        page.get_by_role("radio", name="refund").check()
        page.locator("#accept").click()
        page.get_by_text("Saved T-1 as “refund”").wait_for()
        page.locator('[name="a.total"]').fill("twelve")
        page.locator("#save").click()
        page.locator("#problem").wait_for()
        assert page.locator('[name="a.total"]').input_value() == "twelve"
        page.locator('[name="a.total"]').fill("166.00")
        page.get_by_role("button", name="Add to Lines").click()
        assert page.locator('[name^="a.lines."][name$=".amount"]').count() == 3
        page.get_by_role("button", name="Remove Lines 3").click()
        page.locator("#save").click()
        page.get_by_text("find another").click()
        page.get_by_role("radio", name="label 141").check()
        page.locator("#accept").click()
        page.wait_for_url("**/queue?*end=1*")
        values = [answer_to(desk, number).value for number in (1, 2, 3)]
        assert values[0] == "refund"
        assert values[1]["total"] == "166.00"
        assert values[2] == "label 141"
        page.get_by_role("button", name="Undo").click()
        assert desk.item(3).state == "leased"
