"""The head of a mail: its headers as text, whatever their bytes are."""

import re
from collections.abc import Iterator, Sequence
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import EmailMessage

from handrail_ai_steps.documents.readers.decoding import LOST, decoded, unified

HEADERS = ("from", "sender", "reply-to", "to", "cc", "date", "subject", "message-id", "in-reply-to")
"""Those that are told, in this order."""
SHOWN = ("from", "to", "cc", "date", "subject")
"""Those that a mail program shows above a mail."""

_FOLDS = re.compile(r"\s*[\r\n]+\s*")
_FILE_NAME = re.compile(r"\b(?:file)?name\s*=\s*(?:\"([^\"]*)\"|([^;\s]+))", re.IGNORECASE)


def header_lines(message: EmailMessage) -> tuple[list[tuple[str, str]], str]:
    """Return a mail's headers, each that is there twice twice, and what was lost of them, if anything was."""
    head = [(name, value) for name in HEADERS for value in values(message, name)]
    lost = [name for name, value in head if LOST in value]
    return head, f"characters of the headers {', '.join(lost)} could not be read" if lost else ""


def values(message: EmailMessage, name: str) -> Iterator[str]:
    """Yield what headers of this name say."""
    raw = [str(value) for key, value in message.raw_items() if key.lower() == name]
    try:
        read = [str(value) for value in message.get_all(name, [])]
    except Exception:  # noqa: BLE001 -- what the library cannot parse is still there to read
        read = []
    for at, source in enumerate(raw):
        # The library corrects a date's day of the week; what was sent is what counts.
        value = read[at] if at < len(read) and name != "date" else LOST
        yield unified(_FOLDS.sub(" ", _plainly(source) if LOST in value else value)).strip()


def file_name(part: EmailMessage) -> str:
    """Return the name that a part says its file has, without folders; empty: it says none."""
    try:
        name = part.get_filename() or ""
    except Exception:  # noqa: BLE001 -- as above
        name = ""
    if not name or LOST in name:
        for header in ("content-disposition", "content-type"):
            for _, source in ((key, str(value)) for key, value in part.raw_items() if key.lower() == header):
                match = _FILE_NAME.search(_plainly(source))
                name = (match[1] or match[2]) if match and (match[1] or match[2]) else name
                if name and LOST not in name:
                    return safe_name(name)
    return safe_name(name)


def safe_name(name: str) -> str:
    """Return a file's name without folders and control characters."""
    last = re.split(r"[/\\]", unified(name))[-1]
    return "".join(each for each in last if each.isprintable()).strip(" .")[:200]


def head_text(head: Sequence[tuple[str, str]]) -> str:
    """Return the headers that are shown above a mail, a line each."""
    return "\n".join(
        f"{name.capitalize()}: {value}" for wanted in SHOWN for name, value in head if name == wanted and value
    )


def _plainly(source: str) -> str:
    """Return a header whose bytes are no ASCII, or that the library could not parse, as text."""
    text = decoded(source.encode("utf-8", "surrogateescape")).text
    try:
        pieces = decode_header(text)
    except (HeaderParseError, ValueError):
        return text
    return "".join(
        piece if isinstance(piece, str) else decoded(piece, charset if charset != "unknown-8bit" else None).text
        for piece, charset in pieces
    )
