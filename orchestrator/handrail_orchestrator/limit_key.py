"""What is limited, by name; apart from what waits at a limit, so that a store loads none of it."""

from typing import NamedTuple


class LimitKey(NamedTuple):
    """What is limited: a limit by its name, of one key by itself."""

    name: str
    key: str = ""
    """Empty: of all together."""
