"""The files that labels leave in and come back from: one JSON object a line, whole or not at all."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from handrail_ai_steps.models.local import LabelledText
from handrail_evals.decide.corrections.labelled import LabelledCase
from handrail_evals.errors import InvalidCaseFile
from handrail_ground.files import write_whole
from handrail_ground.values import json_line

SUFFIXES = (".jsonl", ".ndjson")
"""How files of cases must end, so that what reads them knows them."""


def write_labelled(path: Path, cases: Iterable[LabelledCase]) -> int:
    """Write what people decided, a case a line, and return how many; a file that was there is replaced.

    ``handrail eval run``, ``calibrate``, ``labels`` and ``learn`` read it. One case is held at a time.

    Raises:
        InvalidCaseFile: the file is not named as JSON Lines.
        OSError: it cannot be written; the file is as it was.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InvalidCaseFile(path=path, problem="cases are written as JSON Lines; give the file a name in .jsonl")
    return _write(path, (each.as_line() for each in cases))


def write_examples(path: Path, examples: Iterable[LabelledText]) -> int:
    """Write the JSON Lines that ``handrail learn --from`` reads, whole or not at all; return how many lines.

    A file that was there is replaced.
    """
    return _write(path, ({"text": each.text, "label": each.label} for each in examples))


def _write(path: Path, lines: Iterable[Mapping[str, Any]]) -> int:
    written = 0

    def told() -> Iterator[bytes]:
        nonlocal written
        for line in lines:
            written += 1
            yield line_of(line).encode("utf-8")

    write_whole(path, told())
    return written


def line_of(data: Mapping[str, Any]) -> str:
    """Return one line of a file of labels; text that holds half a character (a lone surrogate) is written in ASCII."""
    told = json_line(data, ascii_only=False)
    try:
        told.encode("utf-8")
    except UnicodeEncodeError:
        told = json_line(data)
    return f"{told}\n"
