"""Colours as style sheets write them, and whether two can be told apart by a person."""

import colorsys
import re

_NAMED = {
    "white": "ffffff", "black": "000000", "snow": "fffafa", "ivory": "fffff0", "red": "ff0000", "azure": "f0ffff",
    "aliceblue": "f0f8ff", "floralwhite": "fffaf0", "ghostwhite": "f8f8ff", "honeydew": "f0fff0",
    "lavenderblush": "fff0f5", "lightyellow": "ffffe0", "mintcream": "f5fffa", "oldlace": "fdf5e6",
    "seashell": "fff5ee", "whitesmoke": "f5f5f5", "gray": "808080", "grey": "808080", "silver": "c0c0c0",
    "yellow": "ffff00", "lime": "00ff00", "green": "008000", "blue": "0000ff", "navy": "000080", "aqua": "00ffff",
    "cyan": "00ffff", "magenta": "ff00ff", "fuchsia": "ff00ff", "maroon": "800000", "purple": "800080",
    "teal": "008080", "olive": "808000", "orange": "ffa500",
}  # fmt: skip
_WORDS = re.compile(r"#[0-9a-f]+|(?:rgb|hsl)a?\([^)]*\)|[a-z]+")
_NUMBER = re.compile(r"(-?\d*\.?\d+)(%?)")

ALIKE = 16
"""Steps of 255 by which two colours may differ in each part and still nobody reads the one on the other."""
FAINT = 0.05
"""The share of opacity below which nothing is seen."""


def colour_of(text: str) -> str | None:
    """Return a colour as six hexadecimal digits; None: it is none that can be told."""
    for word in _WORDS.findall(text.lower()):
        if word in _NAMED:
            return _NAMED[word]
        if word.startswith("#"):
            digits = _digits(word)
            return digits[:6] if len(digits) in {6, 8} else None
        if word.startswith(("rgb", "hsl")):
            return _calculated(word)
    return text.lower() if re.fullmatch(r"[0-9a-fA-F]{6}", text) else None


def see_through(text: str) -> bool:
    """Return whether what has this colour lets everything behind it be seen."""
    for word in _WORDS.findall(text.lower()):
        if word == "transparent":
            return True
        if word.startswith("#"):
            digits = _digits(word)
            return len(digits) == len("rrggbbaa") and int(digits[6:], 16) / 255 < FAINT
        if word.startswith(("rgb", "hsl")):
            numbers = _NUMBER.findall(word)
            return len(numbers) == len("rgba") and share_of("".join(numbers[3])) < FAINT
    return False


def alike(one: str | None, other: str | None) -> bool:
    """Return whether nobody can read letters in one colour on the other; what cannot be told is not alike."""
    if one is None or other is None or not (_hexadecimal(one) and _hexadecimal(other)):
        return False
    return all(abs(int(one[at : at + 2], 16) - int(other[at : at + 2], 16)) <= ALIKE for at in (0, 2, 4))


def share_of(text: str) -> float:
    """Return a share that is written as a number or a percentage; one where it is neither."""
    match = _NUMBER.match(text.strip())
    return 1.0 if match is None else float(match[1]) / (100 if match[2] else 1)


def _digits(word: str) -> str:
    digits = word[1:]
    return "".join(digit * 2 for digit in digits) if len(digits) in {3, 4} else digits


def _hexadecimal(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{6}", text.lower()) is not None


def _calculated(word: str) -> str | None:
    """Return the colour that ``rgb()`` or ``hsl()`` says."""
    numbers = [(float(number), bool(percent)) for number, percent in _NUMBER.findall(word)][:3]
    if len(numbers) < len("rgb"):
        return None
    if word.startswith("hsl"):
        (hue, _), (saturation, _), (lightness, _) = numbers
        parts = colorsys.hls_to_rgb(hue / 360 % 1, min(lightness, 100) / 100, min(saturation, 100) / 100)
    else:
        red, green, blue = (number / (100 if percent else 255) for number, percent in numbers)
        parts = (red, green, blue)
    return "".join(f"{min(max(round(part * 255), 0), 255):02x}" for part in parts)
