"""What every store must do with files: keep them once, let runs use them, remove what nobody needs."""

import hashlib
import json
from collections.abc import Sequence

import pytest

from handrail_orchestrator.errors import RunConflict, StoreError
from handrail_orchestrator.store import Store
from handrail_orchestrator.store.changes import EndRun, Fork, Prune, RecordStep, Send
from handrail_orchestrator.store.files import BeginFile, FileRow, KeepFile, PutPart, SweepFiles, named_in
from handrail_orchestrator.store.fired import Fired, NoteFired
from handrail_orchestrator.store.rows import ENDED
from handrail_orchestrator.store.starts import Fire
from tests.contract.stores import NOW, asked, decided, executing, refusal, signed_on, starting, step, wrote

DAY = 86_400.0
LATER = NOW + 10 * DAY


def id_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def kept(store: Store, data: bytes, now: float = NOW) -> str:
    wrote(store, KeepFile(id_of(data), len(data), now, data=data))
    return id_of(data)


def begun(store: Store, *parts: bytes, now: float = NOW) -> int:
    (number,) = wrote(store, BeginFile(now))
    wrote(store, *(PutPart(number, part, data) for part, data in enumerate(parts)))
    return int(number)


def found(store: Store, file_id: str) -> FileRow:
    row = store.file(file_id)
    assert row is not None
    return row


def bytes_of(store: Store, file_id: str) -> bytes | None:
    row = store.file(file_id)
    if row is None or row.purged is not None:
        return None
    parts: list[bytes] = []
    while (data := store.file_part(row.number, len(parts))) is not None:
        parts.append(data)
    return b"".join(parts)


def as_input(*files: str) -> str:
    return json.dumps({"files": [{"id": each, "name": "a.pdf", "size": 3} for each in files]})


def ended(store: Store, worker: int, run_id: str) -> None:
    row = store.run(run_id)
    assert row is not None
    wrote(store, EndRun(row.key, "completed", "null", None, NOW), worker=worker)


def pruned(store: Store, now: float = LATER, *, workflow: str | None = None) -> None:
    """Delete every run but the newest, and what nobody needs then."""
    while wrote(store, Prune(now, ENDED, 10, workflow, now))[0]:
        pass
    swept(store, now)


def swept(store: Store, now: float = LATER, never_used_before: float | None = None) -> None:
    while wrote(store, SweepFiles(now, 2, never_used_before))[0]:
        pass


def used_by(store: Store, run_id: str) -> list[str]:
    row = store.run(run_id)
    assert row is not None
    return [each.id for each in store.files_of(row.key)]


def using(store: Store, worker: int, run_id: str, *files: str) -> int:
    (started,) = wrote(store, starting(run_id, as_input(*files))._replace(execute=True), worker=worker)
    return int(started.key)


# -- keeping


@pytest.mark.parametrize("data", [b"", b"pdf", bytes(range(256)) * 100])
def test_a_file_is_there_by_the_hash_of_its_bytes(store: Store, data: bytes) -> None:
    assert store.file(id_of(data)) is None
    assert wrote(store, KeepFile(id_of(data), len(data), NOW, data=data)) == [True]
    assert wrote(store, KeepFile(id_of(data), len(data), NOW + 1, data=data)) == [False]
    row = found(store, id_of(data))
    assert (row.size, row.kept, row.purged, bytes_of(store, row.id)) == (len(data), NOW + 1, None, data)


def test_a_file_in_parts_is_found_only_once_it_is_kept(store: Store) -> None:
    number = begun(store, b"abc", b"de")
    assert store.file(id_of(b"abcde")) is None
    assert wrote(store, KeepFile(id_of(b"abcde"), 5, NOW, number)) == [True]
    assert bytes_of(store, id_of(b"abcde")) == b"abcde"


def test_two_who_keep_the_same_file_side_by_side_keep_it_once(store: Store) -> None:
    one, two = begun(store, b"abc"), begun(store, b"abc")
    assert wrote(store, KeepFile(id_of(b"abc"), 3, NOW, one), KeepFile(id_of(b"abc"), 3, NOW, two)) == [True, False]
    swept(store)
    assert found(store, id_of(b"abc")).number == one
    assert store.file_part(two, 0) is None


def test_a_file_whose_parts_are_not_all_there_is_not_kept(store: Store) -> None:
    number = begun(store, b"abc")
    assert isinstance(refusal(store, KeepFile(id_of(b"abcde"), 5, NOW, number)), StoreError)
    assert store.file(id_of(b"abcde")) is None


def test_what_was_begun_and_never_kept_is_removed_after_a_day(store: Store) -> None:
    number = begun(store, *(b"abc",) * 5)
    swept(store, NOW + DAY - 1)
    assert store.file_part(number, 4) == b"abc"
    swept(store, NOW + DAY + 1)
    assert store.file_part(number, 0) is None
    assert isinstance(refusal(store, PutPart(number, 5, b"x")), StoreError)


# -- who uses a file


def test_a_run_uses_the_files_in_its_input_and_in_what_comes_to_it(store: Store) -> None:
    given, sent, answered, returned, other = (kept(store, data) for data in (b"1", b"2", b"3", b"4", b"5"))
    worker = signed_on(store)
    key = using(store, worker, "uses", given)
    wrote(store, Send("uses", "paper", json.dumps({"id": sent, "name": "b", "size": 1}), NOW))
    wrote(store, RecordStep(step(key, output=json.dumps([{"id": returned}]))), worker=worker)
    item = asked(store, worker, "asks")
    wrote(store, decided(item, json.dumps({"id": answered, "name": "c", "size": 1})))

    assert used_by(store, "uses") == sorted([given, sent, returned])
    assert used_by(store, "asks") == [answered]
    assert other not in {*used_by(store, "uses"), *used_by(store, "asks")}


def test_a_fork_uses_what_its_source_uses(store: Store) -> None:
    given, sent = kept(store, b"1"), kept(store, b"2")
    worker = signed_on(store)
    using(store, worker, "source", given)
    wrote(store, Send("source", "paper", json.dumps({"id": sent}), NOW))
    wrote(store, Fork("source", None, "fork", NOW))
    assert used_by(store, "fork") == used_by(store, "source") == sorted([given, sent])


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (None, []),
        ("{}", []),
        ('{"id":"abc"}', []),
        (f'{{"id":"{"a" * 64}","x":{{"id": "{"b" * 64}"}}}}', ["a" * 64, "b" * 64]),
        (f'["id", "{"a" * 64}"]', []),
        (f'{{"id":"{"a" * 65}"}}', []),
        (f'[{{"id":"{"a" * 64}"}},{{"id":"{"a" * 64}"}}]', ["a" * 64]),
    ],
)
def test_text_names_files_by_their_ids(text: str | None, named: Sequence[str]) -> None:
    assert named_in(text) == named


# -- retention


def test_bytes_go_with_the_last_run_that_used_them(store: Store) -> None:
    shared, own = kept(store, b"shared"), kept(store, b"own")
    worker = signed_on(store)
    using(store, worker, "a", shared, own)
    using(store, worker, "b", shared)
    executing(store, worker, "newest")
    ended(store, worker, "a")
    pruned(store)
    assert (bytes_of(store, shared), bytes_of(store, own)) == (b"shared", None)
    assert (found(store, own).purged, store.file_part(found(store, own).number, 0)) == (LATER, None)

    ended(store, worker, "b")
    pruned(store, LATER + 1)
    assert (bytes_of(store, shared), found(store, shared).purged) == (None, LATER + 1)


def test_the_log_says_which_files_went(store: Store) -> None:
    file = kept(store, b"x")
    worker = signed_on(store)
    using(store, worker, "a", file)
    ended(store, worker, "a")
    executing(store, worker, "newest")
    pruned(store)
    with store.evidence() as evidence:
        last = list(evidence.log())[-1]
    assert (last.action, json.loads(last.data or "")) == ("purge_files", {"files": [file]})


def test_a_file_that_no_run_ever_used_stays_until_somebody_names_a_time(store: Store) -> None:
    old, young = kept(store, b"old"), kept(store, b"young", NOW + DAY)
    pruned(store)
    assert (bytes_of(store, old), bytes_of(store, young)) == (b"old", b"young")
    swept(store, LATER, never_used_before=NOW + 1)
    assert (bytes_of(store, old), bytes_of(store, young)) == (None, b"young")


def test_a_file_that_is_kept_again_outlives_the_run_that_is_pruned_meanwhile(store: Store) -> None:
    file = kept(store, b"x")
    worker = signed_on(store)
    using(store, worker, "a", file)
    ended(store, worker, "a")
    executing(store, worker, "newest")
    wrote(store, Prune(LATER, ENDED, 10, None, LATER))
    kept(store, b"x", LATER)
    swept(store)
    assert bytes_of(store, file) == b"x"


def test_a_file_that_was_removed_is_there_again_for_its_runs_once_it_is_kept_again(store: Store) -> None:
    file = kept(store, b"x")
    swept(store, LATER, never_used_before=LATER)
    worker = signed_on(store)
    using(store, worker, "late", file)
    assert bytes_of(store, file) is None
    kept(store, b"x", LATER)
    assert (bytes_of(store, file), used_by(store, "late")) == (b"x", [file])
    swept(store, LATER + 2 * DAY, never_used_before=LATER + 2 * DAY)
    assert bytes_of(store, file) == b"x"


# -- triggers


def test_a_key_starts_its_run_and_keeps_its_file_once(store: Store) -> None:
    file = KeepFile(id_of(b"x"), 1, NOW, data=b"x")
    fire = Fire("folder:add", file.id, starting("add-1", as_input(file.id)), (file,))
    assert store.fired("folder:add", file.id) is None
    assert wrote(store, fire) == [Fired("add-1", new=True, state="")]
    assert (bytes_of(store, file.id), used_by(store, "add-1")) == (b"x", [file.id])
    assert wrote(store, NoteFired("folder:add", file.id, "moved"), NoteFired("folder:add", file.id, "moved")) == [
        True,
        False,
    ]
    number = begun(store, b"x")
    again = fire._replace(files=(KeepFile(file.id, 1, NOW, number),))
    assert wrote(store, again) == [Fired("add-1", new=False, state="moved")]
    swept(store)
    assert store.file_part(number, 0) is None
    row = store.fired("folder:add", file.id)
    assert row is not None
    assert (row.run_id, row.at, row.state) == ("add-1", NOW, "moved")


def test_a_key_whose_run_cannot_start_leaves_nothing_behind(store: Store) -> None:
    wrote(store, starting("add-1", "1"))
    file = KeepFile(id_of(b"x"), 1, NOW, data=b"x")
    refused = refusal(store, Fire("folder:add", file.id, starting("add-1", "2"), (file,)))
    assert isinstance(refused, RunConflict)
    assert (store.file(file.id), store.fired("folder:add", file.id)) == (None, None)
