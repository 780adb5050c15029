"""Hidden text, garbled layers, broken and hostile files: what is found, and what ordinary pages lose."""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pypdfium2

from bench.figure import TIMES, Figure, at_least, at_most, percent
from handrail import Document
from handrail.documents import ReadingLimits
from handrail_ai_steps.documents.garbled import garbled

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # the files are made by the scripts that the tests use

from tests.documents.hidden_pdfs import HIDDEN, hidden_pages  # noqa: E402 -- found through the path above
from tests.documents.ordinary_pdfs import ordinary_pages  # noqa: E402

ORDINARY = 200
PAGES_OF_A_KIND = 20
PLACES = 10
"""At which each file is cut off."""
MEGABYTE = 1_000_000
PROCESSORS = 2
WITH_HIDDEN_TEXT = ("docling-invisible", "pdfjs-file_pdfjs_form", "pdfjs-scan-bad", "pypdfium2-forms")
"""Files that have text that is not to be seen, looked at by eye."""


def hidden_rows(data: Path) -> Iterator[Figure]:
    """Measure on pages of our own, and on the documents in this folder."""
    yield from _kinds()
    yield from _ordinary(data)
    yield from _garbled(data)
    yield from _hostile(data)


def _kinds() -> Iterator[Figure]:
    part = "hidden text"
    found: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for kind in HIDDEN:
        for page in hidden_pages(kind, PAGES_OF_A_KIND):
            (read,) = Document.open(page.data).pages
            found[kind] += page.hidden not in read.text and any(page.hidden in each.text for each in read.hidden)
            kept[kind] += all(word in read.text for word in page.shown)
    whole = sum(found[kind] == PAGES_OF_A_KIND for kind in HIDDEN)
    note = f"{whole} of {len(HIDDEN)} kinds on each of {PAGES_OF_A_KIND} pages: {', '.join(HIDDEN)}"
    yield Figure(part, "kinds found", percent(whole, len(HIDDEN)), bar=at_least(100), note=note)
    right, pages = sum(kept.values()), PAGES_OF_A_KIND * len(HIDDEN)
    note = f"{right} of {pages} pages"
    yield Figure(part, "... and what is seen beside it kept", percent(right, pages), bar=at_least(100), note=note)


def _ordinary(data: Path) -> Iterator[Figure]:
    part = "ordinary pages"
    losing = [number for number, page in enumerate(ordinary_pages(ORDINARY, seed=7)) if _loses(page)]
    note = f"{len(losing)} of {ORDINARY} pages of our own in 28 looks"
    yield Figure(part, "that lose something to be seen", float(len(losing)), "pages", bar=at_most(0), note=note)
    files = [path for path in sorted(data.glob("*.pdf")) if not path.name.startswith(WITH_HIDDEN_TEXT)]
    opened = [Document.open(path) for path in files if "encrypted.pdf" not in path.name]
    lost = [each.name for each in opened if any(page.hidden for page in each.pages)]
    note = f"{len(lost)} of {len(opened)} public files, {sum(len(each.pages) for each in opened)} pages"
    yield Figure(part, "public ones that lose something", float(len(lost)), "files", bar=at_most(0), note=note)


def _loses(page: bytes) -> bool:
    read = Document.open(page)
    file = pypdfium2.PdfDocument(page)
    try:
        there = Counter("".join(file[0].get_textpage().get_text_range().split()))
    finally:
        file.close()
    return bool(read.pages[0].hidden) or Counter("".join(read.text.split())) != there


def _garbled(data: Path) -> Iterator[Figure]:
    from tests.documents.garbled_texts import GARBLED, TEXTS  # noqa: PLC0415 -- beside the rows that need it

    part = "garbled layers"
    seen = [kind for kind, garble in GARBLED.items() if all(garbled(garble(text)) for text in TEXTS)]
    note = f"{len(seen)} of {len(GARBLED)} kinds, each in {len(TEXTS)} languages: {', '.join(GARBLED)}"
    yield Figure(part, "kinds seen", percent(len(seen), len(GARBLED)), bar=at_least(100), note=note)
    texts = [page.text for path in sorted(data.glob("*.pdf")) for page in _pages(path)]
    receipts = data.parent / "receipts" / "receipts.dev.jsonl"
    if receipts.is_file():
        lines = map(json.loads, receipts.read_text(encoding="utf-8").splitlines())
        texts += ["\n".join(line["text"] for line in receipt["lines"]) for receipt in lines]
    texts += [Document.open(page).text for page in ordinary_pages(ORDINARY, seed=8)]
    wrong = sum(bool(garbled(text)) for text in texts)
    note = f"{wrong} of {len(texts)} pages and receipts"
    yield Figure(part, "ordinary pages called so", percent(wrong, len(texts)), bar=at_most(1), note=note)


def _pages(path: Path) -> tuple:  # type: ignore[type-arg]
    return () if "encrypted.pdf" in path.name else Document.open(path).pages


_PROGRAM = """
import json, os, sys, time
from pathlib import Path
from handrail import Document
from handrail.documents import DocumentError

def processor(process="self"):
    "What a process, those that it started and those that go on have used of the processor."
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        children = [(task / "children").read_text().split() for task in Path(f"/proc/{process}/task").iterdir()]
    except OSError:  # it has ended
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK") + sum(map(processor, sum(children, [])))

def held():
    "The most memory that this process has held, in bytes."
    most = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(most.split()[1]) * 1024

before = held()
ended, slowest = {"error": 0, "noted": 0, "read": 0, "silent": [], "crash": []}, [0.0, ""]
for line in sys.stdin:
    path, cut, name = json.loads(line)
    data = Path(path).read_bytes()
    data = data if cut is None else data[:cut]
    began, used = time.perf_counter(), processor()
    try:
        document = Document.open(data, name=name)
    except DocumentError:
        ended["error"] += 1
    except Exception as error:
        ended["crash"].append(f"{name}: {type(error).__name__}")
    else:
        parts = [part for each in document.walk() for part in each.parts]
        if any(each.notes or each.form for each in document.walk()) or any(part.state != "read" for part in parts):
            ended["noted"] += 1
        elif document.text.strip() and cut is None:
            ended["read"] += 1
        else:
            ended["silent"].append(f"{name} {cut}")
    took = processor() - used
    if took > slowest[0]:
        slowest = [took, f"{name} ({time.perf_counter() - began:.1f} s by the clock)"]
print(json.dumps([ended, slowest, [held(), before]]))
"""


def _hostile(data: Path) -> Iterator[Figure]:
    from tests.documents import hostile_files, hostile_pdfs  # noqa: PLC0415 -- beside the rows that need it

    groups = (
        *(hostile_pdfs.ERRORS, hostile_pdfs.NOTED, hostile_pdfs.READ, hostile_pdfs.COSTLY),
        *(hostile_files.ERRORS, hostile_files.NOTED, hostile_files.COSTLY),
    )
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, make) in enumerate((name, make) for group in groups for name, make in group.items()):
            (Path(folder) / f"{number:03} {name}").write_bytes(make())
        files = [(str(path), None, path.name[4:]) for path in sorted(Path(folder).iterdir())]
        whole = _cut([path for path in sorted(data.iterdir()) if path.suffix in {".pdf", ".docx", ".msg"}])
        mails = _cut(sorted(data.glob("*.eml")))
        with ThreadPoolExecutor(PROCESSORS) as both:  # what is measured is processor time, and memory
            hostile = both.submit(_asked, files)
            cut_off = both.submit(_asked, whole)
            yield from _ended("hostile files", files, hostile.result())
            yield from _ended("files cut off", whole, cut_off.result())
            yield from _ended("mails cut off", mails, _asked(mails), told=False)


def _cut(paths: list[Path]) -> list[tuple[str, int | None, str]]:
    """Return each file cut off at several places."""
    return [
        (str(path), path.stat().st_size * (2 * place + 1) // (2 * PLACES), path.name)
        for path in paths
        for place in range(PLACES)
    ]


def _asked(files: Sequence[tuple[str, int | None, str]]) -> Any:
    """Read files in a process of its own, and return what it says of them."""
    asked = "\n".join(map(json.dumps, files))
    done = subprocess.run([sys.executable, "-c", _PROGRAM], input=asked, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _ended(
    part: str, files: Sequence[tuple[str, int | None, str]], said: Any, *, told: bool = True
) -> Iterator[Figure]:
    """Say how files ended; a mail may end anywhere, and is a mail."""
    ended, (seconds, name), (most, before) = said
    right = ended["error"] + ended["noted"] + ended["read"] + (0 if told else len(ended["silent"]))
    note = f"{right} of {len(files)}: {ended['error']} errors, {ended['noted']} noted, {ended['read']} read as shown"
    if ended["silent"]:
        note += f"; without a word: {len(ended['silent'])}, such as {ended['silent'][0]}"
    if ended["crash"]:
        note += f"; crashed: {', '.join(ended['crash'])}"
    yield Figure(part, "one named error, or said what is odd", percent(right, len(files)), bar=at_least(100), note=note)
    may, note = ReadingLimits().seconds, f"{name}; {seconds:.2f} s of the processor"
    yield Figure(part, f"the slowest ÷ the {may:g} s that a file may take", seconds / may, TIMES, at_most(2.0), note)
    note = f"{most / MEGABYTE:.0f} MB, {before / MEGABYTE:.0f} before the first file"
    name = "most memory of the process that asks ÷ before the first file"
    yield Figure(part, name, most / before, TIMES, at_most(7.0), note)
