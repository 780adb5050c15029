"""Why a server lets nobody in, by its code: what it says in words is in the language that it was set up with."""

import os
import re
import selectors
import time
from functools import lru_cache

import psycopg
from psycopg import pq

REMEMBERED = 64
"""Refusals whose code is known: a worker that tries again and again asks once."""
_MOST_BYTES = 65_536
_WORDS_OF_A_SERVER = re.compile(r"\S:  \S")
"""The severity and the message, with what libpq puts between them in every language; it never does in its own."""
_CODE = re.compile(rb'\tErrorResponse\t.*? C "([0-9A-Z]{5})"')
_WAITS: dict[int, int] = {
    pq.PollingStatus.READING: selectors.EVENT_READ,
    pq.PollingStatus.WRITING: selectors.EVENT_WRITE,
}


def is_by_the_server(said: str) -> bool:
    """Return whether a connection that failed was refused by a server, in its words."""
    return _WORDS_OF_A_SERVER.search(said) is not None


@lru_cache(maxsize=REMEMBERED)
def code_of_refusal(address: str, said: str, seconds: float) -> str | None:  # noqa: ARG001 -- remembered by what was said
    """Return the SQLSTATE with which a server refuses a connection, by asking it once more for at most so long.

    libpq keeps the code of a refusal to itself, except in what it writes of a connection that is traced. None where
    that cannot be had: libpq does it from 18 on, psycopg on Linux.
    """
    read, write = os.pipe()
    try:
        for end in (read, write):  # what is too much is left out, and nobody waits for it
            os.set_blocking(end, False)
        _try(address, write, time.monotonic() + seconds)
        codes = _CODE.findall(os.read(read, _MOST_BYTES))
    except (psycopg.Error, OSError):
        return None
    finally:
        os.close(read)
        os.close(write)
    return codes[-1].decode() if codes else None


def _try(address: str, trace: int, end: float) -> None:
    """Try to connect, and have what goes to and fro written to a pipe, which nobody else reads."""
    connection = pq.PGconn.connect_start(address.encode())
    try:
        connection.trace(trace)
        while (events := _WAITS.get(connection.connect_poll())) is not None:
            with selectors.DefaultSelector() as selector:  # each host of an address has a socket of its own
                selector.register(connection.socket, events)
                if not selector.select(end - time.monotonic()):
                    break
        connection.untrace()
    finally:
        connection.finish()
