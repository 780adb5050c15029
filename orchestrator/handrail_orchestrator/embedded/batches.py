"""What is done for the batches of one engine: by whom they are asked, and the steps of the runs that carry them."""

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from types import ModuleType
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from handrail_guards.batching import (
    LISTED_LATE_SECONDS,
    OVERHEAD,
    BatchedJudge,
    BatchFailed,
    BatchQuestion,
    BatchReply,
    BatchServer,
    BatchStanding,
    Sorted,
)
from handrail_orchestrator.coding import codec_for
from handrail_orchestrator.embedded.batch_of_runs import BatchOfRuns, HandedOut, Parcel, name_of
from handrail_orchestrator.errors import BatchDelayed
from handrail_orchestrator.retry import Retry
from handrail_orchestrator.step import Policy, Step
from handrail_orchestrator.store.batches import AnswerWait, JoinBatch, SealBatch, WakeMember
from handrail_orchestrator.store.changes import ClaimedChange
from handrail_orchestrator.store.starts import StartRun

if TYPE_CHECKING:
    from handrail_orchestrator.clock import Clock
    from handrail_orchestrator.embedded.writer import Writer
    from handrail_orchestrator.store.port import Store
    from handrail_orchestrator.store.rows import StepRow
    from handrail_orchestrator.workflow import AnyWorkflow, Workflows

SENDING = Retry(attempts=100, max_seconds=60.0, on=(BatchDelayed,))
WATCHING = Retry(attempts=1_000, max_seconds=300.0, on=(BatchDelayed,))
"""What was sent is paid for: an outage of days does not lose it."""
AT_ONCE = 500
"""Replies that are recorded in one transaction."""


class Batches:
    """The batches of one engine."""

    def __init__(
        self,
        store: "Store",
        writer: "Writer",
        clock: "Clock",
        workflows: "Workflows",
        carriers: "Sequence[AnyWorkflow]",
    ) -> None:
        self.ring: Callable[[], None] = lambda: None
        """Tells that runs have become due."""
        self._store = store
        self._writer = writer
        self._clock = clock
        self._judges: dict[str, BatchedJudge] = {}
        self._owned: dict[str, tuple[int, int | None]] = {}
        self._open: dict[str, float] = {}
        """Since when, by the monotonic clock, it is not known whether the batch of a key was made."""
        self._input = codec_for(BatchOfRuns, where="a batch")
        self._given = workflows.given
        self._carriers = {each.name: each for each in carriers}
        for carrier in carriers:
            workflows.execute_too(carrier)
        self.gather = Step(self._gather, "gathered", "action", policy=Policy(retry=SENDING))
        self.submit = Step(self._submit, "submit", "action", policy=Policy(retry=SENDING))
        self.look = Step(self._look, "look", "action", policy=Policy(retry=WATCHING))
        self.hand_out = Step(self._hand_out, "hand_out", "action", policy=Policy(retry=WATCHING))
        self.give_up = Step(self._give_up, "give_up", "action", policy=Policy(retry=SENDING))
        self.tidy = Step(self._tidy, "tidy", "action", policy=Policy(retry=Retry(attempts=3, on=(BatchDelayed,))))

    # -- who asks

    def joins(
        self, row: "StepRow", workflow: str, step: str, judge: BatchedJudge, question: BatchQuestion
    ) -> JoinBatch:
        """Return the change by which a run waits for its question to be answered with those of others."""
        group = self.knows(workflow, step, question.group, judge)
        batch = BatchOfRuns(workflow=workflow, step=step, group=question.group, batching=judge.batching)
        asked = json.dumps({"group": question.group, "asked": question.asked, "body": question.body})
        carrier = self._carriers[name_of(workflow)]
        name, given = f"{name_of(workflow)}/{uuid4().hex}", self._input.encode(batch)
        start = StartRun(name, carrier.name, carrier.version, given, carrier.code, self._clock.now())
        return JoinBatch(row._replace(input=asked), group, start)

    def knows(self, workflow: str, step: str, group: str, judge: BatchedJudge) -> str:
        """Remember who asks the questions of a group."""
        name = f"{workflow}/{step}/{group}"
        self._judges[name] = judge
        return name

    def executed_by(self, run_id: str, key: int, claim: int | None) -> None:
        """Take note that a batch is executed here, under this claim."""
        self._owned[run_id] = (key, claim)

    def left(self, run_id: str, key: int, claim: int | None) -> None:
        """Take note that it is not any more, under this claim."""
        if self._owned.get(run_id) == (key, claim):
            del self._owned[run_id]

    # -- steps of a batch

    async def _gather(self, run_id: str, batch: BatchOfRuns) -> list[Parcel]:
        """Let nobody join any more, and cut those who have into what the provider takes at once."""
        await self._still_ours(run_id)
        async with self._server(run_id, batch) as server:
            most = min(server.most, batch.batching.most)
            return [*self._parcels(run_id, most, server.most_bytes)]

    def _parcels(self, run_id: str, most: int, most_bytes: int) -> Iterator[Parcel]:
        after, last, count, size, number = (0, ""), (0, ""), 0, 0, 0
        for row in self._members(run_id, (0, ""), None):
            length = len((row.input or "").encode()) + OVERHEAD
            if count and (count >= most or size + length > most_bytes):
                yield Parcel(number=number, after=after, upto=last)
                after, count, size, number = last, 0, 0, number + 1
            last, count, size = (row.run, row.name), count + 1, size + length
        if count:
            yield Parcel(number=number, after=after, upto=last)

    async def _submit(self, run_id: str, batch: BatchOfRuns, parcel: Parcel) -> str:
        """Send the questions of a parcel, unless that was done by whoever executed this before."""

        async def still() -> None:
            await self._still_ours(run_id)

        async with self._server(run_id, batch) as server:
            key = _key(run_id, parcel)
            found = await server.find(key)
            if found:
                self._open.pop(key, None)
                return found[0]
            if time.monotonic() - self._open.get(key, -math.inf) < LISTED_LATE_SECONDS:
                raise BatchDelayed("its making was not confirmed, and the provider's list does not show it yet")
            questions = [
                (_id(row), str(_asked(row)["body"])) for row in self._members(run_id, parcel.after, parcel.upto)
            ]
            try:
                return await server.submit(key, questions, still=still)
            except BatchFailed as failed:
                if failed.is_open:
                    self._open[key] = time.monotonic()
                raise

    async def _look(self, run_id: str, batch: BatchOfRuns, parcel: Parcel, sent: str) -> BatchStanding:
        """Return how far a batch is; one that was sent besides, by a process that was taken for dead, is stopped."""
        async with self._server(run_id, batch) as server:
            standing = await server.look(sent)
            if standing.state == "ended" and not standing.again:
                for other in await server.find(_key(run_id, parcel)):
                    if other != sent:
                        await server.cancel(other)
            return standing

    async def _hand_out(self, run_id: str, batch: BatchOfRuns, parcel: Parcel, standing: BatchStanding) -> HandedOut:
        """Give each run its reply; who had it before this was cut short has it."""
        waiting = {_id(row): row for row in self._members(run_id, parcel.after, parcel.upto)}
        known = {name: str(_asked(row)["asked"]) for name, row in waiting.items()}
        replies = Sorted()
        if standing.files:
            async with self._server(run_id, batch) as server:
                async for name, reply in server.replies(standing):
                    replies.add(name, reply, known)
        answered = 0
        changes: list[Awaitable[Any]] = []
        for name, reply in replies.complete(standing, known).items():
            answered += bool(reply.body)
            over = waiting[name]._replace(output=encoded(reply), ended=self._clock.now())
            changes.append(self._writer.asked(AnswerWait(over)))
            if len(changes) == AT_ONCE:
                await asyncio.gather(*changes)
                changes.clear()
        await asyncio.gather(*changes)
        self.ring()
        return HandedOut(answered=answered, singly=len(known) - answered, strangers=replies.unknown)

    async def _give_up(self, run_id: str, batch: BatchOfRuns, sent: str) -> BatchStanding:
        async with self._server(run_id, batch) as server:
            await server.cancel(sent)
        return BatchStanding(id=sent, state="ended", told=f"not over within {batch.batching.hours:g} hours")

    async def _tidy(self, run_id: str, batch: BatchOfRuns, standing: BatchStanding) -> None:
        async with self._server(run_id, batch) as server:
            await server.tidy(standing)

    # -- what they need

    async def _still_ours(self, run_id: str) -> None:
        """Return only if this process still owns the batch; the first time, nobody joins it any more after this."""
        if run_id not in self._owned:
            raise BatchDelayed(f"the batch {run_id} is not executed here any more")
        key, claim = self._owned[run_id]
        seal = SealBatch(key)
        await self._writer.ask(seal if claim is None else ClaimedChange(claim, seal))

    @asynccontextmanager
    async def _server(self, run_id: str, batch: BatchOfRuns) -> AsyncIterator[BatchServer]:
        """Return who takes the batch, as soon as this process knows."""
        judge = self._judges.get(f"{batch.workflow}/{batch.step}/{batch.group}") or self._in_code(batch)
        if judge is None:
            # a process that has just begun: one of the runs that wait says whom it asks as it comes to that again
            if await self._writer.ask(WakeMember(run_id)):
                self.ring()
            raise BatchDelayed(f"no run of {batch.workflow} has come to {batch.step} in this process yet")
        try:
            yield await judge.batch_server(batch.group)
        except BatchFailed as failed:
            if failed.passing:
                raise BatchDelayed(failed.reason) from failed
            raise

    def _in_code(self, batch: BatchOfRuns) -> BatchedJudge | None:
        """Return who asks the questions of a batch, where the workflow's module or function holds it."""
        for workflow in self._given:
            if workflow.name != batch.workflow:
                continue
            for each in _held_by(workflow.function):
                if isinstance(each, BatchedJudge) and each.name == batch.step and batch.group in each.batch_groups:
                    self.knows(batch.workflow, batch.step, batch.group, each)
                    return each
        return None

    def _members(self, run_id: str, after: tuple[int, str], upto: tuple[int, str] | None) -> "Iterator[StepRow]":
        while rows := self._store.members(run_id, after=after, upto=upto, limit=AT_ONCE):
            yield from rows
            after = (rows[-1].run, rows[-1].name)


def _held_by(function: Callable[..., Any]) -> Iterator[object]:
    """Give what a function's code may name: what is around it, and in its module."""
    for cell in getattr(function, "__closure__", None) or ():
        with suppress(ValueError):  # it is not filled yet
            yield cell.cell_contents
    for each in tuple(getattr(function, "__globals__", {}).values()):
        if not isinstance(each, ModuleType | type):  # which may load something when they are asked for anything
            yield each


def encoded(reply: BatchReply) -> str:
    """Return a reply as a record keeps it."""
    told: dict[str, Any] = {"body": reply.body, "reason": reply.reason, "batch": reply.batch, "asked": reply.asked}
    told["charged"] = reply.charged
    return json.dumps({name: each for name, each in told.items() if each})


def decoded(output: str | None) -> BatchReply:
    """Return a reply that was recorded; what the batch itself said is none."""
    found = json.loads(output or "null")
    if not isinstance(found, dict):
        return BatchReply(reason=f"the batch ended without it: {found}")
    return BatchReply(**found)


def _key(run_id: str, parcel: Parcel) -> str:
    return f"{run_id}/{parcel.number}"


def _id(row: "StepRow") -> str:
    return f"{row.run}.{row.seq}"


def _asked(row: "StepRow") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(row.input or "{}")
    return found
