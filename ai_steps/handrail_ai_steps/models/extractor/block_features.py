"""What is measured of each piece, and of each block of pieces."""

import re
from functools import lru_cache
from typing import Any

import numpy as np

from handrail_ai_steps.models.extractor.blocks import Blocks
from handrail_ai_steps.models.extractor.sheet import Floats, PieceSheet, as_table

PARTS = ("inside", "first", "last")
"""What a piece may be of a field's value; a model gives log-odds of each."""
OUT = -8.0
"""The log-odds of a piece that is not there."""

_LEGAL = re.compile(
    r"(?<!\w)(?:sdn\.?\s*bhd|s/b|bhd|ltd|limited|inc|llc|llp|plc|corp|gmbh|ag|kg|ohg|ug|e\.?k|s\.?a\.?r\.?l|sas|s\.?p\.?a|"
    r"s\.?r\.?l|s\.?l|b\.?v|n\.?v|oy|a/s|aps|pty|pte|co)\.?(?!\w)",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[^\W\d_]{2,}")
_OWNER = re.compile(r"own(?:ed|er)|propriet|operat|manag|dimiliki|inhaber|trading as|t/a", re.IGNORECASE)
_THANKS = re.compile(r"thank|welcome|danke|merci|gracias|terima|please|invoice|receipt|rechnung|facture", re.IGNORECASE)
_PHONE = re.compile(r"\+?\d[\d\s()/-]{6,}\d\W*$")
_PHONE_WORD = re.compile(r"(?<!\w)(?:tel|phone|fax|mobile|h/?p|telefon|hotline)", re.IGNORECASE)
_POST = re.compile(r"(?<!\d)\d{5}(?!\d)|(?<!\w)[A-Z]{1,2}\d{1,2}[A-Z]?\s\d[A-Z]{2}(?!\w)|(?<!\d)\d{4}\s?[A-Z]{2}(?!\w)")
_WEB = re.compile(r"@|www\.|https?:|\.com", re.IGNORECASE)
_REGISTERED = re.compile(r"\d{4,}\s?-\s?[A-Z](?!\w)|(?<!\w)(?:reg|gst|vat|ust|co\. ?no|roc|tax id)", re.IGNORECASE)


def piece_table(sheet: PieceSheet) -> Floats:
    """Return a row of numbers for each piece."""
    count = len(sheet.pieces)
    signs = signs_table(sheet)
    box = sheet.boxes
    order = np.arange(count)
    in_row = np.bincount(sheet.rows, minlength=int(sheet.rows.max(initial=0)) + 1)[sheet.rows] if count else order
    next_gap = np.append(sheet.gaps[1:], 2.0)[:count]
    columns = [
        box[:, 1],
        box[:, 1] ** 2,
        np.abs(box[:, 0] + box[:, 2] - 1),
        box[:, 2] - box[:, 0],
        box[:, 0],
        sheet.heights,
        np.maximum(sheet.heights - 1.3, 0),
        sheet.gaps,
        next_gap,
        in_row > 1,
        np.minimum(sheet.rows, 12) / 12,
        sheet.pages > 0,
    ]
    columns += [sheet.rows == row for row in range(8)]
    return np.concatenate([as_table(columns), signs], axis=1)


SIGNS = (
    "legal",
    "owner",
    "thanks",
    "phone",
    "phone_word",
    "post",
    "web",
    "registered",
    "comma",
    "stop",
    "colon",
    "digits",
    "letters",
    "length",
    "words",
    "starts_digit",
    "only_legal",
    "bracket",
    "legal_rest",
    "joins",
)


def signs_table(sheet: PieceSheet) -> Floats:
    """Return for each piece what its text shows."""
    rows = []
    for piece in sheet.pieces:
        text = piece.text
        length = max(len(text), 1)
        legal = _LEGAL.search(text)
        rest = len(_WORDS.findall(text[: legal.start()])) if legal else 0
        rows.append(
            (
                legal is not None,
                bool(_OWNER.search(text)),
                bool(_THANKS.search(text)),
                bool(_PHONE.search(text)),
                bool(_PHONE_WORD.search(text)),
                bool(_POST.search(text)),
                bool(_WEB.search(text)),
                bool(_REGISTERED.search(text)),
                text.endswith(","),
                text.endswith("."),
                ":" in text,
                sum(map(str.isdigit, text)) / length,
                sum(map(str.isalpha, text)) / length,
                min(length, 60) / 30,
                min(text.count(" ") + 1, 10) / 5,
                text[:1].isdigit(),
                legal is not None and rest < 2,
                text[:1] in "([",
                legal is not None and rest > 1,
                text[:1] in "&+-" or text[-1:] in "&-",
            )
        )
    return np.array(rows, np.float32).reshape(-1, len(SIGNS))


def block_table(
    sheet: PieceSheet, blocks: Blocks, signs: Floats, odds: Floats, others: Floats, known: Floats
) -> Floats:
    """Return a row of numbers for each block.

    ``signs``: the row of each piece; ``odds``: of each the log-odds of ``PARTS`` for this field; ``others``: those of
    ``inside`` for each other field of text; ``known``: what the register says of each block.
    """
    a, b = blocks.first, blocks.last
    size = b - a + 1
    inside, first, last = _padded(odds).T
    clipped = _clipped(inside)
    sums = _summed(clipped)
    total = sums[b + 2] - sums[a + 1]  # the padding moves all by one
    low = _over(clipped, a + 1, b + 1, np.minimum)
    before, after, after_next = clipped[a], clipped[b + 2], clipped[np.minimum(b + 3, len(clipped) - 1)]
    best = clipped[1:-1].max(initial=OUT)
    positive = np.maximum(clipped, 0)
    left_out = positive[1:-1].sum() - _sum_of(positive, a, b)
    columns = [
        total,
        total / size,
        low,
        first[a + 1],
        last[b + 1],
        before,
        np.maximum(before, 0),
        after,
        np.maximum(after, 0),
        np.maximum(after_next, 0),
        first[b + 2],
        last[a],
        np.maximum(last[b + 2], 0),
        np.maximum(first[a], 0),
        left_out,
        best - total / size,
        *[size == count for count in range(1, 6)],
        np.log(size),
        blocks.led > 0,
    ]
    shown = signs[:, -len(SIGNS) :]
    nothing = np.zeros((1, len(SIGNS)), np.float32)
    tables = [
        as_table(columns),
        _ends(sheet, blocks),
        *_edges(np.concatenate([nothing, shown, nothing, nothing]), a, b),
        as_table(_form(sheet, a, b)),
        *[_as_another(other, a, b) for other in others.T],
    ]
    return np.concatenate([*tables, known], axis=1)


def _as_another(odds: Floats, a: np.ndarray, b: np.ndarray) -> Floats:
    """Return how well each block would be the value of another field, by the odds of its pieces for that one."""
    clear = _clipped(_padded(odds))
    inside = np.maximum(_sum_of(np.maximum(clear, 0), a, b), 0)
    return as_table([_sum_of(clear, a, b) / (b - a + 1), clear[a], clear[b + 2], inside])


_ENDS_NUMBERED = re.compile(r"\d{4,}[\s-]{0,2}[A-Za-z]?\W*$")
_ENDS_LEGAL = re.compile(_LEGAL.pattern + r"\W*$", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"\d{4}")


def _ends(sheet: PieceSheet, blocks: Blocks) -> Floats:
    """Return how each block ends: what was cut off, and what it ends with."""
    ends, place = np.unique(blocks.ends, return_inverse=True)
    last = np.zeros(len(ends), np.int64)
    last[place] = blocks.last
    pieces = [sheet.pieces[each] for each in last.tolist()]
    rows = [_ended(piece.text, end - piece.start) for piece, end in zip(pieces, ends.tolist(), strict=True)]
    told: Floats = np.array(rows, np.float32).reshape(-1, 8)[place]
    return told


@lru_cache(1024)
def _ended(text: str, end: int) -> tuple[bool, ...]:
    """Return what the last piece of a block ends with, and what was cut off from it."""
    kept, off = text[:end], text[end:]
    numbered = bool(off) and _LONG_NUMBER.search(off) is not None
    ends_legal = _ENDS_LEGAL.search(kept) is not None
    return (
        bool(off),
        numbered,
        bool(off) and not numbered,
        bool(off) and _PHONE_WORD.search(off) is not None,
        _ENDS_NUMBERED.search(kept) is not None,
        ends_legal,
        kept[-1:] == ")",
        bool(off) and ends_legal,
    )


def _of(*names: str) -> list[int]:
    """Return the columns of these signs."""
    return [SIGNS.index(each) for each in names]


_ANYWHERE = _of("legal", "owner", "thanks", "phone", "phone_word", "post", "web", "registered", "only_legal")
_AT_ENDS = _of("comma", "stop", "legal", "phone", "post", "colon", "starts_digit", "only_legal", "bracket", "joins")
_BESIDE = _of(
    "comma",
    "legal",
    "post",
    "phone",
    "phone_word",
    "registered",
    "owner",
    "only_legal",
    "bracket",
    "web",
    "joins",
)
_LEGAL_SIGN, _POST_SIGN, _DIGITS_SIGN = _of("legal", "post", "digits")


def _edges(signs: Floats, a: np.ndarray, b: np.ndarray) -> list[Floats]:
    """Return what the first and the last piece and those around them show."""
    sums = _summed(signs)
    within = sums[b + 2] - sums[a + 1]
    post_later = sums[np.minimum(b + 4, len(sums) - 1), _POST_SIGN] - sums[b + 2, _POST_SIGN]
    rest, only, legal = signs[:, _of("legal_rest", "only_legal", "legal")].T
    several = b > a
    columns = [
        several & (rest[b + 1] > 0),
        several & (only[b + 1] > 0),
        several & (legal[b + 1] == 0),
        ~several & (only[a + 1] > 0),
        several & (rest[a + 1] > 0),
        ~several & (rest[a + 1] > 0),
        ~several & (legal[a + 1] == 0) & (rest[b + 2] > 0),
        ~several & (legal[a + 1] == 0) & (only[b + 2] > 0),
        rest[a],
        rest[b + 2],
        several & (within[:, _LEGAL_SIGN] > 1),
        (within[:, _LEGAL_SIGN] == 0) & (sums[-1, _LEGAL_SIGN] > 0),
        (within[:, _POST_SIGN] == 0) & (post_later > 0),
        within[:, _DIGITS_SIGN] / (b - a + 1),
    ]
    return [
        (within[:, _ANYWHERE] > 0).astype(np.float32),
        _side_by_side(signs[:, _AT_ENDS], a + 1, b + 1),
        _side_by_side(signs[:, _BESIDE], a, b + 2),
        as_table(columns),
    ]


def _side_by_side(signs: Floats, one: np.ndarray, other: np.ndarray) -> Floats:
    """Return each sign of one piece, beside it the same sign of the other."""
    return np.stack([signs[one], signs[other]], axis=2).reshape(len(one), -1)


def _form(sheet: PieceSheet, a: np.ndarray, b: np.ndarray) -> list[np.ndarray]:
    """Return how a block stands on its page, and how it is set apart from what is around it."""
    count = len(sheet.pieces)
    gaps = np.append(sheet.gaps, 2.0)
    center = sheet.boxes[:, 0] + sheet.boxes[:, 2]
    left = sheet.boxes[:, 0]
    height = sheet.heights
    before, after = np.maximum(a - 1, 0), np.minimum(b + 1, count - 1)
    inner = np.where(b > a, _over(gaps, np.minimum(a + 1, b), b, np.maximum), -1.0)
    same_row = np.concatenate([[False], sheet.rows[1:] == sheet.rows[:-1], [False]])
    joined = (b > a) & _over(same_row, np.minimum(a + 1, b), b, np.maximum)
    tall = _over(height, a, b, np.maximum) - _over(height, a, b, np.minimum)
    return [
        gaps[a],
        gaps[b + 1],
        inner,
        np.minimum(gaps[a], gaps[b + 1]) - inner,
        joined,
        same_row[a],
        same_row[b + 1],
        tall,
        height[a],
        np.abs(height[after] - height[b]),
        np.abs(height[before] - height[a]),
        np.abs(center[after] - center[b]),
        np.abs(left[after] - left[b]),
        np.abs(center[before] - center[a]),
        sheet.boxes[a, 1],
        sheet.boxes[b, 3],
        sheet.rows[a] == 0,
        sheet.rows[a] == 1,
        sheet.rows[a] / 10.0,
    ]


def _padded(values: Floats) -> np.ndarray:
    """Return the values with one piece that is not there in front and two behind."""
    padded = np.full((len(values) + 3, *values.shape[1:]), OUT)
    padded[1:-2] = values
    return padded


def _clipped(odds: np.ndarray) -> np.ndarray:
    clipped: np.ndarray = np.minimum(np.maximum(odds, -6), 6)
    return clipped


def _summed(values: np.ndarray) -> np.ndarray:
    """Return the sums of the values before each, and of all."""
    sums = np.zeros((len(values) + 1, *values.shape[1:]), values.dtype)
    np.cumsum(values, axis=0, out=sums[1:])
    return sums


def _sum_of(padded: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    sums = _summed(padded)
    total: np.ndarray = sums[b + 2] - sums[a + 1]
    return total


def _over(values: np.ndarray, a: np.ndarray, b: np.ndarray, join: Any) -> np.ndarray:
    """Return the values from ``a`` to ``b`` joined, such as the largest of them."""
    count = len(values)
    longest = int((b - a).max(initial=0)) + 1
    levels = np.zeros((longest, count), values.dtype)
    levels[0] = values
    for size in range(1, longest):
        levels[size, : count - size] = join(levels[size - 1, : count - size], values[size:])
    joined: np.ndarray = levels[b - a, a]
    return joined
