"""Text of records written where programs read it: no spreadsheet takes it for a formula, no browser for markup."""

import html
import re
from typing import Any

from handrail_ground.text import FORMULA, harmless
from handrail_ground.values import json_line

_TEXT_LIKE_A_FORMULA = re.compile(r'"([=+\-@])')
"""A text in JSON that begins so; within a text, what is replaced stays the same text too."""


def json_text(data: Any) -> str:
    """Return JSON data as one line of ASCII in which no text begins like a formula; it reads as the same data."""
    return _TEXT_LIKE_A_FORMULA.sub(lambda found: f'"\\u{ord(found[1]):04x}', json_line(data))


def cell(text: str) -> str:
    """Return text as it may stand in a cell of a page: escaped, with nothing unseen, and never a formula."""
    shown = harmless(text)
    return html.escape(f"'{shown}" if FORMULA.match(shown) else shown)
