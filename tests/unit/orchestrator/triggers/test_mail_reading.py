"""What a mail says, and by what two copies of it are known as one, however badly it is made."""

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail import Run, workflow
from handrail.orchestrator import InvalidWorkflow, Misuse, ReceivedMail, from_environment, mailbox
from handrail_orchestrator.triggers.mail_reading import read_mail

BOUNDARY = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"


@workflow(version=1)
async def take(_run: Run, mail: ReceivedMail) -> str:
    return mail.id


@workflow(version=1)
async def number_taker(_run: Run, number: int) -> int:
    return number


def test_headers_texts_and_attachments_are_read() -> None:
    made = EmailMessage()
    made["From"], made["To"], made["Cc"] = "Änne <a@x.example>", "b@x.example, C <c@x.example>", "d@x.example"
    made["Subject"], made["Message-ID"] = "Grüße für Sie", "<one@x.example>"
    made["Date"] = "Mon, 05 Jan 2026 10:00:00 +0100"
    made.set_content("plain ü")
    made.add_alternative("<p>ü</p>", subtype="html")
    made.add_attachment(b"\x00\x01", maintype="application", subtype="pdf", filename="C:\\a\\Rechnung ü.pdf")
    inner = EmailMessage()
    inner["Subject"] = "inner"
    inner.set_content("forwarded")
    made.add_attachment(inner)
    found = read_mail(made.as_bytes())
    assert (found.sender, found.sender_name, found.subject) == ("a@x.example", "Änne", "Grüße für Sie")
    assert (found.to, found.cc) == (("b@x.example", "c@x.example"), ("d@x.example",))
    assert (found.message_id, found.sent) == ("one@x.example", "2026-01-05T09:00:00+00:00")
    assert (found.text.strip(), found.html.strip(), found.problems) == ("plain ü", "<p>ü</p>", ())
    assert [each.name for each in found.attached] == ["Rechnung ü.pdf", "part 2.eml"]
    assert found.attached[0].data == b"\x00\x01"
    assert b"forwarded" in found.attached[1].data


def test_a_file_without_a_name_is_not_lost() -> None:
    raw = BOUNDARY + b"--b\r\n\r\nhi\r\n--b\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n--b--\r\n"
    (found,) = read_mail(raw).attached
    assert (found.name, found.data) == ("part 1.pdf", b"%PDF")


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"Content-Type: text/plain; charset=klingon\r\n\r\nhi", "is in 'klingon', which nobody knows"),
        (b"Content-Type: text/plain; charset=utf-8\r\n\r\n\xff\xfe", "is not in 'utf-8', as it says"),
        (BOUNDARY + b"--b\r\n\r\nhi\r\n", "CloseBoundaryNotFoundDefect"),
        (b"Content-Type: multipart/mixed\r\n\r\nhi", "NoBoundaryInMultipartDefect"),
    ],
)
def test_what_is_not_as_it_says_is_told(raw: bytes, problem: str) -> None:
    assert problem in " ".join(read_mail(raw).problems)


def test_two_copies_are_one_whatever_servers_put_on_top_and_another_text_is_another_mail() -> None:
    one = b"From: a@x\r\nMessage-ID: <1@x>\r\n\r\nhello\r\n"
    copy = b"Received: by y\r\nX-Spam: no\r\n" + one.replace(b"\r\n", b"\n")
    other = one.replace(b"hello", b"another")
    assert read_mail(one).digest == read_mail(copy).digest != read_mail(other).digest


@pytest.mark.parametrize("told", [b"", b"<>", b"   "])
def test_an_id_that_says_nothing_is_none(told: bytes) -> None:
    assert read_mail(b"Message-ID: " + told + b"\r\n\r\nhi").message_id is None


def test_a_very_long_id_is_kept_by_its_hash() -> None:
    found = read_mail(b"Message-ID: <" + b"x" * 5_000 + b">\r\n\r\nhi").message_id
    assert found is not None
    assert found.startswith("sha256:")


HEADERS = st.sampled_from([
    b"Message-ID: ", b"From: ", b"Subject: ", b"Date: ", b"Content-Type: ", b"Content-Transfer-Encoding: ",
    b"Content-Disposition: ", b"To: ", b"multipart/mixed; boundary=b", b"message/rfc822", b"base64", b"=?utf-8?b?",
    b"?=", b"--b", b"--b--", b"attachment; filename*0*=", b"text/plain; charset=", b"\r\n", b"\r\n\r\n", b"utf-7",
])  # fmt: skip


@given(st.lists(st.one_of(HEADERS, st.binary(max_size=12)), max_size=30).map(b"".join))
def test_whatever_bytes_come_it_is_read_and_all_of_it_can_be_kept(raw: bytes) -> None:
    found = read_mail(raw)
    told = [found.sender, found.sender_name, found.subject, found.text, found.html, *found.to, *found.cc]
    told += [found.message_id or "", *[each.name for each in found.attached], *found.problems]
    assert all(each.encode() is not None for each in told)
    assert read_mail(raw) == found


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("imaps://ann:hunter2@host/INBOX", "the address holds a password"),
        ("pop3://ann@host/INBOX", "begins with imaps:// or imap://"),
        ("imaps://host/INBOX", "a user and a host are needed"),
        ("imaps://ann@/INBOX", "a user and a host are needed"),
        ("imaps://ann@host/INBOX?x=1", "a user and a host are needed"),
        ("imaps://ann@host:99999/INBOX", "cannot be read"),
        ("imaps://ann@host:0/INBOX", "no port 0"),
        ("imaps://ann@[host/INBOX", "cannot be read"),
        ("imap://ann@host.example/INBOX", "sends the password for all to read"),
        ("imaps://ann@host/IN%0d%0aBOX", "a character that none can have"),
        ("ann@host", "begins with imaps://"),
        ("", "begins with imaps://"),
    ],
)
def test_an_address_that_cannot_be_is_refused_without_telling_a_password(address: str, problem: str) -> None:
    with pytest.raises(Misuse, match=problem) as refused:
        mailbox(address, workflow=take, password="x")
    assert "hunter2" not in str(refused.value)


def test_an_address_is_read_as_it_is_written() -> None:
    box = mailbox("imaps://ann%40example.com@host/Archive%2FNew%20ones", workflow=take, password="x")
    assert box.says == "imaps://ann@example.com@host/Archive/New ones"
    assert box.name == "mailbox:ann@example.com@host/Archive/New ones"


def test_settings_that_cannot_be_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    address = "imaps://ann@host/INBOX"
    for wrong in ({"poll_seconds": 0}, {"most_bytes": 0}, {"done": "INBOX"}, {"failed": " "}, {"starttls": True}):
        with pytest.raises(Misuse):
            mailbox(address, workflow=take, password="x", **wrong)
    with pytest.raises(InvalidWorkflow, match="cannot be given a mail"):
        mailbox(address, workflow=number_taker, password="x")
    monkeypatch.delenv("NO_PASSWORD", raising=False)
    with pytest.raises(Misuse, match="NO_PASSWORD is not set"):
        mailbox(address, workflow=take, password=from_environment("NO_PASSWORD")).check()


@pytest.mark.parametrize(
    "charset", ["unicode_escape", "raw_unicode_escape", "utf-7", "idna", "undefined", "a\x00b", "rot13", "x" * 5_000]
)
def test_a_text_in_an_encoding_that_is_none_can_be_stored(charset: str) -> None:
    raw = f'From: a@b\r\nContent-Type: text/plain; charset="{charset}"\r\n\r\nhello \\ud800 +2AA-'.encode()
    found = read_mail(raw)
    assert found.text.encode().startswith(b"hello")
    assert all(len(each) < 200 for each in found.problems)


def test_addresses_that_nest_without_end_are_none() -> None:
    found = read_mail(b"Subject: s\r\nFrom: " + b"(" * 100_000 + b"\r\n\r\nx")
    assert (found.sender, found.subject, found.text) == ("", "s", "x")


@pytest.mark.dear
def test_a_header_without_end_is_cut_off_and_not_taken_apart_for_minutes() -> None:
    found = read_mail(b"Subject: " + b"=?utf-8?q?a?= " * 500_000 + b"\r\nTo: " + b"a@b, " * 500_000 + b"\r\n\r\nx")
    assert set(found.subject) <= set("a=?utf-8q ")
    assert 0 < len(found.subject) <= 5_000
    assert set(found.to) == {"a@b"}
