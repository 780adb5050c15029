"""Addresses with secrets: what stands as ``${NAME}`` in one comes from the environment, and is never shown again."""

import os
import re
from urllib.parse import quote

from handrail_orchestrator.errors import Misuse

_NAMED = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def filled_in(text: str, where: str, *, quoted: bool = False) -> str:
    """Return a text with what the environment says for each ``${NAME}``; ``quoted``: as a part of an address.

    Raises:
        Misuse: the environment says nothing for one.
    """

    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if not found:
            raise Misuse(f"{where}: the environment variable {match[1]} is not set: export it before this starts")
        return quote(found, safe="") if quoted else found

    return _NAMED.sub(value, text)
