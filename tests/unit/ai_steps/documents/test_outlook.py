"""Outlook's messages and winmail.dat: of our own making, and a real one."""

import struct
from email.message import EmailMessage
from pathlib import Path

import pytest

from handrail import Document
from handrail.documents import BrokenDocument, DocumentError, open_document
from tests.unit.ai_steps.documents.compound import (
    Tree,
    attached,
    compound,
    mapi,
    message,
    packed_rich_text,
    winmail,
)  # fmt: skip

SUBJECT, BODY, RICH, HTML, SENDER_NAME, SENDER, SENT = 0x0037, 0x1000, 0x1009, 0x1013, 0x0C1A, 0x5D01, 0x0039
NAME, DATA, PAGE = "__substg1.0_3707001F", "__substg1.0_37010102", 0x3FDE
BY_VALUE, EMBEDDED, ELSEWHERE = 1, 5, 7
RTF = rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\f0 Gr\'fc\'dfe\par Total\tab 120.00 \u8364?}"
FROM_HTML = (
    rb"{\rtf1\ansi\ansicpg1252\fromhtml1 {\*\htmltag64 <p>}\htmlrtf \par \htmlrtf0 Total {\*\htmltag84 <b>}"
    rb"\htmlrtf {\b\htmlrtf0 120.00\htmlrtf }\htmlrtf0{\*\htmltag92 </b>}{\*\htmltag72 </p>}}"
)


def outlook(tree: Tree) -> Document:
    return open_document(compound(tree), name="a.msg")


def file(name: str, data: bytes) -> Tree:
    return {NAME: name.encode("utf-16-le"), DATA: data}


def test_a_message_is_its_head_above_its_body_and_its_files_are_parts() -> None:
    document = outlook(
        message(
            {SUBJECT: "Bestellung", SENDER_NAME: "Jürgen", SENDER: "j@example.com", BODY: "5 Schrauben für 120 €\r\n"},
            numbers={SENT: 133_547_076_000_000_000},
            files=[attached(file("a.txt", b"one"), BY_VALUE), attached(file("b.pdf", b"%PDF-1.7 cut off"), BY_VALUE)],
        )
    )

    assert document.kind == "outlook"
    head = "From: Jürgen <j@example.com>\nDate: Tue, 12 Mar 2024 09:00:00 +0000\nSubject: Bestellung"
    assert document.text == f"{head}\n\n5 Schrauben für 120 €"
    assert [(part.name, part.state) for part in document.parts] == [("a.txt", "read"), ("b.pdf", "failed")]


@pytest.mark.parametrize("numbers", [{}, {SENT: 0}])
def test_a_date_that_is_not_set_is_no_date(numbers: dict[int, int]) -> None:
    # TeamMsgExtractor/msg-extractor 163: the library says 1601-01-01 or None
    assert "date" not in dict(outlook(message({SUBJECT: "x", BODY: "y"}, numbers=numbers)).headers)


@pytest.mark.parametrize(
    ("rich", "text"), [(RTF, "Grüße\nTotal\t120.00 €"), (FROM_HTML, "Total 120.00")], ids=["plain", "from HTML"]
)
def test_a_body_that_is_only_rich_text_is_read(rich: bytes, text: str) -> None:
    # TeamMsgExtractor/msg-extractor 210, 319, 480
    document = outlook(message({SUBJECT: "x", RICH: packed_rich_text(rich)}))

    assert document.text == f"Subject: x\n\n{text}"
    assert document.notes == ()


def test_korean_rich_text_is_read_by_its_code_page() -> None:
    # TeamMsgExtractor/msg-extractor 319
    letters = "".join(f"\\'{byte:02x}" for byte in "청구서".encode("cp949")).encode()

    document = outlook(message({RICH: packed_rich_text(rb"{\rtf1\ansi\ansicpg949 " + letters + b"}")}))

    assert document.text == "청구서"


def test_html_in_an_encoding_of_its_own_is_read() -> None:
    html = "<p>請求書</p><p style='display:none'>secret</p>".encode("shift_jis")

    document = outlook(message({SUBJECT: "x", HTML: html}, numbers={PAGE: 932}))

    assert document.text == "Subject: x\n\n請求書"
    assert [each.text for each in document.pages[0].hidden] == ["secret"]


def test_a_message_in_a_message_is_a_part_with_its_own_files() -> None:
    # TeamMsgExtractor/msg-extractor 115
    inner = message(
        {SUBJECT: "inside", SENDER: "i@example.com", BODY: "größer"}, embedded=True,
        files=[attached(file("deep.txt", b"deep"), BY_VALUE)],
    )  # fmt: skip
    folder: Tree = {NAME: "inside".encode("utf-16-le"), "__substg1.0_3701000D": inner}

    document = outlook(message({SUBJECT: "outside", BODY: "see"}, files=[attached(folder, EMBEDDED)]))

    (part,) = document.parts
    assert (part.name, part.role, part.state) == ("inside.eml", "message", "read")
    assert part.document is not None
    assert part.document.text == "From: i@example.com\nSubject: inside\n\ngrößer"
    assert [each.name for each in part.document.parts] == ["deep.txt"]


def test_a_link_to_a_file_is_a_part_that_says_so() -> None:
    document = outlook(
        message({SUBJECT: "x", BODY: "y"}, files=[attached({NAME: "far.pdf".encode("utf-16-le")}, ELSEWHERE)])
    )

    assert [(part.name, part.state) for part in document.parts] == [("far.pdf", "failed")]
    assert "only a link" in document.parts[0].problem


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_message_that_was_cut_off_is_named(share: float) -> None:
    data = compound(message({SUBJECT: "x", BODY: "y" * 9000}))

    with pytest.raises(DocumentError):
        open_document(data[: int(len(data) * share)], name="a.msg")


def test_the_real_message_is_read(shared_data: Path) -> None:
    document = open_document(shared_data / "documents" / "docling-msg_with_attachment.msg")

    assert "This email contains an attachment." in document.text
    assert dict(document.headers)["from"] == "Alice Example <alice@example.com>"
    assert [part.name for part in document.parts] == ["test.txt", "report.pdf"]


# winmail.dat ----------------------------------------------------------------------------------------------------------

CODE_PAGE = (1, 0x9007, 6, struct.pack("<II", 1252, 0))
SUBJECT_OF = (1, 0x8004, 1, "Bestellung für 7\0".encode("cp1252"))
FILE = [
    (2, 0x9002, 6, bytes(14)),
    (2, 0x8010, 1, b"a.txt\0"),
    (2, 0x800F, 6, b"Invoice 4711"),
]


def test_winmail_dat_is_its_body_and_its_files() -> None:
    # ikvk/imap_tools 195
    rich = mapi((0x0102, RICH, packed_rich_text(RTF)))
    data = winmail(CODE_PAGE, SUBJECT_OF, (1, 0x9003, 6, rich), *FILE)

    document = open_document(data, name="winmail.dat")

    assert document.kind == "winmail"
    assert document.text == "Subject: Bestellung für 7\n\nGrüße\nTotal\t120.00 €"
    assert [(part.name, part.role, part.state, part.size) for part in document.parts] == [
        ("a.txt", "attachment", "read", 12)
    ]
    assert document.notes == ()


def test_winmail_dat_without_a_code_page_is_read() -> None:
    assert "für 7" in open_document(winmail(SUBJECT_OF, *FILE), name="winmail.dat").text


def test_a_winmail_dat_in_a_mail_is_a_part_with_parts() -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "x", "a@example.com"
    mail.set_content("see winmail.dat")
    mail.add_attachment(winmail(CODE_PAGE, SUBJECT_OF, *FILE), "application", "ms-tnef", filename="winmail.dat")

    document = open_document(mail.as_bytes(), name="a.eml")

    assert [each.kind for each in document.walk()] == ["mail", "winmail", "text"]
    assert [each.name for each in document.walk()] == ["a.eml", "winmail.dat", "a.txt"]


def test_a_damaged_winmail_dat_is_told() -> None:
    data = bytearray(winmail(CODE_PAGE, SUBJECT_OF, *FILE))
    data[data.index(b"4711")] = ord("9")

    document = open_document(bytes(data), name="winmail.dat")

    assert [note.code for note in document.blocking] == ["part_failed"]


def test_a_winmail_dat_that_says_it_has_endless_properties_is_named_at_once() -> None:
    endless = struct.pack("<I", 0xFFFFFFFF) + mapi((0x001E, SUBJECT, b"x\0"))[4:]

    with pytest.raises(BrokenDocument, match="taken apart"):
        open_document(winmail(CODE_PAGE, (1, 0x9003, 6, endless), *FILE), name="winmail.dat")


@pytest.mark.parametrize("size", [5, 7, 30, 60])
def test_a_winmail_dat_that_was_cut_off_is_named_or_told(size: int) -> None:
    data = winmail(CODE_PAGE, SUBJECT_OF, *FILE)

    try:
        document = open_document(data[:size], name="winmail.dat")
    except DocumentError:
        return
    assert document.blocking
