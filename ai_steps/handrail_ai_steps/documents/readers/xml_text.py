"""XML as text: a line for each element that has some, under its name; nothing outside the file is looked up."""

from collections.abc import Iterator

from handrail_ai_steps.documents.document import DocumentNote
from handrail_ai_steps.documents.embedded.reading import read_invoice
from handrail_ai_steps.documents.errors import BrokenDocument, TooHeavy
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.readers.piece import FoundInvoice, Piece
from handrail_ai_steps.documents.readers.plain import plain_pages
from handrail_ground.optional import needs

with needs("documents"):
    from lxml import etree


def read(data: bytes, name: str, limits: ReadingLimits, *, places: bool) -> Iterator[Piece]:  # noqa: ARG001 -- every reader takes these
    """Yield the invoice that an XML file is as data, or why it is none, and its pages.

    Raises:
        BrokenDocument: it is not well-formed.
        TooHeavy: its elements are nested too deep, or its texts too long.
    """
    root = parsed(data)
    text = "\n".join(_lines(root))
    unresolved = sorted({each.name or "" for each in root.iter(etree.Entity)})
    del root  # the tree of the text, before there is that of the invoice
    yield FoundInvoice(read_invoice(data))
    yield from plain_pages(text, limits)
    if unresolved:
        message = f"it defines entities of its own ({', '.join(unresolved)}): they are left out, look at the file"
        yield DocumentNote(code="lossy_decoding", message=message)


def parsed(data: bytes) -> "etree._Element":
    """Return the root of an XML file: entities of its own stay what they are, nothing is fetched.

    Raises:
        BrokenDocument: it is not well-formed.
        TooHeavy: its elements are nested too deep, or its texts too long.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, remove_pis=True
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from error
        message = str(error)
        if "huge" in message.lower() or "depth" in message.lower() or "amplification" in message.lower():
            raise TooHeavy(f"it is XML that grows beyond measure ({message}): ask for another file") from error
        raise BrokenDocument(f"it is not well-formed XML ({message}): ask for it again") from error


def _lines(root: "etree._Element") -> Iterator[str]:
    """Yield a line for each element with text of its own, or with attributes and no elements inside."""
    for element in root.iter(etree.Element):
        own = " ".join(" ".join(each.split()) for each in _own_texts(element)).strip()
        attributes = " ".join(f"{_local(key)}={value}" for key, value in element.attrib.items())
        if own or (attributes and not len(element)):
            label = f"{_local(element.tag)} ({attributes})" if attributes else _local(element.tag)
            yield f"{label}: {own}" if own else label


def _own_texts(element: "etree._Element") -> Iterator[str]:
    """Yield the pieces of text that stand in an element itself."""
    if element.text:
        yield element.text
    for child in element:
        if child.tail:
            yield child.tail


def _local(tag: object) -> str:
    """Return a name without its namespace."""
    return str(tag).rpartition("}")[2]
