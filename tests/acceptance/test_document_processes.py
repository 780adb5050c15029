"""The processes that read files: killed, forked, without standard streams; none outlives who started it."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from handrail import Document
from handrail.documents import ReaderCrashed
from tests.unit.ai_steps.documents.small_pdf import lines_down, pdf

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="who started whom is read from /proc"),
]
LETTER = pdf(lines_down(["Dear Sirs"]))
LONG = pdf(*(lines_down(["word " * 20] * 200) for _ in range(15)), size=(400, 4000))
PATIENCE = 60.0
SPARES = 2


def below(process: int) -> list[int]:
    try:
        listed = [each.read_text(encoding="ascii") for each in Path(f"/proc/{process}/task").glob("*/children")]
    except OSError:
        return []
    return [int(child) for child in " ".join(listed).split()]


def readers() -> list[int]:
    """Return the reading processes of this one."""
    return [child for child in below(os.getpid()) if b"readers.process" in Path(f"/proc/{child}/cmdline").read_bytes()]


def reading(reader: int) -> list[int]:
    """Return the children of a reading process that read a file: they have a limit of memory, and spare ones do not."""
    return [child for child in below(reader) if _is_limited(child)]


def _is_limited(process: int) -> bool:
    try:
        limits = Path(f"/proc/{process}/limits").read_text(encoding="ascii")
    except OSError:
        return False
    return any(line.startswith("Max address space") and "unlimited" not in line for line in limits.splitlines())


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_reading_process_that_was_killed_is_started_again() -> None:
    assert Document.open(LETTER).text == "Dear Sirs"
    for reader in readers():
        os.kill(reader, signal.SIGKILL)

    assert Document.open(LETTER).text == "Dear Sirs"
    assert len(readers()) == 1


@pytest.mark.parametrize("whom", ["the child that reads", "the process that waits"])
def test_a_file_whose_reader_is_killed_is_an_error_or_is_read_whole(whom: str) -> None:
    Document.open(LETTER)
    (reader,) = readers()
    ended: list[object] = []

    def read() -> None:
        try:
            ended.append(len(Document.open(LONG).pages))
        except ReaderCrashed as error:
            ended.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    until(lambda: bool(reading(reader) or ended))
    for process in reading(reader) if whom == "the child that reads" else [reader]:
        os.kill(process, signal.SIGKILL)
    thread.join(PATIENCE)

    assert len(ended) == 1
    assert ended[0] == 15 or isinstance(ended[0], ReaderCrashed)
    assert Document.open(LETTER).text == "Dear Sirs"


def test_children_that_wait_for_a_file_read_one_each_and_may_be_killed() -> None:
    Document.open(LETTER)
    (reader,) = readers()
    until(lambda: len(below(reader)) == SPARES and not reading(reader))
    waiting = below(reader)
    assert Document.open(LETTER).text == "Dear Sirs"
    until(lambda: len(below(reader)) == SPARES and len({*waiting, *below(reader)}) == SPARES + 1)  # one is gone

    for process in below(reader):
        os.kill(process, signal.SIGKILL)
    assert [Document.open(LETTER).text for _ in range(3)] == ["Dear Sirs"] * 3
    assert readers() == [reader]
    until(lambda: len(below(reader)) == SPARES and not reading(reader))


def test_a_forked_process_has_a_reading_process_of_its_own() -> None:
    Document.open(LETTER)
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    forked = [context.Process(target=lambda: answers.put(Document.open(LETTER).text)) for _ in range(3)]
    for each in forked:
        each.start()

    assert [answers.get(timeout=PATIENCE) for _ in forked] == ["Dear Sirs"] * 3
    for each in forked:
        each.join(PATIENCE)
    assert Document.open(LETTER).text == "Dear Sirs"


PROGRAM = """
import os, sys, time
from handrail import Document
from tests.unit.ai_steps.documents.small_pdf import lines_down, pdf
{before}
text = Document.open(pdf(lines_down(["Dear Sirs"]))).text
with open(sys.argv[1], "w") as told:
    told.write(text)
{after}
"""


def program(tmp_path: Path, *, before: str = "", after: str = "") -> list[str]:
    return [sys.executable, "-c", PROGRAM.format(before=before, after=after), str(tmp_path / "told")]


def test_nothing_is_left_of_a_process_that_was_killed(tmp_path: Path) -> None:
    told = tmp_path / "told"
    with subprocess.Popen(program(tmp_path, after="time.sleep(600)"), cwd=Path(__file__).parents[2]) as started:
        until(lambda: told.exists() and told.read_text(encoding="utf-8") == "Dear Sirs")
        until(lambda: bool([child for process in below(started.pid) for child in below(process)]))
        left = [each for process in below(started.pid) for each in (process, *below(process))]
        started.kill()

    assert len(left) > 1
    until(lambda: not any(Path(f"/proc/{process}").exists() for process in left))


def test_files_are_read_without_standard_streams_and_without_an_environment(tmp_path: Path) -> None:
    subprocess.run(
        program(tmp_path, before="for each in (0, 1, 2): os.close(each)"),
        cwd=Path(__file__).parents[2],
        env={},
        check=False,
        timeout=PATIENCE,
    )

    assert (tmp_path / "told").read_text(encoding="utf-8") == "Dear Sirs"
