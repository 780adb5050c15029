"""Outlook's .msg files: the head, the body, the files and messages in it."""

from collections.abc import Iterator
from io import BytesIO

from handrail_ai_steps.documents.errors import BrokenDocument
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.readers.mail_body import mail_page, referred
from handrail_ai_steps.documents.readers.mail_head import safe_name
from handrail_ai_steps.documents.readers.mail_parts import SMALL_PICTURE
from handrail_ai_steps.documents.readers.outlook_message import OutlookFile, OutlookMessage
from handrail_ai_steps.documents.readers.outlook_written import as_mail
from handrail_ai_steps.documents.readers.piece import FoundPart, MailHeader, Piece
from handrail_ai_steps.documents.readers.text import lossy
from handrail_ground.optional import needs

with needs("mail"):
    from olefile import OleFileIO
    from oxmsg.storage import Storage

PICTURES = ("png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp")


def read(data: bytes, name: str, limits: ReadingLimits, *, places: bool) -> Iterator[Piece]:  # noqa: ARG001 -- every reader takes these
    """Yield what is in an Outlook message; a message in it is handed on as a mail.

    Raises:
        BrokenDocument: it cannot be taken apart.
    """
    try:
        with OleFileIO(BytesIO(data)) as opened:
            message = OutlookMessage(Storage.from_ole(opened), limits=limits)
    except (MemoryError, RecursionError):
        raise
    except Exception as error:
        raise BrokenDocument(f"it cannot be taken apart ({error}): it may be cut off; ask for it again") from error
    head = message.head()
    texts = list(message.texts())
    yield from (MailHeader(each, value) for each, value in head)
    yield from lossy(message.loss)
    yield from mail_page(head, texts, limits)
    pictures = referred(texts)
    for number, file in enumerate(message.files(), start=1):
        yield _part(file, number, shown=file.content_id in pictures, limits=limits)


def _part(file: OutlookFile, number: int, *, shown: bool, limits: ReadingLimits) -> FoundPart:
    """Return a file in the message as a part."""
    called = safe_name(file.name)
    if file.message is not None:
        name = f"{called or f'message-{number}'}.eml"
        return FoundPart(name=name, role="message", data=as_mail(file.message, limits.depth), kind="mail")
    name = called or f"part-{number}.bin"
    picture = name.rpartition(".")[2].lower() in PICTURES
    decoration = picture and (shown or (file.hidden and len(file.data) < SMALL_PICTURE))
    return FoundPart(name=name, role="inline" if decoration else "attachment", data=file.data, problem=file.problem)
