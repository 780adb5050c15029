"""What a child of the reading process does: set its limits, read one file, say what is in it."""

import contextlib
import ctypes
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any

from handrail_ai_steps.documents.document import DocumentNote
from handrail_ai_steps.documents.errors import DocumentError, TooHeavy
from handrail_ai_steps.documents.frames import frame, take
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.page import Page
from handrail_ai_steps.documents.readers.piece import PageCount, Piece, too_long
from handrail_ai_steps.documents.readers.register import reader_of
from handrail_ai_steps.documents.readers.wire import piece_frame
from handrail_ground.errors import told
from handrail_ground.optional import LibraryMissing

_FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.posix_spawn",
    "os.system",
    "os.fork",
    "os.spawn",
    "ftplib.",
    "urllib.",
)
"""Beginnings of the names of what no reader has reason to do, as Python's audit calls it."""
_DEATH_SIGNAL = 1
"""``PR_SET_PDEATHSIG``, of Linux."""


def answer(asked: socket.socket) -> None:
    """Take the request from the socket, and answer it there: messages, and at last one that says how it ended."""
    with asked, asked.makefile("rb") as incoming:
        request, data = take(incoming.read)
        limits = ReadingLimits(**request["limits"])
        _confine(limits)
        try:
            for each in _messages(request, data, limits):
                asked.sendall(each)
            last = frame(["end"])
        except LibraryMissing as error:
            last = frame(["missing", error.library, error.extra])
        except DocumentError as error:
            last = frame(["error", type(error).__name__, str(error)])
        except (MemoryError, RecursionError) as error:
            last = frame(["error", TooHeavy.__name__, f"reading it takes too much memory ({type(error).__name__})"])
        except BrokenPipeError:
            return
        except Exception as error:  # noqa: BLE001 -- a reader's own fault must be told, not lost
            last = frame(["failed", told(error)])
        with contextlib.suppress(OSError):
            asked.sendall(last)


def _messages(request: dict[str, Any], data: bytes, limits: ReadingLimits) -> Iterator[bytes]:
    """Yield the answer to a request: to read a file, or to call a function that yields messages about it."""
    if request["task"] in {"read", "read_rest"}:
        half = {each: request[each] for each in ("first", "shared_from") if each in request}
        pieces = reader_of(request["kind"])(data, request["name"], limits, places=request["places"], **half)
        first, shared_from = request.get("first", 1), request.get("shared_from", 0)
        yield from map(piece_frame, _within(pieces, limits, before=first - 1, shared_from=shared_from))
        return
    module, _, function = request["task"].partition(":")
    task: Callable[..., Iterator[tuple[Any, bytes]]] = getattr(import_module(module), function)
    for said, more in task(data, limits, **request["arguments"]):
        yield frame(said, more)


def _within(pieces: Iterator[Piece], limits: ReadingLimits, *, before: int, shared_from: int) -> Iterator[Piece]:
    """Yield no more pages and characters than allowed, with a note of what is left out; each page buys time.

    ``before``: pages that another child reads; ``shared_from``: pages from which another reads the second half, and has
    half of the seconds (0: none does).
    """
    done, seconds = before, limits.seconds
    for piece in pieces:
        if isinstance(piece, PageCount) and 0 < shared_from <= piece.pages:
            seconds /= 2
            _allow(seconds)
        if not isinstance(piece, Page):
            yield piece
            continue
        if done == limits.pages:
            message = f"it has more than {done} pages; the others were left out (ReadingLimits.pages)"
            yield DocumentNote(code="pages_left_out", message=message)
            return
        done += 1
        _allow(seconds + (done - before) * limits.page_seconds)
        yield from _cut(piece, limits)


def _cut(page: Page, limits: ReadingLimits) -> Iterator[Piece]:
    most = limits.page_characters
    if len(page.text) <= most:
        yield page
    else:
        yield replace(page, text=page.text[:most], lines=tuple(line for line in page.lines if line.end <= most))
        yield too_long(page.number, limits)


def _confine(limits: ReadingLimits) -> None:
    """Take from this process what no reader needs: the network, other programs, files to write, memory without end."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
    for what, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, int(limits.seconds + limits.pages * limits.page_seconds) + 2),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # a limit that is lower already stays
            resource.setrlimit(what, (most, most))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    _allow(limits.seconds)
    sys.addaudithook(_refuse)


def _allow(seconds: float) -> None:
    """Let the process end when it has used so much of the processor in all."""
    signal.setitimer(signal.ITIMER_PROF, max(seconds - time.process_time(), 0.01))


def _refuse(event: str, _: tuple[object, ...]) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError(f"a reader may not do this: {event}")
