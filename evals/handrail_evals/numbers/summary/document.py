"""A summary as a JSON text, and the file beside a result: made once, and anew when that changed."""

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

from handrail_evals.errors import InvalidResult, InvalidSummary
from handrail_evals.measure.result.result import read_result
from handrail_evals.numbers.summary.summary import DEFAULTS, Options, Summary, summarize
from handrail_ground.files import write_whole
from handrail_ground.records import Misfit, Records

FORMAT: Final = "handrail-summary/3"
"""What a summary calls itself; it changes with the fields, and when the same result would give other numbers."""

HEAD = 4096
"""Bytes of a result's beginning that are hashed: its header says what was run and when."""

TAIL = 65536
"""Bytes of its end that are hashed: results only grow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """The result file that a summary was made of, so that a stale summary is recognised."""

    bytes: int
    """Its length, without a last line that was half written."""
    digest: str
    """Hash of its beginning and its end."""


@dataclass(frozen=True)
class _Document:
    format: Literal["handrail-summary/3"]
    result: Stamp | None
    summary: Summary


_DOCUMENTS = Records(_Document)


def to_json(summary: Summary, stamp: Stamp | None = None) -> str:
    """Return a summary as JSON, in one line; ``stamp`` says which file it was made of."""
    data = asdict(_Document(FORMAT, stamp, summary))
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def from_json(text: str, *, where: str = "a summary") -> tuple[Summary, Stamp | None]:
    """Return the summary in a JSON text, and which file it was made of; ``where`` is the text's name in errors.

    Raises:
        InvalidSummary: it is of another format, or a field is missing, unknown or of another shape.
    """
    try:
        document = _DOCUMENTS.from_json(text)
    except Misfit as misfit:
        raise InvalidSummary(where=where, problem=str(misfit)) from misfit
    return document.summary, document.result


def summary_path(result_path: Path) -> Path:
    """Return where the summary of a result lies: ``X.summary.json`` beside ``X.jsonl``."""
    return result_path.parent / f"{result_path.stem}.summary.json"


def open_summary(result_path: Path, options: Options = DEFAULTS) -> Summary:
    """Return the summary of a result file, from the file beside it while that is of this result and these options.

    Otherwise the result is read, and the summary is computed and written beside it; where it cannot be written (a
    folder for reading only) it is only returned.

    Raises:
        InvalidResult: the result cannot be read.
        LibraryMissing: it has to be computed, and numpy or scipy is not installed.
    """
    kept = read_summary(result_path, options)
    if kept is not None:
        return kept
    result = read_result(result_path)
    summary = summarize(result, options)
    with suppress(OSError):
        text = to_json(summary, stamp_of(result_path, result.whole_bytes))
        write_whole(summary_path(result_path), [text.encode()])
    return summary


def read_summary(result_path: Path, options: Options = DEFAULTS) -> Summary | None:
    """Return the summary beside a result, or None when it is missing, stale, or of other options.

    Raises:
        InvalidResult: the result itself cannot be read.
    """
    path = summary_path(result_path)
    try:
        now = stamp_of(result_path, result_path.stat().st_size)
    except OSError as error:
        raise InvalidResult(
            path=result_path, problem=f"it cannot be read ({error.strerror}); make it with `handrail eval run`"
        ) from error
    try:
        summary, stamp = from_json(path.read_text(encoding="utf-8"), where=str(path))
    except (OSError, UnicodeDecodeError, InvalidSummary):
        return None  # it is made anew: nothing is lost with it
    return summary if stamp == now and summary.options == options else None


def stamp_of(path: Path, size: int) -> Stamp:
    """Return what a result file of this many bytes is recognised by.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.blake2s(digest_size=16)
    with path.open("rb") as file:
        digest.update(file.read(min(size, HEAD)))
        start = max(0, size - TAIL)
        file.seek(start)
        digest.update(file.read(size - start))
    return Stamp(bytes=size, digest=digest.hexdigest())
