r"""ECMAScript patterns, as JSON Schema has them, turned into Python's.

They differ where it matters: ``\d`` and ``\w`` are ASCII, ``$`` never matches before a last line break, and
``\p{Letter}`` names Unicode categories.
"""

import re
import sys
import unicodedata
from functools import cache
from itertools import groupby

from handrail_guards.errors import InvalidGuard

_CATEGORIES = {
    "Letter": "L",
    "Uppercase_Letter": "Lu",
    "Lowercase_Letter": "Ll",
    "Titlecase_Letter": "Lt",
    "Modifier_Letter": "Lm",
    "Other_Letter": "Lo",
    "Mark": "M",
    "Number": "N",
    "Decimal_Number": "Nd",
    "digit": "Nd",
    "Punctuation": "P",
    "punct": "P",
    "Symbol": "S",
    "Currency_Symbol": "Sc",
    "Math_Symbol": "Sm",
    "Separator": "Z",
    "Space_Separator": "Zs",
    "Other": "C",
    "Control": "Cc",
}
_SPACE = r"\t\n\x0b\x0c\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_CLASSES = {"d": "0-9", "w": "A-Za-z0-9_", "s": _SPACE}
_TOKEN = re.compile(
    r"\\(?P<negated>[pP])\{(?P<property>[^}]*)\}|\\c(?P<control>[A-Za-z])|\\u\{(?P<point>[0-9A-Fa-f]+)\}"
    r"|\\(?P<name>k)<|\(\?<(?P<group>[A-Za-z_$])|\\(?P<escaped>.)|(?P<open>\[\^?)|(?P<close>\])|(?P<end>\$)",
    re.DOTALL,
)


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Return an ECMAScript pattern compiled for Python.

    Raises:
        InvalidGuard: it is no pattern, or uses a Unicode property that is not a general category.
    """
    try:
        return re.compile(_translated(pattern))
    except re.error as error:
        raise InvalidGuard(f"{pattern!r} is not a pattern: {error}") from error


def _translated(pattern: str) -> str:
    pieces: list[str] = []
    at, in_class = 0, False
    for match in _TOKEN.finditer(pattern):
        pieces.append(pattern[at : match.start()])
        at = match.end()
        if match["open"]:
            pieces.append("\\[" if in_class else match["open"])
            in_class = True
        elif match["close"]:
            pieces.append("]")
            in_class = False
        else:
            pieces.append(_piece(match, in_class=in_class))
    pieces.append(pattern[at:])
    return "".join(pieces)


def _piece(match: re.Match[str], *, in_class: bool) -> str:
    """Return what a token that Python reads otherwise, or might, becomes."""
    if match["property"] is not None:
        return _class(_ranges(match["property"]), negated=match["negated"] == "P", in_class=in_class)
    if match["group"]:
        return f"(?P<{match['group']}"
    if match["end"]:
        return "\\$" if in_class else r"\Z"
    if match["name"]:
        raise re.error("references by name (\\k) are not supported")
    if match["control"] or match["point"]:
        return re.escape(chr(ord(match["control"]) % 32 if match["control"] else int(match["point"], 16)))
    return _escaped(match["escaped"], in_class=in_class)


def _escaped(char: str, *, in_class: bool) -> str:
    """Return what a backslash and a character become."""
    if char.lower() in _CLASSES:
        return _class(_CLASSES[char.lower()], negated=char.isupper(), in_class=in_class)
    if char in "bB" and not in_class:
        return f"(?a:\\{char})"
    if char in "aAZz":  # Python gives these a meaning that ECMAScript does not have
        raise re.error(f"\\{char} means nothing in ECMAScript")
    return f"\\{char}"


def _class(ranges: str, *, negated: bool, in_class: bool) -> str:
    if not in_class:
        return f"[{'^' if negated else ''}{ranges}]"
    return _complement(ranges) if negated else ranges


def _complement(ranges: str) -> str:
    """Return the ranges of every other character, for a negated class inside a class."""
    inside = re.compile(f"[{ranges}]")
    return _as_ranges(frozenset(point for point in range(sys.maxunicode + 1) if not inside.match(chr(point))))


@cache
def _ranges(property_: str) -> str:
    name = property_.rpartition("=")[2]
    category = _CATEGORIES.get(name, name)
    kind, _, _ = property_.rpartition("=")
    if kind not in ("", "gc", "General_Category"):
        raise re.error(f"\\p{{{property_}}} is not a general category")
    points = frozenset(
        point for point in range(sys.maxunicode + 1) if unicodedata.category(chr(point)).startswith(category)
    )
    if not points or len(category) > len("Lu"):
        raise re.error(f"\\p{{{property_}}} is not a general category")
    return _as_ranges(points)


def _as_ranges(points: frozenset[int]) -> str:
    runs = groupby(enumerate(sorted(points)), key=lambda pair: pair[1] - pair[0])
    pieces: list[str] = []
    for _, run in runs:
        members = [point for _, point in run]
        pieces.append(f"\\U{members[0]:08x}-\\U{members[-1]:08x}")
    return "".join(pieces)
