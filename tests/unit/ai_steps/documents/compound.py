"""Files of Outlook, made for tests: compound files with the streams of a message, and winmail.dat."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Tree: TypeAlias = "dict[str, bytes | Tree]"
"""A folder of a compound file: streams and folders by name."""

SECTOR, SMALL_SECTOR, CUTOFF = 512, 64, 4096
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


@dataclass
class _Entry:
    name: str
    kind: int
    data: bytes = b""
    children: list[int] = field(default_factory=list)


def compound(tree: Tree) -> bytes:
    """Return a compound file (MS-CFB), with small streams in the small one."""
    entries = [_Entry("Root Entry", 5)]
    _collect(tree, entries, 0)
    sectors: list[bytes] = []
    chain: list[int] = []
    small: list[bytes] = []
    small_chain: list[int] = []
    starts = [
        _store(each.data, *((sectors, chain) if len(each.data) >= CUTOFF else (small, small_chain)), len(each.data))
        for each in entries
    ]
    entries[0].data = b"".join(small)
    starts[0] = _store(entries[0].data, sectors, chain, CUTOFF)
    directory = b"".join(_directory_entry(each, starts[at], entries) for at, each in enumerate(entries))
    first = _store(directory, sectors, chain, CUTOFF)
    small_table = struct.pack(f"<{len(small_chain)}I", *small_chain)
    first_small = _store(small_table + b"\xff" * (-len(small_table) % SECTOR), sectors, chain, CUTOFF)
    count = 1
    while count * (SECTOR // 4) < len(chain) + count:
        count += 1
    at = len(sectors)
    chain += [FAT] * count
    chain += [FREE] * (count * (SECTOR // 4) - len(chain))
    difat = [at + each for each in range(count)] + [FREE] * (109 - count)
    magic = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    numbers = (0, count, first, 0, CUTOFF, first_small, -(-len(small_table) // SECTOR), END, 0)
    head = struct.pack("<8s16xHHHHH6x9I", magic, 0x3E, 3, 0xFFFE, 9, 6, *numbers)
    table = struct.pack(f"<{len(chain)}I", *chain)
    return head + struct.pack("<109I", *difat) + b"".join(sectors) + table


def _collect(tree: Tree, entries: list[_Entry], parent: int) -> None:
    for name, content in tree.items():
        entries[parent].children.append(len(entries))
        if isinstance(content, bytes):
            entries.append(_Entry(name, 2, content))
        else:
            entries.append(_Entry(name, 1))
            _collect(content, entries, len(entries) - 1)


def _store(data: bytes, sectors: list[bytes], chain: list[int], size: int) -> int:
    """Store a stream of this size, of small sectors if it is small, and return where it begins."""
    if not data:
        return END
    length = SECTOR if size >= CUTOFF else SMALL_SECTOR
    first = len(sectors)
    pieces = [data[at : at + length].ljust(length, b"\0") for at in range(0, len(data), length)]
    sectors += pieces
    chain += [*range(first + 1, first + len(pieces)), END]
    return first


def _directory_entry(entry: _Entry, start: int, entries: Sequence[_Entry]) -> bytes:
    name = entry.name.encode("utf-16-le") + b"\0\0"
    child = entry.children[0] if entry.children else FREE
    after = [
        (each.children[at + 1 :] or [FREE])[0]
        for each in entries
        for at, number in enumerate(each.children)
        if entries[number] is entry
    ]
    tree = (FREE, after[0] if after else FREE, child)
    return struct.pack("<64sHBBIII16xI8x8xIQ", name, len(name), entry.kind, 1, *tree, 0, start, len(entry.data))


def message(
    strings: Mapping[int, str | bytes],
    *,
    numbers: Mapping[int, int] | None = None,
    embedded: bool = False,
    files: Sequence[Tree] = (),
) -> Tree:
    """Return a message: text as UTF-16, bytes as they are; numbers; and folders of files."""
    tree: Tree = {f"__attach_version1.0_#{at:08X}": each for at, each in enumerate(files)}
    rows = b"".join(struct.pack("<HHIQ", 3, key, 6, value) for key, value in (numbers or {}).items())
    tree["__properties_version1.0"] = bytes(24 if embedded else 32) + rows
    for key, value in strings.items():
        kind = "001F" if isinstance(value, str) else "0102"
        tree[f"__substg1.0_{key:04X}{kind}"] = value.encode("utf-16-le") if isinstance(value, str) else value
    return tree


def attached(tree: Tree, method: int) -> Tree:
    """Return the folder of an attached file."""
    return {"__properties_version1.0": bytes(8) + struct.pack("<HHIQ", 3, 0x3705, 6, method), **tree}


def winmail(*attributes: tuple[int, int, int, bytes]) -> bytes:
    """Return a winmail.dat of attributes: their level, name, type and data."""
    written = b"".join(
        struct.pack("<BHHI", level, name, kind, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)
        for level, name, kind, data in attributes
    )
    return struct.pack("<IH", 0x223E9F78, 1) + written


def mapi(*properties: tuple[int, int, bytes]) -> bytes:
    """Return MAPI properties as winmail.dat has them: their type, name and bytes."""
    written = b"".join(
        struct.pack("<HHII", kind, name, 1, len(data)) + data + bytes(-len(data) % 4) for kind, name, data in properties
    )
    return struct.pack("<I", len(properties)) + written


def packed_rich_text(text: bytes) -> bytes:
    """Return Rich Text in Outlook's packed form, without any repetition made use of."""
    out = b""
    for at in range(0, len(text), 8):
        out += b"\0" + text[at : at + 8]
    return struct.pack("<IIII", len(out) + 12, len(text), 0x75465A4C, 0) + out
