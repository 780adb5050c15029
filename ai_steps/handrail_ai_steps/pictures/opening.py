"""Taking a picture from somebody: what is no picture that can be shown is refused before anything is paid."""

import os
from typing import Any

from handrail_ai_steps.documents.child import ask
from handrail_ai_steps.documents.document import Document
from handrail_ai_steps.documents.errors import DocumentError, WrongKind
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.opening import open_document
from handrail_ai_steps.errors import InvalidInput
from handrail_ai_steps.pictures.image import LONGEST_SIDE

SENDING = "handrail_ai_steps.documents.readers.sent_picture"
FEWEST_DPI, MOST_DPI = 30.0, 600.0


def picture_of(source: Any, *, name: str | None, limits: ReadingLimits) -> tuple[dict[str, Any], bytes]:
    """Return what is known of a picture in a file, and the bytes to send.

    Raises:
        InvalidInput: neither a path nor bytes was given.
        DocumentError: the file is no picture that can be shown.
    """
    if isinstance(source, bytearray | memoryview):
        source = bytes(source)
    if not isinstance(source, str | os.PathLike | bytes):
        raise InvalidInput(f"Image({type(source).__name__}): give a path, or the picture's bytes")
    named = "picture" if name is None and isinstance(source, bytes) else name
    document = open_document(source, name=named, limits=limits)
    called = document.name
    by_page = "Image.of_page(Document.open(source), 1)"
    if document.kind != "image":
        raise WrongKind(
            f"{called}: it is {document.kind}, and no picture of pixels (PNG, JPEG, WebP, TIFF, GIF, BMP); "
            f"the page of a PDF is {by_page}"
        )
    if len(document.pages) != 1:
        raise WrongKind(f"{called}: there are {len(document.pages)} pictures in it; one of them is {by_page}")
    if any(note.code == "pages_left_out" for note in document.notes):
        raise WrongKind(f"{called}: it moves, and a model is shown what stands still; its first picture is {by_page}")
    about, data = picture_of_page(document, 1, dpi=1.0, limits=limits)
    return {**about, "page": None}, data


def picture_of_page(document: Any, number: Any, *, dpi: Any, limits: ReadingLimits) -> tuple[dict[str, Any], bytes]:
    """Return what is known of the picture of a page, and the bytes to send.

    Raises:
        InvalidInput: there is no such page.
        DocumentError: it cannot be drawn.
    """
    if not isinstance(document, Document):
        raise InvalidInput(f"Image.of_page({type(document).__name__}, ...): give a Document, from Document.open(...)")
    there = [page.number for page in document.pages]
    if isinstance(number, bool) or number not in there:
        has = f"pages {there[0]} to {there[-1]}" if there else "no pages"
        raise InvalidInput(f"{document.name} has no page {number!r}: it has {has}")
    if document.kind != "image" and not (isinstance(dpi, int | float) and FEWEST_DPI <= dpi <= MOST_DPI):
        raise InvalidInput(f"Image.of_page(dpi={dpi!r}): give a number from {FEWEST_DPI:g} to {MOST_DPI:g}")
    drawn = document.page_image(number, dpi, limits=limits)
    try:
        [(said, data)] = ask(f"{SENDING}:sent", drawn, limits, module=SENDING, arguments={"longest": LONGEST_SIDE})
    except DocumentError as error:
        raise type(error)(f"{document.name}: {error}") from error.__cause__
    return {"id": document.id, "name": document.name, "page": number, "size": len(data), **said[1]}, data
