"""Pictures of pages beside a request's text, or in place of it, for models that see."""

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace

from handrail_ai_steps.documents.document import Document
from handrail_ai_steps.documents.errors import DocumentError
from handrail_ai_steps.model import ModelRequest
from handrail_ai_steps.models.openai.failure import Halted
from handrail_ai_steps.models.openai.settings import ModelSettings
from handrail_ai_steps.sight import MOST_BYTES, MOST_PICTURES, as_data_uri
from handrail_guards.picture_words import words_for

SHOWN = "pictures"
"""What the prompt version says of an answer for which the model was shown pictures: it is sure in another way."""
PICTURE_TOKENS = 1500
"""What one picture is counted as, for estimates: servers cut it into at most eight tiles of 170 tokens."""

_SEEN = frozenset({"pdf", "image"})
"""Kinds of documents whose pages can be seen."""


@dataclass(frozen=True, slots=True)
class SentPicture:
    """A picture as it goes with a message."""

    url: str
    """As a data URI."""
    tokens: int = PICTURE_TOKENS
    """What it is counted as, for estimates."""
    word: str = ""
    """What stands for it in the text; empty: a page of a document, which follows the one before."""


@dataclass(frozen=True, slots=True)
class SeenPages:
    """A request as a model that sees is asked it."""

    request: ModelRequest
    pictures: tuple[SentPicture, ...] = ()
    """Those among the inputs first, then the pages in their order."""
    asked_as: str = ""
    """That pictures were shown, and how the pages were, for the prompt version."""


async def seen(request: ModelRequest, settings: ModelSettings) -> SeenPages:
    """Return a request with its pictures, and with those of its documents' pages where the model is to look at them.

    Raises:
        Halted: a page cannot be shown: its bytes are not there, it is too much, or personal data is hidden.
    """
    documents = [each for each in request.documents if each.kind in _SEEN]
    given = given_pictures(request)
    if settings.pages == "text" or not documents:
        return SeenPages(request, given, SHOWN if given else "")
    if request.masked:
        raise Halted("refused", "personal data is hidden from models, and a picture of a page would show it")
    pages = sum(len(each.pages) for each in documents)
    if pages + len(given) > MOST_PICTURES:
        raise Halted(
            "refused",
            f"the documents have {pages} pages{f' beside {len(given)} pictures' if given else ''}, and {MOST_PICTURES}"
            " pictures are sent at most: give fewer pages",
        )
    pictures = list(given)
    for each in documents:
        pictures += map(SentPicture, await asyncio.to_thread(_drawn, each, settings.dpi))
    size = sum(len(each.url) for each in pictures)
    if size > MOST_BYTES:
        raise Halted(
            "refused", f"the pictures have {size:,} bytes, and {MOST_BYTES:,} are sent at most: give a lower dpi"
        )
    text = _without(request.text, documents) if settings.pages == "image" else request.text
    asked_as = f"pages-{settings.pages}-{settings.dpi:g}dpi"
    return SeenPages(replace(request, text=text), tuple(pictures), f"{SHOWN},{asked_as}" if given else asked_as)


def given_pictures(request: ModelRequest) -> tuple[SentPicture, ...]:
    """Return the pictures among the inputs as they are sent; that they can be was seen to before."""
    pairs = zip(words_for(len(request.pictures)), request.pictures, strict=True)
    return tuple(SentPicture(as_data_uri(each), each.tokens, word) for word, each in pairs)


def _drawn(document: Document, dpi: float) -> list[str]:
    if document.data is None:
        raise Halted(
            "failed",
            f"{document.name} was read from a record, without its bytes: give them back with document.opened(data)",
        )
    try:
        drawn = [document.page_image(page.number, dpi) for page in document.pages]
    except DocumentError as error:
        raise Halted("failed", f"{document.name}: a page cannot be drawn: {error}") from error
    return [f"data:image/png;base64,{base64.b64encode(each).decode()}" for each in drawn]


def _without(text: str, documents: Sequence[Document]) -> str:
    """Return the text with a word on the pictures where the documents' own stood."""
    for each in documents:
        told = f"(The {len(each.pages)} page(s) of the document are the pictures below.)"
        text = text.replace(each.text, told, 1) if each.text.strip() else f"{text}\n{told}".strip()
    return text
