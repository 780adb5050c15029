"""A new store may be opened by many at once: one makes it, the others find it, and nobody is turned away."""

import asyncio
import threading
from pathlib import Path

import pytest

from handrail import Orchestrator, Run, workflow

MANY = 8


@workflow(version=1)
async def nothing(run: Run, number: int) -> int:  # noqa: ARG001 -- every workflow takes it
    return number


@pytest.mark.slow
@pytest.mark.usefixtures("tables_made_anew")
def test_a_new_store_can_be_opened_by_many_at_once(tmp_path: Path) -> None:
    said: list[str] = []

    async def opened(address: str) -> None:
        async with Orchestrator(address, workflows=[nothing]) as engine:
            said.append(engine.store)

    def at_once(address: str, together: threading.Barrier) -> None:
        together.wait()
        try:
            asyncio.run(opened(address))
        except Exception as error:  # noqa: BLE001 -- what is tested
            said.append(repr(error))

    addresses = [f"sqlite:///{tmp_path / f'{number}.db'}" for number in range(12)]
    for address in addresses:
        together = threading.Barrier(MANY)
        threads = [threading.Thread(target=at_once, args=(address, together)) for _ in range(MANY)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(said) == sorted(addresses * MANY)
