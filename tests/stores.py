"""Which store a test works on: a file in its folder, or one on PostgreSQL where the test is held to both."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE = "runs.db"
SECRET = "the secret of a store on a server"

_on_a_server: dict[Path, str] = {}
"""The folders whose store is elsewhere."""


def store_in(folder: Path) -> str:
    """Return the address of the store that belongs to a folder."""
    return on_a_server(folder) or f"sqlite:///{folder / FILE}"


def on_a_server(folder: Path) -> str | None:
    """Return the address of the store that belongs to a folder when it is on a server, or None when it is a file."""
    return _on_a_server.get(folder.resolve())


@contextmanager
def kept_on_a_server(folder: Path, address: str) -> Iterator[None]:
    """Have the store that belongs to a folder on a server."""
    _on_a_server[folder.resolve()] = address
    try:
        yield
    finally:
        del _on_a_server[folder.resolve()]
