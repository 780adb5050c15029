"""The documents that a question is about: which of its run's they are, and each with the bytes it was read from."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from handrail_ai_steps.documents.document import Document
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.places import part_bytes
from handrail_guards.outcome import SourcePicture
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import UnknownFile
from handrail_orchestrator.file import File
from handrail_orchestrator.records.item import ReviewDetail

LIMITS = ReadingLimits()
_KEYS = frozenset({"id", "name", "kind", "pages"})


class ItemDocuments:
    """The documents of one question."""

    def __init__(self, client: Client, item: ReviewDetail) -> None:
        self._client = client
        self._item = item
        self._recorded = _recorded(client, item)
        """As the run has them, with those inside them."""
        inner = {each.id: each for whole in self._recorded for each in whole.walk()}
        self.documents: Sequence[Document] = tuple(
            each for each in inner.values() if _is_shown(item, each, is_only=len(inner) == 1)
        )
        """Those that the question is about."""

    def find(self, id: str) -> Document | None:  # noqa: A002
        """Return one that the question is about."""
        return next((each for each in self.documents if each.id == id), None)

    def opened(self, document: Document) -> Document:
        """Return one with its bytes.

        Raises:
            UnknownFile: the store does not have them.
            FilePurged: they were removed, and when.
            DocumentError: the file that it came in cannot be read.
        """
        for whole in self._recorded:
            path = _path_to(whole, document.id)
            if path is not None:
                return _part_of(whole.opened(self._bytes_of(whole)), path)
        raise UnknownFile(document.id, "the question is not about it")

    def _bytes_of(self, document: Document) -> bytes:
        """Return a document's bytes; of one that came in another file, such as a mail, from there."""
        try:
            return self._client.read_file(document)
        except UnknownFile:
            for file in self._client.files_of(self._item.run_id):
                if file.purged is None:
                    whole = Document.open(self._client.read_file(file), name=document.name, limits=LIMITS)
                    data = next((each.data for each in whole.walk() if each.id == document.id), None)
                    if data is not None:
                        return data
            raise


def _recorded(client: Client, item: ReviewDetail) -> Sequence[Document]:
    if not client.files_of(item.run_id):  # as most runs: nothing more is read
        return ()
    run = client.run(item.run_id)
    said: list[Any] = [run.input, *(step.output for step in client.steps(item.run_id))]
    return tuple({each.id: each for each in _documents_in(said)}.values())


def _is_shown(item: ReviewDetail, document: Document, *, is_only: bool) -> bool:
    """Return whether a document of the run is what a question shows: by its text, or as one that has none."""
    judgement = item.judgement
    if judgement is not None:
        judged = {each.id for each in judgement.documents} | {each.id for each in judgement.pictures}
        if document.id in judged:
            return True
    text = document.text
    if text.strip():
        return text in _shown_text(item)
    return document.name in item.reason or is_only


def _shown_text(item: ReviewDetail) -> str:
    if item.judgement is not None and item.judgement.source:
        return item.judgement.source
    return item.context if isinstance(item.context, str) else json.dumps(item.context, ensure_ascii=False)


def _part_of(document: Document, path: Sequence[int]) -> Document:
    for index in path:
        part = document.parts[index].document
        assert part is not None  # noqa: S101 -- the path was found through it
        document = part.opened(part_bytes(document, index, LIMITS))
    return document


def _path_to(document: Document, id: str) -> tuple[int, ...] | None:  # noqa: A002
    """Return the places of the parts that lead to a document inside another."""
    if document.id == id:
        return ()
    for index, part in enumerate(document.parts):
        below = None if part.document is None else _path_to(part.document, id)
        if below is not None:
            return (index, *below)
    return None


def _documents_in(value: Any) -> Iterator[Document]:
    """Yield the documents in plain data; those inside of documents are theirs."""
    if isinstance(value, dict):
        if value.keys() >= _KEYS:
            try:
                yield _reader().validate_python(value)
            except ValidationError:
                pass
            else:
                return
        for each in value.values():
            yield from _documents_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from _documents_in(each)


def files_of(item: ReviewDetail) -> tuple[File, ...]:
    """Return the files that stand in what a question shows."""
    return tuple(_files_in(item.context))


def kept_pictures(client: Client, item: ReviewDetail) -> Mapping[str, SourcePicture]:
    """Return the pictures that a model was shown and whose files the store keeps for the run, by their ids."""
    if item.judgement is None or not item.judgement.pictures:
        return {}
    kept = {file.id for file in client.files_of(item.run_id) if file.purged is None}
    return {each.id: each for each in item.judgement.pictures if each.id in kept}


def _files_in(value: Any) -> Iterator[File]:
    match value:
        case {"id": str(id), "name": str(name), "size": int(size)} if len(value) == 3 and len(id) == 64:
            yield File(id=id, name=name, size=size)
        case dict():
            for each in value.values():
                yield from _files_in(each)
        case list():
            for each in value:
                yield from _files_in(each)
        case _:
            return


@cache
def _reader() -> TypeAdapter[Document]:
    return TypeAdapter(Document)
