"""``handrail review next``: what each thing that is typed does, and what is shown before it can be accepted."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from handrail_orchestrator.cli import prompting
from handrail_orchestrator.store.changes import MoveReview
from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.unit.orchestrator.commands import STORE, done, handrail, working_in, write

FLOWS = Path(__file__).with_name("desk_flows.py")
SOURCE = "ACME Ltd\ntea 4\nmilk 5\nTOTAL 9"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with working_in(tmp_path, monkeypatch):
        yield


def ask(workflow: str, *inputs: str) -> None:
    """Start runs that each ask one question, as ``tickets:1``, ``tickets:2`` ..."""
    done("run", f"{FLOWS}:{workflow}", write(list(inputs)), "--store", STORE)


def typed(*lines: str) -> str:
    """Answer as ann and return what was shown."""
    text = "".join(f"{line}\n" for line in lines)
    return done("review", "next", "--as", "ann", "--store", STORE, typed=text)


def item(number: int = 1) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(done("review", "show", str(number), "--store", STORE, "--json"))
    return shown


def output(run: int = 1) -> Any:
    return json.loads(done("runs", "show", f"tickets:{run}", "--store", STORE, "--json"))["output"]


# -- labels


@pytest.mark.dear
@pytest.mark.parametrize("label", ["1", "2", "3", "4"])
def test_a_label_that_is_a_number_is_chosen_by_that_number(label: str) -> None:
    ask("severities", "x")
    typed(label)
    assert output() == label


def test_a_number_that_is_no_label_chooses_nothing_where_labels_are_numbers() -> None:
    ask("severities", "x")
    assert "'5' is not one of" in typed("5")
    assert item()["state"] == "open"


@pytest.mark.dear
def test_every_label_is_shown_with_the_number_that_chooses_it() -> None:
    ask("teams", "x")
    shown = typed("14")
    numbered = dict(line.strip(" *").split("  ", 1) for line in shown.splitlines() if "  team " in line)
    assert len(numbered) == 14
    assert numbered["1"].split("  ")[0].strip() == "team 12", "what is suggested comes first"
    assert output() == numbered["14"].strip()


def test_a_label_is_found_in_any_case_of_letters() -> None:
    ask("teams", "x")
    typed("TEAM 7")
    assert output() == "team 7"


@pytest.mark.dear
def test_a_label_that_is_spelt_like_a_key_is_the_label() -> None:
    ask("sizes", "x", "y")
    shown = typed("s", "/q")
    assert "1 decided, 1 left" in shown
    assert output() == "s"


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        *((line, True) for line in ("y", "yes", "Y", "true", "1")),
        *((line, False) for line in ("n", "no", "No", "false", "2")),
    ],
)
def test_yes_and_no_are_answers_in_every_usual_spelling(line: str, *, answer: bool) -> None:
    ask("approvals", "x")
    typed(line)
    assert output() is answer


@pytest.mark.parametrize(("line", "answer"), [("7", 7), ("null", None), ("-3", -3)])
def test_json_is_read_where_it_fits(line: str, answer: int | None) -> None:
    ask("counts", "x")
    typed(line)
    assert output() == answer


# -- free text


@pytest.mark.parametrize(("line", "answer"), [("We pay.", "We pay."), ('"s"', "s"), ("12", "12"), ("true", "true")])
def test_other_text_is_the_answer_and_quotes_make_an_answer_of_a_key(line: str, answer: str) -> None:
    ask("replies", "x")
    typed(line)
    assert output() == answer


@pytest.mark.parametrize("line", ["9" * 5000, "[" * 100_000, "[" * 150 + "]" * 150, "NaN", "1e999"])
def test_text_that_python_cannot_bear_as_json_is_refused_or_is_text(line: str) -> None:
    ask("counts", "x")
    shown = typed(line)
    assert "0 decided, 1 left" in shown
    assert "review item 1: answer: " in shown
    assert max(map(len, shown.splitlines())) < 2000
    result = handrail("review", "decide", "1", line, "--as", "ann", "--store", STORE)
    assert result.exit_code == 2
    assert result.stderr.startswith("handrail: review item 1: answer: ")


# -- accepting


@pytest.mark.dear
def test_a_suggestion_is_accepted_by_enter_and_by_its_key() -> None:
    ask("teams", "x", "y")
    assert "2 decided, 0 left" in typed("", "a")
    assert (output(1), output(2)) == ("team 12", "team 12")


def test_an_enter_right_after_an_enter_accepts_nothing() -> None:
    ask("teams", "x", "y", "z")
    shown = typed("", "", "", "a", "")
    assert "2 decided, 1 left" not in shown
    assert shown.count("an Enter right after an Enter accepts nothing") == 2
    assert "3 decided, 0 left" in shown, "after something else it accepts again"


def test_enter_accepts_nothing_where_nothing_is_suggested() -> None:
    ask("approvals", "x")
    shown = typed("", "a")
    assert shown.count("nothing is suggested") == 2
    assert "0 decided, 1 left" in shown


# -- what is shown


def before_the_prompt(shown: str) -> str:
    return shown.partition("  answer (")[0]


@pytest.mark.dear
def test_an_extraction_is_shown_whole_with_what_failed_before_it_can_be_accepted() -> None:
    ask("bills", SOURCE)
    for shown in (before_the_prompt(typed("q")), done("review", "show", "1", "--store", STORE)):
        lines = [line.split() for line in shown.splitlines()]
        for name, value in [("shop", "ACME"), ("lines.0.amount", "4"), ("lines.1.text", "milk"), ("total", "99")]:
            assert [name, value] in [line[:2] for line in lines], name
        assert "✗ sums (total): 4 + 5 is 9, not 99" in shown
        assert "found in: 'ACME'" in shown
    assert item()["judgement"]["failed"] == [{"guard": "sums", "field": "total", "reason": "4 + 5 is 9, not 99"}]


def test_what_is_shown_cannot_move_the_cursor() -> None:
    ask("replies", "\x1b[2Jgone\u202e")
    shown = typed("q")
    assert "\x1b" not in shown
    assert "\\x1b[2Jgone\\u202e" in shown


# -- guards


@pytest.mark.dear
def test_what_a_guard_refused_is_accepted_only_by_a_yes_to_that_guard() -> None:
    ask("bills", SOURCE)
    shown = typed("", "", "", "n", "", "maybe")
    assert shown.count("does the answer stand against sums all the same?") == 3
    assert "0 decided, 1 left" in shown
    assert "1 decided, 0 left" in typed("", "y")
    assert output()["total"] == "99"
    decided = next(each for each in item()["log"] if each["action"] == "decide")
    assert decided["data"]["despite"] == ["sums"]


@pytest.mark.dear
def test_an_answer_on_the_command_line_is_confirmed_by_the_name_of_the_guard() -> None:
    ask("bills", SOURCE)
    answer = json.dumps(item()["suggestion"])
    decide = ("review", "decide", "1", answer, "--as", "ann", "--store", STORE)
    result = handrail(*decide)
    assert result.exit_code == 1
    assert "fails sums (total): 4 + 5 is 9, not 99" in result.stderr
    assert "--despite sums" in result.stderr
    assert item()["state"] == "open"
    assert handrail(*decide, "--despite", "grounded").exit_code == 1
    done(*decide, "--despite", "sums")
    assert output()["total"] == "99"


# -- field by field


@pytest.mark.dear
def test_a_field_is_changed_by_name_and_the_whole_is_shown_before_it_is_accepted() -> None:
    ask("bills", SOURCE)
    shown = typed("total=9", "")
    draft = shown.partition("your answer")[2].partition("  answer (")[0]
    assert ["total", "9"] in [line.split()[:2] for line in draft.splitlines()]
    assert "1 decided, 0 left" in shown
    assert output()["total"] == "9"


@pytest.mark.dear
def test_fields_are_gone_through_one_by_one() -> None:
    ask("bills", SOURCE)
    typed("e", "ACME Ltd", "", "", "", "five", "5", "9", "a")
    lines = [{"text": "tea", "amount": "4"}, {"text": "milk", "amount": "5"}]
    assert output() == {"shop": "ACME Ltd", "lines": lines, "total": "9"}


@pytest.mark.dear
def test_a_field_is_emptied_with_a_dash_and_a_list_is_given_as_json() -> None:
    ask("bills", SOURCE)
    typed("e", "-", "", "", "", "", "", 'lines=[{"text": "tea", "amount": "9"}]', "total=9", "a")
    assert output() == {"shop": None, "lines": [{"text": "tea", "amount": "9"}], "total": "9"}


@pytest.mark.dear
def test_a_field_that_does_not_fit_is_refused_and_the_rest_stays() -> None:
    ask("bills", SOURCE)
    shown = typed("lines.0.amount=many", "total=9", "a")
    assert "field 'lines.0.amount': Input should be a valid decimal" in shown
    assert output()["lines"][0]["amount"] == "4"


@pytest.mark.dear
def test_a_correction_is_made_on_the_command_line_too() -> None:
    ask("bills", SOURCE)
    decide = ("review", "decide", "1", "--as", "ann", "--store", STORE)
    for wrong, said in [
        (("--set", "price=9"), "has no field 'price'; fields there: shop, lines"),
        (("--set", "total"), "write --set FIELD=VALUE"),
        (("--set", "total=lots"), "field 'total': Input should be a valid decimal"),
        ((), "give either an answer, or changes"),
        (("x", "--set", "total=9"), "give either an answer, or changes"),
    ]:
        result = handrail(*decide, *wrong)
        assert result.exit_code == 2
        assert said in result.stderr
    done(*decide, "--set", "total=9", "--set", "shop=ACME Ltd")
    assert (output()["total"], output()["shop"]) == ("9", "ACME Ltd")


# -- skipping, stopping, taking back


@pytest.mark.dear
def test_a_skip_leads_to_the_next_question() -> None:
    ask("approvals", "x", "y", "z")
    shown = typed("s", "y", "n")
    assert "2 decided, 1 left" in shown
    assert (item(1)["state"], item(1)["lease_owner"]) == ("open", None)
    assert (output(2), output(3)) == (True, False)


@pytest.mark.dear
def test_stopping_gives_the_question_back_as_if_nobody_had_looked() -> None:
    ask("approvals", "x")
    for lines in (["q"], [], ["c"]):
        typed(*lines)
        assert [entry["action"] for entry in item()["log"]][-2:] == ["take", "release"]


def test_a_comment_is_kept_with_the_answer() -> None:
    ask("approvals", "x")
    typed("c", "called the customer", "y")
    assert item()["note"] == "called the customer"


@pytest.mark.dear
def test_the_last_answers_can_be_taken_back_one_after_the_other() -> None:
    ask("approvals", "x", "y", "z")
    shown = typed("y", "y", "u", "u", "n", "n", "n")
    assert "item 2: yes is taken back" in shown
    assert "item 1: yes is taken back" in shown
    assert "3 decided, 0 left" in shown
    assert (output(1), output(2), output(3)) == (False, False, False)


def test_nothing_of_an_earlier_sitting_is_taken_back() -> None:
    ask("approvals", "x")
    assert "there is no answer of this sitting to take back" in typed("u")


def test_help_lists_the_keys_and_the_whole_context_can_be_seen() -> None:
    ask("replies", "\n".join(f"line {n}" for n in range(200)))
    shown = typed("?", "v")
    assert "skips: the question comes back after all others" in shown
    assert shown.count("line 199") == 2


def meanwhile(monkeypatch: pytest.MonkeyPatch, lines: list[str], does: Callable[[int], None]) -> str:
    """Answer as ann, with something done by another process before each line; return what was shown."""
    told = iter(enumerate(lines))

    def typed_line(_prompt: str, _pulse: object) -> str:
        number, line = next(told)
        does(number)
        return line

    monkeypatch.setattr(prompting, "typed_line", typed_line)
    return done("review", "next", "--as", "ann", "--store", STORE)


def change(number: int, state: str, action: str, **more: Any) -> None:
    """Change an item as another process would."""
    store = SqliteStore("runs.db")
    row = store.review(number)
    assert row is not None
    store.apply([MoveReview(number, row.version, state, action, "person:ben", time.time(), **more)])  # type: ignore[arg-type]  # one of the states
    store.close()


@pytest.mark.dear
def test_a_question_that_somebody_else_decides_meanwhile_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    ask("approvals", "x", "y")
    shown = meanwhile(
        monkeypatch, ["y", "n"], lambda line: change(1, "decided", "decide", decision="false") if line == 0 else None
    )
    assert "was decided by person:ben" in shown
    assert "1 decided, 0 left" in shown
    assert (output(1), output(2)) == (False, False)


def test_what_was_typed_at_a_question_that_somebody_else_took_is_said_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    ask("replies", "x")

    def does(line: int) -> None:
        if line == 1:
            change(1, "leased", "take", lease_owner="ben", lease_until=time.time() + 300)

    shown = meanwhile(monkeypatch, ["Dear customer, we pay.", "n"], lambda line: does(line + 1))
    assert "is being decided by ben" in shown
    assert "what you typed is kept here" in shown
    assert shown.count("Dear customer, we pay.") == 1
    assert "0 decided, 1 left" in shown


@pytest.mark.dear
def test_a_draft_is_there_again_when_its_question_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    ask("bills", SOURCE)
    done("run", f"{FLOWS}:approvals", write(["x", "y"], "others.jsonl"), "--store", STORE)

    def does(line: int) -> None:
        if line == 2:  # the draft is made: ben takes the question, and gives it back
            change(1, "leased", "take", lease_owner="ben", lease_until=time.time() + 300)
        if line == 3:
            change(1, "open", "release")

    lines = ["total=9", "shop=ACME Ltd", "a", "y", "a", "y"]
    shown = meanwhile(monkeypatch, lines, does)
    assert "what you typed is kept here" in shown
    assert "0 left" in shown
    assert (output(1)["total"], output(1)["shop"]) == ("9", "ACME Ltd")


def test_a_lease_that_ran_out_takes_nothing_away_while_nobody_else_took_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ask("approvals", "x")

    def run_out(_line: int) -> None:
        with closing(sqlite3.connect("runs.db")) as database, database:
            database.execute("UPDATE reviews SET lease_until = 1.0")

    assert "1 decided, 0 left" in meanwhile(monkeypatch, ["y"], run_out)


def test_a_note_by_somebody_else_is_no_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    ask("approvals", "x")

    def add_note(line: int) -> None:
        if line == 0:
            until = time.time() + 300
            change(1, "leased", "note", lease_owner="ann", lease_until=until, note="look twice")

    shown = meanwhile(monkeypatch, ["y", "y"], add_note)
    assert "was changed by someone else" in shown
    assert "look twice" in shown
    assert "1 decided, 0 left" in shown


# -- handing on, many labels


@pytest.mark.dear
def test_a_question_is_sent_up_with_its_reason() -> None:
    ask("approvals", "x", "y", "z")
    shown = typed("x", "4", "x", "not my area", "x", "5", "only the boss knows", "q")
    assert "item 1 is sent up: policy" in shown
    assert "item 2 is sent up: not my area" in shown
    assert [(item(n)["tier"], item(n)["state"]) for n in (1, 2, 3)] == [(2, "open")] * 3
    assert item(3)["log"][-1]["data"]["note"] == "only the boss knows"


def test_an_enter_at_the_reasons_sends_nothing_up() -> None:
    ask("approvals", "x")
    assert "not sent up" in typed("x", "", "q")
    assert item()["tier"] == 1


@pytest.mark.dear
def test_a_label_is_found_by_a_part_of_it_and_chosen_by_its_new_number() -> None:
    ask("teams", "x")
    shown = typed("/11", "1")
    assert "  1  team 11" in shown
    assert output() == "team 11"


def test_a_part_that_no_label_has_changes_nothing() -> None:
    ask("teams", "x")
    shown = typed("/nowhere", "2")
    assert "no answer has that in its name" in shown
    assert output() == "team 1"


@pytest.mark.dear
def test_of_many_labels_only_those_that_are_shown_have_a_number() -> None:
    ask("products", "x")
    shown = typed("31", "150", "/product 150", "1")
    assert "finds one of 120 more" in shown
    assert shown.count("is not one of") == 2
    assert output() == "product 150"


def test_a_note_that_goes_with_no_answer_is_recorded_all_the_same() -> None:
    ask("approvals", "x")
    typed("c", "ask Eve", "q")
    assert [entry["action"] for entry in item()["log"]] == ["ask", "take", "note", "release"]
    assert item()["note"] == "ask Eve"


# -- the undo window


def test_answers_count_when_the_sitting_ends_and_the_log_tells_both() -> None:
    ask("approvals", "x")
    assert "item 1 counts now" in typed("y")
    assert [entry["action"] for entry in item()["log"]] == ["ask", "take", "decide", "commit"]


def test_without_a_window_answers_count_at_once() -> None:
    ask("approvals", "x")
    shown = done("review", "next", "--as", "ann", "--store", STORE, "--undo-seconds", "0", typed="y\n")
    assert "counts now" not in shown
    assert [entry["action"] for entry in item()["log"]] == ["ask", "take", "decide"]
