"""Reading files: how long beside PDFium alone, in how much memory, and whether every file ends well."""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from os import getpid
from pathlib import Path
from statistics import median
from typing import Self

import pypdfium2

from bench.figure import TIMES, Bar, Figure, at_least, at_most, percent
from bench.memory import megabytes_of
from bench.pairs import Pairs, in_turn, milliseconds
from bench.processor import below, seconds_of_all
from documents_bench.made_pdf import table_pages, text_pages
from handrail import Document
from handrail.documents import DocumentError, ReadingLimits

PART = "reading"
ROUNDS = 9
PAGES_A_ROUND = 500
"""Read by each side before the other has its turn: processor time of children is told in hundredths of a second."""
TEXT_BARS = {20: 5.0, 100: 3.0, 500: 3.0}
"""The processor time of both processes by that of PDFium alone, by pages: they work at the same time, and each may take
1.5 times as much; of few pages the child that is made for the next file is a larger part."""
SLOWEST_TIMES = 20.0
"""What one file may take at most, by what PDFium alone takes for the text of so many pages."""
PAGES_BESIDE = 500
PAGE_BAR, RECORD_BAR = at_most(5.0), at_most(6.0)
"""A box of a span, by what PDFium alone takes for the places of its characters: the page open, and from the bytes."""
ALONE = """
import sys, pypdfium2
file = pypdfium2.PdfDocument(sys.argv[1])
texts = [page.get_textpage().get_text_range() for page in file]
"""
PAUSE = 0.05
"""Seconds between two questions, as people ask them."""
LIBRARIES = (
    "pypdfium2",
    "PIL",
    "lxml",
    "stdnum",
    "oxmsg",
    "tnefparse",
    "docx",
    "openpyxl",
    "selectolax",
    "rapidocr",
    "onnxruntime",
    "tesserocr",
    "watchfiles",
)
"""Of the extras ``documents``, ``mail``, ``office``, ``ocr``, ``ocr-tesseract`` and ``watch``."""


def reading_rows(data: Path) -> list[Figure]:
    """Return how reading stands; what needs files of others only where they are."""
    return [*_beside_raw(), *_memory(), *_places(), _imports(), *_every_file(data / "documents")]


def _beside_raw() -> Iterator[Figure]:
    Document.open(text_pages(1))  # the reading process is there from the second file on
    for pages, most in TEXT_BARS.items():
        yield from _ratio(f"{pages} pages of text", text_pages(pages), PAGES_A_ROUND // pages, at_most(most))
    yield from _ratio("100 pages of tables", table_pages(100), 1)


def _ratio(name: str, data: bytes, times: int, bar: Bar | None = None) -> Iterator[Figure]:
    """Measure the processor time of all processes that read, and show what whoever waits for it sees."""
    ours: list[float] = []
    floor: list[float] = []
    pairs = in_turn(
        lambda: ours.append(_spent(partial(Document.open, data))),
        lambda: floor.append(_spent(partial(_raw, data))),
        ROUNDS,
        times=times,
        clock=seconds_of_all,
    )
    yield pairs.figure(PART, f"CPU: {name}, child and all ÷ get_text_range alone", bar)
    note = f"{median(ours):.0f} ms for {median(floor):.0f} ms; the best of {len(ours)} each, in turn"
    yield Figure(PART, f"{name}, likewise, by the clock", min(ours) / min(floor), TIMES, note=note)


def _raw(data: bytes) -> int:
    file = pypdfium2.PdfDocument(data)
    try:
        return sum(len(_page_text(file, number)) for number in range(len(file)))
    finally:
        file.close()


def _page_text(file: pypdfium2.PdfDocument, number: int) -> str:
    page = file[number]
    text_page = page.get_textpage()
    text = str(text_page.get_text_range())
    text_page.close()
    page.close()
    return text


def _memory() -> Iterator[Figure]:
    if not Path("/proc/self/smaps_rollup").exists():
        return
    data = text_pages(500)
    before = _own_megabytes()
    with _Watch() as watch:
        document = Document.open(data, limits=ReadingLimits(seconds=60))  # a busy machine is no reason to leave out
    pages = len(document.pages)
    yield Figure(PART, "of 500 pages, those that are read", pages, "pages", bar=at_least(500), note=f"{pages} of 500")
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(data)
        file.flush()
        alone = megabytes_of(ALONE.replace("sys.argv[1]", repr(file.name)))
    taken, name = watch.most - before, "500 pages, memory of all processes beyond this one's before"
    note = f"{taken:.0f} MB for {alone:.0f}"
    yield Figure(PART, f"{name} ÷ a process with PDFium alone", taken / alone, TIMES, at_most(2.0), note)
    note = f"{watch.most_here:.0f} MB for {before:.0f}"
    grown = watch.most_here / before
    yield Figure(PART, "500 pages, memory of this process ÷ before", grown, TIMES, at_most(1.75), note)


class _Watch:
    """The most memory that this process and those below it have, as long as it is entered; shared pages by share."""

    def __init__(self) -> None:
        self.most = self.most_here = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.01):
            here = _megabytes(getpid())
            self.most_here = max(self.most_here, here)
            self.most = max(self.most, here + sum(map(_megabytes, below(getpid()))))


def _megabytes(process: int) -> float:
    try:
        told = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    except OSError:  # it has ended
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in told.splitlines() if line.startswith("Pss:")), 0.0)


def _own_megabytes() -> float:
    return _megabytes(getpid())


def _places() -> Iterator[Figure]:
    data = text_pages(20)
    document = Document.open(data)
    page_start = document.page_starts[10]
    document.box_of(page_start, page_start + 6)  # now the page is open
    spans = [(page_start + place, page_start + place + 12) for place in range(0, 1000, 7)]
    file = pypdfium2.PdfDocument(data)
    text_page = file[10].get_textpage()
    pairs = [
        (_spent(partial(document.box_of, *span)), _spent(partial(_raw_places, text_page, place)))
        for place, span in zip(range(0, 1000, 7), spans, strict=True)
    ]
    text_page.close()
    beside = "÷ its characters' places by PDFium alone"
    yield Pairs(*zip(*pairs, strict=True)).figure(PART, f"box of a span, the page open {beside}", PAGE_BAR)
    rounds = [_from_records(seed) for seed in range(ROUNDS)]
    best = Pairs(*(tuple(map(min, zip(*sides, strict=True))) for sides in zip(*rounds, strict=True)))
    name = f"box of a span, from a record and its bytes {beside}, the best of {ROUNDS} files"
    yield best.figure(PART, name, RECORD_BAR)


def _from_records(seed: int) -> tuple[list[float], list[float]]:
    """Return how many milliseconds it takes on each page of a document of its own, and PDFium alone.

    The document is opened from its record, with its bytes given back.
    """
    data = text_pages(20, seed=100 + seed)
    document = Document.open(data)
    taken, alone = [], []
    for number, start in enumerate(document.page_starts[:16]):
        opened = replace(document).opened(data)
        time.sleep(PAUSE)
        taken.append(_spent(partial(opened.box_of, start, start + 12)))
        time.sleep(PAUSE)
        alone.append(_spent(partial(_raw_page, data, number)))
    return taken, alone


def _raw_page(data: bytes, number: int) -> None:
    """Open a file, read the text of a page, and the places of its first characters."""
    file = pypdfium2.PdfDocument(data)
    page = file[number]
    text_page = page.get_textpage()
    text_page.get_text_range()
    _raw_places(text_page, 0)
    text_page.close()
    page.close()
    file.close()


def _raw_places(text_page: pypdfium2.PdfTextPage, place: int) -> None:
    for each in range(place, place + 12):
        text_page.get_charbox(each)


def _imports() -> Figure:
    """Return how many of the libraries of the extras stay unloaded when the package is imported."""
    program = f"import sys, handrail.documents; print(sum(each not in sys.modules for each in {LIBRARIES!r}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    left, every = int(done.stdout), len(LIBRARIES)
    name = "libraries of the extras that an import loads not"
    return Figure(PART, name, percent(left, every), bar=at_least(100), note=f"{left} of {every}")


def _every_file(folder: Path) -> Iterator[Figure]:
    files = (
        sorted(path for path in folder.glob("*.*") if path.suffix not in {".md", ".jsonl"}) if folder.is_dir() else []
    )
    if not files:
        return
    slowest, well = 0.0, 0
    for path in files:
        began = time.perf_counter()
        well += _ends_well(path.read_bytes(), path.name)
        slowest = max(slowest, time.perf_counter() - began)
    note = f"{well} of {len(files)}"
    yield Figure(
        PART, "files that end as a document or a named error", percent(well, len(files)), bar=at_least(100.0), note=note
    )
    data = text_pages(PAGES_BESIDE)
    alone = min(_seconds(partial(_raw, data)) for _ in range(3))
    name, note = f"the slowest of them ÷ {PAGES_BESIDE} pages by PDFium alone", f"{slowest:.2f} s for {alone:.2f}"
    yield Figure(PART, name, slowest / alone, TIMES, at_most(SLOWEST_TIMES), note)


def _ends_well(data: bytes, name: str) -> bool:
    try:
        document = Document.open(data, name=name)
    except DocumentError as error:
        return str(error).startswith(name)
    return bool(document.text.strip() or document.blocking)


def _spent(call: Callable[[], object]) -> float:
    """Return the milliseconds of a call by the clock, for another process has a part in it."""
    return milliseconds(call, clock=time.perf_counter)


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
