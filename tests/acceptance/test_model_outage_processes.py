"""Several processes on one store: a model that one of them found down is asked by none, but for one call that tries."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from handrail import Client
from tests.acceptance.processes import kill, spawn
from tests.servers.temporal import TemporalAt
from tests.stores import store_in

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]


async def test_what_one_process_sees_the_others_refrain_from_and_a_killed_probe_is_freed(either_store: Path) -> None:
    await pass_over_what_is_down(either_store, store_in(either_store))


@pytest.mark.timeout(600)
async def test_behind_temporal_too(tmp_path: Path, temporal: TemporalAt, postgres_url: str) -> None:
    await pass_over_what_is_down(tmp_path, postgres_url, f"{temporal.url}?prefix={uuid4().hex[:8]}")


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, looking seldom: what is waited for needs the processor."""
    async with asyncio.timeout(240):
        while not holds():  # noqa: ASYNC110 -- what happens in other processes has no event here
            await asyncio.sleep(0.1)


async def pass_over_what_is_down(folder: Path, store: str, *engine: str) -> None:
    """Have two processes ask a model that is down, that hangs as one tries it, and that is back when that one died."""

    def lines(name: str) -> list[str]:
        return (folder / name).read_text().split() if (folder / name).exists() else []

    def asked() -> list[str]:
        return lines("calls")

    def ended() -> int:
        return len(lines("one")) + len(lines("two"))

    processes = {"one": spawn("asker.py", store, str(folder), "one", *engine)}
    try:
        async with Client(store, create=True) as client:
            await until(lambda: bool(client.down()))
            (down,) = client.down()
            assert str(down) == (
                "model small at http://models.example/v1 is down (3 times a failure in a row): calls pass it over"
            )
            processes["two"] = spawn("asker.py", store, str(folder), "two", *engine)
            await until(lambda: len(lines("two")) >= 3)
            assert asked() == ["one"] * 3

            (folder / "hangs").touch()
            assert await client.probe(down.system)
            await until(lambda: len(asked()) == 4)
            prober = asked()[-1]
            other = {"one": "two", "two": "one"}[prober]
            before = ended()
            # Of either: behind Temporal any process executes a step, and the call that hangs may be the other's.
            await until(lambda: ended() >= before + 3)
            assert len(asked()) == 4

            kill(processes[prober])
            (folder / "up").touch()
            (folder / "hangs").unlink()
            await until(lambda: not client.down())
            await until(lambda: len(asked()) > 6)
            assert set(asked()[4:]) == {other}
            assert client.run(f"{prober}-0").output == "cards"  # by the other model
    finally:
        for each in processes.values():
            if each.poll() is None:
                os.kill(each.pid, signal.SIGKILL)
            each.communicate()
