"""Opening a store by its address, which loads the code of that store and of no other."""

from typing import TYPE_CHECKING

from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.store.port import Durability

if TYPE_CHECKING:
    from handrail_orchestrator.store.sqlite import SqliteStore

_PREFIX = "sqlite:///"


def open_store(
    url: str, *, durability: Durability = "power", create: bool = True, reading: bool = False
) -> "SqliteStore":
    """Open ``sqlite:///FILE`` (``sqlite:////FILE`` for an absolute path) or ``sqlite:///:memory:``.

    One opened for ``reading`` needs no write lock until its first change.

    Raises:
        Misuse: the address is none of those.
        StoreError: the store cannot be opened; see its subclasses.
    """
    path = checked_path(url)
    from handrail_orchestrator.store.sqlite import SqliteStore  # noqa: PLC0415 -- as the module says

    return SqliteStore(path, durability=durability, create=create, reading=reading)


def checked_path(url: str) -> str:
    """Return the path in a store's address: of its file, or ``:memory:``.

    Raises:
        Misuse: it is no store's address.
    """
    if not url.startswith(_PREFIX) or url == _PREFIX:
        raise Misuse(
            f"{url!r} is no store address: write sqlite:///FILE, or sqlite:///:memory: for one that is not kept"
        )
    return path_of(url)


def path_of(url: str) -> str:
    """Return the path in a store's address: of its file, or ``:memory:``."""
    return url.removeprefix(_PREFIX)
