"""The secret of a store, and what is signed with it: pruned ranges of the audit log, links, forms.

It comes from ``HANDRAIL_SECRET``, or else from a key file beside the store that only its owner can read. It is never
written into the store, logs or records, and never shown.
"""

import hashlib
import hmac
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypeAlias

from handrail_ground.files import in_words
from handrail_orchestrator.errors import SecretUnusable

VARIABLE = "HANDRAIL_SECRET"
"""The environment variable with the secret."""
OLD_VARIABLE = "HANDRAIL_SECRET_OLD"
"""The one with the secret before it: what it signed is still accepted, nothing new is signed with it."""
LEAST_BYTES = 32
"""Of a secret: as many as the digests that are made with it have."""

Purpose: TypeAlias = Literal["gap", "blank", "link", "csrf", "sign_in", "reviewer"]
"""What is signed: each purpose has a key of its own, so that no signature can be used for another one."""

_MEMORY = ":memory:"
"""The path of a store that belongs to its process, as ``store.port`` says it, which stands above this module."""
_ON_A_SERVER = "://"
"""In the path of a store that is no file."""
_AT_ONCE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""How a key file is opened: a pipe in its place is not waited for."""
_MOST_BYTES = 65_536
"""Of a key file that are read."""
_OF_MEMORY = secrets.token_bytes(LEAST_BYTES)
"""The secret of stores in memory: it ends with the process, as they do."""


class SigningSecret:
    """Signs texts for a purpose, and knows its own signatures and those of the secret before it."""

    __slots__ = ("_current", "_old")

    def __init__(self, current: bytes, old: bytes | None = None) -> None:
        self._current = current
        self._old = old

    def __repr__(self) -> str:
        """Return nothing of what it holds."""
        return "SigningSecret(...)"

    def sign(self, purpose: Purpose, *parts: str) -> str:
        """Return the signature of some texts, in their order, as hexadecimal."""
        return _signed(self._current, purpose, parts)

    def signed(self, signature: str, purpose: Purpose, *parts: str) -> bool:
        """Return whether a signature is one of these texts; how long that takes says nothing about the right one."""
        given = signature.encode("utf-8", "surrogatepass")
        keys = (self._current,) if self._old is None else (self._current, self._old)
        found = [hmac.compare_digest(_signed(key, purpose, parts).encode(), given) for key in keys]
        return any(found)


def _signed(key: bytes, purpose: Purpose, parts: tuple[str, ...]) -> str:
    own = hmac.digest(key, f"handrail {purpose}".encode(), "sha256")
    # each with its length, so that ("ab", "c") is not ("a", "bc")
    told = [part.encode("utf-8", "surrogatepass") for part in parts]
    return hmac.new(own, b"".join(b"%d:%s" % (len(each), each) for each in told), hashlib.sha256).hexdigest()


def secret_of(path: str, *, create: bool = True) -> SigningSecret | None:
    """Return the secret of the store at a path; None when it has none yet and none shall be made.

    Raises:
        SecretUnusable: the one that is there is too short, others can read it, or it cannot be read or made.
    """
    old = _of_environment(OLD_VARIABLE)
    current = _of_environment(VARIABLE)
    if current is not None:
        return SigningSecret(current, old)
    if path == _MEMORY:
        return SigningSecret(_OF_MEMORY, old)
    if _ON_A_SERVER in path:
        if not create:
            return None
        raise SecretUnusable(
            f"a store on a server has no key file beside it: give its secret in {VARIABLE}, the same wherever the"
            " store is used; make one with `openssl rand -hex 32`"
        )
    file = key_file(path)
    try:
        kept = _read(file)
        if kept is None and create:
            _make(file)
            kept = _read(file)
    except OSError as error:
        raise SecretUnusable(f"{in_words(error)}; or give the secret in {VARIABLE}") from error
    return None if kept is None else SigningSecret(kept, old)


def signing_secret(path: str) -> SigningSecret:
    """Return the secret of the store at a path, made now if there is none.

    Raises:
        SecretUnusable: the one that is there is too short, others can read it, or it cannot be read or made.
    """
    found = secret_of(path)
    if found is None:
        raise SecretUnusable(f"{key_file(path)} was taken away while it was made: run the command again")
    return found


def key_file(path: str) -> Path:
    """Return where a store's secret is kept when the environment has none: beside the store."""
    return Path(f"{path}.key")


def _of_environment(name: str) -> bytes | None:
    given = os.environ.get(name)
    if given is None:
        return None
    return _long_enough(given.strip().encode("utf-8", "surrogateescape"), name)


def _long_enough(secret: bytes, where: str) -> bytes:
    if len(secret) < LEAST_BYTES:
        raise SecretUnusable(
            f"{where} holds {len(secret)} bytes, and a secret has at least {LEAST_BYTES}:"
            " make one with `openssl rand -hex 32`"
        )
    return secret


def _read(file: Path) -> bytes | None:
    try:
        descriptor = os.open(file, _AT_ONCE)
    except FileNotFoundError:
        return None
    try:
        # of what was opened, so that nobody can put another file in its place in between
        _must_be_secret(file, os.fstat(descriptor))
        return _long_enough(os.read(descriptor, _MOST_BYTES).strip(), str(file))
    finally:
        os.close(descriptor)


def _must_be_secret(file: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise SecretUnusable(f"{file} is no file: take it away to have a new secret made")
    if os.name != "posix":
        return
    if found.st_uid not in _trusted(file):
        raise SecretUnusable(
            f"{file} belongs to somebody else, who knows what is in it: delete it to have a new one made, or give the"
            f" secret in {VARIABLE}"
        )
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SecretUnusable(
            f"{file} can be read or written by others ({stat.S_IMODE(found.st_mode):04o}), so it is no secret any more:"
            f" delete it to have a new one made, or if nobody has read it `chmod 600 {file}`"
        )


def _trusted(file: Path) -> set[int]:
    """Return whose key files are believed: our own, and those of the store's owner, who could change it anyway."""
    with suppress(OSError):
        return {os.geteuid(), file.with_suffix("").stat().st_uid}
    return {os.geteuid()}


def _make(file: Path) -> None:
    """Make a key file that is never there with half a key, or for others to read; one that is there is left alone."""
    partial = file.with_name(f".{file.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(secrets.token_hex(LEAST_BYTES).encode() + b"\n")
            opened.flush()
            os.fsync(opened.fileno())
        with suppress(FileExistsError):  # another process was faster: its key counts
            os.link(partial, file)
    finally:
        partial.unlink(missing_ok=True)
