"""Phone numbers in a text: by their shape where that is enough, by the words around them where it is not."""

import re
from collections.abc import Iterator

# Digits in groups, as people write phone numbers of any country; after a plus, the rest is often one long group.
_NEXT = r"(?:[ ./-]{1,2}|(?<=\))|(?=\())"
_CANDIDATE = re.compile(
    r"(?:(?<![\w./#$€£+-])(?<!\d[ :,])|(?<![\d+])(?=\+\d)"  # a plus begins a number, whatever stands before it
    r"|(?<=[^\W\d_])(?=[2-9]\d{2}([-.])[2-9]\d{2}\1\d{4}(?!\d))"  # and so does what has the shape of one
    r"|(?<=(?<![^\W_])tel)|(?<=(?<![^\W_])fax)|(?<=phone)|(?<=mobile)|(?<=telefon))"
    rf"(?P<number>\(?\+\s?\(?\d{{1,15}}\)?(?:{_NEXT}\(?\d{{1,12}}\)?){{0,6}}"
    rf"|(?:\(?0\d{{1,4}}\)? [/-] )?\(?\d{{1,15}}\)?(?:{_NEXT}\(?\d{{1,9}}\)?){{0,6}})(?!\d)"
    r"(?:\s?(?:x|ext\.?)\s?\d{1,6}(?!\w))?",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"(?:\b(?:tele)?(?:phone|fon|fone)s?|\btel[eé]fono|\btel|\bm[oó]vil|\bmobile?|\bcell(?:ular)?|\bfax|\bhandy|\bcall(?:ed|ing|s)?"
    r"|\bring|\bdial(?:l?ed)?|\bwhatsapp|\btext(?:ed)?|\breach|\bcontact|\bsms|\bhotline|\bhelpline)\b"
    r"(?:\s+(?:me|us|him|her|them|you|number|no|nr|is|was|at|on|to|under|via|my|the|now|back|line|today))*[^\w\n]{0,4}\n?\s{0,3}\Z"
    r"|☎\s*\Z|☏\s*\Z",
    re.IGNORECASE,
)
_NUMBER_BEFORE = re.compile(
    r"\b(?:phone|mobile|cell|telephone|contact|fax)\s+(?:number|no\.?|nr\.?)[^\d\n]{0,30}\Z", re.IGNORECASE
)
_AFTER = re.compile(
    r"\s?[-–(,]?\s?(?:is\s(?:my|his|her|our|their|the|your)\s)?(?:phone|office|fax|mobile|cell|home|work|tel)\b",
    re.IGNORECASE,
)
_DATE_LIKE = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d([-. /])[01]?\d\1[0-3]?\d|[0-3]?\d([-. /])[0-3]?\d\2(?:19|20)\d\d)(?!\d)"
    r"|\A[0-3]?\d([-./])[0-3]?\d\3\d\d\Z"
)
_YEARS = re.compile(r"(?:1[5-9]|20)\d\d\s?-\s?(?:(?:1[5-9]|20)?\d\d)")

# Shapes that are phone numbers without a word to say so.
_STRONG = re.compile(
    r"\(?\+[ .-]?(?:\(?\d\)?[ ./-]{0,2}){8,15}"  # international
    r"|00[ .]?(?!0)\d{1,3}[ ./-](?:\(?\d\)?[ ./-]{0,2}){6,13}"
    r"|8 ?\(\d{3}\) ?\d{3}(?:[ -]?\d\d){2}"  # Russia
    r"|\(\d{2,5}\)[ .-]?\d{2,5}(?:[ .-]?\d{2,5}){0,3}"  # (area) number
    r"|(?:1[ .-])?[2-9]\d{2}[-.][2-9]\d{2}[-.]\d{4}"  # North America
    r"|(?:1[ .-])?[2-9]\d{2} [2-9]\d{2}[- ]\d{4}"
    r"|0[1-9]\d{0,3}[ ./-]\d{2,5}(?:[ .-]\d{2,5}){1,3}|0[1-9]\d{1,3}[ ./-]\d{5,8}"  # national, with the trunk zero
)
_FEWEST = 7
_MOST = 15


def find_phones(text: str) -> Iterator[tuple[int, int]]:
    """Yield where phone numbers start and end: 7 to 15 digits (E.164), no dates, no year ranges."""
    for match in _CANDIDATE.finditer(text):
        number = match["number"]
        digits = sum(map(str.isdigit, number))
        if not _FEWEST <= digits <= _MOST or text[match.end() : match.end() + 1].isalpha():
            continue
        if _DATE_LIKE.search(number) or _YEARS.fullmatch(number):
            continue
        if (digits > _FEWEST and _STRONG.fullmatch(number)) or _said_so(text, match.start(), match.end()):
            yield match.span()


def _said_so(text: str, start: int, end: int) -> bool:
    """Return whether the words around say that this is a phone number."""
    near = text[max(0, start - 60) : start]
    return bool(_BEFORE.search(near) or _NUMBER_BEFORE.search(near) or _AFTER.match(text, end))
