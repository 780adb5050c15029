"""What every store must do with batches: who joins which, whom a reply reaches, and who is woken."""

from handrail_orchestrator.store import Store
from handrail_orchestrator.store.batches import AnswerWait, JoinBatch, SealBatch, WakeMember
from handrail_orchestrator.store.changes import Suspend
from handrail_orchestrator.store.rows import StepRow
from tests.contract.stores import NOW, claim, claimed_ids, executing, signed_on, starting, status, step, steps, wrote

WAIT = "route"


def wait(key: int, name: str = WAIT, *, seq: int = 1) -> StepRow:
    return step(key, name, seq=seq, kind="child", status="waiting")


def join(key: int, group: str = "gpt", *, batch: str = "batch-1") -> JoinBatch:
    return JoinBatch(wait(key), group, starting(batch, workflow="add:batch"))


def reply(key: int, batch: str = "batch-1", *, output: str = '"yes"') -> AnswerWait:
    return AnswerWait(step(key, WAIT, kind="child", output=output)._replace(owner=batch))


def joined(store: Store, *runs: str, group: str = "gpt", batch: str = "batch-1") -> list[int]:
    """Let runs wait for the batch of a group, each offering one that would begin."""
    worker = signed_on(store)
    keys = [executing(store, worker, run) for run in runs]
    for key in keys:
        wrote(store, join(key, group, batch=batch), Suspend(key, None, 0), worker=worker)
    return keys


def members(store: Store, batch: str = "batch-1") -> list[int]:
    return [row.run for row in store.members(batch)]


def key_of(store: Store, run: str) -> int:
    row = store.run(run)
    assert row is not None
    return row.key


def test_who_comes_first_begins_the_batch_and_the_others_join_it(store: Store) -> None:
    first, second = joined(store, "a", "b")
    assert members(store) == [first, second]
    assert status(store, "batch-1") == "pending"


def test_another_group_has_a_batch_of_its_own(store: Store) -> None:
    (first,) = joined(store, "a")
    (other,) = joined(store, "b", group="haiku", batch="batch-2")
    assert (members(store), members(store, "batch-2")) == ([first], [other])


def test_a_batch_that_is_sealed_takes_nobody_and_the_next_one_begins(store: Store) -> None:
    (first,) = joined(store, "a")
    wrote(store, SealBatch(key_of(store, "batch-1")))
    (later,) = joined(store, "b", batch="batch-2")
    assert (members(store), members(store, "batch-2")) == ([first], [later])


def test_who_joins_twice_waits_once(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    wrote(store, join(key), join(key, batch="batch-2"), worker=worker)
    assert members(store) == [key]
    assert store.run("batch-2") is None


def test_a_reply_reaches_its_run_once_and_wakes_it(store: Store) -> None:
    first, second = joined(store, "a", "b")
    assert wrote(store, reply(first), reply(first, output='"no"')) == [True, False]
    assert steps(store, first) == [(WAIT, "done", '"yes"')]
    assert members(store) == [second]
    assert claimed_ids(claim(store, signed_on(store))) == ["a"]


def test_a_reply_of_another_batch_reaches_nobody(store: Store) -> None:
    (key,) = joined(store, "a")
    assert wrote(store, reply(key, "batch-9")) == [False]
    assert members(store) == [key]


def test_one_member_at_a_time_is_woken_while_there_is_one(store: Store) -> None:
    joined(store, "a", "b")
    assert wrote(store, WakeMember("batch-1"), WakeMember("batch-9")) == [True, False]
    assert claimed_ids(claim(store, signed_on(store))) == ["a"]


def test_members_are_read_in_parts(store: Store) -> None:
    first, second, third = joined(store, "a", "b", "c")
    assert [row.run for row in store.members("batch-1", limit=2)] == [first, second]
    assert [row.run for row in store.members("batch-1", after=(second, WAIT))] == [third]
    assert [row.run for row in store.members("batch-1", upto=(second, WAIT))] == [first, second]
    assert store.members("batch-1")[0].queued == NOW
