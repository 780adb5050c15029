"""Broken and hostile files: one named error, or a document that says what is odd about it; never an empty success."""

import json
import os
import random
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from handrail import Document
from handrail.documents import DocumentError, Part, ReadingLimits, TooHeavy
from tests.documents import hostile_files, hostile_pdfs

LIMITS = ReadingLimits(seconds=1.0, memory=500_000_000)
"""Less than a user has: what costs too much is to be found out soon here."""

PROCESSORS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

ERRORS: Mapping[str, Callable[[], bytes]] = {**hostile_pdfs.ERRORS, **hostile_files.ERRORS}
NOTED: Mapping[str, Callable[[], bytes]] = {**hostile_pdfs.NOTED, **hostile_files.NOTED}
COSTLY: Mapping[str, Callable[[], bytes]] = {**hostile_pdfs.COSTLY, **hostile_files.COSTLY}


def parts_of(document: Document) -> Iterator[Part]:
    for each in document.walk():
        yield from each.parts


def says_what_is_odd(document: Document) -> bool:
    """Return whether something is said about a file that is not simply its text."""
    noted = any(each.notes or each.form for each in document.walk())
    return noted or any(each.state != "read" for each in parts_of(document))


def opened(data: bytes, name: str, limits: ReadingLimits) -> Document | None:
    """Return what a file says; None: it is an error that names it."""
    try:
        return Document.open(data, name=name, limits=limits)
    except DocumentError as error:
        if not str(error).startswith(f"{name}: "):
            raise
        return None


@pytest.mark.parametrize("name", ERRORS)
def test_what_nobody_can_read_is_one_error_with_its_name(name: str) -> None:
    with pytest.raises(DocumentError, match=f"^{name}: "):
        Document.open(ERRORS[name](), name=name)


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTED)
def test_what_is_odd_is_said(name: str) -> None:
    document = opened(NOTED[name](), name, ReadingLimits())

    if document is not None:
        assert says_what_is_odd(document)
        assert "900.00" not in document.text
        assert document.blocking or hostile_pdfs.SAID in document.text


@pytest.mark.parametrize("name", hostile_pdfs.READ)
def test_what_only_looks_dangerous_is_read_as_it_is_shown(name: str) -> None:
    document = Document.open(hostile_pdfs.READ[name](), name=name)

    said = "left 0" if name == "two columns.pdf" else hostile_pdfs.SAID
    assert document.text.count(said) == 1
    assert "900.00" not in document.text


@pytest.mark.slow
@pytest.mark.parametrize("name", COSTLY)
def test_what_costs_too_much_ends_and_says_so(name: str) -> None:
    document = opened(COSTLY[name](), name, LIMITS)

    assert document is None or document.text.strip() or says_what_is_odd(document)


def seconds_said(text: str) -> list[float]:
    """Return what reading is said to have taken of the processor, each time."""
    return [float(each) for each in re.findall(r"took more than (\d+\.\d) s of the processor", text)]


@pytest.mark.slow
def test_files_in_a_file_that_cost_too_much_share_its_time_and_the_cheap_ones_are_read() -> None:
    shapes, cheap = COSTLY["a million shapes.pdf"](), hostile_pdfs.many_pages(1, costly=())
    mail = EmailMessage()
    mail["Subject"] = "Invoices"
    mail.set_content("See the invoices.")
    files = {"a.pdf": shapes, "cheap.pdf": cheap, **{f"{number}.pdf": shapes for number in range(12)}}
    for name, data in files.items():
        mail.add_attachment(data, maintype="application", subtype="pdf", filename=name)

    document = Document.open(mail.as_bytes(), name="mail.eml", limits=ReadingLimits(seconds=0.8))

    parts = {part.name: part for part in document.parts if part.name in files}
    assert parts.pop("cheap.pdf").state == "read"
    assert {part.state for part in parts.values()} == {"failed"}
    said = [seconds for part in parts.values() for seconds in seconds_said(part.problem)]
    assert len(said) == 13
    assert said[0] >= 0.6
    assert sum(said) < 3.0  # and not 13 times 0.8
    assert "give more if you trust it, or let a person read it" in parts["0.pdf"].problem


@pytest.mark.slow
@pytest.mark.skipif(PROCESSORS < 2, reason="two processes read a file where there are two processors")
@pytest.mark.parametrize(("costly", "read"), [({1}, [*range(11, 21)]), ({1, 11}, [])])
def test_two_processes_that_read_a_file_share_its_time_and_what_either_found_is_kept(
    costly: set[int], read: list[int]
) -> None:
    data = hostile_pdfs.many_pages(20, costly=costly)
    try:
        document = Document.open(data, name="twenty.pdf", limits=ReadingLimits(seconds=0.8))
    except TooHeavy as error:
        pages, (said,) = [], seconds_said(str(error))
    else:
        pages = [page.number for page in document.pages]
        (note,) = document.blocking
        (said,) = seconds_said(note.message)
        assert note.code == "pages_left_out"

    assert pages == read
    assert said < 0.8 + 0.1 * len(read)


@pytest.mark.dear
def test_nothing_is_fetched_and_nothing_is_run(asked: tuple[str, list[str]]) -> None:
    address, requests = asked
    files = {
        "actions.pdf": hostile_pdfs.with_actions(address),
        "outside.pdf": hostile_pdfs.with_outside_content(address),
        **hostile_files.reaching_out(address),
    }

    for name, data in files.items():
        try:
            text = Document.open(data, name=name).text
        except DocumentError:
            continue
        assert Path("/etc/hostname").read_text().strip() not in text if name == "own file.xml" else True

    assert requests == []


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """Serve on loopback, and return the address and what was asked there."""
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(self.path)
            self.send_error(404)

        do_POST = do_HEAD = do_GET  # noqa: N815 -- the names that http.server calls

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", requests
        server.shutdown()
        thread.join()


@pytest.mark.dear
def test_every_file_that_ends_too_early_is_an_error_or_says_so(shared_data: Path) -> None:
    chance = random.Random(4711)
    silent = []
    for path in sorted((shared_data / "documents").iterdir()):
        if path.suffix not in {".pdf", ".docx", ".msg"}:  # a mail and a text may end anywhere
            continue
        data = path.read_bytes()
        part = data[: chance.randrange(1, len(data) - 40)]
        try:
            if not says_what_is_odd(Document.open(part, name=path.name)):
                silent.append((path.name, len(part)))
        except DocumentError:
            pass

    assert silent == []


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the most memory of a process is known on Linux")
def test_the_process_that_asks_stays_small(tmp_path: Path) -> None:
    names = (
        "packed three times.pdf",
        "a million shapes.pdf",
        "form in itself.pdf",
        "attachment that grows.pdf",
        "attributes.xml",
        "elements.xml",
    )
    every = {**NOTED, **COSTLY}
    for name in names:
        (tmp_path / name).write_bytes(every[name]())
    program = f"""
import json
from pathlib import Path
from handrail import Document
from handrail.documents import DocumentError, ReadingLimits
ended = {{}}
for path in sorted(Path({str(tmp_path)!r}).iterdir()):
    try:
        Document.open(path, limits=ReadingLimits(seconds=1.5, memory=500_000_000))
        ended[path.name] = "read"
    except DocumentError as error:
        ended[path.name] = type(error).__name__
most = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
print(json.dumps([ended, int(most.split()[1]) * 1024]))
"""

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    ended, most = json.loads(done.stdout)
    assert sorted(ended) == sorted(names)
    assert most < 150_000_000
