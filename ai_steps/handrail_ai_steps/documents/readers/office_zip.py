"""The ZIP that an Office file is: its parts, counted before they are unpacked."""

import posixpath
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING
from zipfile import BadZipFile, ZipFile

from handrail_ai_steps.documents.errors import BrokenDocument, EncryptedDocument, TooHeavy
from handrail_ai_steps.documents.limits import MEGABYTE, ReadingLimits
from handrail_ai_steps.documents.readers.xml_text import parsed

if TYPE_CHECKING:
    from lxml import etree

MOST_PARTS = 10_000
"""Parts of a file; real ones have hundreds."""
RELATED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
"""The namespace of references from one part to another."""
STRICTLY_RELATED = "{http://purl.oclc.org/ooxml/officeDocument/relationships}"
"""The same in files of the strict form of the standard, which Excel and Word can save."""


class OfficeZip:
    """An Office file taken apart, each part unpacked when it is asked for, within what is allowed of all together."""

    def __init__(self, data: bytes, limits: ReadingLimits) -> None:
        try:
            self._zip = ZipFile(BytesIO(data))
        except (BadZipFile, ValueError, EOFError, OSError) as error:
            raise BrokenDocument(f"its ZIP is damaged ({error}): ask for it again") from error
        entries = self._zip.infolist()
        size = sum(each.file_size for each in entries)
        if size > limits.bytes or len(entries) > MOST_PARTS:
            raise TooHeavy(
                f"unpacked it has {size / MEGABYTE:,.0f} MB in {len(entries)} parts; allowed are "
                f"{limits.bytes / MEGABYTE:g} MB (ReadingLimits.bytes) in {MOST_PARTS}"
            )
        if any(each.flag_bits & 1 for each in entries):
            raise EncryptedDocument("its parts are encrypted: ask for it without a password")
        self.names = frozenset(each.filename.lstrip("/") for each in entries)
        self._entries = {each.filename.lstrip("/"): each for each in entries}
        if len(self._entries) < len(entries):  # programs differ in which of the two they show
            raise BrokenDocument("two of its parts have the same name: save it anew, or send it as PDF")

    def part(self, name: str) -> bytes | None:
        """Return a part, or None: there is none of this name.

        Raises:
            BrokenDocument: it is damaged.
        """
        entry = self._entries.get(name)
        if entry is None:
            return None
        try:
            return self._zip.read(entry)
        except (BadZipFile, EOFError, OSError, NotImplementedError, ValueError) as error:
            raise BrokenDocument(f"its part {name} is damaged ({error}): ask for it again") from error
        except Exception as error:  # zlib.error has no other base
            raise BrokenDocument(f"its part {name} cannot be unpacked ({error}): ask for it again") from error

    def tree(self, name: str) -> "etree._Element | None":
        """Return a part of XML, or None: there is none of this name.

        Raises:
            BrokenDocument: it is damaged, or defines entities.
        """
        data = self.part(name)
        tree = None if data is None else parsed(data)
        if tree is not None:
            refuse_dtd(tree, name)
        return tree

    def related(self, name: str) -> Mapping[str, tuple[str, str]]:
        """Return what a part refers to: the kind of each, and the part's name or an address outside, by its id."""
        folder, _, file = name.rpartition("/")
        tree = self.tree(f"{folder}/_rels/{file}.rels" if folder else f"_rels/{file}.rels")
        return {
            each.get("Id", ""): (
                each.get("Type", "").rpartition("/")[2],
                each.get("Target", "")
                if each.get("TargetMode") == "External"
                else posixpath.normpath(posixpath.join("/", folder, each.get("Target", ""))).lstrip("/"),
            )
            for each in (tree if tree is not None else ())
        }

    def main(self, fallback: str) -> str:
        """Return the name of the part that the file is about."""
        found = [target for kind, target in self.related("").values() if kind == "officeDocument"]
        return found[0] if found and found[0] in self.names else fallback


def refuse_dtd(tree: "etree._Element", name: str) -> None:
    """Refuse a part with a DTD, whose entities may stand for any text; the standard allows none.

    Raises:
        BrokenDocument: it has one.
    """
    if tree.getroottree().docinfo.internalDTD is not None:
        raise BrokenDocument(f"its part {name} begins with a DTD, which Office files never have: send it as PDF")
