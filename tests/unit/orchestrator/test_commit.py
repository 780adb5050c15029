"""Who waits for a commit is woken once it is done, whatever those before them make of it."""

import asyncio
from contextvars import ContextVar
from typing import Any

import pytest

from handrail_orchestrator.embedded.commit import Commit

VALUE: ContextVar[str] = ContextVar("value", default="nobody's")


async def waits(commit: Commit, name: str, woken: list[str]) -> None:
    VALUE.set(name)
    await commit
    woken.append(VALUE.get())


async def test_all_who_wait_are_woken_in_the_order_of_asking_and_in_their_own_contexts() -> None:
    commit, woken = Commit(asyncio.get_running_loop()), list[str]()
    tasks = [asyncio.create_task(waits(commit, name, woken)) for name in ("first", "second", "third")]
    await asyncio.sleep(0)
    commit.set_result(None)
    await asyncio.gather(*tasks)
    await waits(commit, "later", woken)
    assert woken == ["first", "second", "third", "later"]


async def test_one_who_is_cancelled_takes_the_commit_from_nobody() -> None:
    commit, woken = Commit(asyncio.get_running_loop()), list[str]()
    tasks = [asyncio.create_task(waits(commit, name, woken)) for name in ("cancelled", "other")]
    await asyncio.sleep(0)
    assert tasks[0].cancel()
    await asyncio.sleep(0)
    assert not commit.done()
    commit.set_result(None)
    await asyncio.wait(tasks)
    assert tasks[0].cancelled()
    assert woken == ["other"]


async def test_a_commit_that_failed_fails_for_all() -> None:
    commit, woken = Commit(asyncio.get_running_loop()), list[str]()
    tasks = [asyncio.create_task(waits(commit, name, woken)) for name in ("one", "another")]
    await asyncio.sleep(0)
    commit.set_exception(OSError("the disk is gone"))
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [str(each) for each in found] == ["the disk is gone"] * 2


async def test_a_call_is_taken_back_before_it_is_made_and_not_after() -> None:
    commit, called = Commit(asyncio.get_running_loop()), list[str]()

    def once(_: Any) -> None:
        called.append("once")

    def never(_: Any) -> None:
        called.append("never")

    for function in (never, once, never):
        commit.add_done_callback(function)
    assert commit.remove_done_callback(never) == 2
    commit.set_result(None)
    await asyncio.sleep(0)
    assert commit.remove_done_callback(once) == 0
    commit.add_done_callback(once)
    await asyncio.sleep(0)
    assert called == ["once", "once"]


async def test_a_call_that_fails_is_reported_and_the_others_are_made() -> None:
    loop, told, called = asyncio.get_running_loop(), list[BaseException](), list[str]()
    loop.set_exception_handler(lambda _loop, context: told.append(context["exception"]))
    commit = Commit(loop)
    commit.add_done_callback(lambda _: 1 // 0)
    commit.add_done_callback(lambda _: called.append("after it"))
    commit.set_result(None)
    await asyncio.sleep(0)
    assert called == ["after it"]
    assert [type(error) for error in told] == [ZeroDivisionError]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_one_that_ends_the_loop_leaves_those_behind_it_to_be_woken_when_it_goes_on(kind: type[BaseException]) -> None:
    loop, called = asyncio.new_event_loop(), list[str]()

    def ends(_: Any) -> None:
        raise kind

    try:
        commit = Commit(loop)
        commit.add_done_callback(ends)
        commit.add_done_callback(lambda _: called.append("after it"))
        commit.set_result(None)
        with pytest.raises(kind):
            loop.run_until_complete(asyncio.sleep(0))
        assert called == []
        loop.run_until_complete(asyncio.sleep(0))
        assert called == ["after it"]
    finally:
        loop.close()
