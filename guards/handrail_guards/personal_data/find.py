"""Personal data found in a text by pattern, and by checksum where there is one."""

import ipaddress
import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from handrail_guards.errors import InvalidGuard
from handrail_guards.personal_data.checksums import iban, luhn
from handrail_guards.personal_data.phones import find_phones
from handrail_guards.personal_data.plain import read_plain
from handrail_guards.verdict import Span

PersonalDataKind: TypeAlias = Literal["email", "url", "iban", "card", "ssn", "ip", "phone"]
"""What is found; where two kinds claim the same characters the earlier one in this list has them."""

KINDS: tuple[PersonalDataKind, ...] = get_args(PersonalDataKind)

_EMAIL = re.compile(
    r"(?:[\w.+%'-][\w.+%&'-]{0,63}|(?<!\w)\"[^\"\n@]{1,62}\")"
    r"@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+(?:xn--[a-z0-9-]{2,59}|[^\W\d_]{2,24})(?![^\W\d_])"
)
_USER_OF_URL = re.compile(r"://[^\s/@]{0,64}\Z")
_URL = re.compile(r"(?<![\w@.])(?:(?:https?|ftp)://|www\.)[^\s<>\"'{}|\\^`]{2,}", re.IGNORECASE)
_URL_TAIL = ".,;:!?)]*_’”»"
_BY = r"(?:[ .-]{1,2}|[ ]?\r?\n[ ]?)"  # a line may end within a number; its checksum says whether it is one
_IBAN = re.compile(
    rf"(?:(?<![^\W_])|(?<=(?<![^\W_])iban))[a-z]{{2}}\d{{2}}(?:{_BY}?[a-z0-9]){{11,30}}(?![^\W_])", re.IGNORECASE
)
_CARD = re.compile(r"(?<![\w.,+-])\d(?:[ -]?\d){11,18}(?![\w]|[.,-]\d)")
# In groups as they are printed, and in one, whatever stands beside it: a day of expiry, a word without a blank.
_CARD_BY = r"(?:[ ./-]{1,2}|[ ]?\r?\n[ ]?)"
_CARD_AS_PRINTED = re.compile(
    rf"(?<!\d)(?<!\d\.)(?:\d{{4}}(?:{_CARD_BY}\d{{4}}){{3}}|\d{{4}}{_CARD_BY}\d{{6}}{_CARD_BY}\d{{4,5}}|\d{{15,16}})"
    r"(?!\d)(?!\.\d)"
)
_SSN = re.compile(r"(?<![\w-])(?!000|666|9\d\d)\d{3}(?P<by>[- ]?)(?!00)\d{2}(?P=by)(?!0000)\d{4}(?![\w-])")
_SSN_WORDS = re.compile(r"\b(?:ssn|social\s+security)\b[^\d\n]{0,40}\Z", re.IGNORECASE)
_IPV4 = re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)")
_IPV6 = re.compile(
    r"(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}(?:[0-9a-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?(?![\w:])", re.IGNORECASE
)
_VERSION_WORDS = re.compile(r"\b(?:v|ver|version|release|build)\.?\s{0,2}\Z", re.IGNORECASE)

# The first digits of the card schemes, and how long their numbers are.
_CARD_SCHEMES = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]\d{4}|22[2-9]\d{3}|2[3-6]\d{4}|27[01]\d{3}|2720\d{2})\d{10}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-59]|[689]\d)\d{11,16}"  # Diners Club
    r"|(?:1800|2131)\d{11}|35\d{14,17}"  # JCB, and the numbers around its range
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12,15}|62\d{14,17}|60\d{14}|8[12]\d{14}"  # Discover, UnionPay, RuPay
    r"|(?:50|5[6-9]|6\d|0604)\d{8,17}"  # Maestro
)


@dataclass(frozen=True, slots=True)
class PersonalData:
    """One piece of personal data in a text."""

    kind: PersonalDataKind
    span: Span


def find_personal_data(text: str, kinds: Collection[PersonalDataKind] = KINDS) -> tuple[PersonalData, ...]:
    """Return the personal data in a text, in order and without overlaps.

    Cards and IBANs must pass their checksums. Names, addresses and dates of birth are not found.

    Raises:
        InvalidGuard: an unknown kind.
    """
    check_kinds(kinds)
    taken: list[PersonalData] = []
    plain = read_plain(text)
    for kind in KINDS:  # all kinds claim their characters, asked for or not: an IBAN's digits are no phone number
        for start, end in (plain.back(*each) for each in _FINDERS[kind](plain.text)):
            place = bisect_left(taken, start, key=lambda each: each.span.start)
            before, behind = taken[max(0, place - 1) : place], taken[place : place + 1]
            if not any(start < other.span.end and other.span.start < end for other in (*before, *behind)):
                taken.insert(place, PersonalData(kind, Span(start, end)))
    return tuple(each for each in taken if each.kind in kinds)


def check_kinds(kinds: Collection[PersonalDataKind]) -> None:
    """Check that kinds are known.

    Raises:
        InvalidGuard: a kind is unknown, or there are none.
    """
    given: object = kinds  # whatever somebody without a type checker gave
    if not isinstance(given, Collection):
        raise InvalidGuard(f"kinds of personal data are {given!r}; give a list of {', '.join(KINDS)}")
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown or not kinds or isinstance(kinds, str):
        raise InvalidGuard(f"unknown kinds of personal data: {unknown or kinds!r}; choose from {', '.join(KINDS)}")


Ranges: TypeAlias = Iterator[tuple[int, int]]


def _emails(text: str) -> Ranges:
    for match in _EMAIL.finditer(text):
        if not _USER_OF_URL.search(text, max(0, match.start() - 70), match.start()):  # of https://me:secret@host
            yield match.span()


def _urls(text: str) -> Ranges:
    for match in _URL.finditer(text):
        yield match.start(), match.start() + len(match[0].rstrip(_URL_TAIL))


def _ibans(text: str) -> Ranges:
    for match in _IBAN.finditer(text):
        # The pattern is greedy over following words: cut back to where the checksum holds.
        for end in range(match.end(), match.start() + 14, -1):
            whole_words = text[end - 1].isalnum() and not text[end : end + 1].isalnum()
            if whole_words and iban(re.sub(r"[\s.-]", "", text[match.start() : end])):
                yield match.start(), end
                break


def _cards(text: str) -> Ranges:
    for pattern in (_CARD, _CARD_AS_PRINTED):
        for match in pattern.finditer(text):
            digits = re.sub(r"\D", "", match[0])
            if _CARD_SCHEMES.fullmatch(digits) and luhn(digits):
                yield match.span()


def _ssns(text: str) -> Ranges:
    for match in _SSN.finditer(text):
        if match["by"] == "-" or _SSN_WORDS.search(text, 0, match.start()):
            yield match.span()


def _ips(text: str) -> Ranges:
    for pattern in (_IPV4, _IPV6):
        for match in pattern.finditer(text):
            if _is_ip(match[0]) and not _VERSION_WORDS.search(text, max(0, match.start() - 12), match.start()):
                yield match.span()


def _is_ip(text: str) -> bool:
    if not any(map(str.isdigit, text)):  # a::b is code
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


_FINDERS: dict[PersonalDataKind, Callable[[str], Ranges]] = {
    "email": _emails,
    "url": _urls,
    "iban": _ibans,
    "card": _cards,
    "ssn": _ssns,
    "ip": _ips,
    "phone": find_phones,
}
