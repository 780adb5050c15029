"""Write the names of months and days into ``handrail_guards/values/calendar_names.py``, from the library babel.

babel is no dependency: install it somewhere, and run this file with that Python when the table should change.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from textwrap import wrap

from babel import Locale

COMMON = ("en", "de", "fr", "es", "it", "pt", "nl", "ms", "id", "ca")
OTHERS = (
    *("da", "sv", "nb", "fi", "pl", "cs", "sk", "hu", "ro", "hr", "sl", "lt", "lv", "et", "tr", "el", "bg", "ru"),
    *("uk", "ar", "hi", "th"),
)
TABLE = Path(__file__).parents[1] / "guards" / "handrail_guards" / "values" / "calendar_names.py"
WIDTHS = ("wide", "abbreviated")
_OF = ("de ", "d\u2019")


def months(languages: Iterable[str]) -> dict[int, list[str]]:
    """Return the names and abbreviations of each month, those of a language together."""
    found: dict[int, dict[str, None]] = {month: {} for month in range(1, 13)}
    for language in languages:
        named = Locale(language).months
        for context in ("format", "stand-alone"):
            for width in WIDTHS:
                for month, name in named[context][width].items():
                    found[month][_plain(name)] = None
    return {month: [name for name in each if len(name) > 1] for month, each in found.items()}


def days(languages: Iterable[str]) -> list[str]:
    """Return the names and abbreviations of the days of the week."""
    named = (Locale(language).days["format"][width] for language in languages for width in WIDTHS)
    names = dict.fromkeys(_plain(name) for each in named for name in each.values())
    return [name for name in names if len(name) > 1 and name.replace("-", "").isalpha()]


def main() -> int:
    """Write the table; return 0."""
    lines = ['"""Names of months and of days of the week in many languages; made by ``docs/calendar_names.py``."""', ""]
    for constant, languages in (("MONTH_NAMES", COMMON), ("MORE_MONTH_NAMES", OTHERS)):
        lines.append(f"{constant}: dict[int, str] = {{")
        for month, listed in months(languages).items():
            lines += [f"    {month}: (", *_rows(listed, "        "), "    ),"]
        lines += ["}", f'"""By its number, without case and full stops: {" ".join(languages)}."""', ""]
    lines += ["DAY_NAMES = (", *_rows(days((*COMMON, *OTHERS)), "    "), ")", ""]
    TABLE.write_text("\n".join(lines), encoding="utf-8")
    return 0


def _rows(names: Iterable[str], indent: str) -> list[str]:
    rows = wrap(" ".join(names), 105, break_long_words=False, break_on_hyphens=False)
    return [f'{indent}"{row}{"" if row is rows[-1] else " "}"' for row in rows]


def _plain(name: str) -> str:
    plain = name.casefold().replace(".", "").replace("\u200f", "")
    for of in _OF:
        plain = plain.removeprefix(of)
    return plain


if __name__ == "__main__":
    sys.exit(main())
