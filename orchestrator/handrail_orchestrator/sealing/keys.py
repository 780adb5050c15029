"""The keys of this process: from the environment or a file that its owner alone can read; never shown."""

import os
import secrets
import stat
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from handrail_ground.files import in_words
from handrail_orchestrator.errors import KeysUnusable
from handrail_orchestrator.sealing.aes_gcm import KEY_BYTES, AesGcm
from handrail_orchestrator.sealing.cipher import Cipher
from handrail_orchestrator.store.sealed_text import KEY_NAME
from handrail_orchestrator.store.sealing import KEY_VARIABLES

VARIABLE, FILE_VARIABLE, CIPHER_VARIABLE = KEY_VARIABLES
"""The environment variable with the keys: ``NAME:BASE64`` each, with a comma or a line end between; the one with the
path of a file of them; and the one that names a cipher of the user's own, ``MODULE:NAME``, in place of keys."""


def cipher_of_environment() -> Cipher | None:
    """Return what seals in this process; None: nothing does.

    Raises:
        KeysUnusable: there are keys, and they cannot be used.
    """
    given = {name: os.environ.get(name) for name in (VARIABLE, FILE_VARIABLE, CIPHER_VARIABLE)}
    named = [name for name, value in given.items() if value]
    if not named:
        return None
    if len(named) > 1:
        raise KeysUnusable(f"{' and '.join(named)} are given: give one of them")
    value = given[named[0]] or ""
    if named[0] == CIPHER_VARIABLE:
        return _loaded(value)
    return AesGcm(read_keys(value, VARIABLE) if named[0] == VARIABLE else keys_in(Path(value)))


def keys_in(file: Path) -> dict[str, bytes]:
    """Return the keys in a file, the one that seals first.

    Raises:
        KeysUnusable: others can read it, it cannot be read, or what is in it are no keys.
    """
    try:
        with file.open("rb") as opened:
            if os.name == "posix" and os.fstat(opened.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise KeysUnusable(f"{file} can be read or written by others: chmod 600 {file}, if nobody has read it")
            text = opened.read().decode("utf-8", "replace")
    except OSError as error:
        raise KeysUnusable(f"the file of keys in {FILE_VARIABLE}: {in_words(error)}") from error
    return read_keys(text, str(file))


def read_keys(text: str, where: str) -> dict[str, bytes]:
    """Return the keys in a text by name; lines that begin with ``#`` say nothing.

    Raises:
        KeysUnusable: what is in it are no keys; the message has nothing of them.
    """
    found: dict[str, bytes] = {}
    for number, entry in enumerate(_entries(text), 1):
        name, _, secret = (part.strip() for part in entry.partition(":"))
        if not KEY_NAME.fullmatch(name) or not secret:
            raise KeysUnusable(f"{where}, key {number}: write NAME:BASE64, as `handrail keys new NAME` does")
        try:
            raw = b64decode(secret, validate=True)
        except Error as error:
            raise KeysUnusable(f"{where}: key {name!r} is no Base64") from error
        if len(raw) != KEY_BYTES:
            raise KeysUnusable(f"{where}: key {name!r} has {len(raw)} bytes, and {KEY_BYTES} are wanted")
        if name in found:
            raise KeysUnusable(f"{where}: two keys are called {name!r}")
        found[name] = raw
    return found


def new_key(name: str) -> str:
    """Return a new key, as it stands in a file or the environment.

    Raises:
        KeysUnusable: no key can be called so.
    """
    if not KEY_NAME.fullmatch(name):
        raise KeysUnusable(f"{name[:60]!r}: the name of a key has letters, digits, - and _, 40 at most")
    return f"{name}:{b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


def put_first(file: Path, key: str) -> None:
    """Put a key before those in a file, which its owner alone can read; nobody ever finds half of it there.

    Raises:
        KeysUnusable: the file cannot be used or written, or has a key of this name.
    """
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    name = key.partition(":")[0]
    if before and name in keys_in(file):
        raise KeysUnusable(f"{file} has a key {name!r}: give the new one another name")
    partial = file.with_name(f".{file.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write(f"{key}\n{before}")
            opened.flush()
            os.fsync(opened.fileno())
        partial.replace(file)
    except OSError as error:
        raise KeysUnusable(in_words(error)) from error
    finally:
        partial.unlink(missing_ok=True)


def _entries(text: str) -> Iterable[str]:
    for line in text.splitlines():
        if not line.lstrip().startswith("#"):
            yield from (entry.strip() for entry in line.split(",") if entry.strip())


def _loaded(target: str) -> Cipher:
    module, _, name = target.partition(":")
    try:
        found = getattr(import_module(module), name)
        made = found() if isinstance(found, type) or not isinstance(found, Cipher) else found
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise KeysUnusable(f"{CIPHER_VARIABLE} is {target!r}, and there is no such cipher: {error}") from error
    if not isinstance(made, Cipher):
        raise KeysUnusable(f"{CIPHER_VARIABLE}: {target!r} is no cipher: it has key, keys, seal and open")
    return made
