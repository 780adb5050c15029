"""An engine's process as this process sees it: started with the first picture, kept for the next, ended when late."""

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any

from handrail_ai_steps.documents import errors
from handrail_ai_steps.documents.errors import DocumentError, ReaderCrashed, TooHeavy
from handrail_ai_steps.documents.frames import frame, take
from handrail_ai_steps.documents.limits import MEGABYTE, ReadingLimits
from handrail_ai_steps.documents.ocr.layout import OcrLine, laid_out
from handrail_ai_steps.documents.ocr.port import OcrPage
from handrail_ai_steps.documents.page import Box
from handrail_ground.optional import LibraryMissing

CLOCK = 3.0
"""How much longer than the processor's time a picture may take by the clock."""
GRACE_SECONDS = 60.0
"""More by the clock for the first picture, in which the engine is loaded."""

_PROGRAM = """
import json, sys
sys.path += [each for each in json.loads(sys.argv[1]) if each not in sys.path]
from handrail_ai_steps.documents.ocr.process import main
main()
"""
_KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "COVERAGE_PROCESS_CONFIG")
"""What the process sees of the environment."""


class EngineProcess:
    """Reads pictures of text with an engine in a process of its own; threads take turns."""

    def __init__(self, engine: Mapping[str, Any]) -> None:
        self._engine = engine
        self._running: _Running | None = None
        self._turn = threading.Lock()

    def read_page(self, picture: bytes, limits: ReadingLimits) -> OcrPage:
        """Return what stands in a picture, given as PNG, JPEG or TIFF.

        Raises:
            DocumentError: it cannot be read within the limits.
            LibraryMissing: the engine is not installed.
        """
        with self._turn:
            waited = self._running is not None
            try:
                return self._read(picture, limits)
            except _Gone:
                if not waited:
                    raise _crashed(limits) from None
            try:  # a process that waited may have ended while it did: what a new one dies of is the picture
                return self._read(picture, limits)
            except _Gone:
                raise _crashed(limits) from None

    def close(self) -> None:
        """End the process; the next picture starts another."""
        with self._turn:
            self._end()

    def _read(self, picture: bytes, limits: ReadingLimits) -> OcrPage:
        if self._running is not None and not self._running.serves(limits):
            self._end()
        if self._running is None:
            self._running = _Running(self._engine, memory=limits.ocr_memory)
            atexit.register(self._running.end)
        try:
            return self._running.read(picture, limits)
        except (_Gone, TooHeavy, LibraryMissing):
            self._end()
            raise

    def _end(self) -> None:
        if self._running is not None:
            atexit.unregister(self._running.end)
            self._running.end()
            self._running = None


class _Gone(Exception):
    """The process ended without an answer."""


class _Running:
    """One process with an engine."""

    def __init__(self, engine: Mapping[str, Any], *, memory: int) -> None:
        self._owner = os.getpid()
        self._memory = memory
        self._loaded = False
        self._late = False
        said = json.dumps({"engine": engine, "memory": memory})
        self._process = subprocess.Popen(  # noqa: S603 -- our own program
            [sys.executable, "-c", _PROGRAM, json.dumps(sys.path), said],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in _KEPT if name in os.environ} | {"OMP_THREAD_LIMIT": "1"},
            start_new_session=True,
        )

    def serves(self, limits: ReadingLimits) -> bool:
        """Return whether it can read the next picture: it lives, is this process's own, and has these limits."""
        return self._owner == os.getpid() and self._memory == limits.ocr_memory and self._process.poll() is None

    def read(self, picture: bytes, limits: ReadingLimits) -> OcrPage:
        """Return what stands in a picture."""
        request = {"seconds": limits.ocr_seconds, "megapixels": limits.megapixels}
        most = CLOCK * limits.ocr_seconds + (0.0 if self._loaded else GRACE_SECONDS)
        timer = threading.Timer(most, self._stop_late)
        timer.daemon = True
        timer.start()
        try:
            said = self._asked(frame(request, picture))
        except (EOFError, OSError, ValueError):
            if self._late or self._process.wait() == -signal.SIGPROF:
                raise TooHeavy(
                    f"reading the picture took longer than {limits.ocr_seconds:g} s (ReadingLimits.ocr_seconds)"
                ) from None
            raise _Gone from None
        finally:
            timer.cancel()
        self._loaded = True
        return _page_of(said)

    def end(self) -> None:
        """End the process, unless it belongs to the process that this one was forked from."""
        if self._owner == os.getpid():
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if stream is not None:
                    stream.close()

    def _asked(self, request: bytes) -> Any:
        into, out = self._process.stdin, self._process.stdout
        if into is None or out is None:
            raise EOFError
        with suppress(BrokenPipeError):  # then it may have said why it ended
            into.write(request)
            into.flush()
        return take(lambda size: _exactly(out, size))[0]

    def _stop_late(self) -> None:
        self._late = True
        self._process.kill()


def _page_of(said: Any) -> OcrPage:
    """Return the page that an answer says.

    Raises:
        DocumentError: it says why there is none.
        LibraryMissing: the engine is not installed.
    """
    match said:
        case ["lines", lines, turn, width, height]:
            read = [OcrLine(text=text, box=Box(*corners), score=score) for text, corners, score in lines]
            text, placed = laid_out(read)
            return OcrPage(text=text, lines=placed, width=width, height=height, turned=turn)
        case ["missing", library, extra]:
            raise LibraryMissing(library=library, extra=extra)
        case ["error", name, message]:
            kind = getattr(errors, name, ReaderCrashed)
            raise (kind if issubclass(kind, DocumentError) else ReaderCrashed)(message)
        case ["failed", message]:
            raise ReaderCrashed(f"what reads pictures failed: {message}")
        case _:
            raise ReaderCrashed("the process that reads pictures said what nobody understands")


def _crashed(limits: ReadingLimits) -> ReaderCrashed:
    return ReaderCrashed(
        "the process that read the picture died of it: look at the picture, or allow it more memory "
        f"(ReadingLimits.ocr_memory, now {limits.ocr_memory / MEGABYTE:g} MB)"
    )


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data
