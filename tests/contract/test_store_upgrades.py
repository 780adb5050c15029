"""A store of the format before is brought to the one of today: whole or not at all, whenever the process ends."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from handrail_orchestrator.store import ReviewQuery
from handrail_orchestrator.store.sqlite.schema import FORMAT, LISTS
from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.contract.stores import asked, signed_on, wrote
from tests.contract.test_store_promises import case, judged, moved, only

OF_THE_LISTS = ("reviews_active", "reviews_queue", "reviews_waiting")
OF_PROMISES = ("promises", "promise_rules")
KILLED = """
import os, signal, sys
from handrail_orchestrator.store.sqlite import connection
from handrail_orchestrator.store.sqlite.store import SqliteStore

statements = connection._each

def killed_after(text):
    for number, statement in enumerate(statements(text)):
        yield statement
        if number == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)

connection._each = killed_after
SqliteStore(sys.argv[1], create=False)
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A store of format 10 as it was made at first, in which two questions wait."""
    path = tmp_path / "old.db"
    store = SqliteStore(str(path))
    worker = signed_on(store)
    for name in ("a", "b"):
        asked(store, worker, name)
    store.close()
    with closing(sqlite3.connect(path)) as made, made:
        for each in OF_THE_LISTS:
            made.execute(f"DROP INDEX {each}")
        made.execute("CREATE INDEX reviews_active ON reviews (priority DESC, id) WHERE state IN ('open', 'leased')")
        made.execute(
            "CREATE INDEX reviews_queue ON reviews (queue, priority DESC, id) WHERE state IN ('open', 'leased')"
        )
        made.execute("CREATE INDEX reviews_waiting ON reviews (state, priority DESC, id)")
        for table in OF_PROMISES:
            made.execute(f"ALTER TABLE {table} DROP COLUMN grades")
        made.execute("ALTER TABLE promises DROP COLUMN answers")
        made.execute("PRAGMA user_version = 10")
    return path


def state_of(path: Path) -> tuple[int, list[str]]:
    with closing(sqlite3.connect(path)) as store:
        rows = store.execute(
            "SELECT sql FROM sqlite_master WHERE name IN (?, ?, ?) ORDER BY name", OF_THE_LISTS
        ).fetchall()
        assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return store.execute("PRAGMA user_version").fetchone()[0], [sql.strip() for (sql,) in rows]


def of_today() -> tuple[int, list[str]]:
    return FORMAT, [each.strip().replace("IF NOT EXISTS ", "") for each in LISTS.split(";")]


def test_the_indexes_of_the_lists_are_those_of_today(old: Path) -> None:
    before = state_of(old)
    store = SqliteStore(str(old), create=False)
    assert [row.run_id for row in store.reviews(ReviewQuery())] == ["a", "b"]
    store.close()
    assert before[0] == 10
    assert state_of(old) == of_today()


@pytest.mark.dear
@pytest.mark.parametrize("statements", [0, 2, 5])
def test_a_process_that_is_killed_while_it_upgrades_leaves_the_store_as_it_was(old: Path, statements: int) -> None:
    before = state_of(old)
    killed = subprocess.run([sys.executable, "-c", KILLED, old, str(statements)], check=False)
    assert killed.returncode == -9
    assert state_of(old) == before
    SqliteStore(str(old), create=False).close()
    assert state_of(old) == of_today()


def test_a_promise_that_began_before_asks_the_same_share_of_all_that_it_accepts_and_for_the_usual_answers(
    tmp_path: Path,
) -> None:
    path = tmp_path / "old.db"
    store = SqliteStore(str(path))
    judged(store, signed_on(store), case("1"))
    row = only(store)
    assert wrote(store, moved(row)) == [True]
    store.close()
    with closing(sqlite3.connect(path)) as made, made:
        for table in OF_PROMISES:
            made.execute(f"ALTER TABLE {table} DROP COLUMN grades")
        made.execute("ALTER TABLE promises DROP COLUMN answers")
        made.execute("PRAGMA user_version = 11")
    after = SqliteStore(str(path), create=False)
    assert (only(after).threshold, only(after).accepted_share, only(after).grades) == (0.8, 0.5, None)
    assert only(after).answers == "usual"
    assert [(each.threshold, each.grades) for each in after.promise_rules(row.id)] == [(0.8, None)]
    after.close()
