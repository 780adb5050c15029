"""One person's sitting: the question stays with its reader, and answers count when their undo window is over."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from handrail import Client, Orchestrator, Run, workflow
from handrail.orchestrator import ReviewError
from handrail_orchestrator.cli.sitting import AWAY_SECONDS, BEAT_SECONDS, Sitting, WindowOver
from handrail_orchestrator.records.item import ReviewDetail
from handrail_orchestrator.testing import FakeClock

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC).timestamp()


@workflow(version=1)
async def approve(run: Run, n: int) -> bool:
    return await run.ask(f"Question {n}?", bool)


class Seated:
    """A sitting on a store in which two questions wait, and a clock that the test moves."""

    def __init__(self, store: str, clock: FakeClock, runner: asyncio.Runner) -> None:
        self.clock = clock
        self.client = Client(store, clock=clock)
        runner.run(self.client.__aenter__())
        self.sitting = Sitting(self.client, runner, "ann", undo_seconds=5.0)

    def take(self) -> ReviewDetail:
        item = self.sitting.next()
        assert item is not None
        self.sitting.hold(item)
        return item

    def after(self, seconds: float) -> float | None:
        self.clock.move_to(self.clock.now() + seconds)
        return self.sitting.pulse()


@pytest.fixture
def seated(tmp_path: Path) -> Iterator[Seated]:
    store, clock = f"sqlite:///{tmp_path / 'runs.db'}", FakeClock()

    async def ask() -> None:
        async with Orchestrator(store, workflows=[approve], clock=clock) as orchestrator:
            await orchestrator.start_many(approve, [("a", 1), ("b", 2)])
            await orchestrator.idle()

    with asyncio.Runner() as runner:
        runner.run(ask())
        made = Seated(store, clock, runner)
        yield made
        runner.run(made.client.__aexit__(None, None, None))


def test_a_question_stays_with_who_reads_it(seated: Seated) -> None:
    item = seated.take()
    for _ in range(int(AWAY_SECONDS / BEAT_SECONDS) - 1):
        assert seated.after(BEAT_SECONDS) == BEAT_SECONDS
    kept = seated.client.review(item.id)
    assert (kept.lease_owner, kept.version) == ("ann", item.version)
    assert kept.lease_until is not None
    assert kept.lease_until > seated.clock.now() + BEAT_SECONDS


def test_a_question_is_free_again_when_its_reader_is_away(seated: Seated) -> None:
    item = seated.take()
    for _ in range(int(AWAY_SECONDS / BEAT_SECONDS) + 6):
        seated.after(BEAT_SECONDS)
    assert seated.sitting.pulse() is None, "nothing is left to be done while nobody is there"
    kept = seated.client.review(item.id)
    assert kept.lease_until is not None
    assert kept.lease_until < seated.clock.now()
    seated.sitting.decide(item, value=True, note=None)  # nobody else took it: the answer is taken all the same
    assert seated.client.review(item.id).state == "pending"


def test_an_answer_counts_by_itself_when_its_window_is_over(seated: Seated) -> None:
    item = seated.take()
    seated.clock.move_to(START + 2.0)
    seated.sitting.decide(item, value=True, note=None)
    assert seated.sitting.pulse() == 5.0
    assert seated.after(4.0) == 1.0
    assert seated.client.review(item.id).state == "pending"
    assert seated.after(1.0) is None
    assert (seated.client.review(item.id).state, seated.sitting.pending()) == ("decided", [])
    assert seated.client.review(item.id).hands_on == 2.0


def test_what_is_waited_for_at_the_end_is_the_last_window(seated: Seated) -> None:
    first = seated.take()
    seated.sitting.decide(first, value=True, note=None)
    seated.clock.move_to(START + 3.0)
    second = seated.take()
    seated.sitting.decide(second, value=False, note=None)
    seated.sitting.end_with_window(wanted=True)
    assert seated.after(2.0) == 3.0
    with pytest.raises(WindowOver):
        seated.after(3.0)
    assert [seated.client.review(each.id).decision for each in (first, second)] == [True, False]


def test_leaving_lets_every_answer_count_at_once(seated: Seated) -> None:
    item = seated.take()
    seated.sitting.decide(item, value=True, note=None)
    assert [each.id for each in seated.sitting.let_count()] == [item.id]
    assert seated.client.review(item.id).decided_by == "person:ann"
    assert seated.sitting.let_count() == []


def test_an_answer_that_was_taken_back_at_another_door_is_left_alone(seated: Seated) -> None:
    item = seated.take()
    seated.sitting.decide(item, value=True, note=None)
    seated.sitting.do(seated.client.undo(item.id, by="ann"))
    assert seated.after(6.0) is None
    assert seated.sitting.let_count() == []
    assert seated.client.review(item.id).state == "leased"


def test_nobody_lets_the_answer_of_another_count_before_its_time(seated: Seated) -> None:
    item = seated.take()
    seated.sitting.decide(item, value=True, note=None)
    with pytest.raises(ReviewError, match="only ann may"):
        seated.sitting.do(seated.client.commit(item.id, by="ben"))
    seated.clock.move_to(START + 60.0)
    assert seated.sitting.do(seated.client.commit(item.id, by="ben")).decided_by == "person:ann"


def test_what_was_never_answered_taken_back_or_cancelled_does_not_look_as_if_it_counted(seated: Seated) -> None:
    item, client = seated.take(), seated.client
    with pytest.raises(ReviewError, match="no answer by ann"):
        seated.sitting.do(client.commit(item.id, by="ann"))
    seated.sitting.decide(item, value=True, note=None)
    seated.sitting.do(client.undo(item.id, by="ann"))
    with pytest.raises(ReviewError, match="no answer by ann"):
        seated.sitting.do(client.commit(item.id, by="ann"))
    seated.sitting.do(client.decide(item.id, value=True, by="ann", undo_seconds=60.0))
    seated.sitting.do(client.cancel(item.run_id))
    with pytest.raises(ReviewError, match="is cancelled: there is no answer by ann"):
        seated.sitting.do(client.commit(item.id, by="ann"))


def test_an_answer_that_counts_is_left_as_it_is(seated: Seated) -> None:
    item = seated.take()
    seated.sitting.do(seated.client.decide(item.id, value=True, by="ann"))
    assert seated.sitting.do(seated.client.commit(item.id, by="ann")).decided_by == "person:ann"
