"""Opening a store by its address, which loads the code of that store and of no other."""

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.store.address_text import Durability, is_server

if TYPE_CHECKING:
    from handrail_orchestrator.store.port import Store

_FILE = "sqlite:///"

SEALING = "handrail_orchestrator.sealing.opening"
"""Where values are sealed and opened: above the stores, so that each is sealed alike."""


class _Sealing(Protocol):
    """What seals and opens, as the module of that name does."""

    def with_keys(self, store: "Store") -> "Store":
        """Return a store that seals and opens by the keys of this process."""
        ...


def with_keys(store: "Store") -> "Store":
    """Return a store as this process may see it; one that cannot be used is closed.

    Raises:
        KeysUnusable: the keys of this process cannot be used.
        StoreError: the store is sealed and the keys are missing or wrong; see its subclasses.
    """
    return cast("_Sealing", import_module(SEALING)).with_keys(store)


def open_store(url: str, *, durability: Durability = "power", create: bool = True, reading: bool = False) -> "Store":
    """Open ``sqlite:///FILE`` (``sqlite:////FILE`` for an absolute path), ``sqlite:///:memory:``, or ``postgresql://…``.

    One opened for ``reading`` needs no write lock until its first change. Its values are sealed and opened by the keys
    of this process, if it has any.

    Raises:
        Misuse: the address is none of those, or what it needs is not installed.
        StoreError: the store cannot be opened, or its keys are missing or wrong; see its subclasses.
        KeysUnusable: the keys of this process cannot be used.
    """
    if is_server(url):
        from handrail_ground.optional import needs  # noqa: PLC0415 -- a file needs nothing

        with needs("postgres"):
            from handrail_orchestrator.store.postgres import PostgresStore  # noqa: PLC0415 -- as the module says

        return with_keys(PostgresStore(url, durability=durability, create=create, reading=reading))
    path = checked_path(url)
    from handrail_orchestrator.store.sqlite.store import SqliteStore  # noqa: PLC0415 -- as the module says

    return with_keys(SqliteStore(path, durability=durability, create=create, reading=reading))


def checked_path(url: str) -> str:
    """Return the path in a store's address: of its file, or ``:memory:``.

    Raises:
        Misuse: it is no store's address.
    """
    if not url.startswith(_FILE) or url == _FILE:
        raise Misuse(
            f"{url!r} is no store address: write sqlite:///FILE, or sqlite:///:memory: for one that is not kept,"
            " or postgresql://USER@HOST/DATABASE"
        )
    if "\0" in url:
        raise Misuse(f"{url!r} is no store address: no file can have a NUL in its name")
    return path_of(url)


def path_of(url: str) -> str:
    """Return the path in a store's address: of its file, or ``:memory:``."""
    return url.removeprefix(_FILE)
