"""The process that reads pictures: it makes its engine once, and reads each picture within the limits it comes with."""

import contextlib
import ctypes
import io
import json
import os
import resource
import selectors
import signal
import sys
from typing import TYPE_CHECKING, Any, BinaryIO

from handrail_ai_steps.documents.errors import BrokenDocument, DocumentError, TooHeavy
from handrail_ai_steps.documents.frames import frame, take
from handrail_ai_steps.documents.ocr.engine import OcrEngine
from handrail_ground.errors import told
from handrail_ground.optional import LibraryMissing, needs

if TYPE_CHECKING:
    from PIL.Image import Image

IDLE_SECONDS = 60.0
"""After which it ends, to be started again when a picture comes: an engine holds hundreds of megabytes."""
START_SECONDS = 60.0
"""Of the processor, to load the engine's libraries and models."""

_REFUSED = ("socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.system", "os.fork", "urllib.", "http.")
"""Beginnings of the names of what reading a picture never needs, as Python's audit calls it."""
_DEATH_SIGNAL = 1
"""``PR_SET_PDEATHSIG``, of Linux."""


def main() -> None:
    """Read pictures from the standard input until it ends; the second argument says with which engine."""
    settings = json.loads(sys.argv[2])
    incoming, outgoing = _own_streams()
    _confine(settings["memory"])
    try:
        engine = _engine(settings["engine"])
    except LibraryMissing as error:
        outgoing.write(frame(["missing", error.library, error.extra]))
        outgoing.flush()
        return
    sys.addaudithook(_refuse)
    with selectors.DefaultSelector() as selector:
        selector.register(incoming, selectors.EVENT_READ)
        while selector.select(timeout=IDLE_SECONDS):
            try:
                request, picture = take(lambda size: _exactly(incoming, size))
            except EOFError:
                return
            outgoing.write(_answer(engine, picture, request))
            outgoing.flush()


def _own_streams() -> tuple[BinaryIO, BinaryIO]:
    """Return the standard streams, which nothing else may read or write from now on: engines print."""
    incoming = os.fdopen(os.dup(0), "rb", buffering=0)
    outgoing = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    for each in (0, 1):
        os.dup2(null, each)
    return incoming, outgoing


def _answer(engine: OcrEngine, data: bytes, request: Any) -> bytes:
    """Return what is said of a picture; the process ends when that takes more of the processor than allowed."""
    signal.setitimer(signal.ITIMER_PROF, request["seconds"])
    try:
        picture = _picture(data, request["megapixels"])
        found = engine.lines_of(picture)
    except DocumentError as error:
        return frame(["error", type(error).__name__, str(error)])
    except MemoryError:
        return frame(
            ["error", TooHeavy.__name__, "reading the picture takes too much memory (ReadingLimits.ocr_memory)"]
        )
    except Exception as error:  # noqa: BLE001 -- an engine's own fault must be told, not lost
        return frame(["failed", told(error)])
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    size = picture.size if found.turn in {0, 180} else picture.size[::-1]
    lines = [
        [each.text, [each.box.left, each.box.top, each.box.right, each.box.bottom], each.score] for each in found.lines
    ]
    return frame(["lines", lines, found.turn, *size])


def _picture(data: bytes, megapixels: float) -> "Image":
    """Return a picture as RGB.

    Raises:
        BrokenDocument: it is none.
        TooHeavy: it has more pixels than allowed.
    """
    with needs("documents"):
        from PIL import Image  # noqa: PLC0415 -- an optional library
    Image.MAX_IMAGE_PIXELS = None  # the limit is ours
    try:
        with Image.open(io.BytesIO(data)) as opened:
            if opened.width * opened.height <= megapixels * 1e6:
                return opened.convert("RGB")
        raise TooHeavy(f"the picture has more than {megapixels:g} megapixels (ReadingLimits.megapixels)")
    except (OSError, SyntaxError) as error:
        raise BrokenDocument(f"the picture is damaged ({error}): ask for it again") from error


def _engine(said: Any) -> OcrEngine:
    """Return the engine that a request names."""
    match said["name"]:
        case "rapid":
            from handrail_ai_steps.documents.ocr.rapid import RapidEngine  # noqa: PLC0415 -- heavy, and only one is needed

            return RapidEngine()
        case "tesseract":
            from handrail_ai_steps.documents.ocr.tesseract import TesseractEngine  # noqa: PLC0415 -- as above

            return TesseractEngine(data=said["data"], languages=said["languages"])
        case other:
            raise ValueError(f"no engine is called {other!r}")


def _confine(memory: int) -> None:
    """Take from this process memory without end, files to write, and a life beyond its parent's."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
    for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        with contextlib.suppress(ValueError, OSError):  # a limit that is lower already stays
            resource.setrlimit(what, (most, most))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C is the parent's to answer
    signal.setitimer(signal.ITIMER_PROF, START_SECONDS)


def _exactly(incoming: BinaryIO, size: int) -> bytes:
    pieces: list[bytes] = []
    while size:
        piece = incoming.read(min(size, 1 << 20))
        if not piece:
            raise EOFError
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _refuse(event: str, _: tuple[object, ...]) -> None:
    if event.startswith(_REFUSED):
        raise PermissionError(f"an engine that reads pictures may not do this: {event}")
