"""The engines that read pictures of text, as a program chooses one."""

import os
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from handrail_ai_steps.documents.errors import LanguageMissing
from handrail_ai_steps.documents.ocr.kept import EngineProcess
from handrail_ground.optional import Extra, LibraryMissing

TESSERACT_DATA = (
    "/usr/share/tesseract-ocr/*/tessdata",
    "/usr/share/tesseract*/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)
"""Where packages put Tesseract's languages."""


def rapid_ocr() -> EngineProcess:
    """Return the engine RapidOCR: the better reader, of Latin and Chinese script, about three seconds a page.

    Its models come with the package, and nothing is ever fetched. It reads in a process of its own, which is kept for
    the next page and ends after a minute without one.

    Raises:
        LibraryMissing: it is not installed.
    """
    _installed("rapidocr", "ocr")
    _installed("onnxruntime", "ocr")
    return EngineProcess({"name": "rapid"})


def tesseract_ocr(languages: Iterable[str] = ("eng",), *, data: str | os.PathLike[str] | None = None) -> EngineProcess:
    """Return the engine Tesseract: under a second a page, and it misses more.

    Args:
        languages: Tesseract's names of them; on Debian, the package ``tesseract-ocr-deu`` brings ``deu``.
        data: The folder with their ``.traineddata`` files; None: ``TESSDATA_PREFIX``, or where packages put them.

    Raises:
        LibraryMissing: it is not installed.
        LanguageMissing: a language has no data here.
    """
    _installed("tesserocr", "ocr-tesseract")
    wanted = (languages,) if isinstance(languages, str) else tuple(languages)
    said = data if data is not None else os.environ.get("TESSDATA_PREFIX")
    folders = [Path(said)] if said is not None else [each for place in TESSERACT_DATA for each in _folders(place)]
    for folder in folders:
        if wanted and all((folder / f"{each}.traineddata").is_file() for each in wanted):
            return EngineProcess({"name": "tesseract", "data": str(folder), "languages": wanted})
    there = sorted({each.stem for folder in folders for each in folder.glob("*.traineddata")} - {"osd"})
    packages = " ".join(f"tesseract-ocr-{each}" for each in wanted or ("eng",))
    raise LanguageMissing(
        f"Tesseract has no data for {' and '.join(wanted) or 'no language'} in one folder (it has "
        f"{', '.join(there) or 'none'}); on Debian: apt install {packages}"
    )


def _folders(pattern: str) -> list[Path]:
    return sorted(Path("/").glob(pattern.removeprefix("/")), reverse=True)


def _installed(library: str, extra: Extra) -> None:
    if find_spec(library) is None:
        raise LibraryMissing(library=library, extra=extra)
