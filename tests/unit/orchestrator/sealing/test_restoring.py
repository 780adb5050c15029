"""``handrail restore`` of a backup whose values are sealed: with its keys, or not at all."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from handrail_orchestrator.sealing.keys import VARIABLE, new_key
from handrail_orchestrator.store import open_store
from tests.contract.stores import executing, signed_on
from tests.unit.orchestrator.commands import STORE, done, handrail, working_in


def test_a_sealed_backup_is_restored_with_its_keys_or_not_at_all(
    either_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spring = new_key("spring")
    monkeypatch.setenv(VARIABLE, spring)
    with working_in(either_store, monkeypatch):
        with closing(open_store("sqlite:///old.db")) as store:
            executing(store, signed_on(store))
        done("backup", "backup.db", "--store", "sqlite:///old.db")
        for keys, said in (("", "sealed by 'spring'"), (new_key("autumn"), "key 'spring' is needed")):
            monkeypatch.setenv(VARIABLE, keys) if keys else monkeypatch.delenv(VARIABLE)
            refused = handrail("restore", "backup.db", "--store", STORE)
            assert (refused.exit_code, refused.stdout) == (2, "")
            assert said in refused.stderr
        monkeypatch.setenv(VARIABLE, spring)
        told = json.loads(done("restore", "backup.db", "--store", STORE, "--json"))
        assert (told["runs"], told["due_again"]) == ({"pending": 1}, 1)
