"""A console in a process of its own, and a browser in front of it."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from typer.testing import CliRunner, Result

from handrail import Client, Orchestrator
from handrail.cli import app
from handrail_orchestrator.records.answer import GivenAnswer
from handrail_orchestrator.records.item import ReviewDetail, ReviewItem
from handrail_orchestrator.store import ReviewQuery
from tests.acceptance.console import flows

FLOWS = Path(flows.__file__)
PATIENCE_SECONDS = 60.0
DWELL_MS = 300
"""An item must have been in sight for a quarter of a second before a key decides it."""

T = TypeVar("T")


def do(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in a thread of its own: the browser's driver has the loop of this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def in_the_shell(*arguments: str) -> Result:
    """Run a command of ``handrail`` in a thread of its own, for the same reason."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(CliRunner().invoke, app, list(arguments)).result()


def eventually(what: Callable[[], T]) -> T:
    """Return the first thing that counts as true, looking again and again for a minute."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not (found := what()):
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.05)
    return found


@dataclass
class Desk:
    """A served store."""

    store: str
    address: str = ""
    process: "subprocess.Popen[str] | None" = field(default=None, repr=False)

    def ask(self, *starts: tuple[Any, str, str]) -> None:
        """Start runs, each given as workflow, id and text, and execute them until they wait."""

        async def started() -> None:
            async with Orchestrator(self.store, workflows=flows.WORKFLOWS) as engine:
                for flow, run, text in starts:
                    await engine.start(flow, text, id=run)
                await engine.idle()

        do(started())

    def move(self, what: Callable[[Client], Coroutine[Any, Any, T]]) -> T:
        """Do something to the store as another process does."""

        async def moved() -> T:
            async with Client(self.store) as client:
                return await what(client)

        return do(moved())

    def item(self, number: int) -> ReviewDetail:
        """Return an item."""

        async def looked(client: Client) -> ReviewDetail:
            return client.review(number)

        return self.move(looked)

    def items(self, *states: Any) -> Sequence[ReviewItem]:
        """Return the items in some states."""

        async def looked(client: Client) -> Sequence[ReviewItem]:
            return client.reviews(ReviewQuery(states=states, limit=1_000))

        return self.move(looked)


def start_serving(store: str, folder: Path, options: Sequence[str] = ()) -> Desk:
    """Start to serve a store as it is, and return when it is served."""
    desk = Desk(store)
    command = [sys.executable, "-m", "handrail", "serve", "--store", store, "--port", "0", "--as", "ann", *options]
    desk.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=folder)
    assert desk.process.stderr is not None
    said: list[str] = []
    while (found := re.search(r" (http://\S+)$", said[-1] if said else "")) is None:  # what else it says comes before
        said.append(desk.process.stderr.readline())
        if not said[-1]:
            end_serving(desk)
            raise AssertionError("".join(said))
    desk.address = found[1].rstrip("/")
    return desk


def end_serving(desk: Desk, how: int = signal.SIGTERM) -> None:
    """End the server, and wait for its end."""
    assert desk.process is not None
    if desk.process.poll() is None:
        os.kill(desk.process.pid, how)
    desk.process.communicate(timeout=PATIENCE_SECONDS)


@contextmanager
def serving(store: str, folder: Path, options: Sequence[str] = ()) -> Iterator[Desk]:
    """Serve a store as it is."""
    desk = start_serving(store, folder, options)
    try:
        yield desk
    finally:
        end_serving(desk)


@contextmanager
def served(folder: Path, *starts: tuple[Any, str, str], options: Sequence[str] = ()) -> Iterator[Desk]:
    """Serve a new store with some questions in it."""
    store = f"sqlite:///{folder / 'runs.db'}"
    Desk(store).ask(*starts)
    with serving(store, folder, options) as desk:
        yield desk


def shown(page: Any) -> str:
    """Return the number of the item in sight."""
    return str(page.locator("#work").get_attribute("data-item"))


def key(page: Any, *names: str) -> None:
    """Press keys once an item has been in sight for long enough."""
    for name in names:
        page.wait_for_timeout(DWELL_MS)
        page.keyboard.press(name)


def next_after(page: Any, item: str) -> str:
    """Wait for another item than this one and return its number."""
    page.locator(f'#work:not([data-item="{item}"])').wait_for(timeout=PATIENCE_SECONDS * 1000)
    return shown(page)


def answer_to(desk: Desk, number: int) -> GivenAnswer:
    """Wait for an item's answer: the page shows the next item before the server has said that it has it."""
    return eventually(lambda: desk.item(number).answers)[-1]
