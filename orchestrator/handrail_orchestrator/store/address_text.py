"""A store's address as text: what kind it is, and how it is shown and typed."""

import re
import shlex
from typing import Literal

MEMORY = ":memory:"
"""The path of a store that is not kept: it belongs to whoever opened it."""

Durability = Literal["power", "process"]
"""What a recorded result survives: a power cut, or only the process's death."""

UNNAMED = "sqlite:///handrail.db"
"""The address of the store of a command that was given none."""

_SERVER = ("postgresql://", "postgres://")


def is_server(url: str) -> bool:
    """Return whether an address names a database on a server, not a file."""
    return url.startswith(_SERVER)


def shown(url: str) -> str:
    """Return an address as errors and logs may show it: without its password."""
    bare = re.sub(r"(?<=://)([^/@:]*):[^@/]*@", r"\1@", url)
    return re.sub(r"([?&])(password|sslpassword)=[^&]*&?", r"\1", bare).rstrip("?&")


def as_typed(url: str) -> str:
    """Return an address as one types it behind ``--store``: without its password, quoted where a shell needs it."""
    return shlex.quote(shown(url))
