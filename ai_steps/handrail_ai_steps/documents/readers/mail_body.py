"""The body of a mail, as a mail program shows it: of alternatives one, which says what a person would read."""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from handrail_ai_steps.documents.document import DocumentNote
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.page import HiddenText
from handrail_ai_steps.documents.readers.decoding import Decoded
from handrail_ai_steps.documents.readers.html import seen_of
from handrail_ai_steps.documents.readers.mail_head import head_text
from handrail_ai_steps.documents.readers.piece import FoundPart, Piece
from handrail_ai_steps.documents.readers.plain import plain_pages
from handrail_ai_steps.documents.readers.text import lossy

SAME_WORDS = 0.9
"""Two alternatives say the same if so many of the words of each are in the other."""
OTHER_WORDS = 0.5
"""The plain alternative says something else if no more of its words are in the HTML that is shown."""

_WORD = re.compile(r"\w+")
_ADDRESS = re.compile(r"\S*(?:://|www\.|@)\S*")
"""Plain alternatives spell addresses out that HTML has behind its words."""
_UUENCODED = re.compile(r"^begin 0?[0-7]{3} \S.*\n(?:M.{60,61}\n)*[!-L].*\n[`\s]*^end\s*$", re.MULTILINE)
"""A file as old programs write it into a mail's text."""
_CID = re.compile(r"cid:([^\s\"'>)]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyText:
    """One of the texts that a mail's body has."""

    decoded: Decoded
    html: bool = False
    group: int = 0
    """Texts of the same group are alternatives, of which one is shown; 0: it is shown anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What is shown of a group of alternatives."""

    text: str
    hidden: tuple[HiddenText, ...] = ()
    loss: str = ""
    beside: tuple[BodyText, ...] = ()
    """Those that are not shown."""


def mail_page(head: Sequence[tuple[str, str]], texts: Sequence[BodyText], limits: ReadingLimits) -> Iterator[Piece]:
    """Yield the pages of a mail, the shown headers above its body, and the alternatives that are not shown as parts."""
    # Files between two alternatives do not part them; texts of no group are shown one after the other.
    groups = [list(each) for _, each in groupby(enumerate(texts), key=lambda each: each[1].group or -each[0] - 1)]
    shown = [_shown([text for _, text in each]) for each in groups]
    body = "\n\n".join(each.text.strip("\n") for each in shown if each.text.strip())
    above = head_text(head)
    text = f"{above}\n\n{body}" if above and body else above or body
    yield from plain_pages(text, limits, hidden=[each for one in shown for each in one.hidden])
    for each in shown:
        yield from lossy(each.loss)
    if any(_UUENCODED.search(each.decoded.text) for each in texts):
        message = "its text holds a file as old programs write it (uuencode), which is not unpacked: ask for the file"
        yield DocumentNote(code="part_failed", message=message)
    if texts and not body:
        yield DocumentNote(code="empty", message="the body of the mail has no text that is shown")
    beside = [other for each in shown for other in each.beside if other.decoded.text.strip()]
    for number, other in enumerate(beside, start=1):
        name = f"body{'' if number == 1 else f'-{number}'}.{'html' if other.html else 'txt'}"
        data = BOM_UTF8 + other.decoded.text.encode()
        yield FoundPart(name=name, role="body", data=data, kind="html" if other.html else "text")


def referred(texts: Sequence[BodyText]) -> frozenset[str]:
    """Return the content ids of the pictures that the body shows."""
    return frozenset(each for text in texts if text.html for each in _CID.findall(text.decoded.text))


def _shown(group: Sequence[BodyText]) -> _Shown:
    """Return what a mail program shows of alternatives: the HTML, or the plain text if that says the same."""
    plain = tuple(each for each in group if not each.html)
    rich = tuple(each for each in group if each.html)
    seen = [seen_of(each.decoded.text) for each in rich]
    plain_text = "\n\n".join(each.decoded.text for each in plain)
    rich_text = "\n\n".join(each.text for each in seen)
    as_plain = _Shown(text=plain_text, loss=_loss(plain), beside=rich)
    if not rich_text.strip():
        return as_plain
    shared, said = _shares(plain_text, rich_text)
    if min(shared, said) >= SAME_WORDS:
        return as_plain
    hidden = tuple(each for one in seen for each in one.hidden)
    if plain_text.strip() and said <= OTHER_WORDS:
        hidden += (HiddenText(text=plain_text.strip(), by="marked"),)
    return _Shown(text=rich_text, hidden=hidden, loss=_loss(rich), beside=plain)


def _shares(plain: str, rich: str) -> tuple[float, float]:
    """Return which share of the HTML's words is in the plain text, and which of the plain text's words in the HTML."""
    one, other = (set(_WORD.findall(_ADDRESS.sub(" ", each).casefold())) for each in (plain, rich))
    both = len(one & other)
    return both / max(len(other), 1), both / max(len(one), 1)


def _loss(texts: Sequence[BodyText]) -> str:
    return "; ".join(each.decoded.loss for each in texts if each.decoded.loss)
