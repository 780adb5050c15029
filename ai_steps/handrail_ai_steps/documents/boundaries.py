"""Several papers in one file: where each begins, by what its pages say of themselves."""

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from handrail_ai_steps.documents.document import Document
from handrail_ai_steps.documents.page import Page

Sign: TypeAlias = Literal["begins", "goes on"]
"""What a page says of itself: that a paper begins on it, or that it goes on with the one before."""

_COUNTED: Final = re.compile(
    r"\b(?:page|seite|blatt|pagina|página|pag\.?|p\.|bladzijde)\s*:?\s*(\d{1,4})\s*(?:of|von|de|di|van|sur|/)\s*(\d{1,4})\b",
    re.IGNORECASE,
)
_CALLED: Final = (
    r"(?:invoice|credit note|receipt)\s*(?:no\.?|number|nr\.?|#|id)",
    r"rechnungs?-?\s*(?:nr\.?|nummer)",
    r"gutschrifts?-?\s*(?:nr\.?|nummer)",
    r"(?:facture|avoir)\s*(?:n[o°º.]+|num[ée]ro)",
    r"factuur\s*-?\s*(?:nr\.?|nummer)",
    r"(?:n[úu]mero|n[o°º.]+)\s+de\s+factura",
    r"factura\s*n[o°º.]+",
    r"fattura\s*n[o°º.]+",
    r"numero\s+fattura",
)
"""What stands before the number of an invoice."""
_NUMBER: Final = re.compile(rf"\b(?:{'|'.join(_CALLED)})[\s:.]*([A-Z0-9](?:[\w./-]*[\w])?)", re.IGNORECASE)
_CREDIT: Final = re.compile(r"credit|gutschrift|avoir", re.IGNORECASE)
_CARRIED: Final = re.compile(
    r"\b(?:(?:carried|brought) forward|balance forward|[üu]bertrag|report de la page|a nuevo|transport)\b",
    re.IGNORECASE,
)
_HEAD_LINES: Final = 4
"""Lines at the top of a page in which something that is carried over stands."""


@dataclass(frozen=True, slots=True)
class _Called:
    """The number of an invoice or a credit note, as a page has it."""

    number: str
    is_credit: bool


@dataclass(frozen=True, slots=True)
class PageRange:
    """The pages of one paper in a file, by their numbers, both of them in it."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class PageSign:
    """What a page says of where it belongs, and how that is known."""

    page: int
    sign: Sign | None
    """None: it says nothing, or things that contradict each other."""
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Boundaries:
    """Where papers begin in a file, as its pages tell."""

    ranges: tuple[PageRange, ...]
    """Every page is in one; a page that says nothing is left with the one before."""
    signs: tuple[PageSign, ...]
    """Of each page after the first."""

    @property
    def unsure(self) -> tuple[PageSign, ...]:
        """Return the pages that do not say where they belong."""
        return tuple(each for each in self.signs if each.sign is None)


def boundaries(document: Document) -> Boundaries:
    """Return where papers begin in a document.

    A page begins one when it counts itself as the first, comes after the last, or has another number of an invoice than
    the pages before; it goes on with one when it counts on, has the same number, or begins with a sum carried over. One
    that has both a known number and a new one, or the number of an invoice on a credit note, says neither.
    """
    signs: list[PageSign] = []
    numbers: set[_Called] = set()
    for at, page in enumerate(document.pages):
        if at > 0:
            signs.append(_sign(page, _counted(document.pages[at - 1].text), numbers))
            if signs[-1].sign == "begins":
                numbers = set()
        numbers |= _numbers(page.text)
    starts = [page.number for page in document.pages[:1]] + [each.page for each in signs if each.sign == "begins"]
    ends = [start - 1 for start in starts[1:]] + [page.number for page in document.pages[-1:]]
    return Boundaries(tuple(PageRange(*pair) for pair in zip(starts, ends, strict=True)), tuple(signs))


def _sign(page: Page, last: tuple[int, int] | None, known: set[_Called]) -> PageSign:
    """Return what a page says: ``last`` is how the page before counts itself, ``known`` the numbers of its paper."""
    said = [*_by_count(_counted(page.text), last), *_by_number(_numbers(page.text), known)]
    carried = _CARRIED.search("\n".join(page.text.split("\n")[:_HEAD_LINES]))
    if carried is not None:
        said.append(("goes on", f"it begins with {carried[0]!r}"))
    kinds = {sign for sign, _ in said}
    return PageSign(page.number, kinds.pop() if len(kinds) == 1 else None, tuple(reason for _, reason in said))


def _by_count(count: tuple[int, int] | None, last: tuple[int, int] | None) -> list[tuple[Sign, str]]:
    if count is None:
        ended = last is not None and last[0] == last[1]
        return [("begins", f"the page before is the last of {last[1]}")] if last is not None and ended else []
    page = f"it is page {count[0]} of {count[1]}"
    if count[0] == 1:
        return [("begins", page)]
    if last is None or last == (count[0] - 1, count[1]):
        return [("goes on", page)]
    return [("begins", f"{page}, after page {last[0]} of {last[1]}"), ("goes on", "pages are missing or out of order")]


def _by_number(numbers: set[_Called], known: set[_Called]) -> list[tuple[Sign, str]]:
    """Return what the numbers on a page say: one that is known beside a new one may be what the new one refers to."""
    said: list[tuple[Sign, str]] = []
    if shared := {each.number for each in numbers} & {each.number for each in known}:
        said.append(("goes on", f"its number is {' and '.join(sorted(shared)).upper()}, as before"))
    if known and (new := numbers - known):
        said.append(("begins", f"its number is {_listed(new)}, the one before is {_listed(known)}"))
    return said


def _counted(text: str) -> tuple[int, int] | None:
    """Return which of how many pages a page says it is; None where it says nothing, or two things."""
    found = {(int(each[1]), int(each[2])) for each in _COUNTED.finditer(text)}
    found = {(page, of) for page, of in found if 1 <= page <= of}
    return found.pop() if len(found) == 1 else None


def _numbers(text: str) -> set[_Called]:
    return {
        _Called(each[1].casefold(), is_credit=_CREDIT.match(each[0]) is not None)
        for each in _NUMBER.finditer(text)
        if any(map(str.isdigit, each[1]))
    }


def _listed(numbers: set[_Called]) -> str:
    return " and ".join(sorted(f"{'credit note ' * each.is_credit}{each.number.upper()}" for each in numbers))
