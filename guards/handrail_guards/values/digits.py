"""Digits, signs and separators of other scripts as those of ASCII, each character in its place."""

_ZEROS = (
    *(0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66),
    *(0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x17E0, 0x1810, 0xFF10),
)
"""Where the ten digits of a script begin: Arabic, Persian, N'Ko, those of India, Thai, Lao, Khmer, full width, ..."""

UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
"""Scripts written without spaces between words (Thai, kana, Han, Hangul particles), as a range of characters."""

UNSEEN = "\u00ad\u200b-\u200d\u2060\ufeff"
"""What may stand between digits and shows nothing, such as a soft hyphen, as a range of characters."""

DECIMAL = "\u066b"
"""The Arabic decimal separator, which is nothing else and so is kept."""
THOUSANDS = "\u066c"
"""The Arabic thousands separator."""

_SIGNS = {
    "\u00b7": ".", "\u201a": ",", "\ufe50": ",", "\ufe52": ".", "\u2012": "\u2013",
    "\u2212": "-", "\ufe63": "-", "\uff0d": "-", "\u2010": "-", "\u2011": "-", "\u207b": "-", "\u2796": "-",
    "\uff0b": "+", "\u066a": "%", "\uff05": "%", "\ufe6a": "%",
    "\uff0c": ",", "\uff0e": ".", "\uff0f": "/", "\uff1a": ":", "\uff08": "(", "\uff09": ")", "\u060c": ",",
    "\uff04": "$", "\uffe5": "¥", "\uffe1": "£", "\u3000": " ",
}  # fmt: skip
_PLAIN = {zero + digit: str(digit) for zero in _ZEROS for digit in range(10)} | {
    ord(sign): plain for sign, plain in _SIGNS.items()
}


def with_plain_digits(text: str) -> str:
    """Return a text of the same length in which digits, signs and separators are those of ASCII where there are any."""
    return text if text.isascii() else text.translate(_PLAIN)
