"""Another key takes over: all of a store, and nothing is lost on the way."""

import base64
import json
import sqlite3
from pathlib import Path

import pytest

from handrail_orchestrator.audit.verify import verify
from handrail_orchestrator.errors import SealingKeyUnfit
from handrail_orchestrator.reader import reading
from handrail_orchestrator.sealing import rotation
from handrail_orchestrator.sealing.aes_gcm import AesGcm
from handrail_orchestrator.sealing.anew import NOT_SEALED
from handrail_orchestrator.sealing.keys import new_key, read_keys
from handrail_orchestrator.sealing.rotation import held, rotate
from handrail_orchestrator.sealing.store import sealing
from handrail_orchestrator.store import Store
from handrail_orchestrator.store.changes import AskedItem, EndRun, OpenWait, RecordStep, RetryRun, Send, Suspend
from handrail_orchestrator.store.figures import RecordOutcome
from handrail_orchestrator.store.files import KeepFile
from handrail_orchestrator.store.forgetting import ForgetRuns
from handrail_orchestrator.store.known import KnownCaseRow, PutKnown
from handrail_orchestrator.store.outbox import DeclareNotices, Notice, Tell
from handrail_orchestrator.store.queries import ReviewQuery
from handrail_orchestrator.store.rollouts import ChallengeRow, RecordChallenge
from handrail_orchestrator.store.running import PutProgress, SendTo
from handrail_orchestrator.store.sqlite.store import SqliteStore
from handrail_orchestrator.store.triggers import AskToFire, DeclareTrigger
from tests.contract.stores import claim, decided, executing, question, signed_on, starting, step, wrote

SECRET = "Ada Lovelace"
SAID = json.dumps(SECRET)
SPRING, SUMMER = {"spring": b"k" * 32}, {"summer": b"s" * 32}


def opened(path: Path | str, keys: dict[str, bytes] | None) -> Store:
    """Open a file, or a store on a server by its address."""
    if isinstance(path, str):
        from handrail_orchestrator.store.postgres import PostgresStore  # noqa: PLC0415 -- for the tests that need it

        return sealing(PostgresStore(path), None if keys is None else AesGcm(keys))
    return sealing(SqliteStore(str(path)), None if keys is None else AesGcm(keys))


def fill(store: Store) -> None:
    """Put something into every place where a value of somebody's may stand."""
    worker = signed_on(store)
    wrote(store, DeclareNotices(("report",), 100, 1.0))
    wrote(store, Tell(Notice("report", "n", SECRET, 1.0, body=SECRET)))
    wrote(store, DeclareTrigger("t", "webhook", "add", "says", 1.0), AskToFire("t", 1.0, None, SAID))
    wrote(store, KeepFile("f" * 64, len(SECRET), 1.0, data=SECRET.encode()))
    wrote(store, PutKnown("triage", "add", "route", 0.0, [KnownCaseRow("case", SAID, SAID, SAID)]))
    wrote(store, SendTo("came", "key", SAID, 1.0))
    wrote(store, starting("a", SAID)._replace(execute=True), worker=worker)
    (run,) = store.runs()
    error = json.dumps({"type": "ValueError", "message": SECRET, "trace": SECRET, "steps": ["failing"]})
    verdicts = json.dumps([["known", False, None, SECRET, "doubt"]])
    route = step(run.key, "route", kind="ai", output=SAID)._replace(input=SAID, verdicts=verdicts)
    wrote(store, Send("a", "came", SAID, 1.0), PutProgress(step(run.key, "p", seq=2), SECRET), worker=worker)
    wrote(store, RecordStep(route), RecordChallenge(ChallengeRow(run.key, "route", 1.0, "m", SAID, SECRET, 1.0, None)))
    wrote(store, RecordStep(step(run.key, "failing", seq=3, status="failed")._replace(error=error)), worker=worker)
    wrote(store, EndRun(run.key, "failed", None, error, 2.0), worker=worker)
    wrote(store, RetryRun("a", 3.0))
    claim(store, worker)
    wrote(store, EndRun(run.key, "completed", SAID, None, 4.0), worker=worker)
    wrote(store, RecordOutcome("a", "refunded", SAID, 5.0, 5.0, "person:ann"))
    ask(store, worker)


def ask(store: Store, worker: int) -> None:
    key = executing(store, worker, "b")
    asked: AskedItem = question(key)._replace(title=SECRET, context=SAID, suggestion=SAID, reason=SECRET)
    wait = step(key, "ask", kind="human", status="waiting")._replace(input=SAID)
    wrote(store, OpenWait(wait, review=asked), Suspend(key, None, 0), worker=worker)
    (item,) = store.reviews(ReviewQuery(run_id="b"))
    answers = json.dumps([["ann", 1.0, SAID, SECRET, []]])
    wrote(store, decided(item, SAID)._replace(note=SECRET, answer=SAID, sets={"answers": answers}))


def seen(store: Store) -> object:
    """Return all that people see of it."""
    keys = [run.key for run in store.runs()]
    items = store.reviews(ReviewQuery(states=("decided",)))
    with store.evidence() as evidence:
        proof = list(evidence.items()), [row.data for row in evidence.log_by_item()]
    with store.figures() as figures:
        parts = figures.parts(keys)
    return (
        store.runs(), [store.history(key) for key in keys], items, [store.review_log(item.id) for item in items], proof,
        [store.challenges(key) for key in keys], [store.outcomes_of(key) for key in keys], parts,
        store.new_notices(9.0, 10), store.trigger_asks(["t"]), store.file_part(1, 0),
    )  # fmt: skip


def on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


def test_a_plain_store_becomes_a_sealed_one_and_shows_what_it_showed(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    store = opened(path, None)
    fill(store)
    before = seen(store)
    assert held(store)[NOT_SEALED] > 25
    store.close()
    assert on_disk(path).count(b"Lovelace") > 25

    store = opened(path, SPRING)
    rotated = rotate(store, AesGcm(SPRING), lambda: 9.0)

    assert (rotated.is_finished, rotated.was_plain, rotated.dropped) == (True, True, ())
    assert seen(store) == before
    assert set(held(store)) == {"spring"}
    store.close()
    assert b"Lovelace" not in on_disk(path)


def test_the_audit_log_of_a_store_that_was_sealed_later_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "runs.db"
    plain = opened(path, None)
    fill(plain)
    plain.close()
    key = new_key("spring")
    monkeypatch.setenv("HANDRAIL_KEYS", key)
    first = read_keys(key, "here")
    rotate(opened(path, first), AesGcm(first), lambda: 9.0)
    both = {**SUMMER, **first}
    rotate(opened(path, both), AesGcm(both), lambda: 9.0)
    monkeypatch.setenv("HANDRAIL_KEYS", f"summer:{base64.b64encode(SUMMER['summer']).decode()}")
    found: list[object] = []

    with reading(f"sqlite:///{path}") as reader:
        verified = verify(reader, found=found.append)

    assert found == []
    assert verified.blanked == 1

    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE review_log SET actor = 'person:bob' WHERE data LIKE '%note%'")
    with reading(f"sqlite:///{path}") as reader:
        assert not verify(reader, found=found.append).is_whole


def test_what_was_sealed_later_is_forgotten_like_all_else(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    plain = opened(path, None)
    fill(plain)
    plain.close()
    store = opened(path, SPRING)
    rotate(store, AesGcm(SPRING), lambda: 9.0)
    worker = signed_on(store, 2)
    store.apply([])
    (a, b) = (run.key for run in store.runs())
    claim(store, worker)
    wrote(store, EndRun(b, "completed", SAID, None, 4.0), worker=worker)

    wrote(store, ForgetRuns([a, b], 10.0, "person:ann"))

    (item,) = store.reviews(ReviewQuery(states=("decided",)))
    assert SECRET not in str((store.runs(), store.history(a), store.history(b), item, store.review_log(item.id)))


def test_another_key_takes_over_and_the_old_one_can_be_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    store = opened(path, SPRING)
    fill(store)
    before, counted = seen(store), held(store)
    both = {**SUMMER, **SPRING}
    with pytest.raises(SealingKeyUnfit, match="spring"):
        opened(path, SUMMER)

    store = opened(path, both)
    rotated = rotate(store, AesGcm(both), lambda: 9.0)

    assert (rotated.is_finished, rotated.was_plain, list(rotated.dropped)) == (True, False, ["spring"])
    assert held(store) == {"summer": counted["spring"]}
    assert seen(opened(path, SUMMER)) == before
    assert rotate(store, AesGcm(both), lambda: 9.0).values == 0


def test_a_key_that_somebody_still_seals_by_is_not_struck_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "PASSES", 1)
    path = tmp_path / "runs.db"
    slow = opened(path, {**SPRING, **SUMMER})
    fill(slow)
    new = AesGcm({**SUMMER, **SPRING})
    store = opened(path, {**SUMMER, **SPRING})
    late: list[str] = []

    def meanwhile() -> float:
        if len(late) < 5:
            late.append(f"late-{len(late)}")
            wrote(slow, starting(late[-1], SAID))
        return 9.0

    rotated = rotate(store, new, meanwhile)

    assert (rotated.is_finished, list(rotated.dropped)) == (False, [])
    with pytest.raises(SealingKeyUnfit, match="spring"):
        opened(path, SUMMER)
    assert not rotate(store, new, lambda: 9.0).values
    assert len(opened(path, SUMMER).runs()) == 2 + len(late)


def test_a_process_that_comes_late_with_the_old_key_first_has_it_needed_again(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    late = opened(path, {**SPRING, **SUMMER})
    wrote(late, starting("a", SAID))
    both = {**SUMMER, **SPRING}
    assert rotate(opened(path, both), AesGcm(both), lambda: 9.0).is_finished

    wrote(late, starting("b", SAID))

    with pytest.raises(SealingKeyUnfit, match="spring"):
        opened(path, SUMMER)
    assert {run.input for run in opened(path, both).runs()} == {SAID}


@pytest.mark.slow
@pytest.mark.versions
def test_a_store_on_a_server_is_sealed_and_another_key_takes_over(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDRAIL_SECRET", "the secret of a store on a server")
    store = opened(postgres_url, None)
    fill(store)
    before = seen(store)
    store.close()

    sealed = opened(postgres_url, SPRING)
    assert rotate(sealed, AesGcm(SPRING), lambda: 9.0).is_finished
    sealed.close()
    both = {**SUMMER, **SPRING}
    store = opened(postgres_url, both)
    rotated = rotate(store, AesGcm(both), lambda: 9.0)

    assert (rotated.is_finished, list(rotated.dropped)) == (True, ["spring"])
    assert seen(store) == before
    assert set(held(store)) == {"summer"}
    lying = [row.values for table in store.raw_tables() for row in store.raw_rows(table, after=None, limit=1000)]
    assert len(lying) > 10
    assert SECRET not in str(lying)
    store.close()
