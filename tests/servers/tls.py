"""TLS before a server that speaks none: certificates made for a test, and a loopback proxy that decrypts."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import SHUT_RDWR, create_connection, create_server, socket

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


class Certificates:
    """An authority of a test's own, a server called ``localhost`` and a worker, as files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.authority = self._write("authority", self._key, self._key)
        for name in ("localhost", "worker"):
            key = ec.generate_private_key(ec.SECP256R1())
            self._write(name, key, self._key)
            pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            self.key(name).write_bytes(pem)

    def certificate(self, name: str) -> Path:
        """Return the file of a certificate."""
        return self._folder / f"{name}.pem"

    def key(self, name: str) -> Path:
        """Return the file of its key."""
        return self._folder / f"{name}.key"

    def _write(self, name: str, key: ec.EllipticCurvePrivateKey, signs: ec.EllipticCurvePrivateKey) -> Path:
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=key is signs, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .sign(signs, hashes.SHA256())
        )
        self.certificate(name).write_bytes(made.public_bytes(Encoding.PEM))
        return self.certificate(name)


@contextmanager
def tls_before(port: int, certificates: Certificates, *, knows_workers: bool) -> Iterator[int]:
    """Speak TLS for a server on a loopback port; yields the port to connect to."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate("localhost"), certificates.key("localhost"))
    context.set_alpn_protocols(["h2"])
    if knows_workers:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(certificates.authority)
    listening = create_server(("127.0.0.1", 0))
    threading.Thread(target=_accept, args=(listening, context, port), daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        with suppress(OSError):  # wakes who accepts
            listening.shutdown(SHUT_RDWR)
        listening.close()


def _accept(listening: socket, context: ssl.SSLContext, port: int) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(client, context, port), daemon=True).start()


def _serve(client: socket, context: ssl.SSLContext, port: int) -> None:
    with (
        suppress(OSError),
        context.wrap_socket(client, server_side=True) as opened,
        create_connection(("127.0.0.1", port)) as server,
    ):
        answers = threading.Thread(target=_pass_on, args=(server, opened), daemon=True)
        answers.start()
        _pass_on(opened, server)
        answers.join()


def _pass_on(source: socket, target: socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    for each in (source, target):
        with suppress(OSError):
            each.shutdown(SHUT_RDWR)
