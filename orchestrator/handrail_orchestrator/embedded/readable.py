"""Errors that can be looked at: of one whose own code is in the way of that, another in its place.

``isinstance``, a traceback and the chain of causes ask an error for its attributes, which its class may answer with
whatever it likes, such as ``SystemExit``. All that is done with an error further up may rely on them.
"""

from collections.abc import Iterator
from typing import Any

from handrail_orchestrator.interrupts import stop_signalled
from handrail_orchestrator.suspension import Suspended

LOOKED_AT = ("__class__", "__traceback__", "__cause__", "__context__", "__suppress_context__", "__notes__", "args")
"""What asyncio, tracebacks and the engine ask an error for."""

_OWN: Any = BaseException.__dict__
_NAME: Any = type.__dict__["__name__"]


def readable(error: BaseException) -> BaseException:
    """Return the error, without what led to it and cannot be looked at; where that is the error, one in its place."""
    if type(error) is Suspended:  # ours, at every wait
        return error
    if not _can_be_read(error):
        return _stand_in(error)
    if isinstance(error, BaseExceptionGroup):
        members = [readable(each) for each in error.exceptions]
        if any(map(_differs, members, error.exceptions)):
            return BaseExceptionGroup(error.message, members)
    for each in _chain(error):
        for name in ("__cause__", "__context__"):
            before = _OWN[name].__get__(each)
            if before is not None and not _can_be_read(before):
                _OWN[name].__set__(each, None)
    return error


def said(error: BaseException) -> str:
    """Return an error's text, whatever its class makes of that."""
    try:
        return str.__str__(str(error))  # of a text whose class is the user's, the text
    except BaseException as problem:
        if _was_asked_to_end(problem):
            raise
        return f"(no text: str() of it raised {name_of(problem)})"


def name_of(error: BaseException) -> str:
    """Return the name of an error's class, whatever its metaclass makes of that."""
    return str(_NAME.__get__(type(error)))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what led to it, as far as that can be read by the time that it is come to."""
    seen: set[int] = set()
    look: list[BaseException | None] = [error]
    while look:
        each = look.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        look += [_OWN["__cause__"].__get__(each), _OWN["__context__"].__get__(each)]


def _can_be_read(error: BaseException) -> bool:
    kind = type(error)
    try:
        isinstance(error, Suspended)  # asks for its class, where that is not given away by its type
        bool(error)
        for name in LOOKED_AT:
            getattr(error, name, None)
        for name in ("__name__", "__qualname__", "__module__"):
            getattr(kind, name)
    except BaseException as problem:
        if _was_asked_to_end(problem):
            raise
        return False
    return True


def _stand_in(error: BaseException) -> BaseException:
    """Return an error of the same name and text, and of no more."""
    kind = type(name_of(error), (Exception,), {"__module__": __name__})
    made: BaseException = kind(said(error))
    return made.with_traceback(_OWN["__traceback__"].__get__(error))


def _was_asked_to_end(problem: BaseException) -> bool:
    """Return whether somebody pressed Ctrl-C while code of an error was asked."""
    return type(problem) is KeyboardInterrupt and stop_signalled()


def _differs(one: object, other: object) -> bool:
    return one is not other
