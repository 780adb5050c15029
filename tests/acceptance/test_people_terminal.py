"""A password is typed at a terminal, twice and unseen."""

from contextlib import closing
from pathlib import Path

from handrail_orchestrator.store import open_store
from tests.acceptance.terminal import Terminal


def test_the_first_persons_password_is_typed_unseen_and_is_their_own(tmp_path: Path) -> None:
    store = "sqlite:///runs.db"
    command = ("people", "add", "ann", "--role", "admin", "--password", "--as", "root", "--store", store)
    with closing(Terminal(tmp_path, *command)) as terminal:
        terminal.until("Password: ")
        terminal.type("correct horse battery\n")
        terminal.until("Once more: ")
        terminal.type("correct horse batterz\n")
        terminal.until("Password: ")
        terminal.type("correct horse battery\n")
        terminal.until("Once more: ")
        terminal.type("correct horse battery\n")
        terminal.until("ann is admin")
        assert terminal.ended() == 0
        assert "horse" not in terminal.shown

    with closing(open_store(f"sqlite:///{tmp_path / 'runs.db'}")) as kept:
        row = kept.person("ann")
    assert row is not None
    assert str(row.password).startswith("$argon2id$")
