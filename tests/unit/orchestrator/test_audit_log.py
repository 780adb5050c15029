"""The audit log of a real store: chained as it is written, verified, pruned with signed gaps, upgraded."""

import json
import shutil
import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from handrail import Client, Orchestrator, Run, workflow
from handrail_orchestrator.audit.finding import AuditFinding
from handrail_orchestrator.audit.verify import Verified, verify
from handrail_orchestrator.errors import Misuse, NotStorable, SecretUnusable
from handrail_orchestrator.reader import reading
from handrail_orchestrator.secret import key_file
from handrail_orchestrator.store.changes import MoveReview
from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.contract.stores import asked, decided, signed_on, wrote
from tests.unit.orchestrator.commands import handrail

FIXTURES = Path(__file__).parents[2] / "fixtures"


@workflow(version=1)
async def approval(run: Run, text: str) -> bool:
    return await run.ask("Pay it?", bool, context=text)


@workflow(version=1)
async def other(run: Run, text: str) -> bool:
    return await run.ask("Send it?", bool, context=text)


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'runs.db'}"


def path_of(store: str) -> Path:
    return Path(store.removeprefix("sqlite:///"))


async def filled(store: str, runs: int = 6) -> None:
    """Ask and answer: every second item by ann, every third one is left open."""
    async with Orchestrator(store, workflows=[approval, other]) as o:
        for flow in (approval, other):
            await o.start_many(flow, [(f"{flow.name}-{n}", f"text {n}") for n in range(runs)])
        await o.idle()
        for item in o.reviews():
            if item.id % 3:
                await o.take(item.id, by="ann")
                await o.decide(item.id, bool(item.id % 2), by="ann", note=f"note {item.id}")
        await o.idle()


def looked_at(store: str, head: str | None = None) -> tuple[Verified, list[AuditFinding]]:
    found: list[AuditFinding] = []
    with reading(store) as reader:
        return verify(reader, head=head, found=found.append), found


def tampered(store: str, sql: str, *parameters: object) -> None:
    with closing(sqlite3.connect(path_of(store))) as connection, connection:
        assert connection.execute(sql, parameters).rowcount


async def test_a_log_is_chained_as_it_is_written_and_whole(store: str) -> None:
    await filled(store)

    result, found = looked_at(store)

    assert found == []
    assert result.is_whole
    assert (result.rows, result.head.row) == (28, 28)
    assert not key_file(str(path_of(store))).exists(), "who only looks makes no key"


async def test_a_note_on_what_is_decided_leaves_the_log_whole(store: str) -> None:
    await filled(store)
    async with Client(store) as client:
        await client.add_note(1, by="ben", text="hm")

    assert looked_at(store)[1] == []


async def test_a_store_in_memory_has_the_same_log() -> None:
    memory = SqliteStore(":memory:")
    item = asked(memory, signed_on(memory))
    wrote(memory, decided(item))
    found: list[AuditFinding] = []
    async with Client(memory) as client:
        result = verify(client, found=found.append)

    assert (found, result.rows) == ([], 2)
    memory.close()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor", "person:eve"),
        ("at", 5.0),
        ("action", "skip"),
        ("state", "open"),
        ("version", 9),
        ("data", '{"decision": false}'),
        ("review", 4),
    ],
)
async def test_an_edited_row_is_named_with_its_item(store: str, column: str, value: object) -> None:
    await filled(store)
    tampered(store, f"UPDATE review_log SET {column} = ? WHERE id = 14", value)  # noqa: S608 -- columns of this test

    _, found = looked_at(store)

    assert found[0].row == 14
    assert found[0].item is not None
    assert "edited" in found[0].problem


async def test_a_transaction_that_fails_half_way_leaves_no_row_and_a_chain_that_goes_on(store: str) -> None:
    await filled(store)
    opened = SqliteStore(str(path_of(store)))
    good = MoveReview(3, 1, "leased", "take", "person:ben", 5.0, lease_owner="ben", lease_until=9.0)
    unwritable = MoveReview(6, 1, "leased", "take", "person:\ud800", 5.0)
    with pytest.raises(NotStorable):
        opened.apply([good, unwritable])
    wrote(opened, good)
    opened.close()

    result, found = looked_at(store)

    assert (result.rows, found) == (29, [])


async def test_a_removed_row_is_named(store: str) -> None:
    await filled(store)
    tampered(store, "DELETE FROM review_log WHERE id = 14")

    result, found = looked_at(store)

    assert "row 14 is missing" in found[0].problem
    assert not result.is_whole
    assert any(each.item is not None and "version" in each.problem for each in found[1:]), "its item has a gap"


async def test_a_log_that_is_cut_with_its_head_is_found_by_its_items(store: str) -> None:
    await filled(store)
    with closing(sqlite3.connect(path_of(store))) as connection, connection:
        connection.execute("DELETE FROM review_log WHERE id > 26")
        (digest,) = connection.execute("SELECT hash FROM review_log WHERE id = 26").fetchone()
        connection.execute("UPDATE settings SET value = ? WHERE name = 'audit_head'", (f"26 {digest}",))

    _, found = looked_at(store)

    assert [each.item for each in found] == [11]


async def test_a_log_that_is_cut_with_head_and_item_is_found_by_the_hash_kept_elsewhere(store: str) -> None:
    await filled(store)
    whole, _ = looked_at(store)
    with closing(sqlite3.connect(path_of(store))) as connection, connection:
        connection.execute("DELETE FROM review_log WHERE id > 26")
        (digest,) = connection.execute("SELECT hash FROM review_log WHERE id = 26").fetchone()
        connection.execute("UPDATE settings SET value = ? WHERE name = 'audit_head'", (f"26 {digest}",))
        connection.execute(
            "UPDATE reviews SET state = 'open', version = 1, decision = NULL, decided_by = NULL WHERE id = 11"
        )

    assert looked_at(store)[1] == []
    _, found = looked_at(store, whole.head.hash)
    assert [(each.row, each.item) for each in found] == [(None, None)]
    assert f"no row has the hash {whole.head.hash}" in found[0].problem


async def test_the_hash_kept_elsewhere_holds_while_the_log_grows(store: str) -> None:
    await filled(store)
    before, _ = looked_at(store)
    async with Client(store) as client:
        await client.take(3, by="ben")

    assert looked_at(store, before.head.hash)[1] == []


async def test_a_hash_that_is_none_is_refused(store: str) -> None:
    await filled(store)

    with pytest.raises(Misuse, match="no hash of an audit log"):
        looked_at(store, "ab12")


@pytest.mark.parametrize(
    "change",
    [
        "decision = 'false'",
        "decided_by = 'person:eve'",
        "digest = 'x'",
        "version = 9",
        "state = 'open'",
    ],
)
async def test_a_decided_item_that_was_edited_is_named(store: str, change: str) -> None:
    await filled(store)
    tampered(store, f"UPDATE reviews SET {change} WHERE id = 1")  # noqa: S608 -- of this test

    _, found = looked_at(store)

    assert [each.item for each in found] == [1]


ASKED_WITH = [
    ("title", "Pay nothing?"),
    ("context", '"another text"'),
    ("suggestion", "true"),
    ("alternatives", "[[true, 0.9]]"),
    ("confidence", 0.99),
    ("source", "model"),
    ("code", "unsure"),
    ("reason", "because"),
]


@pytest.mark.slow
@pytest.mark.parametrize("item", [1, 3])  # one that is decided, one that waits
@pytest.mark.parametrize(("column", "value"), ASKED_WITH, ids=[column for column, _ in ASKED_WITH])
async def test_a_question_that_was_edited_is_named(store: str, item: int, column: str, value: object) -> None:
    await filled(store)
    tampered(store, f"UPDATE reviews SET {column} = ? WHERE id = ?", value, item)  # noqa: S608 -- columns of this test

    _, found = looked_at(store)

    assert [(each.item, "another question" in each.problem) for each in found] == [(item, True)]


async def test_a_form_of_answer_that_was_edited_is_named_with_every_item_that_has_it(store: str) -> None:
    await filled(store)
    tampered(store, "UPDATE schemas SET body = '{}'")

    _, found = looked_at(store)

    assert [each.item for each in found] == list(range(1, 13))


async def test_a_question_that_its_run_asks_anew_is_held_against_how_it_is_asked_now() -> None:
    memory = SqliteStore(":memory:")
    item = asked(memory, signed_on(memory))
    wrote(memory, decided(item))
    wrote(memory, MoveReview(item.id, 2, "open", "reopen", "policy:reopen", 5.0, schema='{"type": "integer"}'))
    found: list[AuditFinding] = []
    async with Client(memory) as client:
        verify(client, found=found.append)
        assert found == []
        memory._writing.execute("UPDATE reviews SET context = '\"other\"'")  # noqa: SLF001 -- as with another program
        verify(client, found=found.append)

    assert [each.item for each in found] == [item.id]
    memory.close()


@pytest.mark.parametrize("data", ["[1]", '"x"', "7", "{", ""])
async def test_what_no_door_writes_into_a_row_is_named_and_nothing_breaks(store: str, data: str) -> None:
    await filled(store)
    tampered(store, "UPDATE review_log SET data = ?", data)

    assert not looked_at(store)[0].is_whole


async def test_an_item_that_was_deleted_is_named(store: str) -> None:
    await filled(store)
    tampered(store, "DELETE FROM reviews WHERE id = 1")

    _, found = looked_at(store)

    assert [(each.item, "is gone" in each.problem) for each in found] == [(1, True)]


# -- pruning


async def pruned(store: str, flow: str = "approval") -> int:
    """Delete the ended runs of one workflow."""
    async with Client(store) as client:
        return await client.prune(older_than=timedelta(), workflow=flow)


async def test_pruning_leaves_signed_gaps_and_nothing_wrong(store: str) -> None:
    await filled(store)

    assert await pruned(store) == 4

    result, found = looked_at(store)
    assert found == []
    assert (result.rows, result.pruned) == (28 - 12 + 1, 12)
    assert result.gaps > 1, "rows of other items stand in between"
    assert key_file(str(path_of(store))).exists()


@pytest.mark.dear
async def test_gaps_that_meet_become_one(store: str) -> None:
    await filled(store)
    await pruned(store)
    async with Client(store) as client:
        for item in client.reviews():
            await client.cancel(item.run_id)
    await pruned(store)
    await pruned(store, "other")
    async with Orchestrator(store, workflows=[approval]) as o:
        await o.start(approval, "last")  # the newest run always stays
        await o.idle()
    await pruned(store, "other")

    result, found = looked_at(store)

    assert found == []
    with closing(sqlite3.connect(path_of(store))) as connection:
        first = connection.execute("SELECT first, last, rows FROM audit_gaps ORDER BY first LIMIT 1").fetchone()
        logged = connection.execute("SELECT count(*) FROM review_log WHERE review > 0").fetchone()
    assert first == (1, 28, 28)
    assert logged == (1,)
    assert result.head.row > 33


async def test_numbers_of_pruned_rows_are_never_used_again(store: str) -> None:
    async with Orchestrator(store, workflows=[approval, other]) as o:
        await o.start(approval, "text", id="first")
        await o.start(other, "text", id="newest")
        await o.idle()
        await o.decide(1, value=True, by="ann")  # the last row
        await o.idle()
    before, _ = looked_at(store)
    await pruned(store, "approval")

    after, found = looked_at(store)

    assert found == []
    assert (before.head.row, after.head.row) == (3, 4)


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE audit_gaps SET last = last + 1, rows = rows + 1 WHERE first = (SELECT max(first) FROM audit_gaps)",
        "UPDATE audit_gaps SET first = first - 1, rows = rows + 1 WHERE first = (SELECT max(first) FROM audit_gaps)",
        "UPDATE audit_gaps SET rows = rows + 1 WHERE first = (SELECT max(first) FROM audit_gaps)",
        "UPDATE audit_gaps SET at = 0 WHERE first = (SELECT max(first) FROM audit_gaps)",
        "UPDATE audit_gaps SET after = before WHERE first = (SELECT max(first) FROM audit_gaps)",
        "DELETE FROM audit_gaps WHERE first = (SELECT max(first) FROM audit_gaps)",
    ],
)
async def test_a_gap_that_was_forged_widened_or_taken_away_is_found(store: str, forgery: str) -> None:
    await filled(store)
    await pruned(store)
    with closing(sqlite3.connect(path_of(store))) as connection:
        (first,) = connection.execute("SELECT max(first) FROM audit_gaps").fetchone()
    tampered(store, forgery)

    _, found = looked_at(store)

    assert found[0].row in {first, first - 1}


async def test_a_gap_that_somebody_made_up_for_rows_they_removed_is_found(store: str) -> None:
    await filled(store)
    await pruned(store)
    with closing(sqlite3.connect(path_of(store))) as connection, connection:
        hashes = dict(connection.execute("SELECT id, hash FROM review_log"))
        row = next(each for each in sorted(hashes) if each - 1 in hashes and each + 1 in hashes)
        signature = connection.execute("SELECT signature FROM audit_gaps LIMIT 1").fetchone()[0]
        made_up = (row, row, hashes[row - 1], hashes[row], 1, 5.0, signature)
        connection.execute("INSERT INTO audit_gaps VALUES (?, ?, ?, ?, ?, ?, ?)", made_up)
        connection.execute("DELETE FROM review_log WHERE id = ?", (row,))

    _, found = looked_at(store)

    assert [each.row for each in found[:2]] == [row, row]
    assert "not signed with this store's secret" in found[0].problem


async def test_gaps_are_signed_with_the_secret_of_the_environment_and_survive_its_rotation(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(store)
    monkeypatch.setenv("HANDRAIL_SECRET", "the first secret of this store, long enough")
    await pruned(store)
    assert not key_file(str(path_of(store))).exists()
    assert looked_at(store)[1] == []

    monkeypatch.setenv("HANDRAIL_SECRET", "the second secret of this store, long enough")
    assert looked_at(store)[1] != []

    monkeypatch.setenv("HANDRAIL_SECRET_OLD", "the first secret of this store, long enough")
    assert looked_at(store)[1] == []


async def test_without_a_secret_to_sign_with_nothing_is_pruned(store: str) -> None:
    await filled(store)
    key_file(str(path_of(store))).touch(mode=0o644)

    with pytest.raises(SecretUnusable):
        await pruned(store)

    key_file(str(path_of(store))).unlink()
    result, found = looked_at(store)
    assert (found, result.rows) == ([], 28)


async def test_a_prune_says_in_the_log_what_it_deleted(store: str) -> None:
    await filled(store)
    await pruned(store)

    with closing(sqlite3.connect(path_of(store))) as connection:
        actor, data = connection.execute("SELECT actor, data FROM review_log WHERE review = 0").fetchone()
    told = json.loads(data)

    assert (actor, told["runs"], told["rows"], told["workflow"]) == ("code", 4, 12, "approval")


# -- side by side, and older stores


@pytest.mark.dear
async def test_several_writers_make_one_chain(store: str) -> None:
    await filled(store, runs=2)

    def write(run: str) -> None:
        own = SqliteStore(str(path_of(store)))
        worker = signed_on(own)
        for number in range(20):
            item = asked(own, worker, f"{run}-{number}")
            wrote(own, decided(item))
        own.close()

    threads = [threading.Thread(target=write, args=(f"w{n}",)) for n in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    result, found = looked_at(store)
    assert found == []
    assert result.rows > 160


@pytest.mark.parametrize("version", ["c3287ff", "format6", "format7"])
async def test_the_log_of_an_older_store_is_chained_when_it_is_opened(version: str, tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / version, tmp_path / version)
    store = f"sqlite:///{tmp_path / version / 'store.sqlite'}"

    result, found = looked_at(store)
    assert found == []
    assert result.rows > 5

    tampered(store, "UPDATE review_log SET actor = 'person:eve' WHERE id = 3")
    assert [each.row for each in looked_at(store)[1]] == [3]


# -- the command


async def test_the_command_says_what_it_found_and_ends_with_it(store: str) -> None:
    await filled(store)

    whole = handrail("audit", "verify", "--store", store)
    assert whole.exit_code == 0, whole.stderr
    head = whole.stdout.split("head ")[1].split()[0]
    assert "as it was written (28 rows)" in whole.stdout

    tampered(store, "UPDATE review_log SET actor = 'person:eve' WHERE id = 14")
    broken = handrail("audit", "verify", "--store", store, "--head", head, "--json")
    assert broken.exit_code == 1
    told = json.loads(broken.stdout)
    assert (told["is_whole"], told["findings"], told["shown"][0]["row"]) == (False, 2, 14)
    assert handrail("audit", "verify", "--store", store).stdout.startswith("row 14, item ")

    assert handrail("audit", "verify", "--store", store, "--head", "x").exit_code == 2
    assert handrail("audit", "verify", "--store", f"{store}.none").exit_code == 2
