"""The run that a batch is: it gathers who asks, sends the questions once, looks at them and hands out the replies."""

from contextlib import suppress
from dataclasses import replace
from itertools import islice

from handrail_guards.batching import LAST_LOOKS, BatchStanding
from handrail_orchestrator.embedded.batch_of_runs import BatchOfRuns, HandedOut, Parcel, name_of
from handrail_orchestrator.embedded.batches import Batches
from handrail_orchestrator.embedded.run import EmbeddedRun
from handrail_orchestrator.errors import Misuse, StepFailed
from handrail_orchestrator.run import Run
from handrail_orchestrator.workflow import AnyWorkflow, Workflow

MOST_REFUSED = 100
"""How often a batch that a provider has no room for is sent again."""


def carrier_of(workflow: str) -> AnyWorkflow:
    """Return the workflow whose runs are the batches of another one's runs."""
    return Workflow(carry, name_of(workflow), 1)


async def carry(run: Run, batch: BatchOfRuns) -> str:
    """Gather, send, look and hand out."""
    embedded = _embedded(run)
    batches = embedded.equipment.batches
    assert batches is not None  # noqa: S101 -- it was looked at
    batches.executed_by(run.id, embedded.key, embedded.claim)
    try:
        return await _carry(run, batches, batch)
    finally:  # it waits, or is over
        batches.left(run.id, embedded.key, embedded.claim)


async def _carry(run: Run, batches: Batches, batch: BatchOfRuns) -> str:
    await run.sleep(batch.batching.gather_seconds, name="gather")
    parcels: list[Parcel] = await run.step(batches.gather, run.id, batch)
    handed = await run.all(*(_carried(run, batches, batch, each) for each in parcels))
    answered, singly = sum(each.answered for each in handed), sum(each.singly for each in handed)
    return f"{answered:,} answered in {len(parcels)} batches, {singly:,} to be asked singly"


async def _carried(run: Run, batches: Batches, batch: BatchOfRuns, parcel: Parcel) -> HandedOut:
    try:
        standing = await _over(run, batches, batch, parcel)
    except StepFailed as failed:
        standing = BatchStanding(id="", state="ended", told=failed.message)
    handed = await _handed_out(run, batches, batch, parcel, standing)
    if standing.files:
        with suppress(StepFailed):  # the replies are recorded, and what the provider keeps runs out by itself
            await run.step(batches.tidy, run.id, batch, standing)
    return handed


async def _handed_out(
    run: Run, batches: Batches, batch: BatchOfRuns, parcel: Parcel, standing: BatchStanding
) -> HandedOut:
    """Give each run its reply, and where nobody can fetch them any more that: they wait for nothing else."""
    try:
        handed: HandedOut = await run.step(batches.hand_out, run.id, batch, parcel, standing)
    except StepFailed as failed:
        if not standing.files:
            raise
        without = replace(standing, files=(), told=failed.message)
        handed = await run.step(batches.hand_out, run.id, batch, parcel, without)
    return handed


async def _over(run: Run, batches: Batches, batch: BatchOfRuns, parcel: Parcel) -> BatchStanding:
    """Send a parcel, again where the provider had no room for it, and return how it ended."""
    standing = BatchStanding(id="", state="ended", again=True)
    for pause in islice(batch.batching.looks(), MOST_REFUSED):
        sent: str = await run.step(batches.submit, run.id, batch, parcel)
        try:
            standing = await _ended(run, batches, batch, parcel, sent)
        except StepFailed as failed:  # what it did meanwhile is paid for, whoever cannot see it
            return BatchStanding(id=sent, state="ended", told=failed.message)
        if not standing.again:
            return standing
        await run.sleep(pause, name="full")
    return standing


async def _ended(run: Run, batches: Batches, batch: BatchOfRuns, parcel: Parcel, sent: str) -> BatchStanding:
    """Look at what was sent until it is over, or was for too long not."""
    slept = 0.0
    for seconds in batch.batching.looks():
        await run.sleep(seconds)
        standing: BatchStanding = await run.step(batches.look, run.id, batch, parcel, sent)
        if standing.state == "ended":
            return standing
        slept += seconds
        if slept > batch.batching.hours * 3600:
            break
    given_up: BatchStanding = await run.step(batches.give_up, run.id, batch, sent)
    for seconds in islice(batch.batching.looks(), LAST_LOOKS):  # what it had answered until now is paid for
        stopped: BatchStanding = await run.step(batches.look, run.id, batch, parcel, sent)
        if stopped.state == "ended":
            return stopped
        await run.sleep(seconds, name="stopping")
    return given_up


def _embedded(run: Run) -> EmbeddedRun:
    if not isinstance(run, EmbeddedRun) or run.equipment.batches is None:
        raise Misuse("a batch is executed by an orchestrator, and by nothing else")
    return run
