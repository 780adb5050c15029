"""``handrail review next`` on a terminal: keys, Ctrl-C and a terminal that goes away."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from handrail import Client, Orchestrator, Run, workflow
from handrail_orchestrator.records.item import ReviewItem
from tests.acceptance.terminal import Terminal, terminal

pytestmark = pytest.mark.acceptance

STORE = "sqlite:///runs.db"
PROMPT = "? helps): "
LONG = "\n".join(f"line {n}" for n in range(300))


@workflow(version=1)
async def approve(run: Run, n: int) -> bool:
    return await run.ask(f"Question {n}?", bool, context=LONG if n == 9 else None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a store in which three questions wait."""
    asyncio.run(ask(tmp_path, 0, 1, 2))
    return tmp_path


async def ask(folder: Path, *numbers: int) -> None:
    async with Orchestrator(f"sqlite:///{folder / 'runs.db'}", workflows=[approve]) as orchestrator:
        await orchestrator.start_many(approve, [(str(n), n) for n in numbers])
        await orchestrator.idle()


def item(folder: Path, number: int = 1) -> ReviewItem:
    async def look() -> ReviewItem:
        async with Client(f"sqlite:///{folder / 'runs.db'}") as client:
            return client.review(number)

    return asyncio.run(look())


NEXT = ("review", "next", "--as", "ann", "--store", STORE)


def ctrl_c(shown: Terminal) -> None:
    shown.type("\x03")


def interrupted(shown: Terminal) -> None:
    shown.process.send_signal(signal.SIGINT)


def terminated(shown: Terminal) -> None:
    shown.process.send_signal(signal.SIGTERM)


@pytest.mark.parametrize("stop", [ctrl_c, interrupted, terminated])
@pytest.mark.parametrize("typed", ["", "c\r", "half an ans"])
def test_it_stops_at_once_and_the_question_is_given_back(
    folder: Path, stop: Callable[[Terminal], None], typed: str
) -> None:
    with terminal(folder, *NEXT) as shown:
        shown.until(PROMPT)
        shown.type(typed)
        shown.until("comment: " if typed == "c\r" else typed)
        stop(shown)
        assert shown.ended() == 130
        assert "Traceback" not in shown.shown
        assert "handrail: stopped" in shown.shown
    assert (item(folder).state, item(folder).lease_owner) == ("open", None)


def test_answers_before_the_stop_are_kept(folder: Path) -> None:
    with terminal(folder, *NEXT) as shown:
        shown.until(PROMPT)
        shown.type("y\r")
        shown.until(PROMPT)
        ctrl_c(shown)
        assert shown.ended() == 130
    assert (item(folder, 1).decision, item(folder, 2).state) == (True, "open")


def test_a_terminal_that_goes_away_gives_the_question_back(folder: Path) -> None:
    with terminal(folder, *NEXT) as shown:
        shown.until(PROMPT)
        shown.hang_up()
        shown.ended()
    assert (item(folder).state, item(folder).lease_owner) == ("open", None)


def test_the_end_of_input_stops(folder: Path) -> None:
    with terminal(folder, *NEXT) as shown:
        shown.until(PROMPT)
        shown.type("\x04")
        assert shown.ended() == 0
        assert "0 decided, 3 left" in shown.shown


def test_what_is_typed_ahead_is_not_lost(folder: Path) -> None:
    with terminal(folder, *NEXT) as shown:
        shown.until(PROMPT)
        shown.type("y\rn\ry\r")
        assert shown.ended() == 0
        assert "3 decided, 0 left" in shown.shown
    assert [item(folder, number).decision for number in (1, 2, 3)] == [True, False, True]


def test_bytes_that_are_no_text_are_said_to_be_none(folder: Path) -> None:
    with terminal(folder, *NEXT) as shown:
        shown.until(PROMPT)
        shown.write(b"caf\xe9\r")
        shown.until("not UTF-8 text")
        shown.until(PROMPT)
        shown.type("y\rq\r")
        assert shown.ended() == 0
        assert "1 decided, 2 left" in shown.shown


def test_a_long_context_is_cut_to_the_screen_and_shown_whole_on_demand(tmp_path: Path) -> None:
    asyncio.run(ask(tmp_path, 9))
    with terminal(tmp_path, *NEXT, lines=40, PAGER="cat", TERM="dumb") as shown:
        first = shown.until(PROMPT)
        assert "line 23" in first
        assert "line 24" not in first
        assert "276 more lines: v shows all" in first
        shown.type("v\r")
        assert "line 299" in shown.until(PROMPT)
        shown.type("q\r")
        assert shown.ended() == 0
