"""How the page writes numbers and texts: as many digits as mean something, nothing hidden, differences marked."""

import json
import math
import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal, TypeAlias, assert_never

from handrail_evals.numbers.metrics.value import Unit
from handrail_evals.numbers.statistics.intervals import Interval
from handrail_evals.show.tables import score
from handrail_ground.shares import in_percent
from handrail_ground.text import harmless

UNKNOWN = "–"
"""Stands where there is no number."""

_LONG = ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s"))
"""Long units, in seconds, each with the short one that goes with it."""


def share(value: float, digits: int = 1) -> str:
    """Return a share, 0 to 1, in percent."""
    return in_percent(value, digits)


def count(value: float) -> str:
    """Return a count with thousands apart."""
    return f"{value:,.0f}"


def counted(value: int, one: str, many: str = "") -> str:
    """Return a count with its noun: ``1 case``, ``1,200 cases``."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def brief_count(value: int) -> str:
    """Return a count in at most four characters: ``950``, ``1.2k``, ``34k``, ``5M``."""
    if value < 1000:
        return str(value)
    for size, letter in ((1e3, "k"), (1e6, "M"), (1e9, "G")):
        scaled = value / size
        if scaled < 9.95:
            return f"{scaled:.1f}{letter}"
        if scaled < 999.5:
            return f"{scaled:.0f}{letter}"
    return "∞"


def seconds(value: float, digits: int = 3) -> str:
    """Return a duration in the unit that fits it, microseconds to days; ``digits`` are those of parts of a minute."""
    for size, unit in ((1e-6, "µs"), (1e-3, "ms"), (1.0, "s")):
        # What rounds up to the next unit is told in that one.
        if value < size * (59.95 if unit == "s" else 999.5):
            return f"{significant(value / size, digits)} {unit}"
    whole, unit, part, small = next((each for each in _LONG if value >= each[0] - each[2] / 2), _LONG[-1])
    times = round(value / part)
    return f"{times // (whole // part)} {unit} {times % (whole // part):02d} {small}"


def significant(value: float, digits: int = 3) -> str:
    """Return a number with so many digits that mean something, without exponent and thousands apart."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    # Rounded first, as 0.9999 has the places of the 1.00 that it becomes.
    rounded = float(f"{value:.{digits - 1}e}")
    places = max(0, digits - 1 - math.floor(math.log10(abs(rounded))))
    return f"{value:,.{min(places, 9)}f}"


def amount(value: float, unit: Unit) -> str:
    """Return a number with its unit; scores and money have none."""
    match unit:
        case "share":
            return share(value)
        case "seconds":
            return seconds(value)
        case "count":
            return count(value)
        case "minutes" | "tokens":
            digits = significant(value) if unit == "minutes" or value < 100 else count(value)
            return f"{digits} {'min' if unit == 'minutes' else unit}"
        case "score" if abs(value) < 10:
            return score(value)
        case "score" | "money":
            return significant(value)
        case _:
            assert_never(unit)


def spread(interval: Interval, unit: Unit) -> str:
    """Return an interval's ends, their unit once where both have the same: ``92.1–94.0%``, ``820 ms – 1.04 s``."""
    low, high = amount(interval.low, unit), amount(interval.high, unit)
    if unit == "share":
        return f"{low.removesuffix('%')}–{high}"
    first, _, shared = low.partition(" ")
    if shared and high.partition(" ")[2] == shared and " " not in shared:
        return f"{first}–{high}"
    return f"{low} – {high}" if shared else f"{low}–{high}"


def moment(stamp: str) -> str:
    """Return a time such as ``2026-01-31T09:30:00Z`` as people read it; another text as it is."""
    day, parts, time = stamp.partition("T")
    return f"{day} {time[:5]} UTC" if parts and time.endswith("Z") else stamp


MOST = 2000
"""Characters of one value that the page shows; the rest is in the result file."""
MOST_LABEL = 60
"""Characters of a name or label that the page shows."""

_PICTURES = 0x2400
"""Where Unicode keeps a visible picture of each of the first 32 control characters."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A value as the page shows it."""

    text: str
    """What is shown: every character visible, none that changes the reading order."""
    left_out: int = 0
    """Characters that were cut off; 0 when it is whole."""
    is_text: bool = True
    """Whether the value is text; False: it is another JSON value, written as JSON."""


def excerpt(value: Any, most: int = MOST) -> Excerpt:
    """Return a JSON value as people read it, at most ``most`` characters of it."""
    is_text = isinstance(value, str)
    whole = value if is_text else json.dumps(value, ensure_ascii=False, indent=2, default=str)
    return Excerpt(visible(whole[:most]), max(0, len(whole) - most), is_text)


def brief(value: object, most: int = MOST_LABEL) -> str:
    """Return a JSON value in one line, cut with an ellipsis; no value at all is a dash."""
    if value is None:
        return "–"
    whole = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    line = " ".join(visible(whole[: most + 1]).split())
    return line if len(whole) <= most else f"{line[: most - 1]}…"


def visible(text: str) -> str:
    r"""Return the text with control and direction characters as pictures or as their code, such as ``⟨U+202E⟩``."""
    return harmless(text, _written)


def columns(text: str) -> int:
    """Return how wide a line of text is, in columns: East Asian wide characters take two, marks none."""
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text
    )


def fitted(text: str, most: int) -> str:
    """Return the text cut to ``most`` columns, with an ellipsis in its middle: names differ at both ends."""
    if columns(text) <= most:
        return text
    head, tail = (most - 1) // 2 + (most - 1) % 2, (most - 1) // 2
    return f"{_taken(text, head)}…{_taken(text[::-1], tail)[::-1]}"


def _taken(text: str, most: int) -> str:
    width = 0
    for position, each in enumerate(text):
        width += columns(each)
        if width > most:
            return text[:position]
    return text


def _written(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(_PICTURES + code)
    return "␡" if code == 0x7F else f"⟨U+{code:04X}⟩"


MOST_WORDS = 400
"""Of each text; what follows is left out, since finding the differences takes time with the square of it."""

Kind: TypeAlias = Literal["same", "gone", "new"]

_WORD = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of words of one kind."""

    kind: Kind
    text: str


def difference(before: str, after: str) -> tuple[Piece, ...]:
    """Return the pieces that, without the new ones, are ``before`` and, without the gone ones, ``after``.

    Longer texts are compared, and shown, up to ``MOST_WORDS`` words.
    """
    old, new = words(before), words(after)
    pieces: list[Piece] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(old[i1:i2])))
            continue
        if i2 > i1:
            pieces.append(Piece("gone", "".join(old[i1:i2])))
        if j2 > j1:
            pieces.append(Piece("new", "".join(new[j1:j2])))
    return tuple(pieces)


def words(text: str) -> list[str]:
    """Return the text cut into words, marks and the white space between them."""
    # The expression would find every word of a long text before any is left out.
    return _WORD.findall(visible(text[: MOST_WORDS * 20]))[: 2 * MOST_WORDS]
