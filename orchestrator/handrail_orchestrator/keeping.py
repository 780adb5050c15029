"""Giving files to a store and getting them back, a part at a time: a large one is never in memory twice."""

import asyncio
import hashlib
import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, TypeAlias

from handrail_orchestrator.errors import FilePurged, Misuse, StoreCorrupt, UnknownFile
from handrail_orchestrator.file import File
from handrail_orchestrator.store.changes import Change
from handrail_orchestrator.store.files import PART_BYTES, BeginFile, FileRow, KeepFile, PutPart
from handrail_orchestrator.texts import checked_text

if TYPE_CHECKING:
    from handrail_orchestrator.store.port import Store

OTHERS_TURN_SECONDS = 0.002
"""How long the store is left to others between two parts of a large file."""

FileSource: TypeAlias = bytes | bytearray | memoryview | str | Path
"""A file's bytes, or the path of a file."""


class ChangeWriter(Protocol):
    """Whoever writes changes to a store."""

    async def ask(self, change: Change) -> Any:
        """Write a change and return its reply."""
        ...


class Files:
    """The files of a store, for whoever only reads them; safe to use from several threads."""

    def __init__(self, store: "Store") -> None:
        self._store = store

    def find(self, id: str) -> FileRow:  # noqa: A002
        """Return what is known of a file whose bytes are there.

        Raises:
            UnknownFile: there is none with this id.
            FilePurged: its bytes were removed.
        """
        row = self._store.file(id)
        if row is None:
            raise UnknownFile(id)
        if row.purged is not None:
            raise FilePurged(id, datetime.fromtimestamp(row.purged, UTC))
        return row

    def read(self, id: str) -> bytes:  # noqa: A002
        """Return the bytes of a file.

        Raises:
            UnknownFile: there is none with this id.
            FilePurged: its bytes were removed.
            StoreCorrupt: the bytes are not those that were kept.
        """
        row = self.find(id)
        whole, digest, part = io.BytesIO(), hashlib.sha256(), 0
        while (data := self._store.file_part(row.number, part)) is not None:
            digest.update(data)
            whole.write(data)
            part += 1
        if digest.hexdigest() != id:
            self.find(id)  # they may have been removed while they were read
            problem = f"the bytes of file {id} are not those that were kept: restore a backup, or keep the file again"
            raise StoreCorrupt(self._store.path, problem)
        return whole.getvalue()


async def keep(
    store: "Store", writer: ChangeWriter, source: FileSource, name: str | None, now: Callable[[], float]
) -> File:
    """Keep a file, once by its bytes.

    Raises:
        Misuse: bytes have no name, or a file changed while it was read.
        OSError: a file cannot be read.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        if not name:
            raise Misuse("bytes have no name of their own: keep_file(data, name='invoice.pdf')")
        return await _kept(store, writer, io.BytesIO(bytes(source)), name, now)
    path = Path(source)
    with await asyncio.to_thread(path.open, "rb") as stream:
        return await _kept(store, writer, stream, name or path.name, now)


async def _kept(store: "Store", writer: ChangeWriter, stream: BinaryIO, name: str, now: Callable[[], float]) -> File:
    checked_text(name, where=f"the file name {name!r}")
    change = await staged(store, writer, stream, now)
    await writer.ask(change)
    return File(id=change.id, name=name, size=change.size)


async def staged(store: "Store", writer: ChangeWriter, stream: BinaryIO, now: Callable[[], float]) -> KeepFile:
    """Give a file's bytes to the store and return the change that keeps it; until then nobody finds it.

    Raises:
        Misuse: it changed while it was read.
        OSError: it cannot be read.
    """
    data = await asyncio.to_thread(stream.read, PART_BYTES + 1)
    if len(data) <= PART_BYTES:
        return KeepFile(hashlib.sha256(data).hexdigest(), len(data), now(), data=data)
    found = await asyncio.to_thread(_digest, stream)
    row = store.file(found)
    if row is not None and row.purged is None:
        return KeepFile(found, row.size, now(), number=await writer.ask(BeginFile(now())))
    number, digest, size, part = int(await writer.ask(BeginFile(now()))), hashlib.sha256(), 0, 0
    while data := await asyncio.to_thread(stream.read, PART_BYTES):
        digest.update(data)
        await writer.ask(PutPart(number, part, data))
        size, part = size + len(data), part + 1
        await asyncio.sleep(OTHERS_TURN_SECONDS)
    if digest.hexdigest() != found:
        raise Misuse("the file changed while it was read: keep it again once nobody writes to it")
    return KeepFile(found, size, now(), number)


def _digest(stream: BinaryIO) -> str:
    """Return SHA-256 of all that a stream has, and go back to its beginning."""
    stream.seek(0)
    digest = hashlib.sha256()
    while data := stream.read(PART_BYTES):
        digest.update(data)
    stream.seek(0)
    return digest.hexdigest()
