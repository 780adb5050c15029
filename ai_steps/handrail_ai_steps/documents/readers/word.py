"""Word files: text in order with tables, headers, footers, notes and text boxes; without what is hidden or deleted."""

from collections.abc import Iterator

from handrail_ai_steps.documents.document import DocumentNote
from handrail_ai_steps.documents.errors import BrokenDocument
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.readers.office_zip import OfficeZip
from handrail_ai_steps.documents.readers.piece import FoundPart, Piece
from handrail_ai_steps.documents.readers.plain import plain_pages
from handrail_ai_steps.documents.readers.word_look import WordStyles
from handrail_ai_steps.documents.readers.word_text import Story, stories_of

PICTURES = ("png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp")


def read(data: bytes, name: str, limits: ReadingLimits, *, places: bool) -> Iterator[Piece]:  # noqa: ARG001 -- every reader takes these
    """Yield the pages of a Word file; it has one, since only Word knows where it breaks them.

    Raises:
        BrokenDocument: it is damaged, or no Word file.
        TooHeavy: unpacked it is longer than allowed.
    """
    zip_ = OfficeZip(data, limits)
    main = zip_.main("word/document.xml")
    if zip_.tree(main) is None:
        raise BrokenDocument("it has no text part: it is damaged, or no Word file; ask for it again")
    folder = main.rpartition("/")[0]
    story = Story(WordStyles(zip_.tree(f"{folder}/styles.xml")))
    for root, role in stories_of(zip_, main):
        story.tell(root, role)
    text = story.text()
    yield from plain_pages(text, limits, hidden=story.hidden)
    yield from _notes(story, text)
    for kind, target in zip_.related(main).values():
        if kind == "aFChunk":  # a file that Word shows as a piece of the text
            yield FoundPart(name=target.rpartition("/")[2], role="body", data=zip_.part(target) or b"")
            message = (
                "Word shows another file as a piece of this text, which is a part here: where it stands is not known"
            )
            yield DocumentNote(code="broken_page", message=message, page=1)
    for each in sorted(zip_.names):
        if each.startswith((f"{folder}/media/", f"{folder}/embeddings/")):
            inside = zip_.part(each) or b""
            picture = each.rpartition(".")[2].lower() in PICTURES
            yield FoundPart(name=each.rpartition("/")[2], role="inline" if picture else "attachment", data=inside)


def _notes(story: Story, text: str) -> Iterator[DocumentNote]:
    """Yield what a reviewer should know of the text."""
    if story.inserted:
        message = f"{story.inserted} characters are insertions that nobody accepted yet; they are in the text"
        yield DocumentNote(code="tracked_changes", message=message)
    if story.pictures and not text.strip():
        message = "it has pictures and no text: read the pictures, which are its parts"
        yield DocumentNote(code="no_text_layer", message=message, page=1)
