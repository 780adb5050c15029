"""Where in the source a person picked what they put into a field, as the console's script sends it."""

import json
from collections.abc import Iterable

from handrail.console.beside import Beside
from handrail.console.render import seen

MOST_SPANS = 500


def picked(sent: Iterable[object], beside: Beside) -> dict[str, tuple[int, int]]:
    """Return the places in a text by the field that was filled from there; what makes no sense is left aside.

    The script counts the letters that it sees: of a text that is not shown letter by letter, it knows no places.
    """
    text = beside.text
    if seen(beside.shown) != text:
        return {}
    found: dict[str, tuple[int, int]] = {}
    for each in list(sent)[:MOST_SPANS]:
        match _read(each):
            case [str(field), int(start), int(end)] if field and 0 <= start < end <= len(text):
                found[field] = (start, end)
            case _:
                pass
    return found


def _read(sent: object) -> object:
    try:
        return json.loads(sent) if isinstance(sent, str) else None
    except (ValueError, RecursionError):
        return None
