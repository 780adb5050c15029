"""How an address is shown and typed: never with a password, always so that a shell takes it as it is."""

import pytest

from handrail_orchestrator.errors import Misuse, StoreError
from handrail_orchestrator.store import open_store
from handrail_orchestrator.store.address_text import as_typed, shown


@pytest.mark.parametrize(
    ("address", "without"),
    [
        ("postgresql://ann:secret@host:5432/db", "postgresql://ann@host:5432/db"),
        ("postgresql://ann@host/db?password=secret&sslmode=require", "postgresql://ann@host/db?sslmode=require"),
        ("postgresql://ann@host/db?sslmode=require&password=secret", "postgresql://ann@host/db?sslmode=require"),
        ("sqlite:///runs.db", "sqlite:///runs.db"),
    ],
)
def test_an_address_is_shown_without_its_password(address: str, without: str) -> None:
    assert shown(address) == without


def test_an_address_is_typed_as_a_shell_reads_it() -> None:
    assert (
        as_typed("postgresql://h/db?options=-csearch_path%3Da&x=1")
        == "'postgresql://h/db?options=-csearch_path%3Da&x=1'"
    )
    assert as_typed("sqlite:///runs.db") == "sqlite:///runs.db"


@pytest.mark.parametrize(
    "address", ["postgresq://host/db", "runs.db", "postgresql://host/db?optionz=1&password=secret"]
)
def test_what_is_no_address_is_refused_without_its_password(address: str) -> None:
    with pytest.raises(Misuse, match="address") as refused:
        open_store(address)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("host", ["no..host", f"{'h' * 64}.example"])
def test_a_host_that_can_have_no_such_name_is_a_wrong_address(host: str) -> None:
    with pytest.raises(StoreError, match="correct what it says") as refused:
        open_store(f"postgresql://ann:secret@{host}/db")
    assert "secret" not in str(refused.value)
