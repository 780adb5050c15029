"""Recorded wires: what is kept of them, and what must not be."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

KEPT_HEADERS = frozenset({"accept", "content-type"})
HOST = "http://127.0.0.1"


def _without_secrets(request: Any) -> Any:
    """Keep no key, no port and nothing that names the machine that recorded."""
    if request.path.endswith("/_control"):
        return None
    request.headers = {name: value for name, value in request.headers.items() if name.lower() in KEPT_HEADERS}
    request.uri = f"{HOST}{urlsplit(request.uri).path}"
    return request


CONFIG = {
    "match_on": ["method", "path", "body"],
    "before_record_request": _without_secrets,
    "decode_compressed_response": True,
}
"""For the fixture ``vcr_config``."""


def told_in(folder: Path) -> dict[str, str]:
    """Return the texts of a folder's cassettes by name, in small letters."""
    return {path.stem: path.read_text(encoding="utf-8").lower() for path in folder.glob("*.yaml")}


def secrets(key: str) -> tuple[str, ...]:
    """Return what no cassette may hold."""
    return (key.lower(), "authorization", "bearer", "user-agent", "x-stainless", "x-api-key", "x-goog")
