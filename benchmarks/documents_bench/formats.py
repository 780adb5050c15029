"""Mails with every part of them, and scans that lie: what is read of them, and what it costs."""

import io
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import pypdfium2
from PIL import Image, ImageDraw, ImageFont

from bench.figure import TIMES, Figure, at_least, at_most, percent
from documents_bench.plain_ocr import PlainOcr, plain_ocr
from handrail import Document
from handrail.documents import LanguageMissing, OcrPage, ReadingLimits, open_document, rapid_ocr, tesseract_ocr
from handrail_ai_steps.documents.ocr.engines import TESSERACT_DATA
from handrail_ai_steps.documents.ocr.kept import EngineProcess

LINES = (
    "Corner Shop Limited",
    "12 Market Street, Springfield",
    "Invoice number 4711",
    "Issued 12 March 2024",
    "Total amount 1,120.00 EUR",
)
"""A page of our own, whose fields must be found however it lies: company, address, number, date, total."""
SCAN = "Docling bundles PDF document conversion to JSON and Markdown in an easy self contained package"
SCANS = {"": 0, "_rotated_90": 90, "_rotated_180": 180}
INVOICES = ("invoice2data-AzureInterior.pdf", "invoice2data-QualityHosting.pdf")
TURNS = (0, 90, 180, 270)
PROCESSORS = 2
"""Of an engine, which read at the same time."""
DOTS = 150 / 72
BESIDE = "÷ the library alone on an upright page"
PAGE_BAR, MEMORY_BAR = at_most(8.0), at_most(2.0)
"""What a page takes, that lies or not, by what the engine's own library takes for one that stands upright."""


def format_rows(data: Path) -> list[Figure]:
    """Measure on the documents in this folder, and on pages of our own."""
    return [*_mails(data), *_scans(data)]


def _mails(data: Path) -> Iterator[Figure]:
    part = "mails"
    files = sorted([*data.glob("*.eml"), *data.glob("*.msg")])
    opened: list[Document] = []
    times: list[float] = []
    for file in files:
        began = time.perf_counter()
        try:
            opened.append(open_document(file))
        except Exception as error:  # noqa: BLE001 -- a crash is what is counted
            yield Figure(part, f"{file.name} could not be read", 0.0, bar=at_least(100), note=str(error))
        times.append(1000 * (time.perf_counter() - began))
    yield _all(part, "read without an error", opened, files)
    leaves = [(mail, leaf) for mail in opened if mail.kind == "mail" for leaf in _leaves(mail)]
    kept = [leaf for mail, leaf in leaves if _has(mail, leaf)]
    yield _all(part, "every part kept", kept, leaves)
    silent = [each for mail in opened for each in mail.walk() if "\ufffd" in each.text and not each.blocking]
    note = f"{len(silent)} of {sum(1 for mail in opened for _ in mail.walk())} documents in them"
    yield Figure(part, "characters lost without a note", float(len(silent)), "documents", bar=at_most(0), note=note)
    yield Figure(
        part, "a mail with its parts, the slowest", max(times), "ms", note=f"mean {sum(times) / len(times):.0f} ms"
    )


def _leaves(mail: Document) -> list[EmailMessage]:
    """Return the parts of a mail that have no parts, in messages in it too, as Python's own library has them."""
    message = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(mail.data or b"")
    return [part for part in message.walk() if not part.is_multipart() and isinstance(part, EmailMessage)]


def _has(mail: Document, leaf: EmailMessage) -> bool:
    """Return whether a part was kept: as a file with its size, or as text that stands in one of the documents."""
    payload = leaf.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    parts = [part for each in mail.walk() for part in each.parts]
    if any(part.size == len(data) and part.name == leaf.get_filename(part.name) for part in parts):
        return True
    text = " ".join(each.text for each in mail.walk())
    if not data.strip():  # a block of headers, as a delivery report has them
        return all(str(value).split()[0] in text for value in leaf.values())
    words = re.sub(r"<[^>]*>", " ", data.decode(leaf.get_content_charset("utf-8"), "replace")).split()
    return bool(words) and words[-1] in text


def _scans(data: Path) -> Iterator[Figure]:
    engines: dict[str, Callable[[], EngineProcess]] = {"RapidOCR": rapid_ocr, "Tesseract": tesseract_ocr}
    for name, engine in engines.items():
        try:
            readers = [engine() for _ in range(PROCESSORS)]
        except LanguageMissing as missing:
            yield Figure(f"scans, {name}", "not measured", None, note=str(missing))
            continue
        alone = plain_ocr(name, _own_page(0), _languages())
        with ThreadPoolExecutor(PROCESSORS) as both:
            pages = both.submit(lambda: list(_pages(f"scans, {name}", readers[0], data, alone)))  # noqa: B023 -- asked at once
            invoices = [_invoice(f"scans, {name}", readers[1], data / each) for each in INVOICES]
            yield from pages.result()
            yield from invoices
        yield from _costs(f"scans, {name}", alone)
        for reader in readers:
            reader.close()


def _pages(part: str, engine: EngineProcess, data: Path, alone: PlainOcr) -> Iterator[Figure]:
    pages = {turned: _read(engine, _own_page(turned)) for turned in TURNS}
    found = {turned: [each for each in LINES if each in page.text.split("\n")] for turned, page in pages.items()}
    yield _all(part, "fields of an upright page", found[0], LINES)
    for turned in TURNS[1:]:
        same = [each for each in found[0] if each in found[turned] and pages[turned].turned == turned]
        yield _all(part, f"the same fields, turned by {turned}", same, found[0])
    right: list[str] = []
    times: list[float] = []
    for ending, turned in SCANS.items():
        picture = _drawn(data / f"docling-ocr_test{ending}.pdf")
        began = time.perf_counter()
        page = _read(engine, picture)
        times.append(time.perf_counter() - began)
        right += [ending] if " ".join(page.text.split()) == SCAN and page.turned == turned else []
    yield _all(part, "real scans, upright, turned by 90 and 180", right, tuple(SCANS))
    note = f"{max(times):.2f} s for {alone.clock:.2f}"
    yield Figure(part, f"a page by the clock, the slowest {BESIDE}", max(times) / alone.clock, TIMES, PAGE_BAR, note)


def _languages() -> str:
    """Return the folder of Tesseract's languages, as the engine itself finds it; empty: there is none."""
    said = [os.environ["TESSDATA_PREFIX"]] if "TESSDATA_PREFIX" in os.environ else []
    found = [Path(each) for each in said] or [each for place in TESSERACT_DATA for each in Path("/").glob(place[1:])]
    return next((str(each) for each in found if (each / "eng.traineddata").is_file()), "")


def _costs(part: str, alone: PlainOcr) -> Iterator[Figure]:
    used = list(_used())
    seconds = sum(each for each, _ in used) / (len(TURNS) * (1 + len(INVOICES)) + len(SCANS))
    name, note = "a page, of the processor's time, loading shared", f"{seconds:.2f} s for {alone.seconds:.2f}"
    yield Figure(part, f"{name} {BESIDE}", seconds / alone.seconds, TIMES, PAGE_BAR, note)
    memory = max((megabytes for _, megabytes in used), default=0.0)
    note = f"{memory:.0f} MB for {alone.megabytes:.0f}"
    yield Figure(part, f"memory of its process {BESIDE}", memory / alone.megabytes, TIMES, MEMORY_BAR, note)


def _invoice(part: str, engine: EngineProcess, file: Path) -> Figure:
    """Return how many turned pages are read to the letter as the upright one is."""
    upright = _read(engine, _drawn(file)).text
    turned = [each for each in TURNS[1:] if _read(engine, _drawn(file, each)).text == upright]
    return _all(part, f"turned by 90, 180, 270, the same text: {file.stem}", turned, TURNS[1:])


def _used() -> Iterator[tuple[float, float]]:
    """Yield the processor's seconds and the most memory of each process that reads pictures, where the system tells."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) == os.getpid() and "documents.ocr.process" in (process / "cmdline").read_text():
                status = (process / "status").read_text()
                kilobytes = re.search(r"VmHWM:\s+(\d+)", status)
                ticks = int(fields[11]) + int(fields[12])
                yield ticks / os.sysconf("SC_CLK_TCK"), int(kilobytes[1]) / 1000 if kilobytes else 0.0


def _read(engine: EngineProcess, picture: bytes) -> OcrPage:
    return engine.read_page(picture, ReadingLimits())


def _own_page(turned: int) -> bytes:
    """Return a page of ours that has to be turned clockwise by so much to stand upright."""
    image = Image.new("RGB", (1240, 1754), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(30)
    for at, line in enumerate(LINES):
        pen.text((120, 160 + 90 * at), line, fill="black", font=font)
    return _png(image.rotate(turned, expand=True))


def _drawn(file: Path, turned: int = 0) -> bytes:
    """Return the first page of a PDF as a picture."""
    return _png(pypdfium2.PdfDocument(file)[0].render(scale=DOTS).to_pil().rotate(turned, expand=True))


def _png(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def _all(part: str, name: str, some: Sequence[object], every: Sequence[object]) -> Figure:
    """Return how many of all there are, which must be all."""
    note = f"{len(some)} of {len(every)}"
    return Figure(part, name, percent(len(some), len(every)), bar=at_least(100), note=note)
