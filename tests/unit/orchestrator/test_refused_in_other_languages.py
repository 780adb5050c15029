"""A server speaks the language that it was set up with: what it refuses is told by the code that it sends beside."""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from psycopg import pq

from handrail_orchestrator.errors import StoreError, StoreNotFound, StoreRefused, StoreUnreachable
from handrail_orchestrator.store import open_store

SSL_REQUEST, GSS_REQUEST = 80877103, 80877104
ASK_PASSWORD = b"R" + struct.pack("!ii", 8, 3)
WRONG = "Passwort-Authentifizierung für Benutzer »guarded« fehlgeschlagen"
TELLS_CODES = pq.version() >= 18_00_00
"""libpq, before, tells nobody."""


def refusal(severity: str, code: str, said: str) -> bytes:
    """Return what a server sends when it lets nobody in."""
    fields = f"S{severity}\0VFATAL\0C{code}\0M{said}\0Fauth.c\0L326\0Rauth_failed\0\0".encode()
    return b"E" + struct.pack("!i", len(fields) + 4) + fields


@contextmanager
def refusing(answer: bytes, *, asks: bool) -> Iterator[str]:
    """Run a server that says no, after it asked for a password or at once, and lend its address."""

    class Door(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while True:
                (length,) = struct.unpack("!i", self.rfile.read(4))
                (kind,) = struct.unpack("!i", self.rfile.read(length - 4)[:4])
                if kind not in {SSL_REQUEST, GSS_REQUEST}:
                    break
                self.wfile.write(b"N")
            if asks:
                self.wfile.write(ASK_PASSWORD)
                _, length = struct.unpack("!ci", self.rfile.read(5))
                self.rfile.read(length - 4)
            self.wfile.write(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"postgresql://guarded:a-word@127.0.0.1:{server.server_address[1]}/handrail"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.every_case
@pytest.mark.parametrize(
    ("answer", "asks", "error", "told"),
    [
        (refusal("FATAL", "28P01", WRONG), True, StoreRefused, "password: check PGPASSWORD"),
        (refusal("致命的エラー", "28P01", "パスワード認証に失敗しました"), True, StoreRefused, "PGPASSWORD"),
        (refusal("FATAL", "28000", "kein pg_hba.conf-Eintrag für »x«"), False, StoreRefused, "refuses the user"),
        (refusal("FATAL", "55000", "Datenbank »x« akzeptiert keine Verbindungen"), False, StoreUnreachable, "let it"),
        (refusal("FATAL", "3D000", "Datenbank »handrail« existiert nicht"), True, StoreNotFound, "create it"),
        (refusal("FATAL", "53300", "zu viele Verbindungen"), False, StoreUnreachable, "connections are taken"),
        (refusal("FATAL", "57P03", "das System startet"), False, StoreUnreachable, "cannot be reached"),
        (refusal("FATAL", "XX999", "etwas anderes"), False, StoreUnreachable, "cannot be reached"),
    ],
)
def test_what_a_server_refuses_is_told_by_its_code_whatever_its_language(
    answer: bytes, *, asks: bool, error: type[StoreError], told: str
) -> None:
    if not TELLS_CODES and b"28P01" not in answer and b"57P03" not in answer:
        pytest.skip("libpq tells the code of a refusal from 18 on")
    with refusing(answer, asks=asks) as address, pytest.raises(StoreError, match=told) as refused:
        open_store(address)
    assert type(refused.value) is error
    assert "a-word" not in str(refused.value)


def test_a_server_that_hangs_up_after_the_password_is_away() -> None:
    with refusing(b"", asks=True) as address, pytest.raises(StoreUnreachable, match="cannot be reached"):
        open_store(address)
