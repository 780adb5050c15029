"""The keys of a process: where they come from, and that nothing of them is shown."""

import base64
import os
from pathlib import Path

import pytest

from handrail_orchestrator.errors import KeysUnusable
from handrail_orchestrator.sealing.aes_gcm import AesGcm
from handrail_orchestrator.sealing.keys import cipher_of_environment, keys_in, new_key, put_first, read_keys

SECRET = base64.b64encode(b"s" * 32).decode()


def test_the_first_key_seals_and_all_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDRAIL_KEYS", f"new:{SECRET}, old:{base64.b64encode(b'o' * 32).decode()}")

    cipher = cipher_of_environment()

    assert cipher is not None
    assert (cipher.key, tuple(cipher.keys)) == ("new", ("new", "old"))


def test_without_keys_nothing_seals() -> None:
    assert cipher_of_environment() is None


@pytest.mark.parametrize(
    "given", ["spring", f"spring:{SECRET[:-4]}", f"a b:{SECRET}", f"a:{SECRET},a:{SECRET}", "spring:not base64!"]
)
def test_what_are_no_keys_is_refused_and_not_shown(given: str) -> None:
    with pytest.raises(KeysUnusable) as refused:
        read_keys(given, "HANDRAIL_KEYS")

    assert SECRET[:-4] not in str(refused.value)


def test_no_keys_at_all_are_refused() -> None:
    with pytest.raises(KeysUnusable, match="handrail keys new"):
        AesGcm(read_keys("# nothing\n", "HANDRAIL_KEYS"))


@pytest.mark.skipif(os.name != "posix", reason="permissions of files are those of POSIX")
def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"spring:{SECRET}\n")
    file.chmod(0o640)

    with pytest.raises(KeysUnusable, match="chmod 600"):
        keys_in(file)


def test_a_new_key_comes_first_in_its_file(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    put_first(file, new_key("spring"))
    put_first(file, new_key("summer"))

    assert list(keys_in(file)) == ["summer", "spring"]
    with pytest.raises(KeysUnusable, match="another name"):
        put_first(file, new_key("spring"))


def test_keys_are_given_in_one_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HANDRAIL_KEYS", f"new:{SECRET}")
    monkeypatch.setenv("HANDRAIL_KEYS_FILE", str(tmp_path / "keys"))

    with pytest.raises(KeysUnusable, match="give one of them"):
        cipher_of_environment()


class OwnCipher:
    """A cipher that a user brings."""

    key = "kms-1"
    keys = ("kms-1",)

    def seal(self, value: bytes, about: bytes) -> bytes:
        return about + b"|" + value

    def open(self, sealed: bytes, about: bytes, *, key: str) -> bytes:
        if not sealed.startswith(about + b"|"):
            raise ValueError(key)
        return sealed.removeprefix(about + b"|")


def test_a_cipher_of_the_users_own_is_loaded_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDRAIL_CIPHER", f"{__name__}:OwnCipher")

    assert isinstance(cipher_of_environment(), OwnCipher)

    monkeypatch.setenv("HANDRAIL_CIPHER", f"{__name__}:pytest")
    with pytest.raises(KeysUnusable, match="cipher"):
        cipher_of_environment()


def test_a_keyring_shows_names_alone() -> None:
    assert repr(AesGcm({"spring": b"s" * 32})) == "AesGcm(spring)"
