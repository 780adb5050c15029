"""What every engine must do with files: keep them, hand them to steps, and let them go with the runs that used them."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from handrail import File, StepFailed
from handrail.orchestrator import FilePurged, Misuse, UnknownFile
from handrail_orchestrator.engine import Engine
from handrail_orchestrator.store.files import PART_BYTES
from handrail_orchestrator.testing import FakeClock
from tests.contract import flows

LARGE = bytes(range(256)) * (PART_BYTES // 100)
"""Bytes of more than two parts."""


@pytest.mark.parametrize("data", [b"", b"a pdf", LARGE, LARGE[:PART_BYTES], LARGE[: PART_BYTES + 1]])
async def test_a_kept_file_comes_back_as_it_was(engine: Engine, data: bytes) -> None:
    file = await engine.keep_file(data, name="invoice.pdf")
    assert file == File(id=hashlib.sha256(data).hexdigest(), name="invoice.pdf", size=len(data))
    assert engine.read_file(file) == data
    assert await engine.keep_file(bytearray(data), name="other.pdf") == File(
        id=file.id, name="other.pdf", size=file.size
    )


@pytest.mark.parametrize("data", [b"a pdf", LARGE])
async def test_a_file_is_kept_from_its_path(engine: Engine, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "invoice.pdf"
    path.write_bytes(data)
    file = await engine.keep_file(path)
    assert (file.name, engine.read_file(file)) == ("invoice.pdf", data)
    assert (await engine.keep_file(str(path), name="x.pdf")).name == "x.pdf"


async def test_what_cannot_be_kept_is_refused(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="bytes have no name"):
        await engine.keep_file(b"x")
    with pytest.raises(Misuse, match="half of a surrogate pair"):
        await engine.keep_file(b"x", name="\udc80.pdf")
    with pytest.raises(FileNotFoundError):
        await engine.keep_file(tmp_path / "none.pdf")


async def test_steps_read_the_files_that_their_run_was_given(engine: Engine) -> None:
    one, two = await engine.keep_file(b"one", name="1"), await engine.keep_file(b"two", name="2")
    claim = flows.Claim({"bills": [one], "letters": [two]}, 7)
    run = await engine.start(flows.claims, claim, id="c")
    assert await run.result() == ["one", "one", "one", "two", "two", "two"]
    assert [file.id for file in engine.files_of("c")] == sorted([one.id, two.id])


async def test_a_file_that_is_not_there_says_what_to_do(engine: Engine) -> None:
    nowhere = File(id="a" * 64, name="lost.pdf", size=3)
    with pytest.raises(UnknownFile, match="it is not in this store: give it to the store"):
        engine.read_file(nowhere)
    run = await engine.start(flows.reads, nowhere)
    with pytest.raises(StepFailed, match="it is not in this store"):
        await run.result()


@pytest.mark.dear
async def test_bytes_go_with_the_last_run_that_used_them(slow_engine: Engine, clock: FakeClock) -> None:
    engine = slow_engine
    file = await engine.keep_file(LARGE, name="invoice.pdf")
    idle = await engine.keep_file(b"idle", name="idle.pdf")
    await (await engine.start(flows.claims, flows.Claim({"bills": [idle]}, 1), id="a")).result()
    await engine.start(flows.approve, 1, id="newest")
    await engine.idle()
    clock.move_to(clock.now() + 10)
    assert await engine.prune(older_than=timedelta(seconds=60)) == 0
    assert engine.read_file(idle) == b"idle"

    clock.move_to(clock.now() + 100)
    assert await engine.prune(older_than=timedelta(seconds=60)) == 2  # it and its child
    for gone in (idle, file):
        with pytest.raises(FilePurged, match=r"its bytes were removed on \d{4}-\d\d-\d\d \d\d:\d\d UTC"):
            engine.read_file(gone)

    again = await engine.keep_file(b"idle", name="idle.pdf")
    assert engine.read_file(again) == b"idle"
