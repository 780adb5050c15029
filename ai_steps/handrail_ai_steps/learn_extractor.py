"""Training an extractor from a file of documents with true values, or of people's corrections."""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handrail_ai_steps.documents.document import Document
from handrail_ai_steps.documents.errors import DocumentError
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.opening import open_document
from handrail_ai_steps.documents.page import Page
from handrail_ai_steps.errors import InvalidTrainingData
from handrail_ai_steps.learn import PROVENANCE
from handrail_ai_steps.models.extractor.labelled import LabelledDocument, TrueValue
from handrail_ai_steps.models.extractor.model import LocalExtractor
from handrail_ground.jsonl import InvalidLines, place, read_lines
from handrail_ground.optional import needs
from handrail_ground.values import InvalidJson

with needs("local"):
    from handrail_ai_steps.models.extractor.examples import DocumentSet
    from handrail_ai_steps.models.extractor.report import FieldReport, as_table, report

FIELDS = ("fields", "expected")
"""Where a line may hold the true values."""
FOLDS = 4


@dataclass(frozen=True, slots=True)
class ReadDocuments:
    """What a file of documents with true values holds."""

    examples: tuple[LabelledDocument, ...]
    set_apart: int
    """How many exported decisions were left out, because they were drawn at random: those calibrate."""
    left_out: Mapping[str, str]
    """By field why nothing can be learned of it, such as a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractorTraining:
    """What came of the training."""

    model: LocalExtractor
    folder: Path
    """Where the model was saved."""
    documents: int
    issuers: int
    """How many issuers the documents are of, as far as is known."""
    set_apart: int
    left_out: Mapping[str, str]
    seconds: float
    """How long the fit took."""
    report: tuple[FieldReport, ...]
    """How well each field is read in documents that were kept out; empty: nobody asked."""

    def report_lines(self) -> list[str]:
        """Return the report as lines of a table."""
        return as_table(self.report) if self.report else []


def learn_extractor(
    source: Path,
    folder: Path,
    *,
    fields: Sequence[str] = (),
    issuer: str | None = None,
    seed: int = 0,
    folds: int = FOLDS,
) -> ExtractorTraining:
    """Train an extractor from a JSON Lines file and save it in a folder; steps ask for it as ``local:FOLDER``.

    ``fields`` are those to learn (empty: all that are found), ``issuer`` is the field that says who made a document
    (None: found by the numbers that documents share). ``folds`` is in how many parts documents are kept out in turn to
    report how well fields are read, each part a fit of its own; 0: nothing is reported.

    Raises:
        InvalidTrainingData: a line cannot be read, or there is nothing to learn; the message names file and line.
        LibraryMissing: numpy and scipy are not installed.
    """
    read = read_documents(source, fields=fields, issuer=issuer)
    try:
        data = DocumentSet.of(read.examples)
    except InvalidTrainingData as error:
        raise InvalidTrainingData(f"{source}: {error}") from error
    started = time.perf_counter()
    model = LocalExtractor.fit(read.examples, name=folder.name, seed=seed)
    seconds = time.perf_counter() - started
    model.save(folder)
    reported = report(data, seed=seed, folds=folds) if folds else ()
    return ExtractorTraining(
        model=model,
        folder=folder,
        documents=len(data),
        issuers=len(set(data.issuers)),
        set_apart=read.set_apart,
        left_out=read.left_out,
        seconds=seconds,
        report=reported,
    )


def read_documents(source: Path, *, fields: Sequence[str] = (), issuer: str | None = None) -> ReadDocuments:
    """Return the documents of a JSON Lines file with their true values.

    A line holds a document, as ``lines`` (each a text with its box, as OCR gives them), as ``text``, as ``document`` or
    ``input`` (as records and exports have it), or as ``file`` (a path beside the file); and its values as ``fields`` or
    ``expected``. Of the decisions that ``handrail review export`` wrote, those drawn at random are left out.

    Raises:
        InvalidTrainingData: there is no such file, or a line is not what is said here; the message names both.
    """
    examples: list[LabelledDocument] = []
    left_out: dict[str, str] = {}
    set_apart = 0
    for where, record in _records(source):
        if _is_drawn(record):
            set_apart += 1
            continue
        values = _values(record, where, left_out)
        if fields and not any(each in values or each in left_out for each in fields):
            there = ", ".join(map(repr, values)) or "none"
            raise InvalidTrainingData(f"{where}: none of the fields {', '.join(map(repr, fields))}; it has {there}")
        chosen = {name: value for name, value in values.items() if not fields or name in fields}
        by = str(values.get(issuer) or "") if issuer else record.get("issuer", "")
        if not isinstance(by, str):
            raise InvalidTrainingData(f"{where}, field 'issuer': a {type(by).__name__}; name who made it as text")
        examples.append(LabelledDocument(_document(record, where, source.parent), chosen, by))
    if not examples and set_apart:
        raise InvalidTrainingData(
            f"all {set_apart:,} decisions in {source} were drawn at random, and such cases calibrate;"
            " give some of them up for training with `handrail eval labels STEP --from FILE --give-up 0.25 --out`"
        )
    if issuer and examples and not any(each.issuer for each in examples):
        raise InvalidTrainingData(f"{source}: no line has a value of the field {issuer!r}, which names the issuer")
    return ReadDocuments(tuple(examples), set_apart, left_out)


def _records(source: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        for line in read_lines(source):
            where = place(source, line.number)
            try:
                record = line.value()
            except InvalidJson as error:
                raise InvalidTrainingData(f"{where}: {error}; each line must be one JSON object") from error
            if not isinstance(record, dict):
                raise InvalidTrainingData(f"{where}: a {type(record).__name__} where a JSON object belongs")
            yield where, record
    except InvalidLines as error:
        raise InvalidTrainingData(f"{error}; give a JSONL file") from error


def _is_drawn(record: Mapping[str, Any]) -> bool:
    about = record.get("metadata")
    return isinstance(record.get(PROVENANCE), dict) and isinstance(about, dict) and about.get("drawn") is True


def _values(record: Mapping[str, Any], where: str, left_out: dict[str, str]) -> dict[str, TrueValue]:
    """Return the true values of a line; lists and objects are left out, and said so."""
    name = next((each for each in FIELDS if each in record), None)
    given = record.get(name) if name else None
    if not isinstance(given, dict):
        what = "no field 'fields'" if name is None else f"field {name!r} is a {type(given).__name__}"
        raise InvalidTrainingData(
            f"{where}: {what}; give the true values as an object, such as"
            ' {"lines": [...], "fields": {"total": "12.50"}}'
        )
    values: dict[str, TrueValue] = {}
    for each, value in given.items():
        if isinstance(value, list | dict | bool):
            left_out[each] = f"a {type(value).__name__}, and only texts, numbers and dates are learned"
        else:
            values[each] = value
    return values


def _document(record: Mapping[str, Any], where: str, beside: Path) -> Document | str:
    """Return the document of a line, or its text."""
    if "lines" in record:
        return _of_lines(record, where)
    if isinstance(record.get("text"), str):
        return str(record["text"])
    if "file" in record:
        return _of_file(record["file"], where, beside)
    for name in ("document", "input"):
        if name in record:
            found = _recorded(record[name])
            if found is not None:
                return found
            raise InvalidTrainingData(f"{where}, field {name!r}: neither a text nor a document as records have it")
    there = ", ".join(map(repr, record)) or "no field at all"
    raise InvalidTrainingData(
        f"{where}: no document, but {there}; give 'lines' (OCR lines), 'text', 'file' (a path), 'document' or 'input'"
    )


def _of_lines(record: Mapping[str, Any], where: str) -> Document:
    """Return a document of OCR lines, read as a file of them is."""
    from handrail_ai_steps.documents.readers.ocr_lines import read  # noqa: PLC0415 -- readers are loaded where asked

    told = {name: record[name] for name in ("lines", "width", "height") if name in record}
    data = json.dumps(told).encode()
    try:
        pages = tuple(each for each in read(data, "lines", ReadingLimits(), places=True) if isinstance(each, Page))
    except DocumentError as error:
        raise InvalidTrainingData(f"{where}, field 'lines': {error}") from error
    return Document(
        id=hashlib.sha256(data).hexdigest(), name=str(record.get("id", "lines")), kind="ocr_lines", pages=pages
    )


def _of_file(given: object, where: str, beside: Path) -> Document:
    if not isinstance(given, str) or not given:
        raise InvalidTrainingData(f"{where}, field 'file': a {type(given).__name__}; give a path as text")
    path = beside / given
    try:
        return open_document(path, places=True)
    except (DocumentError, OSError) as error:
        raise InvalidTrainingData(f"{where}, field 'file': {path} cannot be read: {error}") from error


def _recorded(given: Any) -> Document | str | None:
    """Return a document or a text as a record or an export has it, alone or among the values of a call."""
    if isinstance(given, str):
        return given
    if isinstance(given, list):
        return next((found for each in given if (found := _recorded(each)) is not None), None)
    if not isinstance(given, dict):
        return None
    if "pages" in given and "kind" in given:
        from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 -- it takes long to load

        try:
            return TypeAdapter(Document).validate_python(given)
        except ValidationError:
            return None
    inside = [*given.get("values", []), *given.get("named", {}).values()] if "values" in given else [*given.values()]
    return next((found for each in inside if isinstance(found := _recorded(each), Document)), None) or next(
        (found for each in inside if (found := _recorded(each)) is not None), None
    )
