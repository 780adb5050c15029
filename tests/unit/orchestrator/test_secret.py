"""A store's secret: where it comes from, who may read it, and what is signed with it."""

import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_orchestrator.errors import SecretUnusable
from handrail_orchestrator.secret import SigningSecret, key_file, secret_of, signing_secret

FIRST = "first-secret-of-thirty-two-bytes-"
SECOND = "second-secret-of-thirty-two-byte-"


@pytest.fixture(autouse=True)
def _no_secret_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HANDRAIL_SECRET", raising=False)
    monkeypatch.delenv("HANDRAIL_SECRET_OLD", raising=False)


def test_a_key_file_is_made_once_beside_the_store_for_its_owner_alone(tmp_path: Path) -> None:
    store = str(tmp_path / "runs.db")

    signature = signing_secret(store).sign("link", "42")

    file = tmp_path / "runs.db.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(file.read_bytes().strip()) >= 32
    assert signing_secret(store).signed(signature, "link", "42")
    assert [each.name for each in tmp_path.iterdir()] == ["runs.db.key"]


def test_who_only_looks_makes_no_key(tmp_path: Path) -> None:
    assert secret_of(str(tmp_path / "runs.db"), create=False) is None
    assert list(tmp_path.iterdir()) == []


def test_processes_that_make_a_key_at_once_have_the_same_one(tmp_path: Path) -> None:
    store = str(tmp_path / "runs.db")

    with ThreadPoolExecutor(8) as pool:
        signatures = set(pool.map(lambda _: signing_secret(store).sign("gap", "1"), range(40)))

    assert len(signatures) == 1


@pytest.mark.skipif(os.name != "posix", reason="rights as POSIX has them")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_that_others_can_read_is_refused(mode: int, tmp_path: Path) -> None:
    store = str(tmp_path / "runs.db")
    signing_secret(store)
    key_file(store).chmod(mode)

    with pytest.raises(SecretUnusable, match="by others"):
        signing_secret(store)


@pytest.mark.skipif(os.name != "posix", reason="pipes as POSIX has them")
@pytest.mark.parametrize("make", [lambda file: os.mkfifo(file, 0o600), lambda file: file.mkdir(mode=0o700)])
def test_what_is_no_file_is_no_key_and_is_not_waited_for(make: Callable[[Path], None], tmp_path: Path) -> None:
    store = str(tmp_path / "runs.db")
    make(key_file(store))

    with pytest.raises(SecretUnusable, match="is no file"):
        signing_secret(store)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives files to others")
def test_a_key_that_somebody_else_put_there_is_refused_unless_the_store_is_theirs(tmp_path: Path) -> None:
    store = tmp_path / "runs.db"
    store.touch()
    signing_secret(str(store))
    os.chown(key_file(str(store)), 65_534, -1)

    with pytest.raises(SecretUnusable, match="belongs to somebody else"):
        signing_secret(str(store))

    os.chown(store, 65_534, -1)
    signing_secret(str(store))


def test_a_key_that_is_too_short_is_refused(tmp_path: Path) -> None:
    store = str(tmp_path / "runs.db")
    key_file(store).touch(mode=0o600)

    with pytest.raises(SecretUnusable, match="holds 0 bytes"):
        signing_secret(store)


def test_the_environment_comes_before_the_key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = str(tmp_path / "runs.db")
    of_file = signing_secret(store).sign("link", "42")
    monkeypatch.setenv("HANDRAIL_SECRET", FIRST)

    secret = signing_secret(store)

    assert secret.sign("link", "42") != of_file
    assert secret.sign("link", "42") == signing_secret(str(tmp_path / "other.db")).sign("link", "42")
    assert FIRST not in repr(secret)
    assert FIRST not in secret.sign("link", "42")


@pytest.mark.parametrize("variable", ["HANDRAIL_SECRET", "HANDRAIL_SECRET_OLD"])
def test_a_secret_of_the_environment_that_is_too_short_is_refused_and_not_shown(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "hunter2")

    with pytest.raises(SecretUnusable, match=rf"{variable} holds 7 bytes") as refused:
        signing_secret(str(tmp_path / "runs.db"))

    assert "hunter2" not in str(refused.value)
    assert not key_file(str(tmp_path / "runs.db")).exists()


def test_what_the_secret_before_signed_is_accepted_and_nothing_new_is_signed_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = str(tmp_path / "runs.db")
    monkeypatch.setenv("HANDRAIL_SECRET", FIRST)
    before = signing_secret(store).sign("gap", "1", "9")

    monkeypatch.setenv("HANDRAIL_SECRET", SECOND)
    assert not signing_secret(store).signed(before, "gap", "1", "9")

    monkeypatch.setenv("HANDRAIL_SECRET_OLD", FIRST)
    assert signing_secret(store).signed(before, "gap", "1", "9")
    assert signing_secret(store).sign("gap", "1", "9") != before


def test_a_store_in_memory_has_the_key_of_its_process() -> None:
    signature = signing_secret(":memory:").sign("csrf", "x")

    assert signing_secret(":memory:").signed(signature, "csrf", "x")
    assert not Path(":memory:.key").exists()


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_a_signature_is_good_for_the_same_texts_in_the_same_order_only(mine: list[str], theirs: list[str]) -> None:
    secret = SigningSecret(FIRST.encode())

    assert secret.signed(secret.sign("link", *mine), "link", *theirs) == (mine == theirs)
    assert not secret.signed(secret.sign("link", *mine), "gap", *mine)
    assert not secret.signed("", "link", *mine)


def test_a_key_that_cannot_be_made_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SecretUnusable, match="give the secret in HANDRAIL_SECRET"):
        signing_secret(str(tmp_path / "nowhere" / "runs.db"))
