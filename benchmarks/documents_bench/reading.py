"""Reading files: how long beside PDFium alone, in how much memory, and whether every file ends well."""

import subprocess
import sys
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

from bench.figure import TIMES, Bar, Figure, at_least, at_most, median_figure, percent
from documents_bench.made_pdf import table_pages, text_pages
from handrail import Document
from handrail.documents import DocumentError, ReadingLimits

PART = "reading"
ROUNDS = 7
SECONDS = 10.0
"""That one file may take at most."""
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
    for pages in (20, 100, 500):
        yield _ratio(
            f"{pages} pages of text, child and all, beside get_text_range alone", text_pages(pages), at_most(1.5)
        )
    yield _ratio("100 pages of tables, likewise", table_pages(100))


def _ratio(name: str, data: bytes, bar: Bar | None = None) -> Figure:
    raw, ours = [], []
    for _ in range(ROUNDS):
        raw.append(_seconds(lambda: _raw(data)))
        ours.append(_seconds(lambda: Document.open(data)))
    note = f"{1000 * median(ours):.0f} ms for {1000 * median(raw):.0f} ms"
    return Figure(PART, name, min(ours) / min(raw), TIMES, bar, f"{note}; the best of {ROUNDS} each")


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
    yield Figure(PART, "500 pages, all processes beside this one before", watch.most - before, "MB", bar=at_most(80.0))
    yield Figure(PART, "500 pages, this process", watch.most_here, "MB", at_most(150.0))


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
            self.most = max(self.most, here + sum(map(_megabytes, _below(getpid()))))


def _below(process: int) -> Iterator[int]:
    try:
        listed = [each.read_text() for each in Path(f"/proc/{process}/task").glob("*/children")]
    except OSError:  # it has ended
        return
    for child in map(int, " ".join(listed).split()):
        yield child
        yield from _below(child)


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
    open_page = [1000 * _seconds(partial(document.box_of, *span)) for span in spans]
    yield median_figure(PART, "box of a span, the page open", open_page, "ms", bar=at_most(0.2))
    name = "box of a span, from a record and its bytes"
    rounds = [_from_records(seed) for seed in range(ROUNDS)]
    best = [min(taken) for taken in zip(*rounds, strict=True)]
    yield median_figure(PART, f"{name}, the best of {ROUNDS} files", best, "ms", bar=at_most(5.0))


def _from_records(seed: int) -> list[float]:
    """Return how many milliseconds it takes on each page of a document of its own, which is opened from its record."""
    data = text_pages(20, seed=100 + seed)
    document = Document.open(data)
    taken = []
    for start in document.page_starts[:16]:
        opened = replace(document).opened(data)  # from a record, with its bytes given back
        time.sleep(PAUSE)
        taken.append(1000 * _seconds(partial(opened.box_of, start, start + 12)))
    return taken


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
    yield Figure(PART, "the slowest of them", slowest, "s", at_most(SECONDS))


def _ends_well(data: bytes, name: str) -> bool:
    try:
        document = Document.open(data, name=name)
    except DocumentError as error:
        return str(error).startswith(name)
    return bool(document.text.strip() or document.blocking)


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
