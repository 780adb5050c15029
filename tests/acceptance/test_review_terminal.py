"""``handrail review next`` on a terminal: keys, Ctrl-C and a terminal that goes away."""

import asyncio
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from handrail import Client, Orchestrator, Run, Says, ScriptedModel, Workflow, draft, workflow
from handrail.guards import Never
from handrail_orchestrator.records.item import ReviewItem
from tests.acceptance.terminal import Terminal, terminal

pytestmark = pytest.mark.acceptance

STORE = "sqlite:///runs.db"
PROMPT = "? helps): "
LONG = "\n".join(f"line {n}" for n in range(300))
WIDE = (
    "二回請求されました。先月の請求書を確認してください。 👩\u200d👩\u200d👧 cafe\u0301 שלום ❤\ufe0f"
    " 한국어문장이여기에있습니다 Donaudampfschifffahrtsgesellschaft"
)
CONTEXTS = {7: WIDE, 9: LONG}
NAMES = [f"label {n}" if n != 77 else "überweisung 77" for n in range(150)]
Label = Enum("Label", {f"L{n}": name for n, name in enumerate(NAMES)}, type=str)  # type: ignore[misc]  # for the test


@workflow(version=1)
async def approve(run: Run, n: int) -> bool:
    return await run.ask(f"Question {n}?", bool, context=CONTEXTS.get(n))


reply = draft("reply", str, "Write a reply.", models=ScriptedModel(lambda _: Says("We pay.")), accept=Never())


@workflow(version=1)
async def write(run: Run, n: int) -> str:
    return await run.decide(reply, f"question {n}")


@workflow(version=1)
async def pick(run: Run, n: int) -> str:
    label: Label = await run.ask(f"Which, {n}?", Label)
    return str(label.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a store in which three questions wait."""
    asyncio.run(ask(tmp_path, 0, 1, 2))
    return tmp_path


async def ask(folder: Path, *numbers: int, of: Workflow[int, Any] = approve) -> None:
    async with Orchestrator(f"sqlite:///{folder / 'runs.db'}", workflows=[of]) as orchestrator:
        await orchestrator.start_many(of, [(str(n), n) for n in numbers])
        await orchestrator.idle()


def item(folder: Path, number: int = 1) -> ReviewItem:
    async def look() -> ReviewItem:
        async with Client(f"sqlite:///{folder / 'runs.db'}") as client:
            return client.review(number)

    return asyncio.run(look())


NEXT = ("review", "next", "--as", "ann", "--store", STORE, "--undo-seconds", "300")
LINES = (*NEXT, "--lines")
LONGER_THAN_A_GLANCE = 0.3
"""Seconds after which a key is taken to be meant for what is on the screen."""


def press(shown: Terminal, *keys: str) -> None:
    """Press keys as somebody does who has seen the question."""
    for key in keys:
        shown.until(PROMPT)
        time.sleep(LONGER_THAN_A_GLANCE)
        shown.type(key)


def ctrl_c(shown: Terminal) -> None:
    shown.type("\x03")


def interrupted(shown: Terminal) -> None:
    shown.process.send_signal(signal.SIGINT)


def terminated(shown: Terminal) -> None:
    shown.process.send_signal(signal.SIGTERM)


# -- stopping


@pytest.mark.parametrize(
    ("stop", "command", "typed", "seen"),
    [
        (ctrl_c, NEXT, "", PROMPT),
        (interrupted, NEXT, "c", "note: "),
        (terminated, NEXT, "/ye", "> yes"),
        (ctrl_c, NEXT, "x", "Enter leaves it: "),
        (terminated, LINES, "", PROMPT),
        (interrupted, LINES, "c\r", "note: "),
        (ctrl_c, LINES, "half an ans", "half an ans"),
    ],
)
def test_it_stops_at_once_and_the_question_is_given_back(
    folder: Path, stop: Callable[[Terminal], None], command: Sequence[str], typed: str, seen: str
) -> None:
    with terminal(folder, *command) as shown:
        if typed:
            press(shown, typed)
        shown.until(seen)
        stop(shown)
        assert shown.ended() == 130
        assert "Traceback" not in shown.shown
        assert "handrail: stopped" in shown.shown
        assert shown.is_as_usual(), "lines are edited and echoed again"
    assert (item(folder).state, item(folder).lease_owner) == ("open", None)


def test_an_answer_before_the_stop_is_kept_and_can_still_be_taken_back(folder: Path) -> None:
    with terminal(folder, *NEXT) as shown:
        press(shown, "y")
        shown.until(PROMPT)
        ctrl_c(shown)
        assert shown.ended() == 130
        assert "handrail review undo 1 --as ann" in shown.shown
    assert (item(folder, 1).state, item(folder, 1).answers[0].value) == ("pending", True)
    assert item(folder, 2).state == "open"


@pytest.mark.parametrize("end", ["hang up", "kill"])
def test_what_was_answered_is_not_lost_with_the_terminal(folder: Path, end: str) -> None:
    with terminal(folder, *NEXT) as shown:
        press(shown, "y")
        shown.until(PROMPT)
        if end == "kill":
            shown.process.kill()
            shown.process.wait()
        else:
            shown.hang_up()
            shown.ended()
    assert (item(folder, 1).state, item(folder, 1).answers[0].value) == ("pending", True)
    if end == "hang up":
        assert (item(folder, 2).state, item(folder, 2).lease_owner) == ("open", None)
    with terminal(folder, "review", "next", "--as", "ben", "--store", STORE) as shown:
        press(shown, "q")
        assert shown.ended() == 0
    assert item(folder, 1).answers[0].by == "ann"


def test_a_note_that_went_with_no_answer_is_not_lost_with_the_terminal(folder: Path) -> None:
    with terminal(folder, *NEXT) as shown:
        press(shown, "c")
        shown.until("note: ")
        shown.type("call back on Monday\r")
        shown.until(PROMPT)
        shown.hang_up()
        shown.ended()
    assert item(folder, 1).note == "call back on Monday"


@pytest.mark.parametrize("command", [NEXT, LINES])
def test_the_end_of_input_stops(folder: Path, command: Sequence[str]) -> None:
    with terminal(folder, *command) as shown:
        shown.until(PROMPT)
        shown.type("\x04")
        assert shown.ended() == 0
        assert "0 decided, 3 left" in shown.shown


# -- keys


def test_one_key_answers_and_what_is_left_is_done_when_there_is_no_more(folder: Path) -> None:
    with terminal(folder, *NEXT) as shown:
        press(shown, "y", "2", "1")
        shown.until("u, or Enter: ")
        shown.type("\r")
        assert shown.ended() == 0
        assert "3 decided, 0 left" in shown.shown
    assert [item(folder, number).decision for number in (1, 2, 3)] == [True, False, True]


def test_the_last_answer_counts_by_itself_when_its_window_is_over(folder: Path) -> None:
    with terminal(folder, *NEXT[:-1], "1") as shown:
        press(shown, "y", "2", "1")
        assert shown.ended() == 0
        assert "3 decided, 0 left" in shown.shown
    assert [item(folder, number).state for number in (1, 2, 3)] == ["decided"] * 3


def test_the_last_answer_can_be_taken_back_though_no_question_is_left(folder: Path) -> None:
    with terminal(folder, *NEXT) as shown:
        press(shown, "y", "1", "y")
        shown.until("u, or Enter: ")
        time.sleep(LONGER_THAN_A_GLANCE)
        shown.type("u")
        shown.until("item 3: yes is taken back")
        press(shown, "n")
        shown.until("u, or Enter: ")
        time.sleep(LONGER_THAN_A_GLANCE)
        shown.type("\r")
        assert shown.ended() == 0
    assert [item(folder, number).decision for number in (1, 2, 3)] == [True, True, False]


def test_a_held_key_answers_one_question(folder: Path) -> None:
    with terminal(folder, *NEXT) as shown:
        press(shown, "1" * 40)
        shown.until("so it answers nothing: 1111")
        press(shown, "q")
        assert shown.ended() == 0
        assert "1 decided, 2 left" in shown.shown


def test_what_is_typed_before_a_question_is_there_does_not_answer_it(folder: Path) -> None:
    with terminal(folder, *NEXT) as shown:
        press(shown, "y\rn\r")
        press(shown, "q")
        assert shown.ended() == 0
        assert "1 decided, 2 left" in shown.shown


def test_lines_that_are_typed_ahead_are_not_lost(folder: Path) -> None:
    with terminal(folder, *LINES) as shown:
        shown.until(PROMPT)
        shown.type("y\rn\ry\r")
        shown.until("u, or Enter: ")
        shown.type("\r")
        assert shown.ended() == 0
        assert "3 decided, 0 left" in shown.shown
    assert [item(folder, number).decision for number in (1, 2, 3)] == [True, False, True]


@pytest.mark.parametrize("command", [NEXT, LINES])
def test_bytes_that_are_no_text_are_said_to_be_none(folder: Path, command: Sequence[str]) -> None:
    with terminal(folder, *command) as shown:
        shown.until(PROMPT)
        time.sleep(LONGER_THAN_A_GLANCE)
        shown.write(b"caf\xe9\r" if "--lines" in command else b"\xe9!")
        shown.until("not UTF-8 text")
        shown.until(PROMPT)
        shown.type("\x04")
        assert shown.ended() == 0
        assert "0 decided, 3 left" in shown.shown


@pytest.mark.parametrize("key", ["\x1b[D", "\x1bOA", "\x1b[3~"], ids=["left", "up", "delete"])
def test_a_key_that_writes_nothing_is_no_part_of_what_is_typed(tmp_path: Path, key: str) -> None:
    asyncio.run(ask(tmp_path, 0, of=write))
    with terminal(tmp_path, *NEXT) as shown:
        press(shown, f"We do not{key} pay.\r")
        shown.until("type it again")
        press(shown, "We do not pay.\r")
        shown.until("(u takes it back")
        shown.type("\x04")
        shown.ended()
    assert item(tmp_path).answers[0].value == "We do not pay."


def test_the_mark_before_what_is_piped_is_no_part_of_it(tmp_path: Path) -> None:
    asyncio.run(ask(tmp_path, 0, of=write))
    command = [sys.executable, "-m", "handrail", *NEXT]
    piped = "\ufeffWe do not pay.\n".encode()
    subprocess.run(command, input=piped, cwd=tmp_path, stdout=subprocess.DEVNULL, check=True)
    assert item(tmp_path).decision == "We do not pay."


def test_keys_work_again_after_a_suspension(folder: Path) -> None:
    with terminal(folder, *NEXT) as shown:
        shown.until(PROMPT)
        shown.process.send_signal(signal.SIGSTOP)
        shown.wait_until_stopped()
        shown.set_as_usual()  # as a shell does when it goes on itself
        shown.process.send_signal(signal.SIGCONT)
        shown.wait_until_unusual()
        time.sleep(LONGER_THAN_A_GLANCE)
        shown.type("y")
        press(shown, "q")
        assert shown.ended() == 0
        assert "1 decided, 2 left" in shown.shown


def test_an_enter_behind_a_key_accepts_nothing_at_the_next_question(tmp_path: Path) -> None:
    asyncio.run(ask(tmp_path, 1))
    asyncio.run(ask(tmp_path, 2, of=write))
    with terminal(tmp_path, *NEXT) as shown:
        press(shown, "y\r")
        press(shown, "\x04")
        assert shown.ended() == 0
        assert "1 decided, 1 left" in shown.shown


def test_pasted_text_presses_no_keys(folder: Path) -> None:
    with terminal(folder, *NEXT) as shown:
        press(shown, "\x1b[200~sqy\r1\x1b[201~")
        shown.until("/ sqy 1")
        shown.type("\x1b")
        press(shown, "q")
        assert shown.ended() == 0
        assert "0 decided, 3 left" in shown.shown


def test_a_question_is_sent_up_with_its_reason_by_two_keys(folder: Path) -> None:
    with terminal(folder, *NEXT) as shown:
        press(shown, "x")
        shown.until("why? 1 unsure, 2 not my area, 3 missing information, 4 policy, 5 other")
        shown.until("leaves it: ")
        shown.type("3")
        shown.until("item 1 is sent up: missing information")
        press(shown, "q")
        assert shown.ended() == 0
    assert (item(folder).state, item(folder).tier) == ("open", 2)


def test_a_label_among_150_is_found_while_it_is_typed(tmp_path: Path) -> None:
    asyncio.run(ask(tmp_path, 0, of=pick))
    with terminal(tmp_path, *NEXT) as shown:
        first = shown.until(PROMPT)
        assert "finds one of 141 more" in first
        time.sleep(LONGER_THAN_A_GLANCE)
        shown.type("/ÜBER")
        shown.until("> überweisung 77")
        shown.type("\r")
        shown.until("→ überweisung 77")
        shown.until("u, or Enter: ")
        shown.type("\r")
        assert shown.ended() == 0
    assert item(tmp_path).decision == "überweisung 77"


def test_a_pager_has_ctrl_c_to_itself_and_the_question_is_kept(tmp_path: Path) -> None:
    asyncio.run(ask(tmp_path, 9))
    with terminal(tmp_path, *NEXT, PAGER="sh -c 'wc -c; read line </dev/tty'") as shown:
        press(shown, "o")
        shown.until("2604")
        ctrl_c(shown)
        press(shown, "q")
        assert shown.ended() == 0
        assert "0 decided, 1 left" in shown.shown


# -- terminals of all kinds


@pytest.mark.parametrize("name", ["dumb", ""])
def test_a_terminal_that_cannot_draw_gets_lines_and_no_codes(folder: Path, name: str) -> None:
    with terminal(folder, *NEXT, TERM=name) as shown:
        shown.until(PROMPT)
        shown.type("y\rq\r")
        assert shown.ended() == 0
        assert "1 decided, 2 left" in shown.shown
        assert "\x1b" not in shown.shown


def test_no_color_is_no_color_and_no_other_style(folder: Path) -> None:
    with terminal(folder, *NEXT, NO_COLOR="1") as shown:
        press(shown, "q")
        assert shown.ended() == 0
        assert not re.search(r"\x1b\[[0-9;]*m", shown.shown)


@pytest.mark.parametrize("columns", [20, 33, 80])
def test_nothing_is_wider_than_the_terminal(tmp_path: Path, columns: int) -> None:
    asyncio.run(ask(tmp_path, 7))
    with terminal(tmp_path, *NEXT, columns=columns) as shown:
        first = shown.until(PROMPT)
        time.sleep(LONGER_THAN_A_GLANCE)
        shown.type("q")
        assert shown.ended() == 0
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", first)
    assert max(cell_len(line) for line in plain.splitlines()) <= columns
    seen = "".join(plain.split())
    for word in WIDE.split():
        assert word in seen


def test_a_list_fits_a_narrow_terminal(folder: Path) -> None:
    with terminal(folder, "review", "list", "--store", STORE, columns=20) as shown:
        assert shown.ended() == 0
    assert max(cell_len(line) for line in shown.shown.splitlines()) <= 20
    assert "Question 2?" in shown.shown
    assert "3 of 3 shown" in shown.shown


def test_a_long_context_is_cut_to_the_screen_and_shown_whole_on_demand(tmp_path: Path) -> None:
    asyncio.run(ask(tmp_path, 9))
    with terminal(tmp_path, *NEXT, lines=40, PAGER="cat", TERM="dumb") as shown:
        first = shown.until(PROMPT)
        assert "line 23" in first
        assert "line 24" not in first
        assert "276 more lines: o shows all" in first
        shown.type("v\r")
        assert "line 299" in shown.until(PROMPT)
        shown.type("q\r")
        assert shown.ended() == 0
