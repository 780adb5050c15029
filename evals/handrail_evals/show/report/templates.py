"""The page's templates, style and script, as they lie beside this module."""

import hashlib
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent


@cache
def environment() -> "Environment":
    """Return the templates: what comes from outside is escaped, and a name that does not exist is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 -- keeps the import light

    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def asset(name: str) -> str:
    """Return the page's style (``page.css``) or script (``page.js``)."""
    return (FOLDER / name).read_text(encoding="utf-8")


def content_policy(style: str, script: str) -> str:
    """Return the rule that lets a browser use this style and this script, and nothing else: no request at all."""
    return (
        f"default-src 'none'; style-src '{_source(style)}'; script-src '{_source(script)}';"
        " base-uri 'none'; form-action 'none'"
    )


def _source(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
