"""Keeps out of the log what instructor says of our answers: it repeats them."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_asking: ContextVar[bool] = ContextVar("asking", default=False)
"""Whether instructor works for us: what others use it for in this process stays theirs to log."""


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what instructor says out of the log while it works for us."""
    token = _asking.set(True)
    try:
        yield
    finally:
        _asking.reset(token)


class _Silence(logging.Filter):
    """Keeps what instructor says of our answers out of the log: it repeats what validators say, and so their input.

    The record holds it, and a log without any set-up ends on stderr.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno <= logging.DEBUG or not _asking.get()


def silence_instructor() -> None:
    """Let every logger of instructor that there is by now be quiet where it is to be."""
    silence = _Silence()
    for name in [each for each in logging.root.manager.loggerDict if each.partition(".")[0] == "instructor"]:
        logger = logging.getLogger(name)
        if not any(isinstance(each, _Silence) for each in logger.filters):
            logger.addFilter(silence)
