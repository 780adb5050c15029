"""A store whose values are sealed: what lies on the disk, who reads and writes it, what a moved value comes to."""

import json
import sqlite3
from pathlib import Path

import pytest

from handrail_orchestrator.errors import (
    KeysUnusable,
    RunConflict,
    SealBroken,
    SealingKeyUnfit,
    StoreError,
    StoreNotSealed,
    StoreSealed,
)
from handrail_orchestrator.sealing.aes_gcm import AesGcm
from handrail_orchestrator.sealing.keys import new_key
from handrail_orchestrator.sealing.store import sealing
from handrail_orchestrator.store import Store, open_store
from handrail_orchestrator.store.changes import EndRun, Fork, RecordStep, Send
from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.contract.stores import (
    asked,
    claim,
    decided,
    executing,
    refusal,
    signed_on,
    starting,
    step,
    waiting_for_child,
    wrote,
)

SPRING, SUMMER = {"spring": b"k" * 32}, {"summer": b"s" * 32}
SECRET = "the patient is Ada Lovelace"


def sealed(path: Path, keys: dict[str, bytes] = SPRING) -> Store:
    return sealing(SqliteStore(str(path)), AesGcm(keys))


def plain(path: Path) -> Store:
    return sealing(SqliteStore(str(path)), None)


def on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


def change_by_hand(path: Path, sql: str, *values: object) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(sql, values)
    connection.close()


def test_no_value_lies_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    store = sealed(path)
    worker = signed_on(store)
    said = json.dumps(SECRET)
    wrote(store, starting("a", said)._replace(execute=True), worker=worker)
    (run,) = store.runs()
    error = json.dumps({"type": "ValueError", "message": SECRET, "trace": SECRET})
    wrote(store, Send("a", "came", said, 1.0), worker=worker)
    wrote(store, RecordStep(step(run.key, "route", output=said)._replace(input=said, error=error)), worker=worker)
    wrote(store, EndRun(run.key, "failed", None, error, 2.0), worker=worker)
    item = asked(store, worker, "b")
    wrote(store, decided(item, said)._replace(note=SECRET))

    history = store.history(run.key)
    assert history.steps[0].input == history.steps[0].output == history.events[0].payload == said
    ended, answered = store.run("a"), store.review(item.id)
    assert ended is not None
    assert answered is not None
    assert (ended.input, ended.error) == (said, error)
    assert (answered.decision, answered.note) == (said, SECRET)
    assert json.loads(store.review_log(item.id)[-1].data or "")["decision"] == SECRET
    store.close()
    assert b"Lovelace" not in on_disk(path)
    assert b"ValueError" in on_disk(path)  # errors are counted by their types


def test_the_same_start_twice_is_one_run_and_another_input_is_none(tmp_path: Path) -> None:
    store = sealed(tmp_path / "runs.db")
    (first,) = wrote(store, starting("a", '{"n": 1}'))

    (second,) = wrote(store, starting("a", '{"n": 1}'))

    assert (second.key, second.new) == (first.key, False)
    assert isinstance(refusal(store, starting("a", '{"n": 2}')), RunConflict)


@pytest.mark.parametrize("column", ["input", "output"])
def test_a_value_that_was_moved_to_another_run_is_noticed(tmp_path: Path, column: str) -> None:
    path = tmp_path / "runs.db"
    store = sealed(path)
    worker = signed_on(store)
    for run in ("a", "b"):
        key = executing(store, worker, run)
        wrote(store, EndRun(key, "completed", f'"{run}"', None, 2.0), worker=worker)

    change_by_hand(path, f"UPDATE runs SET {column} = (SELECT {column} FROM runs WHERE id = 'a') WHERE id = 'b'")  # noqa: S608 -- a column of ours

    assert store.run("a") is not None
    with pytest.raises(SealBroken, match="does not belong"):
        store.run("b")


def test_a_value_that_was_moved_to_another_step_is_noticed_also_by_a_fork(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    store = sealed(path)
    worker = signed_on(store)
    key = executing(store, worker)
    for seq, name in enumerate(("route", "refund", "send"), 1):
        wrote(store, RecordStep(step(key, name, seq=seq, output=f'"{name}"')), worker=worker)
    wrote(store, EndRun(key, "completed", "1", None, 2.0), worker=worker)

    change_by_hand(
        path, "UPDATE steps SET output = (SELECT output FROM steps WHERE name = 'route') WHERE name = 'refund'"
    )

    with pytest.raises(SealBroken, match="step a route output"):
        store.history(key)
    with pytest.raises(SealBroken):
        store.apply([Fork("a", "send", "c", 3.0)])


def test_a_fork_and_a_child_show_what_they_were_given(tmp_path: Path) -> None:
    store = sealed(tmp_path / "runs.db")
    worker = signed_on(store)
    parent = waiting_for_child(store, worker, starting("kid", '"k"'))
    (kid,) = [run.key for run in store.runs() if run.id == "kid"]
    wrote(store, starting("kid", '"k"'))
    claim(store, worker)
    wrote(store, EndRun(kid, "completed", '"grown"', None, 2.0), worker=worker)
    assert [row.output for row in store.history(parent).steps] == ['"grown"']
    claim(store, worker)
    wrote(store, RecordStep(step(parent, "after", seq=2)), worker=worker)
    wrote(store, EndRun(parent, "completed", "1", None, 3.0), worker=worker)

    (forked,) = wrote(store, Fork("a", "after", "again", 4.0))

    assert [row.output for row in store.history(forked.key).steps] == ['"grown"']


def test_a_changed_value_is_no_value(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    store = sealed(path)
    wrote(store, starting("a"))
    (found,) = store.runs()
    assert found.input == "1"
    with sqlite3.connect(path) as connection:
        ((token,),) = connection.execute("SELECT input FROM runs").fetchall()
    head, data, about = token.rsplit(".", 2)
    changed = f"{head}.{'A' if data[0] != 'A' else 'B'}{data[1:]}.{about}"

    change_by_hand(path, "UPDATE runs SET input = ?", changed)

    with pytest.raises(SealBroken, match="'spring'"):
        store.runs()


def test_a_process_without_keys_neither_reads_nor_writes(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    early = plain(path)  # opened before the store was sealed
    store = sealed(path)
    wrote(store, starting("a"))

    with pytest.raises(StoreSealed, match="'spring'"):
        plain(path)
    with pytest.raises(StoreSealed, match="HANDRAIL_KEYS"):
        early.apply([starting("b")])
    with pytest.raises(StoreSealed):
        early.runs()
    assert [run.id for run in store.runs()] == ["a"]


def test_a_missing_key_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    sealed(path).apply([starting("a")])

    with pytest.raises(SealingKeyUnfit, match="key 'spring' is needed"):
        sealed(path, SUMMER)


def test_another_key_of_the_same_name_is_found_before_anything_is_written(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    sealed(path).apply([starting("a")])

    with pytest.raises(SealingKeyUnfit, match="key 'spring' is another one"):
        sealed(path, {"spring": b"x" * 32})


def test_a_store_with_plain_values_is_not_written_half_sealed(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    plain(path).apply([starting("a")])
    store = sealed(path)

    with pytest.raises(StoreNotSealed, match="handrail keys rotate"):
        store.apply([starting("b")])

    assert [run.input for run in store.runs()] == ["1"]


def test_a_worker_with_the_old_key_first_goes_on_beside_one_with_the_new(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    old = sealed(path, {**SPRING, **SUMMER})
    wrote(old, starting("a"))
    new = sealed(path, {**SUMMER, **SPRING})

    wrote(new, starting("b"))
    wrote(old, starting("c"))

    assert {run.input for run in new.runs()} == {run.input for run in old.runs()} == {"1"}
    with pytest.raises(SealingKeyUnfit, match="summer"):
        sealed(path, SPRING)


def test_a_process_that_lacks_the_key_that_others_seal_by_stops_writing(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    old = sealed(path)
    wrote(old, starting("a"))
    wrote(sealed(path, {**SUMMER, **SPRING}), starting("b"))

    with pytest.raises(SealingKeyUnfit, match="'summer'"):
        old.apply([starting("c")])
    with pytest.raises(SealingKeyUnfit, match="'summer'"):
        old.run("b")


def test_a_value_of_another_store_is_refused(tmp_path: Path) -> None:
    here, there = tmp_path / "here.db", tmp_path / "there.db"
    for path in (here, there):
        sealed(path).apply([starting("a")])
    with sqlite3.connect(there) as connection:
        ((foreign,),) = connection.execute("SELECT input FROM runs").fetchall()

    change_by_hand(here, "UPDATE runs SET input = ?", foreign)

    with pytest.raises(SealBroken):
        sealed(here).runs()


def test_an_address_is_opened_with_the_keys_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"sqlite:///{tmp_path / 'runs.db'}"
    monkeypatch.setenv("HANDRAIL_KEYS", new_key("spring"))
    store = open_store(address)
    wrote(store, starting("a", json.dumps(SECRET)))
    store.close()
    assert b"Lovelace" not in on_disk(tmp_path / "runs.db")

    monkeypatch.setenv("HANDRAIL_KEYS", "spring")
    with pytest.raises(KeysUnusable):
        open_store(address)
    monkeypatch.delenv("HANDRAIL_KEYS")
    with pytest.raises(StoreError, match="spring"):
        open_store(address)
