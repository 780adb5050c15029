"""The extractor: learned from documents with true values, asked in this process and without a network."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handrail_ai_steps.documents.document import Document
from handrail_ai_steps.errors import ModelNotReady
from handrail_ai_steps.model import Answer, ModelRequest, NoAnswer
from handrail_ai_steps.models.extractor.table import TableRead, lists_items, read_table
from handrail_ai_steps.models.sources.known import Outputs, no_answer
from handrail_ai_steps.models.sources.schema_fields import SchemaField, fields_of, words_in
from handrail_ground.hashing import hash_of_text
from handrail_ground.optional import LibraryMissing, OptionalLibrary
from handrail_guards.confidence import Confidence
from handrail_guards.outcome import Alternative, Attempt
from handrail_guards.verdict import Span

if TYPE_CHECKING:
    from handrail_ai_steps.models.extractor import examples, reading
    from handrail_ai_steps.models.extractor import file as model_file
    from handrail_ai_steps.models.extractor import fit as fitting
    from handrail_ai_steps.models.extractor.labelled import LabelledDocument
else:
    examples = OptionalLibrary("handrail_ai_steps.models.extractor.examples", extra="local")
    model_file = OptionalLibrary("handrail_ai_steps.models.extractor.file", extra="local")
    fitting = OptionalLibrary("handrail_ai_steps.models.extractor.fit", extra="local")
    reading = OptionalLibrary("handrail_ai_steps.models.extractor.reading", extra="local")

VERSION_DIGITS = 8
SHOWN_FIELDS = 12


class LocalExtractor:
    """Reads fields in documents by what it learned from documents with true values, without a network.

    Build it with ``fit`` or ``load``. A receipt takes 5 to 9 milliseconds; the confidence of each field is calibrated
    on documents that were kept out while fitting. Documents opened with ``places=True`` are read best.
    """

    def __init__(self, saved: "model_file.SavedExtractor") -> None:
        self._saved = saved
        self._version = hash_of_text(f"{saved.data_hash} {saved.seed}", digits=VERSION_DIGITS)
        self._outputs = Outputs()

    @property
    def name(self) -> str:
        """The name it is asked for by, such as ``local:receipts``; training it again does not change it."""
        return f"local:{self._saved.name}"

    @property
    def version(self) -> str:
        """Eight hexadecimal digits that change with the documents it learned from, and the seed."""
        return self._version

    @property
    def full_name(self) -> str:
        """The name its answers give, such as ``local:receipts@3fa9c1d2``: what records and thresholds are tied to."""
        return f"{self.name}@{self.version}"

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that it can read."""
        return tuple(each.name for each in self._saved.learned.fields)

    @property
    def data_hash(self) -> str:
        """SHA-256 of the documents it learned from, as hexadecimal."""
        return self._saved.data_hash

    @classmethod
    def fit(cls, documents: "Iterable[LabelledDocument]", *, name: str, seed: int = 0) -> "LocalExtractor":
        """Return an extractor that learned from the documents; the same documents and seed give the same one.

        What kind each field is of (date, amount, word, text) follows from its true values. It uses one core: 15 to 25
        seconds for 400 receipts.

        Raises:
            InvalidTrainingData: there are too few documents, or no field is known in enough of them.
            ModelNotReady: numpy and scipy are not installed.
        """
        with _libraries():
            data = examples.DocumentSet.of(documents)
            learned = fitting.fit(data, seed=seed)
            return cls(model_file.SavedExtractor(name, data.data_hash, len(data), seed, learned))

    @classmethod
    def load(cls, folder: Path | str) -> "LocalExtractor":
        """Return the extractor that was saved in a folder.

        Raises:
            UnreadableModel: there is none, or it is damaged, foreign, or from a newer release.
            ModelNotReady: numpy and scipy are not installed.
        """
        with _libraries():
            return cls(model_file.load(Path(folder)))

    def save(self, folder: Path | str) -> None:
        """Write the extractor into a folder, made if need be, as JSON and plain arrays."""
        model_file.save(self._saved, Path(folder))

    def read(self, source: Document | str) -> "Mapping[str, reading.FieldRead]":
        """Return what it reads in a document or a text, by field, whatever output type a step has."""
        given = source.text if isinstance(source, Document) else source
        return reading.read(self._saved.learned, given, (source,) if isinstance(source, Document) else ())

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        """Return the fields of the output type as the request's documents, or its text, have them.

        A list of line items (``lines``, ``items``) needs no training: it is read by rules, and sure where the sum of
        the rows is printed below them. A field that it was not trained on, or one that must have a value and has no
        candidate, is a ``NoAnswer``.
        """
        started = time.perf_counter()
        output = self._outputs.of(request.output_type)
        asked = fields_of(output.json_schema, output.json_schema) if output.json_schema is not None else []
        learned = {words_in(name): name for name in self.fields}
        if not asked:
            return self._refused(f"{self.name} reads the fields of a record, and {request.task!r} asks for none")
        tables = [each for each in asked if lists_items(each) and words_in(each.name) not in learned]
        asked = [each for each in asked if each not in tables]
        unknown = [each.name for each in asked if words_in(each.name) not in learned]
        if unknown:
            known = ", ".join(map(repr, self.fields[:SHOWN_FIELDS]))
            return self._refused(
                f"{self.name} was not trained on {', '.join(map(repr, unknown))}; it knows {known}. Train it again with"
                " documents that have them, or ask another model for these"
            )
        found = reading.read(self._saved.learned, request.text, request.documents)
        given: dict[str, _Given] = {}
        for each in asked:
            made = _given(each, found[learned[words_in(each.name)]], self._saved.learned.day_first)
            if isinstance(made, str):
                return self._refused(made)
            given[each.name] = made
        data = {name: each.data for name, each in given.items()}
        for each in tables:
            table = read_table(each, request)
            if isinstance(table, str):
                return self._refused(table)
            data[each.name] = table.data
            given |= {path: _of_table(path, sure, table) for path, sure in table.fields.items()}
        raw = json.dumps(data, ensure_ascii=False)
        try:
            value = output.parse_strict(raw)
        except ValueError as error:
            return no_answer(self.full_name, f"what {self.name} read does not fit: {error}", "invalid")
        return self._answer(value, raw, output.names.renamed(given), time.perf_counter() - started)

    def _answer(self, value: Any, raw: str, given: "Mapping[str, _Given]", seconds: float) -> Answer:
        fields = {name: each.sure for name, each in given.items()}
        weakest = min(fields, key=lambda name: -1.0 if fields[name].value is None else fields[name].value or 0.0)
        least = fields[weakest].value
        detail = f"lowest of {len(fields)} fields: {weakest}"
        return Answer(
            value=value,
            raw=raw,
            confidence=Confidence.none(detail) if least is None else Confidence(least, "local", detail),
            model=self.full_name,
            fields=fields,
            field_alternatives={name: each.others for name, each in given.items() if each.others},
            evidence={name: each.places for name, each in given.items() if each.places},
            attempts=(
                Attempt(
                    model=self.full_name,
                    result="answered",
                    seconds=seconds,
                    input_tokens=0,
                    output_tokens=0,
                    money=0.0,
                ),
            ),
        )

    def _refused(self, reason: str) -> NoAnswer:
        return no_answer(self.full_name, reason)


@dataclass(frozen=True, slots=True)
class _Given:
    """What is answered of one field."""

    data: Any
    sure: Confidence
    others: tuple[Alternative, ...]
    places: tuple[Span, ...]


def _given(field: SchemaField, found: "reading.FieldRead", day_first: float | None) -> _Given | str:
    """Return what is answered of a field, or why nothing can be."""
    made = found.first(field, day_first)
    if field.nullable and (made is None or found.is_absent):
        others = found.alternatives(field, day_first, without_first=False)
        return _Given(None, found.sure_of_none, others, ())
    if made is None:
        return f"nothing in the document may be its {field.name!r}: {found.why_none(field)}"
    halves = len(made.others) + 1
    if found.unlike:
        sure = Confidence.none(found.unlike)
    elif halves > 1:
        told = f"halved: it may be {made.shown} or {' or '.join(made.others)}"
        sure = Confidence(found.sure / halves, "local", told)
    else:
        sure = Confidence(found.sure, "local", found.why)
    readings = tuple(Alternative(value=each, confidence=sure.value or 0.0) for each in made.others)
    return _Given(made.data, sure, (*readings, *found.alternatives(field, day_first)), found.places)


def _of_table(path: str, sure: Confidence, table: TableRead) -> _Given:
    place = table.places.get(path)
    return _Given(None, sure, (), () if place is None else (place,))


@contextmanager
def _libraries() -> Iterator[None]:
    """Let a library that is not installed be a model that is not ready, as a missing file is."""
    try:
        yield
    except LibraryMissing as error:
        raise ModelNotReady(str(error)) from error
